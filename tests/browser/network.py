"""A way to the server that can be cut. A browser that was told to be offline once let a judgment through, in a test
that loads the page again; past this nothing gets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer


class Network(ThreadingTCPServer):
    """Passes on what comes to `url`, until it is cut: then every connection ends, and so does every new one."""

    daemon_threads = True

    def __init__(self, server: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.server = server
        self.url = f"http://localhost:{self.server_address[1]}"
        self.is_cut = False
        self.connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def admits(self, *ends: socket.socket) -> bool:
        """Whether these two may be connected; they are told when no longer."""
        with self._lock:
            if not self.is_cut:
                self.connections.update(ends)
            return not self.is_cut

    def leave(self, *ends: socket.socket) -> None:
        with self._lock:
            self.connections.difference_update(ends)

    def cut(self) -> None:
        with self._lock:
            self.is_cut = True
            for end in self.connections:
                _hang_up(end)

    def mend(self) -> None:
        with self._lock:
            self.is_cut = False


class _Connection(BaseRequestHandler):
    server: Network

    def handle(self) -> None:
        if self.server.is_cut:
            return
        with socket.create_connection(self.server.server) as other:
            if not self.server.admits(self.request, other):
                return
            back = threading.Thread(target=_pass_on, args=(other, self.request), daemon=True)
            back.start()
            _pass_on(self.request, other)
            back.join()
            self.server.leave(self.request, other)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Bytes, until either hangs up; then both have."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    _hang_up(source)
    _hang_up(target)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def network_to(host: str, port: int) -> Iterator[Network]:
    with Network((host, port)) as network:
        threading.Thread(target=network.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield network
        network.cut()
        network.shutdown()
