"""A broker for one test: a numbered database of the real one, or an address where nobody listens."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from celery import current_app
from django.conf import settings
from kombu import pools

NOBODY = "redis://127.0.0.1:1/0"


def address(number: int) -> str:
    """The real broker's address with another database."""
    return f"{settings.BROKER_URL.rsplit('/', 1)[0]}/{number}"


@contextmanager
def private_broker(number: int | None = None) -> Iterator[str]:
    """Messages go to a database of the real broker that nobody else uses; it is empty before and after.

    number: of the database; None: one for this process of the tests.
    """
    if number is None:
        number = 4 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
    url = address(number)
    with _using(url):
        client = redis.Redis.from_url(url)
        client.flushdb()
        try:
            yield url
        finally:
            client.flushdb()
            client.close()


@contextmanager
def unreachable_broker() -> Iterator[None]:
    """Messages go where nobody listens."""
    with _using(NOBODY):
        yield


@contextmanager
def silent_broker() -> Iterator[None]:
    """Messages go to a port that takes every call and never answers, as a stopped program or a lost network does."""
    with socket.create_server(("127.0.0.1", 0)) as server, _using(f"redis://127.0.0.1:{server.getsockname()[1]}/0"):
        yield


@contextmanager
def _using(url: str) -> Iterator[None]:
    before = current_app.conf.broker_url
    _connect_to(url)
    try:
        yield
    finally:
        _connect_to(before)


def _connect_to(url: str) -> None:
    current_app.conf.broker_url = url
    current_app.conf.broker_read_url = current_app.conf.broker_write_url = url
    # Connections are pooled by address: those of the other one must not be used again.
    pools.reset()  # type: ignore[no-untyped-call]
    current_app._pool = None
    current_app.amqp._producer_pool = None
