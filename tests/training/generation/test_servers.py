"""Several servers, and looking after what they serve."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.generation.chatting import Answer, Server, chat_answer, generator, requests, running
from training.generation import (
    GeneratedCompletion,
    GeneratorUnavailable,
    ModelNotUsable,
    ModelServer,
    OpenAIGenerator,
    servers,
)


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
    with pytest.raises(ModelNotUsable, match="cannot be read"):
        asked.probe("small")
    server.misbehave = lambda body, number: (200, chat_answer(body, text=" "))
    with pytest.raises(ModelNotUsable, match="is empty"):
        asked.probe("small")


def test_an_adapter_is_unloaded_by_its_name(server: Server) -> None:
    server.folders["small-v1"] = "/v1"
    ModelServer(server.address).unload("small-v1")
    assert server.folders == {}
