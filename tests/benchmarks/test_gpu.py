"""The benchmark for a GPU, on a CPU: its parts, and the reasons of those that are left out."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from benchmarks import gpu
from benchmarks.dpo.random_model import write_model
from benchmarks.dpo.workload import workload

ROOT = Path(__file__).parents[2]


def test_a_part_that_fails_or_has_no_time_left_says_so_and_the_others_go_on(tmp_path: Path) -> None:
    report = gpu.Report(tmp_path / "out.json", time.monotonic() + 5)

    def fails() -> None:
        raise gpu.Failed("as it should")

    report.part("long", 60, lambda: 1)
    report.part("wrong", 0, fails)
    report.part("right", 0, lambda: 7)
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["long"]["skipped"].endswith("it takes about 60")
    assert (written["wrong"]["failed"], written["right"]["result"]) == ("Failed: as it should", 7)
    assert report.failed


def test_the_reason_of_a_failure_is_in_the_report_wherever_it_was_said() -> None:
    report = gpu.Report(None, time.monotonic() + 60)
    fails = ["timeit", "-n1", "-r1", "print('said on stdout'); raise SystemError('said on stderr')"]
    with pytest.raises(gpu.Failed, match=r"(?s)said on stdout.*said on stderr"):
        report.run(fails)
    with pytest.raises(gpu.Failed, match=r"(?s)before its second step: .*said on stderr"):
        gpu._kill_after_two_steps(fails)


def test_ratios_are_of_those_that_were_measured() -> None:
    report = gpu.Report(None, 0.0)
    report.parts = {
        "hh-like chosen": {"result": {"pairs_per_second": 6.0}},
        "hh-like trl": {"result": {"pairs_per_second": 2.0}},
        "hh-like trl-tuned": {"failed": "no memory"},
    }
    assert gpu.ratios(report, "hh-like") == {"chosen / trl": 3.0}


def test_random_pairs_have_lengths_about_as_in_hh_or_those_asked_for(tmp_path: Path) -> None:
    model = write_model(tmp_path / "model", "tiny", device="cpu")
    fixed = workload("24/8/8", 3, model).pairs
    assert [(len(each.prompt_ids), len(each.chosen_ids), len(each.rejected_ids)) for each in fixed] == [(24, 8, 8)] * 3
    drawn = [len(each.prompt_ids) for each in workload("hh-like", 64, model).pairs]
    assert 60 < sorted(drawn)[32] < 200
    assert len(set(drawn)) > 30


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU: it would be used")
def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu"])
    assert gpu.main() == 0
    assert "--small tries the same path on a CPU" in capsys.readouterr().out


@pytest.mark.long
@pytest.mark.timeout(600)
def test_the_whole_path_runs_on_a_cpu(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "benchmarks.gpu",
        "--small",
        "--seconds",
        "540",
        "--out",
        str(tmp_path / "out.json"),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    parts = json.loads((tmp_path / "out.json").read_text())
    assert all("result" in part for part in parts.values()), parts
    end = parts["end to end"]["result"]
    assert end["resumed_at_step"] - end["killed_at_step"] in (0, 1)  # its checkpoint may not have been written
    assert end["scores"] == 32
    assert set(parts["hh-like ratios"]["result"]) == {"chosen / trl", "chosen / trl-tuned"}
