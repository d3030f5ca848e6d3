"""The client of OpenAI-compatible servers, against a real HTTP server on the loopback address that can misbehave."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from training.generation import (
    GeneratedCompletion,
    GenerationFailure,
    GenerationRequest,
    GeneratorUnavailable,
    Message,
    ModelNotUsable,
    OpenAIGenerator,
    SamplingSettings,
)

SETTINGS = SamplingSettings(temperature=0.8, top_p=0.95, top_k=20, max_tokens=7)
Answer = tuple[int, bytes]


class Server(ThreadingHTTPServer):
    """Answers as vLLM does (or as a server that is not vLLM), unless `misbehave` has something else to say."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.owner = "vllm"
        self.served = ["small"]
        self.asked: list[dict[str, Any]] = []
        self.loaded: list[dict[str, Any]] = []
        self.most_at_once = self.at_once = 0
        self.gate = threading.Lock()
        self.misbehave: Callable[[dict[str, Any], int], Answer | None] = lambda body, number: None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        models = [
            {"id": name, "object": "model", "created": 0, "owned_by": self.server.owner} for name in self.server.served
        ]
        self.answer(200, json.dumps({"object": "list", "data": models}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/load_lora_adapter"):
            self.server.loaded.append(body)
            self.server.served.append(body["lora_name"])
            return self.answer(200, b"Success")
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
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def chat_answer(body: dict[str, Any], *, finish: str = "stop", text: str | None = None) -> bytes:
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": f"seed {body['seed']}" if text is None else text},
        "finish_reason": finish,
    }
    answer = {"id": "1", "object": "chat.completion", "created": 0, "model": body["model"], "choices": [choice]}
    if body.get("return_token_ids"):
        answer["prompt_token_ids"] = [1, 2, 3]
        choice["token_ids"] = [10, 11, 2]
        choice["logprobs"] = {"content": [{"token": "x", "logprob": -0.5, "top_logprobs": []}] * 3}
    return json.dumps(answer).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def requests(number: int) -> list[GenerationRequest]:
    messages = [Message(role="user", content="Hello?")]
    return [GenerationRequest(str(seed), messages, seed, SETTINGS) for seed in range(number)]


def generator(server: Server, **options: Any) -> OpenAIGenerator:
    return OpenAIGenerator(server.address, **{"model": "small", "retries": 0, **options})


def test_vllm_tells_token_ids_and_log_probabilities_and_they_are_kept(server: Server) -> None:
    (outcome,) = generator(server).generate(requests(1))
    assert isinstance(outcome, GeneratedCompletion)
    assert (outcome.prompt_ids, outcome.completion_ids, outcome.logprob_sum) == ([1, 2, 3], [10, 11, 2], -1.5)
    assert (outcome.text, outcome.finish_reason, outcome.model) == ("seed 0", "stop", "small")
    asked = server.asked[0]
    assert asked["return_token_ids"] is True
    assert (asked["repetition_penalty"], asked["min_p"]) == (1.0, 0.0), "not what the model's folder may say"
    assert asked["logprobs"] is True
    assert {name: asked[name] for name in ("temperature", "top_p", "top_k", "max_tokens", "seed")} == {
        "temperature": 0.8,
        "top_p": 0.95,
        "top_k": 20,
        "max_tokens": 7,
        "seed": 0,
    }


def test_a_server_that_is_not_vllm_is_asked_for_nothing_it_does_not_know(server: Server) -> None:
    server.owner = "somebody"
    (outcome,) = generator(server).generate(requests(1))
    assert isinstance(outcome, GeneratedCompletion)
    assert (outcome.prompt_ids, outcome.completion_ids, outcome.logprob_sum) == ([], [], None)
    assert "return_token_ids" not in server.asked[0]
    assert "repetition_penalty" not in server.asked[0]


def test_every_request_is_answered_once_and_never_more_are_out_than_allowed(server: Server) -> None:
    outcomes = list(generator(server, concurrency=3).generate(iter(requests(40))))
    assert sorted(int(outcome.key) for outcome in outcomes) == list(range(40))
    assert all(
        isinstance(outcome, GeneratedCompletion) and outcome.text == f"seed {outcome.key}" for outcome in outcomes
    )
    assert server.most_at_once <= 3


def test_requests_are_taken_only_as_there_is_room(server: Server) -> None:
    taken = []

    def endless() -> Iterator[GenerationRequest]:
        for request in requests(10_000):
            taken.append(request.key)
            yield request

    outcomes = generator(server, concurrency=2).generate(endless())
    for _ in range(5):
        next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    assert len(taken) <= 5 + 2 + 2


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: Server, status: int) -> None:
    server.misbehave = lambda body, number: (status, b"{}") if number == 1 else None
    (outcome,) = generator(server, retries=2).generate(requests(1))
    assert isinstance(outcome, GeneratedCompletion)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("status", "body", "words", "retryable"),
    [
        (429, b"{}", "429", True),
        (500, b"{}", "500", True),
        (400, b'{"message": "This model has a context of 10 tokens."}', "context of 10 tokens", False),
        (401, b"{}", "GENERATOR_API_KEY", False),
        (200, b"not json", "makes no sense", True),
        (200, b'{"choices": []}', "makes no sense", True),
        (200, b'{"hello": "world"}', "makes no sense", True),
        (200, b"[]", "makes no sense", True),
    ],
)
def test_trouble_with_one_request_is_a_sentence_and_the_others_go_on(
    server: Server, status: int, body: bytes, words: str, retryable: bool
) -> None:
    server.misbehave = lambda asked, number: (status, body) if asked["seed"] == 1 else None
    outcomes = {outcome.key: outcome for outcome in generator(server).generate(requests(3))}
    failure = outcomes["1"]
    assert isinstance(failure, GenerationFailure)
    assert words in failure.reason
    assert failure.reason.endswith((".", "?"))
    assert failure.retryable is retryable
    assert all(isinstance(outcomes[key], GeneratedCompletion) for key in ("0", "2"))


