"""A budget of processor time for making texts ready to be shown.

One text is cheap, whatever is in it; a conversation of hundreds of made-up texts, or a page with many of them, is not.
Within a budget that is used up, texts are shown as they are. Pure: no Django, no database.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from time import thread_time

_over: ContextVar[float] = ContextVar("_over", default=inf)
"""The reading of this thread's processor clock at which the budget is used up."""


@contextmanager
def budget(seconds: float) -> Iterator[None]:
    """Limits the CPU time of this thread for texts. Within another budget, the one that ends first counts."""
    outer = _over.set(min(_over.get(), thread_time() + seconds))
    try:
        yield
    finally:
        _over.reset(outer)


def seconds_left() -> float:
    """The rest of the budget, infinite without one; 0 or less: it is used up."""
    return _over.get() - thread_time()
