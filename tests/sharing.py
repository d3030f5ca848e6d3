"""Rows that all tests of a module see, made once: each test takes back only what it changed itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Generic, TypeVar

from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

T = TypeVar("T")


@contextmanager
def shared(make: Callable[[], T], blocker: DjangoDbBlocker) -> Iterator[Callable[[], T]]:
    """For a fixture of a module: what `make` made stays, in a transaction around those of the tests, until the block
    ends. Yields a function that gives each test objects of its own. Not for modules with a test that commits."""
    rows = _Rows(make)
    with blocker.unblock():
        rows.begin()
    try:
        yield rows.given
    finally:
        with blocker.unblock():
            rows.end()


class _Rows(Generic[T]):
    """The rows that were made, and the transaction that holds them.

    A test that was broken off ends it with its connection: those that follow make rows of their own.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self.make = make

    def begin(self) -> None:
        self.around = transaction.atomic()
        self.around.__enter__()
        self.connection = transaction.get_connection()
        self.made = self.make()

    def given(self) -> T:
        return deepcopy(self.made) if transaction.get_connection() is self.connection else self.make()

    def end(self) -> None:
        if transaction.get_connection() is self.connection:
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)
