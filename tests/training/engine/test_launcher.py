"""A run of several processes, as its own command starts them: the numbers, signals and exit codes of one process."""

import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import load_file

from tests.training.engine import workshop
from tests.training.engine.test_cli import command, settings, start
from training.engine.config import RunConfig
from training.engine.errors import InputError
from training.engine.launcher import Hosts, exit_code, processes_here

# A large epsilon makes the step nearly linear in the gradient: rounding stays rounding. So many epochs that a signal
# comes before the last step, on a busy machine too.
LONG: dict[str, Any] = {
    "dtype": "float64",
    "learning_rate": 0.3,
    "adam_epsilon": 1.0,
    "checkpoint_every": 1,
    "epochs": 16,
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


def run_of(model: Path, data: Path, out: Path, **changes: Any) -> list[str]:
    """A run of 48 steps, whose numbers do not depend on the order of sums."""
    return [*command(model, data, out), *settings(**{**LONG, **changes})]


def events_of(process: subprocess.Popen[str], *, at: int = 0, act: Any = None) -> list[dict[str, Any]]:
    """All its events; ``act`` is called when it reports a step."""
    events = []
    assert process.stdout is not None
    for line in process.stdout:
        events.append(json.loads(line))
        if (events[-1]["event"], events[-1].get("step")) == ("progress", at):
            act(process)
    process.wait(60)
    return events


def kill_a_process(launcher: subprocess.Popen[str]) -> None:
    """SIGKILL to the last of the processes that a launcher started."""
    psutil.Process(launcher.pid).children()[-1].kill()


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [each["event"] for each in events]


def assert_same(one: Path, other: Path) -> None:
    """Two runs ended in the same adapter, up to the order of sums."""
    first, second = (load_file(each / "adapter" / "adapter_model.safetensors") for each in (one, other))
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        torch.testing.assert_close(second[name], tensor, atol=1e-5, rtol=1e-5)


def test_one_of_its_processes_is_killed_then_it_is_cancelled_then_it_ends_where_one_process_ends(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "two"
    with start(run_of(model_folder, data, out, processes=2)) as process:
        events = events_of(process, at=3, act=kill_a_process)
        assert "finished" not in kinds(events)
        assert process.returncode not in (0, 2, 3, 4)  # as of one process that was killed: start it again
    with start(run_of(model_folder, data, out, processes=2)) as process:
        events = events_of(process, at=4, act=lambda each: each.send_signal(signal.SIGTERM))
        assert process.returncode == 3
        assert kinds(events).count("cancelled") == 1
        assert next(each["step"] for each in events if each["event"] == "progress") >= 3
    with start(run_of(model_folder, data, out)) as process:  # it goes on with one process alone
        assert kinds(events_of(process))[-1] == "finished"
    workshop.run(model_folder, data, tmp_path / "one", **LONG)
    assert_same(tmp_path / "one", out)
    steps = [each["step"] for each in workshop.lines(out / "metrics.jsonl") if each["event"] == "progress"]
    assert steps == list(range(1, 49))


def test_two_hosts_end_where_one_process_ends_and_the_first_one_reports(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    with socket.socket() as listener:
        listener.bind(("localhost", 0))
        port = listener.getsockname()[1]
    out = tmp_path / "two"

    def hosts(meeting: str) -> list[subprocess.Popen[str]]:
        line = run_of(model_folder, data, out)
        place = ["--hosts", "2", "--rendezvous", f"localhost:{port}/{meeting}"]
        return [start([*line, *place, "--host-rank", str(rank)]) for rank in (1, 0)]

    second, first = hosts("lost")  # it dies, and the place to meet with it
    with first, second:
        events_of(first, at=1, act=lambda each: each.kill())
        assert second.wait(60) not in (0, 2, 3, 4)  # as of one process that was killed: start it again
    second, first = hosts("cancelled")
    with first, second:
        events = events_of(first, at=4, act=lambda each: each.send_signal(signal.SIGTERM))
        assert (first.returncode, second.wait(60)) == (3, 3)
        assert kinds(events)[-1] == "cancelled"
    second, first = hosts("finished")
    with first, second:
        events, silence = events_of(first), events_of(second)
        assert (first.returncode, second.returncode) == (0, 0)
    assert kinds(events)[-1] == "finished"
    assert silence == []
    assert events[-1]["processes"] == 2
    workshop.run(model_folder, data, tmp_path / "one", **LONG)
    assert_same(tmp_path / "one", out)


def test_a_run_that_has_done_its_work_is_not_cancelled_any_more(model_folder: Path, data: Path, tmp_path: Path) -> None:
    with start(run_of(model_folder, data, tmp_path / "out", processes=2, epochs=1)) as process:
        assert process.stdout is not None
        assert any(json.loads(line)["event"] == "finished" for line in process.stdout)
        process.send_signal(signal.SIGTERM)  # its processes may be on their way out, or gone
        assert process.wait(60) == 0


def test_bad_input_is_exit_code_2_with_its_sentence(model_folder: Path, data: Path, tmp_path: Path) -> None:
    with start(run_of(model_folder, data, tmp_path / "out", processes=2, max_length=2)) as process:
        events = events_of(process)
    assert process.returncode == 2
    assert "no usable preference pair" in events[0]["error"]


def test_the_exit_code_is_that_of_the_process_that_ended_on_purpose() -> None:
    assert exit_code([0, 0], was_asked=True) == 0
    assert exit_code([1, 2], was_asked=False) == 2
    assert exit_code([1, 4], was_asked=True) == 4
    assert exit_code([-signal.SIGTERM, 1], was_asked=True) == 3
    assert exit_code([-signal.SIGKILL, 1], was_asked=False) == 137
    assert exit_code([1], was_asked=False) == 1


def test_a_machine_without_gpus_has_one_process_unless_more_are_asked_for() -> None:
    if not torch.cuda.is_available():
        assert processes_here(RunConfig()) == 1
    assert processes_here(RunConfig(device="cpu")) == 1
    assert processes_here(RunConfig(processes=3)) == 3


@pytest.mark.parametrize(
    "hosts", [Hosts(2, 2, "a:1/x"), Hosts(0), Hosts(2), Hosts(2, 0, "a/x"), Hosts(2, 0, "a:1"), Hosts(2, 0, ":/")]
)
def test_hosts_that_could_not_meet_are_refused(hosts: Hosts) -> None:
    with pytest.raises(InputError, match="host"):
        hosts.check()


def test_processes_end_with_a_launcher_that_is_killed(model_folder: Path, data: Path, tmp_path: Path) -> None:
    left: list[psutil.Process] = []

    def kill_the_launcher(launcher: subprocess.Popen[str]) -> None:
        left.extend(psutil.Process(launcher.pid).children())
        os.kill(launcher.pid, signal.SIGKILL)

    with start(run_of(model_folder, data, tmp_path / "out", processes=2)) as process:
        events_of(process, at=2, act=kill_the_launcher)
    assert len(left) == 2
    _, alive = psutil.wait_procs(left, timeout=30)
    assert alive == []
