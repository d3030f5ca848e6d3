"""The client of OpenAI-compatible servers, against a real HTTP server on the loopback address that can misbehave."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    ModelServer,
    OpenAIGenerator,
    SamplingSettings,
    servers,
)

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
    if body.get("return_token_ids"):
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


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as started:
        yield started


def requests(number: int, *, step: int = 2) -> list[GenerationRequest]:
    """One for each seed; with a step of 1 the seeds are neighbours."""
    messages = [Message(role="user", content="Hello?")]
    return [GenerationRequest(str(seed), messages, seed, SETTINGS) for seed in range(0, number * step, step)]


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
    assert sorted(int(outcome.key) for outcome in outcomes) == list(range(0, 80, 2))
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
    assert len(taken) <= 5 + 2 * servers.AHEAD + 2


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
    server.misbehave = lambda asked, number: (status, body) if asked["seed"] == 2 else None
    outcomes = {outcome.key: outcome for outcome in generator(server).generate(requests(3))}
    failure = outcomes["2"]
    assert isinstance(failure, GenerationFailure)
    assert words in failure.reason
    assert failure.reason.endswith((".", "?"))
    assert failure.retryable is retryable
    assert all(isinstance(outcomes[key], GeneratedCompletion) for key in ("0", "4"))


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


# --- Several candidates in one request ---


def test_neighbouring_seeds_of_one_prompt_are_one_request_to_a_vllm(server: Server) -> None:
    outcomes = {outcome.key: outcome for outcome in generator(server).generate(requests(4, step=1))}
    assert [(asked["n"], asked["seed"]) for asked in server.asked] == [(4, 0)]
    for seed in range(4):
        outcome = outcomes[str(seed)]
        assert isinstance(outcome, GeneratedCompletion)
        assert (outcome.text, outcome.seed, outcome.completion_ids) == (f"seed {seed}", seed, [10, 11, 2])
        assert (outcome.tokens_read, outcome.tokens_written) == (0 if seed else 3, 3), "the prompt is read once"


def test_other_servers_are_asked_for_each_by_itself(server: Server) -> None:
    server.owner = "somebody"
    outcomes = list(generator(server).generate(requests(4, step=1)))
    assert sorted(asked["seed"] for asked in server.asked) == [0, 1, 2, 3]
    assert all("n" not in asked for asked in server.asked)
    assert sorted(outcome.key for outcome in outcomes) == ["0", "1", "2", "3"]


def test_what_differs_in_more_than_the_seed_is_never_put_together(server: Server) -> None:
    one, two = [Message(role="user", content="One?")], [Message(role="user", content="Two?")]
    hot = SamplingSettings(temperature=1.5)
    asked = [
        GenerationRequest("a", one, 1, SETTINGS),
        GenerationRequest("b", two, 2, SETTINGS),
        GenerationRequest("c", two, 3, hot),
        GenerationRequest("d", two, 5, hot),
    ]
    assert len(list(generator(server).generate(asked))) == 4
    assert [body["n"] for body in server.asked] == [1, 1, 1, 1]


@pytest.mark.parametrize("wrong", ["fewer", "twice"])
def test_an_answer_with_other_choices_than_asked_for_is_no_answer(server: Server, wrong: str) -> None:
    def answer(body: dict[str, Any], number: int) -> Answer:
        values = json.loads(chat_answer(body))
        values["choices"] = values["choices"][:1] * (1 if wrong == "fewer" else 2)
        return 200, json.dumps(values).encode()

    server.misbehave = answer
    outcomes = list(generator(server).generate(requests(2, step=1)))
    assert all(isinstance(outcome, GenerationFailure) and outcome.retryable for outcome in outcomes)
    assert len(outcomes) == 2


# --- Several servers ---


@pytest.fixture
def other() -> Iterator[Server]:
    with running() as started:
        yield started


def test_each_request_goes_to_the_server_with_the_least_to_do(server: Server, other: Server) -> None:
    slow = threading.Event()

    def dawdle(body: dict[str, Any], number: int) -> Answer | None:
        slow.wait(2 if number == 1 else 0)
        return None

    server.misbehave = dawdle
    both = OpenAIGenerator([server.address, other.address], model="small", retries=0, concurrency=2)
    outcomes = both.generate(requests(20))
    early = [next(outcomes) for _ in range(19)]
    slow.set()
    assert len([*early, *outcomes]) == 20
    assert (len(server.asked), len(other.asked)) == (1, 19), "one waits for the slow one, the rest go past it"


def test_a_server_that_is_down_is_left_out_and_used_again_when_it_is_back(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "FIRST_PAUSE_SECONDS", 0.05)
    with running() as absent:
        port = absent.server_address[1]
    both = OpenAIGenerator([server.address, f"http://127.0.0.1:{port}/v1"], model="small", retries=0, concurrency=2)

    assert len(list(both.generate(requests(10)))) == len(server.asked) == 10
    with running(port) as back:
        deadline = time.monotonic() + 20
        while not back.asked and time.monotonic() < deadline:
            assert all(isinstance(outcome, GeneratedCompletion) for outcome in both.generate(requests(10)))
        assert back.asked


def test_a_vllm_that_was_restarted_is_made_to_serve_the_adapter_again(server: Server, tmp_path: Path) -> None:
    def restart(body: dict[str, Any], number: int) -> Answer | None:
        if number == 3:
            server.folders.clear()
            return 404, b'{"error": {"message": "The model `small-v1` does not exist."}}'
        return None

    server.misbehave = restart
    adapted = generator(server, model="small-v1", adapter_dir=tmp_path, concurrency=1)
    outcomes = list(adapted.generate(requests(6)))
    assert len(server.loaded) == 2
    assert all(isinstance(outcome, GeneratedCompletion) for outcome in outcomes)
    assert len(outcomes) == 6


def test_what_one_server_is_still_writing_is_waited_for_when_all_others_are_gone(server: Server) -> None:
    hold = threading.Event()

    def answer(body: dict[str, Any], number: int) -> Answer | None:
        if body["seed"] == 0:
            hold.wait(5)
            return None
        hold.set()
        return -1, b""  # the connection breaks off

    server.misbehave = answer
    outcomes = generator(server, concurrency=2).generate(requests(4))
    assert next(outcomes).key == "0"
    with pytest.raises(GeneratorUnavailable):
        list(outcomes)


# --- Looking after adapters ---


def test_a_name_that_stands_for_another_folder_is_refused(server: Server, tmp_path: Path) -> None:
    server.folders["small-v1"] = "/elsewhere"
    with pytest.raises(ModelNotUsable, match="another folder under the name small-v1: /elsewhere"):
        list(generator(server, model="small-v1", adapter_dir=tmp_path).generate(requests(1)))


def test_a_probe_answers_with_a_text_and_refuses_what_is_no_number(server: Server) -> None:
    asked = ModelServer(server.address, retries=0)
    asked.models()
    assert asked.probe("small") == "seed 0"

    body = {"return_token_ids": True}
    server.misbehave = lambda asked, number: (200, chat_answer(asked | body).replace(b"-0.5", b"NaN"))
    with pytest.raises(ModelNotUsable, match="no sense"):
        asked.probe("small")
    server.misbehave = lambda body, number: (200, chat_answer(body, text=" "))
    with pytest.raises(ModelNotUsable, match="with nothing"):
        asked.probe("small")


def test_an_adapter_is_unloaded_by_its_name(server: Server) -> None:
    server.folders["small-v1"] = "/v1"
    ModelServer(server.address).unload("small-v1")
    assert server.folders == {}
