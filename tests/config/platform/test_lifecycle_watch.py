"""Changes in the programs' states that a running platform reports."""

from pathlib import Path

from config.embedded import VarDirectory
from config.platform.lifecycle import Watch
from config.platform.supervisor import ProcessState


def state(name: str, kind: str = "RUNNING", pid: int = 999_999_990, start: int = 1) -> ProcessState:
    return ProcessState(name, kind, pid if kind == "RUNNING" else 0, start, "")


def reported(tmp_path: Path, *looks: ProcessState) -> list[str]:
    lines: list[str] = []
    watch = Watch(VarDirectory(tmp_path), lines.append)
    for look in looks:
        watch.check({look.name: look, "other": state("other")})
    return lines


def test_the_first_look_lists_the_programs(tmp_path: Path) -> None:
    assert reported(tmp_path, state("web"), state("web")) == ["Running: web, other."]


def test_another_process_means_that_the_program_died(tmp_path: Path) -> None:
    assert reported(tmp_path, state("web"), state("web", pid=999_999_991))[1:] == ["web died and was restarted."]


def test_a_failing_program_is_reported_once_with_its_log(tmp_path: Path) -> None:
    (line,) = reported(tmp_path, state("web"), state("web", "BACKOFF"), state("web", "FATAL"))[1:]
    assert line == f"web keeps failing and is retried; see {tmp_path / 'log' / 'web.log'}"


def test_a_stopped_program_that_starts_again_did_not_die(tmp_path: Path) -> None:
    (line,) = reported(tmp_path, state("vllm"), state("vllm", "STOPPED"), state("vllm", pid=999_999_992))[1:]
    assert line == "vllm was stopped. It restarts when it is needed."
