"""JSON over HTTP to one server: retries, and a sentence for every error."""

import pytest

from tests.training.generation.chatting import Server
from training.generation.http import HttpServer, NotJson, Refusal, TooSlow, Unreachable, finite_sum


def test_a_temporary_failure_is_retried_and_a_limit_of_time_means_one_try(server: Server) -> None:
    server.misbehave = lambda body, number: (503, b"{}") if number == 1 else (200, b'{"answer": 1}')
    assert HttpServer(server.address, retries=1).post("/chat/completions", {}) == {"answer": 1}
    server.asked.clear()
    with pytest.raises(Refusal) as refused:
        HttpServer(server.address, retries=1).post("/chat/completions", {}, timeout=30)
    assert refused.value.status == 503
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (400, b'{"error": {"message": "too  long."}}', "The server refused the request (400): too long."),
        (400, b'{"error": "no such model"}', "The server refused the request (400): no such model."),
        (404, b"<html>", "The server refused the request (404)."),
        (
            500,
            b'{"detail": "no memory"}',
            "The server failed (500), also after several tries: no memory. Look at its log.",
        ),
    ],
)
def test_a_refusal_quotes_the_servers_own_message(server: Server, status: int, body: bytes, sentence: str) -> None:
    server.misbehave = lambda asked, number: (status, body)
    with pytest.raises(Refusal) as refused:
        HttpServer(server.address, retries=0).post("/chat/completions", {})
    assert (refused.value.status, str(refused.value)) == (status, sentence)


@pytest.mark.parametrize("body", [b"not json", b"[]"])
def test_an_answer_that_is_no_json_object_is_an_error(server: Server, body: bytes) -> None:
    server.misbehave = lambda asked, number: (200, body)
    with pytest.raises(NotJson):
        HttpServer(server.address, retries=0).post("/chat/completions", {})


def test_a_server_that_is_away_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        HttpServer("http://127.0.0.1:9/v1", retries=0).get("/models")


def test_an_answer_beyond_the_limit_of_time_is_too_slow(server: Server) -> None:
    server.gate.acquire()
    try:
        with pytest.raises(TooSlow):
            HttpServer(server.address, retries=0).post("/chat/completions", {}, timeout=0.2)
    finally:
        server.gate.release()


def test_a_sum_is_of_finite_numbers_alone() -> None:
    assert finite_sum([-1, -0.5]) == -1.5
    for values in ([float("nan")], [True], ["1"], [None], [10**400], [float("-inf")]):
        with pytest.raises(ValueError, match="not finite"):
            finite_sum(values)
