"""Rows that all tests of a module see, made once: each test takes back only what it changed itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import TypeVar

from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

T = TypeVar("T")


@contextmanager
def shared(make: Callable[[], T], blocker: DjangoDbBlocker) -> Iterator[Callable[[], T]]:
    """For a fixture of a module: what `make` made stays, in a transaction around those of the tests, until the block
    ends. Yields a function that gives each test objects of its own. Not for modules with a test that commits."""
    around = transaction.atomic()
    with blocker.unblock():
        around.__enter__()
    try:
        with blocker.unblock():
            made = make()
        yield lambda: deepcopy(made)
    finally:
        with blocker.unblock():
            transaction.set_rollback(True)
            around.__exit__(None, None, None)
