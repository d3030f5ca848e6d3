"""gunicorn's worker with threads, which clients that send slowly cannot hold up.

gunicorn hands a connection to a thread at its first byte, and the thread waits for the rest: as many clients that send
a byte now and then as there are threads stop the site. Here the worker's own loop collects each request, headers and a
body of the usual size, and a thread gets it once it is whole. The loop itself never waits for one client: it also
closes connections without lingering over each.

A larger body (an import) is read by the thread: its view has found out who sends it. A thread waits for a client for
`PATIENCE` seconds at most, at each piece that it reads or writes, and leaves one that takes its response too slowly.
"""

import errno
import re
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

MOST_HEADERS = 64_000
"""Bytes before the end of the headers."""

MOST_BODY = 3_000_000
"""Bytes that the loop collects: more than any body but that of an import (`settings.BODY_LIMIT`)."""

MOST_COLLECTED = 64_000_000
"""Bytes that the loop holds for all connections of one process together."""

PATIENCE = 20.0
SLOWEST = 16_000
"""Bytes a second that a client must take while a thread waits for it. The work on an export does not count."""

PIECE = 65_536
LINGERING = 2.0
"""Seconds that a client has to take the end of a response before its connection is gone."""

LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,200})[ \t]*\r\n", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding[ \t]*:", re.IGNORECASE)
EXPECTS = re.compile(rb"\r\nexpect[ \t]*:", re.IGNORECASE)

GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
REFUSALS = {
    status: f"HTTP/1.1 {status} {phrase}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    for status, phrase in ((411, "Length Required"), (431, "Request Header Fields Too Large"))
}


class PatientSocket(socket.socket):
    """Blocks for `PATIENCE` seconds at most, and as often as the client is fast enough. gunicorn only says whether it
    shall block.

    waited, taken: seconds and bytes of sending since the pace was last checked, after each `PATIENCE` seconds of it.
    """

    waited = 0.0
    taken = 0

    def setblocking(self, flag: bool) -> None:
        self.settimeout(PATIENCE if flag else 0.0)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Sends all bytes. Raises TimeoutError for a client that takes too few of them."""
        rest = memoryview(data).cast("B")
        while rest:
            started = time.monotonic()
            size = self.send(rest[:PIECE], flags)
            rest = rest[size:]
            self._note(time.monotonic() - started, size)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Sends a file by its pieces: the system's own way would wait for each of them from the start."""
        file.seek(offset)
        sent = 0
        while piece := file.read(PIECE if count is None else min(PIECE, count - sent)):
            self.sendall(piece)
            sent += len(piece)
        return sent

    def _note(self, seconds: float, size: int) -> None:
        self.waited += seconds
        self.taken += size
        if self.waited < PATIENCE:
            return
        if self.taken < SLOWEST * self.waited:
            raise TimeoutError(
                errno.EPIPE, "The client takes its response too slowly."
            )  # EPIPE: it is no fault of ours
        self.waited, self.taken = 0.0, 0


