"""A keep-alive connection with as little work per request as possible: driver and servers share the machine."""

import http.client
import json
from typing import Any


class Refused(RuntimeError):
    """The server responded with an error; the message has the status and the beginning of the body."""


class Connection:
    """One annotator's connection. headers: sent with every request, including any cookies."""

    def __init__(self, port: int, headers: dict[str, str] | None = None) -> None:
        self.headers = {"Content-Type": "application/json", **(headers or {})}
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)

    def call(self, method: str, path: str, body: Any = None, *, accept: tuple[int, ...] = ()) -> tuple[int, Any]:
        """Status and parsed JSON (None for an empty body). Statuses in `accept` are not errors. Raises Refused."""
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        try:
            answer, content = self._send(method, path, data)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._connection.close()  # the server closed an idle connection before it read this request
            answer, content = self._send(method, path, data)
        if answer.status >= 400 and answer.status not in accept:
            raise Refused(f"{method} {path}: {answer.status} {content[:300]!r}")
        is_json = "json" in (answer.headers.get("Content-Type") or "")
        return answer.status, json.loads(content) if is_json and content else None

    def count_bytes(self, path: str) -> int:
        """Reads and discards a response of any size; returns its length."""
        self._connection.request("GET", path, headers=self.headers)
        answer, total = self._connection.getresponse(), 0
        while chunk := answer.read(1 << 20):
            total += len(chunk)
        if answer.status >= 400:
            raise Refused(f"GET {path}: {answer.status}")
        return total

    def _send(self, method: str, path: str, data: bytes | None) -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request(method, path, body=data, headers=self.headers)
        answer = self._connection.getresponse()
        return answer, answer.read()
