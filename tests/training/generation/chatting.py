"""A server of chat completions that can misbehave, on the loopback address, and requests to it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from training.generation import GenerationRequest, Message, OpenAIGenerator, SamplingSettings

SETTINGS = SamplingSettings(temperature=0.8, top_p=0.95, top_k=20, max_tokens=7)
Answer = tuple[int, bytes]


class Server(ThreadingHTTPServer):
    """Answers as vLLM does (or as a server that is not vLLM), unless `misbehave` has something else to say."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.owner = "vllm"
        self.served = ["small"]
        self.asked: list[dict[str, Any]] = []
        self.loaded: list[dict[str, Any]] = []
        self.folders: dict[str, str] = {}  # of adapters, by name
        self.most_at_once = self.at_once = 0
        self.gate = threading.Lock()
        self.misbehave: Callable[[dict[str, Any], int], Answer | None] = lambda body, number: None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        models: list[dict[str, Any]] = [
            {"id": name, "object": "model", "created": 0, "owned_by": self.server.owner} for name in self.server.served
        ]
        for name, folder in self.server.folders.items():
            models.append({"id": name, "owned_by": self.server.owner, "root": folder, "parent": "small"})
        self.answer(200, json.dumps({"object": "list", "data": models}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/load_lora_adapter"):
            self.server.loaded.append(body)
            self.server.folders[body["lora_name"]] = body["lora_path"]
            return self.answer(200, b"Success")
        if self.path.endswith("/unload_lora_adapter"):
            del self.server.folders[body["lora_name"]]
            return self.answer(200, b"Success")
        assert ("prompt" in body) != self.path.endswith("/chat/completions")
        with self.server.gate:
            self.server.asked.append(body)
            number = len(self.server.asked)
            self.server.at_once += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.at_once)
        try:
            self.answer(*(self.server.misbehave(body, number) or (200, chat_answer(body))))
        finally:
            with self.server.gate:
                self.server.at_once -= 1

    def answer(self, status: int, body: bytes) -> None:
        if status < 0:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def chat_answer(body: dict[str, Any], *, finish: str = "stop", text: str | None = None) -> bytes:
    choices: list[dict[str, Any]] = [
        {
            "index": index,
            "message": {
                "role": "assistant",
                "content": f"seed {body.get('seed', 0) + index}" if text is None else text,
            },
            "finish_reason": finish,
        }
        for index in range(body.get("n", 1))
    ]
    usage = {"prompt_tokens": 3, "completion_tokens": 3 * len(choices)}
    answer = {"id": "1", "object": "chat.completion", "created": 0, "model": body["model"], "choices": choices}
    answer["usage"] = usage
    if "prompt" in body:  # of /completions
        for choice in choices:
            choice["text"] = choice.pop("message")["content"]
            choice["logprobs"] = {"tokens": ["x"] * 3, "token_logprobs": [-0.25] * 3}
            choice |= {"prompt_token_ids": body["prompt"], "token_ids": [10, 11, 2]}
    elif body.get("return_token_ids"):
        answer["prompt_token_ids"] = [1, 2, 3]
        for choice in choices:
            choice["token_ids"] = [10, 11, 2]
            choice["logprobs"] = {"content": [{"token": "x", "logprob": -0.5, "top_logprobs": []}] * 3}
    return json.dumps(answer).encode()


@contextmanager
def running(port: int = 0) -> Iterator[Server]:
    with Server(port) as started:
        thread = threading.Thread(target=started.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield started
        started.shutdown()
        thread.join()


def requests(number: int, *, step: int = 2) -> list[GenerationRequest]:
    """One for each seed; with a step of 1 the seeds are neighbours."""
    messages = [Message(role="user", content="Hello?")]
    return [GenerationRequest(str(seed), messages, seed, SETTINGS) for seed in range(0, number * step, step)]


def generator(server: Server, **options: Any) -> OpenAIGenerator:
    return OpenAIGenerator(server.address, **{"model": "small", "retries": 0, **options})