class Connection(TConn):
    """A connection with the bytes of its next request. deadline: by when they must be whole (monotonic clock)."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.collected = bytearray()
        self.deadline = 0.0
        self.has_asked = False

    def verdict(self) -> int:
        """The fate of the collected bytes: 0: more must come; 200: a thread gets them; else the refusal."""
        end = self.collected.find(b"\r\n\r\n")
        if (end if end >= 0 else len(self.collected)) > MOST_HEADERS:
            return 431
        if end < 0:
            return 0
        head = bytes(self.collected[: end + 2])
        if CHUNKED.search(head):
            return 411  # nothing of ours sends it, and no view reads it
        length = LENGTH.search(head)
        size = int(length[1]) if length else 0
        if size > MOST_BODY or len(self.collected) >= end + 4 + size:
            return 200
        if EXPECTS.search(head) and not self.has_asked:
            self.has_asked = True
            self.sock.send(GO_ON)
        return 0


class PatientWorker(ThreadWorker):
    """See the module."""

    request_seconds = 30.0
    """For the whole of a request, from its first byte; for the first byte of a new connection as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cfg.set("limit_request_line", 0)  # MOST_HEADERS is the limit: filters and patterns may be long
        self.lingering: set[Connection] = set()
        self.held = 0

    def accept(self, listener: socket.socket) -> None:
        """Takes a new connection, and waits for its request in the loop."""
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                time.sleep(0.05)  # until others close
            return  # else another worker was faster, or the client has gone
        client = PatientSocket(fileno=accepted.detach())
        self.nr_conns += 1
        self._collect(Connection(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """The next request on a kept connection begins."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._collect(conn)
        self._read(conn, client)

    def handle(self, conn: Connection) -> Any:
        """In a thread: gives the parser the request that the loop has collected."""
        collected, conn.collected = bytes(conn.collected), bytearray()
        conn.init()
        if collected:
            conn.parser.unreader.unread(collected)
        return super().handle(conn)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:
        """Whether the connection serves another request: not if part of the body has not even arrived."""
        return bool(keepalive and conn.parser.finish_body(deadline=time.monotonic() + 0.05))

    def finish_request(self, conn: Connection, fs: Any) -> None:
        """In the loop, after a thread: keeps the connection, or lets the client take the rest and closes it."""
        try:
            keeps = not fs.cancelled() and bool(fs.result())
        except Exception:
            self._drop(conn)
            return
        if not keeps or not self.alive:
            self._linger(conn)
            return
        conn.collected += conn.parser.unreader.take_buffered()  # of the next request, sent together with this one
        if conn.collected:
            self.held += len(conn.collected)
            self._collect(conn)
            self._judge(conn)
            return
        conn.sock.setblocking(False)
        conn.set_timeout()
        self.keepalived_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))

    def murder_pending(self) -> None:
        """Closes connections whose request has not become whole in time, and those that have lingered."""
        now = time.monotonic()
        for conn in [one for one in self.pending_conns if one.deadline <= now]:
            self._forget(conn)
            self._drop(conn)
        for conn in [one for one in self.lingering if one.deadline <= now]:
            self._end(conn)

    def _collect(self, conn: Connection) -> None:
        conn.deadline = time.monotonic() + self.request_seconds
        conn.data_ready = True  # the thread need not wait for a first byte
        conn.has_asked = False
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
        self.held += len(received)
        self._judge(conn)
        if self.held > MOST_COLLECTED:
            largest = max(self.pending_conns, key=lambda one: len(one.collected))
            self._forget(largest)
            self._drop(largest)

    def _judge(self, conn: Connection) -> None:
        try:
            verdict = conn.verdict()
        except OSError:
            verdict = 0  # it could not be asked to go on: it is closed at its deadline
        if not verdict:
            return
        self._forget(conn)
        if verdict == 200:
            self.enqueue_req(conn)
            return
        try:
            conn.sock.send(REFUSALS[verdict])
        except OSError:
            self._drop(conn)
        else:
            self._linger(conn)

    def _linger(self, conn: Connection) -> None:
        """Closes our side only: closed at once, the client might lose the end of its response."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        conn.collected = bytearray()
        conn.deadline = time.monotonic() + LINGERING
        self.lingering.add(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._discard, conn))

    def _discard(self, conn: Connection, _client: socket.socket) -> None:
        try:
            if conn.sock.recv(65_536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end(conn)

    def _end(self, conn: Connection) -> None:
        self.lingering.discard(conn)
        self.poller.unregister(conn.sock)
        self._drop(conn)

    def _forget(self, conn: Connection) -> None:
        """Takes it out of the loop. Its bytes no longer count: they are dropped, or a thread works on them."""
        self.held -= len(conn.collected)
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)

    def _drop(self, conn: Connection) -> None:
        self.nr_conns -= 1
        conn.close()
