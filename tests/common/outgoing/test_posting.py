"""Posting has a deadline, whatever the other side does."""

import socket
import struct
import threading
import time
from time import monotonic

import pytest

from common.outgoing.posting import NotSent, post
from tests.labeling.receiver import receiving


def test_an_answer_that_drips_without_end_is_cut_off() -> None:
    with receiving() as receiver:
        receiver.drip = 0.05
        started = monotonic()
        answer = post(receiver.url, b"{}", {}, allow_private=True, seconds=0.6)
        # The excerpt is the part that had arrived by then.
        assert answer.status == 200
        assert 1 <= len(answer.excerpt) < 100
        assert monotonic() - started < 30


def test_an_answer_that_breaks_off_is_an_answer_all_the_same() -> None:
    def answer_and_reset(listener: socket.socket) -> None:
        connected, _ = listener.accept()
        connected.recv(1000)
        connected.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        time.sleep(0.2)
        # Lingering for no time at all: closing resets the connection.
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connected.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        breaking = threading.Thread(target=answer_and_reset, args=(listener,))
        breaking.start()
        answer = post(f"http://127.0.0.1:{listener.getsockname()[1]}/", b"{}", {}, allow_private=True)
        breaking.join()
    assert (answer.status, answer.excerpt) == (200, "half")


def test_little_of_a_long_answer_is_read() -> None:
    with receiving() as receiver:
        receiver.body = b"x" * 1_000_000
        assert len(post(receiver.url, b"{}", {}, allow_private=True).excerpt) == 500


def test_a_server_that_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(NotSent, match="No response within"):
            post(url, b"{}", {}, allow_private=True, seconds=0.3)
