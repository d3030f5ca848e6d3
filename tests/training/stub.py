"""A model server as far as administration goes: serves, loads, unloads, sleeps, answers probes. A real HTTP server."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class StubServer(ThreadingHTTPServer):
    """`refuses`: an adapter it will not load. `forgets`: how often it has no adapter any more when it is asked for an
    answer. `deaf`: breaks off whatever is asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folders: dict[str, str] = {}
        self.refuses = ""
        self.forgets = 0
        self.deaf = False
        self.sleeping = False
        self.calls: list[str] = []
        self.says = "Hello there."

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: StubServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/is_sleeping":
            return self.answer(200, {"is_sleeping": self.server.sleeping})
        models = [{"id": "tiny-base", "owned_by": "vllm", "root": "/tiny"}]
        models += [
            {"id": name, "owned_by": "vllm", "root": folder, "parent": "tiny-base"}
            for name, folder in self.server.folders.items()
        ]
        return self.answer(200, {"data": models})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or b"{}")
        name = body.get("lora_name") or body.get("model") or ""
        self.server.calls.append(f"{self.path.removeprefix('/v1')} {name}".strip())
        if self.path.startswith(("/sleep", "/wake_up")):
            self.server.sleeping = self.path.startswith("/sleep")
        elif self.path.endswith("/unload_lora_adapter"):
            del self.server.folders[name]
        elif self.path.endswith("/load_lora_adapter"):
            if name == self.server.refuses:
                return self.answer(400, {"error": {"message": "LoRA rank 128 is greater than max_lora_rank 64."}})
            self.server.folders[name] = body["lora_path"]
        elif self.server.forgets:
            self.server.forgets -= 1
            self.server.folders.clear()
            return self.answer(404, {"error": {"message": f"The model `{name}` does not exist."}})
        else:
            return self.answer(200, self.completion(body))
        return self.answer(200, {})

    def completion(self, body: dict[str, Any]) -> dict[str, Any]:
        choices = [
            {
                "index": index,
                "message": {"content": f"{self.server.says} {body.get('seed', 0) + index}"},
                "finish_reason": "stop",
                "token_ids": [5, 6, 2],
                "logprobs": {"content": [{"logprob": -0.5}] * 3},
            }
            for index in range(body.get("n", 1))
        ]
        return {"model": body["model"], "prompt_token_ids": [1, 2], "choices": choices}

    def answer(self, status: int, values: dict[str, Any]) -> None:
        if self.server.deaf:
            self.close_connection = True
            return
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def stub() -> Iterator[StubServer]:
    with StubServer() as started:
        thread = threading.Thread(target=started.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield started
        started.shutdown()
        thread.join()
