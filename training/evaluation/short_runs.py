"""The short runs behind a learning curve: on how many pairs each, in which order."""

import random
from collections.abc import Iterator

from labeling.stats.learning_curve import FEWEST_DRAWS

SIZES = 5
"""Each half of the next one; the largest has all pairs."""
FEWEST = 8
"""Pairs of the smallest subset, at least."""
FEWEST_PAIRS = 4 * FEWEST
"""With fewer there are no three sizes, and the curve has three unknowns."""


def subset_sizes(pairs: int) -> list[int]:
    """The sizes of the nested subsets, smallest first."""
    sizes = {max(FEWEST, pairs >> halvings) for halvings in range(SIZES)}
    return sorted(size for size in sizes if size <= pairs)


def short_runs(pairs: int, draws: int) -> Iterator[tuple[int, int]]:
    """(draw, size) of every short run.

    Every size is measured twice before any is measured again: a size that was measured once does not count. Of further
    draws a whole one comes before the next, so an early end has every size alike.
    """
    sizes = subset_sizes(pairs)
    first = min(draws, FEWEST_DRAWS)
    yield from ((draw, size) for size in sizes for draw in range(first))
    yield from ((draw, size) for draw in range(first, draws) for size in sizes)


def order_of(pairs: int, draw: int) -> list[int]:
    """The order of the pairs in a draw: its subsets are the first ones, so they are nested."""
    numbers = list(range(pairs))
    random.Random(f"draw {draw}").shuffle(numbers)
    return numbers
