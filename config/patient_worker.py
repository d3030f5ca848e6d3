"""gunicorn's worker with threads, which no slow client can hold up.

gunicorn hands a connection to a thread at its first byte, and the thread waits for the rest: as many clients that send
a byte now and then as there are threads stop the site. Here the worker's own loop collects each request, headers and a
body of the usual size, and a thread gets it once it is whole. A request that does not become whole in time is closed,
and so is a client that takes nothing of its response.

A large body (an import) is read by the thread, as before: its view has found out who sends it.
"""

import re
import selectors
import socket
import struct
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

MOST_HEADERS = 100_000
"""Bytes. With more, the thread's parser refuses the request."""

MOST_BODY = 3_000_000
"""Bytes that the loop collects: more than any body but that of an import (`settings.BODY_LIMIT`)."""

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n", re.IGNORECASE)
WAITS_FOR_US = re.compile(rb"\r\nexpect:", re.IGNORECASE)
"""The client sends its body only after an answer, which the thread gives."""


class Connection(TConn):
    """A connection with the bytes of its next request. deadline: by when that must be whole (monotonic clock)."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.collected = bytearray()
        self.deadline = 0.0

    def is_whole(self) -> bool:
        """Whether a thread can go on: with the whole request, or with one that only it can judge."""
        end = self.collected.find(b"\r\n\r\n")
        if end < 0:
            return len(self.collected) > MOST_HEADERS
        head = bytes(self.collected[: end + 2])
        length = LENGTH.search(head)
        if length is None or WAITS_FOR_US.search(head):
            return True
        return int(length[1]) > MOST_BODY or len(self.collected) >= end + 4 + int(length[1])


class PatientWorker(ThreadWorker):
    """See the module."""

    request_seconds = 30.0
    """For the whole of a request, from its first byte; for the first byte of a new connection as well."""

    taking_seconds = 60
    """For a client to take another piece of its response."""

    def accept(self, listener: socket.socket) -> None:
        """Takes a new connection, and waits for its request in the loop."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another worker was faster, or the client has gone
        self.nr_conns += 1
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", self.taking_seconds, 0))
        self._collect(Connection(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """The next request on a kept connection begins."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._collect(conn)
        self._read(conn, client)

    def handle(self, conn: Connection) -> Any:
        """In a thread: gives the parser what the loop has collected."""
        collected, conn.collected = bytes(conn.collected), bytearray()
        conn.init()
        if collected:
            conn.parser.unreader.unread(collected)
        return super().handle(conn)

    def murder_pending(self) -> None:
        """Closes the connections whose request has not become whole in time."""
        now = time.monotonic()
        for conn in [one for one in self.pending_conns if one.deadline <= now]:
            self._forget(conn)
            self._drop(conn)

    def _collect(self, conn: Connection) -> None:
        conn.deadline = time.monotonic() + self.request_seconds
        conn.data_ready = True  # the thread need not wait for a first byte
        conn.sock.setblocking(False)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._read, conn))

    def _read(self, conn: Connection, _client: socket.socket) -> None:
        try:
            received = conn.sock.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        if not received:
            self._forget(conn)
            self._drop(conn)
            return
        conn.collected += received
        if conn.is_whole():
            self._forget(conn)
            self.enqueue_req(conn)

    def _forget(self, conn: Connection) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)

    def _drop(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()