def test_a_slow_server_is_given_up_on_for_this_request(server: Server) -> None:
    patience = threading.Event()

    def dawdle(body: dict[str, Any], number: int) -> Answer | None:
        patience.wait(5)
        return None

    server.misbehave = dawdle
    (outcome,) = generator(server, timeout=0.2).generate(requests(1))
    patience.set()
    assert isinstance(outcome, GenerationFailure)
    assert "longer than 0.2 seconds" in outcome.reason
    assert outcome.retryable


def test_a_completion_cut_by_a_filter_is_a_failure(server: Server) -> None:
    server.misbehave = lambda body, number: (200, chat_answer(body, finish="content_filter"))
    (outcome,) = generator(server).generate(requests(1))
    assert isinstance(outcome, GenerationFailure)
    assert "content_filter" in outcome.reason


def test_no_server_at_all_is_said_with_its_address() -> None:
    nobody = OpenAIGenerator("http://127.0.0.1:9/v1", model="small", retries=0)
    with pytest.raises(GeneratorUnavailable, match="GENERATOR_URL") as caught:
        list(nobody.generate(requests(1)))
    assert "http://127.0.0.1:9/v1" in str(caught.value)


def test_a_model_the_server_does_not_serve_is_named_with_those_it_does(server: Server) -> None:
    with pytest.raises(ModelNotUsable, match="does not serve large; it serves small"):
        list(generator(server, model="large").generate(requests(1)))


def test_a_vllm_is_asked_once_to_load_an_adapter_it_does_not_serve_yet(server: Server, tmp_path: Path) -> None:
    adapted = generator(server, model="small-v1", adapter_dir=tmp_path)
    assert len(list(adapted.generate(requests(1)))) == len(list(adapted.generate(requests(1)))) == 1
    assert server.loaded == [{"lora_name": "small-v1", "lora_path": str(tmp_path)}]
    assert server.asked[0]["model"] == "small-v1"


def test_a_stop_ends_it_soon(server: Server) -> None:
    enough = threading.Event()
    count = 0
    for _ in generator(server, concurrency=2).generate(requests(1000), should_stop=enough.is_set):
        count += 1
        if count == 3:
            enough.set()
    assert 3 <= count <= 5
