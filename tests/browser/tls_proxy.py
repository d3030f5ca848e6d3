"""A proxy that terminates TLS in front of the live server, as production has one."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}


class TlsProxy(ThreadingHTTPServer):
    """Passes on to `server`. host: what it writes into Host; empty: what the browser sent, with the port."""

    daemon_threads = True

    def __init__(self, server: str, host: str) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.behind, self.host = urlsplit(server).netloc, host
        self.url = f"https://localhost:{self.server_address[1]}"


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: TlsProxy

    def do_GET(self) -> None:
        self._pass_on()

    def do_POST(self) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        headers |= {"Host": self.server.host or self.headers["Host"], "X-Forwarded-Proto": "https"}
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        behind = HTTPConnection(self.server.behind, timeout=60)
        behind.request(self.command, self.path, body, headers)
        answer = behind.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        behind.close()

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def tls_proxy(server: str, folder: Path, *, host: str = "") -> Iterator[TlsProxy]:
    """The proxy, running, with a certificate that it has signed itself."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-days", "2", "-nodes", "-newkey", "rsa:2048"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", "-x509", *subject, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    proxy = TlsProxy(server, host)
    proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
    Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
