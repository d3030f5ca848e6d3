"""Child processes: what they say, how they are fed, how they end, and whether an earlier one still lives."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from common import processes
from common.processes import LineChild

ECHO = "import sys\nfor line in sys.stdin: print(line, end='', flush=True)"


def python(code: str, log: Path, *, feedable: bool = False) -> LineChild:
    return LineChild([sys.executable, "-c", code], log=log, feedable=feedable)


def everything(child: LineChild, more: Iterator[bytes] | None = None) -> list[dict[str, object]]:
    messages = []
    while not child.ended_output:
        messages += child.messages(1.0, more)
    return messages


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "child.log"


def test_json_lines_are_heard_and_everything_else_is_left_out(log: Path) -> None:
    code = "print('{\"a\": 1}'); print('words'); print('[1]'); print('{\"b\": \"ü\"}'); print('{\"torn\": ', end='')"
    with python(code, log) as child:
        assert everything(child) == [{"a": 1}, {"b": "ü"}]
        assert child.wait() == 0


def test_a_child_is_fed_as_fast_as_it_reads_and_more_than_a_pipe_holds_goes_through(log: Path) -> None:
    lines = (b'{"number": %d, "padding": "%s"}\n' % (number, b"x" * 1000) for number in range(2000))

    with python(ECHO, log, feedable=True) as child:
        numbers = [message["number"] for message in everything(child, lines)]

    assert numbers == list(range(2000))


def test_lines_are_taken_only_as_they_are_needed(log: Path) -> None:
    taken = []

    def lines() -> Iterator[bytes]:
        for number in range(100_000):
            taken.append(number)
            yield b'{"padding": "%s"}\n' % (b"x" * 1000)

    with python("import time; time.sleep(100)", log, feedable=True) as child:
        child.messages(0.5, lines())
        assert 0 < len(taken) < 1000  # what fits into a pipe
        child.process.kill()


def test_a_child_that_ends_without_reading_is_no_error_of_ours(log: Path) -> None:
    with python("print('{}')", log, feedable=True) as child:
        assert everything(child, iter([b"{}\n"] * 100_000)) == [{}]


def test_waiting_ends_at_the_time_limit(log: Path) -> None:
    with python("import time; time.sleep(100)", log) as child:
        assert child.messages(0.05) == []
        assert not child.ended_output
        assert child.end(grace_seconds=5) == -signal.SIGTERM


def test_a_child_that_will_not_end_is_killed_with_its_own_children(log: Path) -> None:
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'])\n"
        "print('{\"inner\": %d}' % inner.pid, flush=True)\n"
        "time.sleep(100)"
    )
    with python(code, log) as child:
        (message,) = child.messages(60.0)
        inner = psutil.Process(int(str(message["inner"])))
        assert child.end(grace_seconds=0.2) == -signal.SIGKILL
    psutil.wait_procs([inner], timeout=10)
    assert not inner.is_running() or inner.status() == psutil.STATUS_ZOMBIE


def test_the_log_keeps_what_the_child_said_to_people(log: Path) -> None:
    with python("import sys\nfor n in range(100): print('line', n, file=sys.stderr)", log) as child:
        everything(child)
    assert child.log_tail(2) == "line 98\nline 99"
    assert processes.tail(log.with_name("nothing")) == ""
    with python("import sys; print('x' * 100_000, 'my own', file=sys.stderr)", log) as other:
        everything(other)
    assert other.log_tail(2).endswith("x my own")
    assert "line" not in other.log_tail(2), "of the child before it"
    assert len(other.log_tail(2)) < processes.LONGEST_TAIL


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel of Linux ends children of the dead")
def test_a_child_ends_when_the_process_that_started_it_is_killed(log: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom common.processes import LineChild\n"
        f"child = LineChild([sys.executable, '-c', 'import time; time.sleep(100)'], log=Path({str(log)!r}))\n"
        "print(child.process.pid, flush=True)\ntime.sleep(100)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=processes.PROJECT_DIR)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))

    parent.kill()
    parent.wait()
    parent.stdout.close()

    deadline = time.monotonic() + 30
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_is_known_by_more_than_its_number() -> None:
    me = processes.this_process()
    host, pid, started = me.split("|")

    assert pid == str(os.getpid())
    assert processes.is_alive(me) is True
    assert processes.is_alive(f"{host}|{pid}|{float(started) - 5:.2f}") is False  # an older one of that number
    assert processes.is_alive(f"elsewhere|{pid}|{started}") is None  # not to be seen from here
    assert processes.is_alive("") is False
    assert processes.is_alive(f"{host}|not a number|1") is False
    assert processes.identify(2**22 + 1) == ""


def test_only_the_process_that_is_meant_is_ended(log: Path) -> None:
    with python("import time; time.sleep(100)", log) as child:
        host, pid, started = child.identity.split("|")
        assert processes.end_identified(f"{host}|{pid}|{float(started) - 5:.2f}") is False
        assert child.process.poll() is None
        assert processes.end_identified(child.identity) is True
    assert processes.end_identified(child.identity) is False


def test_a_child_that_is_spoken_to_hears_line_by_line_and_nothing_closes_its_ears(log: Path) -> None:
    with python(ECHO, log, feedable=True) as child:
        child.write(b'{"number": 1}\n')
        assert child.messages(10.0) == [{"number": 1}]
        assert child.messages(0.05) == []  # nothing was said, and it waits for more
        child.write(b'{"number": 2}\n')
        assert child.messages(10.0) == [{"number": 2}]
        child.close_stdin()
        assert child.wait() == 0
