"""Events on stdout, and requests to stop."""

import json
import subprocess
import sys

import pytest

from training.engine.errors import Cancelled
from training.engine.events import StopRequest, emit

PROGRAM = """
import time
from training.engine.events import StopRequest, emit
stop = StopRequest()
stop.install()
emit({"event": "ready"})
while not stop.requested:
    time.sleep(0.02)
emit({"event": "lost or read"})
raise SystemExit(3)
"""


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"event": "failed", "error": "a\nb ü"})
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {"event": "failed", "error": "a\nb ü"}
    assert "ü" in line


def test_a_request_to_stop_is_raised_at_the_next_check() -> None:
    stop = StopRequest()
    stop.check()
    assert not stop.requested
    stop.ask()
    with pytest.raises(Cancelled):
        stop.check()


@pytest.mark.parametrize("how", ["terminate", "close"])
def test_a_signal_and_a_reader_that_is_gone_both_request_a_stop(how: str) -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == {"event": "ready"}
        if how == "terminate":
            process.terminate()
        else:
            process.stdout.close()
        assert process.wait(timeout=60) == 3
