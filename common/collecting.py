"""The garbage collector during long jobs."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loaded_objects_set_aside() -> Iterator[None]:
    """Until the end, the collector passes over the objects that are there now.

    A job that makes many objects lets it look at all objects again and again, and the hundreds of thousands of a loaded
    Django take a tenth of a second each time. Garbage is collected first: set aside it would stay for good in a process
    that does little else than such jobs. Two jobs at once: from the end of one on, the other gains nothing.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
