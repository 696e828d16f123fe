"""Which value of a picture of 16 bits is white: most sensors have fewer."""

__all__ = ["white_level"]

_BIT_DEPTHS = (10, 12, 14, 16)


def white_level(peak: int) -> int:
    """Of the smallest usual bit depth that holds `peak`, its largest value: 12-bit cameras store 12 bits in 16."""
    return next((1 << bits) - 1 for bits in _BIT_DEPTHS if peak < 1 << bits)
