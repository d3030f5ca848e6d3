"""Slow clients hold up nobody: the server itself, as a process, with two threads and clients that drip."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread
from typing import Any

import psutil
import pytest
from gunicorn.workers.gthread import ThreadWorker

from config import patient_worker
from config.embedded.var import port_is_free
from config.patient_worker import MOST_BODY, MOST_HEADERS, PatientSocket, PatientWorker

pytestmark = pytest.mark.serial
PROJECT = Path(__file__).resolve().parents[2]


class HastyWorker(PatientWorker):
    """One that waits a second only, for a request and for a client that takes nothing."""

    request_seconds = 1.0

    def init_process(self) -> None:
        patient_worker.PATIENCE = 1.0
        super().init_process()


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers with the number of bytes in the body; at /large with 50 MB."""
    if environ["PATH_INFO"] == "/deaf":
        start_response("413 Content Too Large", [("Content-Length", "0")])
        return []
    if environ["PATH_INFO"] == "/large":
        start_response("200 OK", [("Content-Length", "50000000")])
        return [b"x" * 50_000_000]
    if environ["PATH_INFO"] == "/file":
        start_response("200 OK", [("Content-Length", "30000000")])
        file = TemporaryFile()  # noqa: SIM115 (gunicorn closes it)
        file.truncate(30_000_000)
        return environ["wsgi.file_wrapper"](file)  # type: ignore[no-any-return]
    size = 0
    while piece := environ["wsgi.input"].read(100_000):
        size += len(piece)
    start_response("200 OK", [("Content-Length", str(len(str(size)))), ("Content-Type", "text/plain")])
    return [str(size).encode()]


def serving(worker: str) -> Iterator[int]:
    port = next(number for number in range(8_700, 8_900) if port_is_free(number))
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", f"{__name__}:application", "--bind", f"127.0.0.1:{port}", "--threads", "2",
         "--timeout", "20",
         "--worker-class", worker, "--no-control-socket"],
        cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while port_is_free(port):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port
    finally:
        children = psutil.Process(server.pid).children()
        server.terminate()
        server.wait(60)
        assert not [child for child in children if child.is_running() and child.status() != "zombie"]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    yield from serving("config.patient_worker.PatientWorker")


def ask(port: int, *pieces: bytes, seconds: float = 20) -> bytes:
    """Sends the pieces one after the other, and returns the response."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as client:
        for piece in pieces:
            client.sendall(piece)
            time.sleep(0.02 if len(pieces) > 1 else 0)
        client.shutdown(socket.SHUT_WR)
        received = b""
        while more := client.recv(65_536):
            received += more
    return received


def get(path: str = "/", close: bool = True) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n{'Connection: close' if close else 'X: y'}\r\n\r\n".encode()


def post(body: bytes, **headers: str) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
    return head.encode() + body


HALVES = {
    "a line": b"GET / HT",
    "headers": get()[:-2],
    "a body": post(b"x" * 1000)[:-10],
    "nothing": b"",
    "a whole one and the next one's beginning": get(close=False) + b"G",
    "a body that waits to be asked for": post(b"", Expect="100-continue").replace(b"Length: 0", b"Length: 9"),
    "a length with zeros before it": post(b"xy").replace(b"Length: 2", b"Length: " + b"0" * 20 + b"9"),
    "headers without an end": b"GET / HTTP/1.1\r\nA: " + b"b" * (MOST_HEADERS + 10),
    "chunks": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "more than the view reads": post(b"").replace(b"Length: 0", b"Length: 900000000").replace(b"POST /", b"POST /deaf"),
    "a request whose response nobody closes": get(),
}


@pytest.mark.parametrize("half", HALVES.values(), ids=HALVES)
def test_sixty_clients_that_leave_a_request_or_response_half_done_hold_up_nobody(half: bytes, port: int) -> None:
    slow = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(60)]
    try:
        for client in slow:
            client.sendall(half)
        started = time.monotonic()
        for _ in range(3):
            assert ask(port, get()).endswith(b"\r\n\r\n0")
        assert time.monotonic() - started < 15  # each thread or loop that waits would cost 20, or 60 times 2
    finally:
        for client in slow:
            client.close()


def test_a_request_in_many_pieces_is_answered(port: int) -> None:
    whole = post(b"y" * 50, Accept="text/plain")
    assert ask(port, *[whole[at : at + 7] for at in range(0, len(whole), 7)]).endswith(b"\r\n\r\n50")


@pytest.mark.parametrize("size", [0, 1, 70_000, MOST_BODY, MOST_BODY + 1, 9_000_000])
def test_bodies_of_every_size_arrive(size: int, port: int) -> None:
    assert ask(port, post(b"z" * size)).endswith(f"\r\n\r\n{size}".encode())


def test_a_body_in_chunks_is_refused(port: int) -> None:
    assert ask(port, HALVES["chunks"]).startswith(b"HTTP/1.1 411 ")


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(post(b"")[:-2].replace(b"Length: 0", b"Length: 4") + b"Expect: 100-continue\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 100")
        client.sendall(b"abcd")
        received = b""
        while not received.endswith(b"\r\n\r\n4"):
            received += client.recv(1000)


def test_one_connection_serves_many_requests_also_sent_at_once(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        for _ in range(5):
            client.sendall(get(close=False))
            received = b""
            while not received.endswith(b"\r\n\r\n0"):
                received += client.recv(1000)
    assert ask(port, get(close=False) * 3 + get()).count(b"HTTP/1.1 200") == 4


def test_an_address_may_be_as_long_as_all_headers_and_no_longer(port: int) -> None:
    assert ask(port, get(f"/?patterns={'%5Cd' * 12_000}")).startswith(b"HTTP/1.1 200")
    assert ask(port, get(f"/?patterns={'%5Cd' * 20_000}")).startswith(b"HTTP/1.1 431")


def test_headers_without_an_end_are_refused(port: int) -> None:
    assert ask(port, HALVES["headers without an end"]).startswith(b"HTTP/1.1 431 ")


def with_little_room(port: int) -> socket.socket:
    """A client whose system says often that it has taken some bytes."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    client.settimeout(30)
    client.connect(("127.0.0.1", port))
    return client


