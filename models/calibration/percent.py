"""Shares that are promised, in words."""

from decimal import ROUND_CEILING, Decimal

__all__ = ["bound_text", "share_text"]

_PLAIN = 0.01  # from here on one digit behind the point tells enough
_DIGITS = 2  # that count of what is smaller


def bound_text(share: float) -> str:
    """What a share is at most, as a percentage that is never below it: 0.0504 is "5.1%", 0.0002995 is "0.030%"."""
    if share <= 0:
        return f"{0:.1%}"
    exact = Decimal(repr(share)) * 100
    digits = 1 if share >= _PLAIN else _DIGITS - 1 - exact.adjusted()
    return f"{exact.quantize(Decimal(1).scaleb(-digits), ROUND_CEILING):f}%"


def share_text(share: float) -> str:
    """A share that a person chose, as a percentage with the digits that were given: 0.0005 is "0.05%", 0.05 "5.0%"."""
    return f"{share:.1%}" if share >= _PLAIN else f"{100 * share:.4g}%"
