"""Posting has a deadline, whatever the other side does."""

import socket
from time import monotonic

import pytest

from labeling.posting import NotSent, post
from tests.labeling.webhooks.receiver import receiving


def test_an_answer_that_drips_without_end_is_cut_off() -> None:
    with receiving() as receiver:
        receiver.drip = 0.05
        started = monotonic()
        answer = post(receiver.url, b"{}", {}, allow_private=True, seconds=0.6)
        # What had come by then is the excerpt; the rest is nobody's business.
        assert answer.status == 200
        assert 1 <= len(answer.excerpt) < 100
        assert monotonic() - started < 30


def test_little_of_a_long_answer_is_read() -> None:
    with receiving() as receiver:
        receiver.body = b"x" * 1_000_000
        assert len(post(receiver.url, b"{}", {}, allow_private=True).excerpt) == 500


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(NotSent, match="No answer within"):
            post(url, b"{}", {}, allow_private=True, seconds=0.3)
