"""A hub on this machine that speaks the calls by which huggingface_hub uploads a folder, and keeps what it is sent."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Hub:
    """repositories: what was created. files: by path, of all commits. tokens: those of all requests."""

    address: str = ""
    repositories: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    commits: list[str] = field(default_factory=list)
    tokens: set[str | None] = field(default_factory=set)
    refuses: bool = False


@contextmanager
def hub() -> Iterator[Hub]:
    """A hub, while the block runs."""
    kept = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            kept.tokens.add(self.headers["Authorization"])
            if kept.refuses:
                self.answer({"error": "You have no rights here."}, 403)
            elif self.path == "/api/repos/create":
                created = json.loads(body)
                kept.repositories.append(created)
                place = "/datasets" if created.get("type") == "dataset" else ""
                self.answer({"url": f"{kept.address}{place}/{created['organization']}/{created['name']}"})
            elif self.path == "/api/validate-yaml":
                self.answer({"errors": [], "warnings": []})
            elif self.path.endswith("/preupload/main"):
                files = [one["path"] for one in json.loads(body)["files"]]
                self.answer(
                    {"files": [{"path": path, "uploadMode": "regular", "shouldIgnore": False} for path in files]}
                )
            elif self.path.endswith("/commit/main"):
                for line in map(json.loads, body.splitlines()):
                    value = line["value"]
                    if line["key"] == "header":
                        kept.commits.append(value["summary"])
                    else:
                        kept.files[value["path"]] = base64.b64decode(value["content"])
                self.answer({"commitUrl": f"{kept.address}/datasets/me/sums/commit/{'0' * 40}", "commitOid": "0" * 40})
            else:
                self.answer({"error": f"unknown: {self.path}"}, 404)

        def do_GET(self) -> None:
            self.answer({"error": f"unknown: {self.path}"}, 404)

        def answer(self, value: dict[str, Any], status: int = 200) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