def dripped(client: socket.socket, each: int, stop: Event) -> None:
    """Takes that many bytes ten times a second, until told to stop."""
    while not stop.wait(0.1):
        with suppress(OSError):
            client.recv(each)


def test_a_request_that_does_not_become_whole_in_time_is_closed() -> None:
    for port in serving(f"{__name__}.HastyWorker"):
        with socket.create_connection(("127.0.0.1", port), timeout=30) as client:
            client.sendall(b"GET / HT")
            assert client.recv(100) == b""
        assert ask(port, get()).endswith(b"\r\n\r\n0")


def test_clients_that_take_nothing_of_their_response_are_given_up() -> None:
    for port in serving(f"{__name__}.HastyWorker"):
        deaf = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(4)]
        for client in deaf:
            client.sendall(get("/large"))
        time.sleep(0.5)  # both threads are at it
        assert ask(port, get()).endswith(b"\r\n\r\n0")
        for client in deaf:
            client.close()


@pytest.mark.parametrize("as_file", [True, False])
@pytest.mark.parametrize(("each", "is_slow"), [(1_000, True), (20_000, False)])
def test_a_client_that_takes_its_response_drop_by_drop_is_given_up(
    as_file: bool, each: int, is_slow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient_worker, "PATIENCE", 1.5)
    with socket.create_server(("127.0.0.1", 0)) as listener, TemporaryFile() as file:
        file.truncate(400_000)
        client = with_little_room(listener.getsockname()[1])
        server = PatientSocket(fileno=listener.accept()[0].detach())
        server.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        server.setblocking(True)
        stop = Event()
        dripping = Thread(target=dripped, args=(client, each, stop))
        dripping.start()
        send = partial(server.sendfile, file, 0, 400_000) if as_file else partial(server.sendall, b"x" * 400_000)
        try:
            if is_slow:
                with pytest.raises(TimeoutError, match="too slowly"):
                    send()
            else:
                send()
        finally:
            stop.set()
            dripping.join()
            server.close()
            client.close()


def test_a_file_arrives_whole(port: int) -> None:
    head, _, body = ask(port, get("/file")).partition(b"\r\n\r\n")
    assert (head[:15], len(body)) == (b"HTTP/1.1 200 OK", 30_000_000)


def test_the_worker_that_this_is_built_on_has_the_parts_it_uses() -> None:
    for name in ("accept", "handle", "murder_pending", "on_client_socket_readable", "enqueue_req", "finish_request"):
        assert callable(getattr(ThreadWorker, name))
