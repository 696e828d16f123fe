"""Good parts in batches, where all at once would be the peak of memory."""

from torch import Tensor

__all__ = ["in_batches"]


def in_batches(parts: Tensor, least: int) -> tuple[Tensor, ...]:
    """Parts `(N, …)` in batches of `least` or more, less than twice as many: all in one if there are fewer.

    None is left over alone: a product with one vector is rounded otherwise than one with several.
    """
    return parts.tensor_split(max(1, len(parts) // least))
