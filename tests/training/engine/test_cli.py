"""The command line: JSON lines on stdout, sentences on stderr, exit codes, real signals to a real process."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.engine import workshop
from training.engine import cli
from training.engine.cli import main
from training.engine.errors import InputError
from training.engine.model.adapter_format import check_adapter_folder
from training.engine.run_folder import RunFolder

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def same_signal_handlers() -> Iterator[None]:
    """``main`` takes SIGTERM and SIGINT over; give them back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


def settings(**changes: Any) -> list[str]:
    """The workshop's settings as ``--set`` options."""
    return [
        part
        for name, value in {**workshop.SETTINGS, **changes}.items()
        for part in ("--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}")
    ]


def command(model: Path, data: Path, out: Path) -> list[str]:
    """A run of twelve steps."""
    paths = ["--model", str(model), "--data", str(data), "--out", str(out)]
    return [sys.executable, "-m", "training.engine", "train", *paths, *settings(epochs=4)]


def start(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        arguments,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def signal_after(arguments: list[str], step: int, number: signal.Signals) -> tuple[int, list[dict[str, Any]]]:
    """Start a run, send a signal when it reports a step; returns its exit status and its events."""
    events = []
    with start(arguments) as process:
        assert process.stdout is not None
        for line in process.stdout:
            events.append(json.loads(line))
            if (events[-1]["event"], events[-1].get("step")) == ("progress", step):
                process.send_signal(number)
    return process.returncode, events


def test_the_engine_runs_where_nothing_else_of_the_project_is(model_folder: Path, data: Path, tmp_path: Path) -> None:
    for room in ("engine", "language_models"):
        shutil.copytree(ROOT / "training" / room, tmp_path / "elsewhere" / "training" / room)
    (tmp_path / "elsewhere" / "common").mkdir()
    for name in ("transcripts.py", "prompt_fields.py"):
        shutil.copy(ROOT / "common" / name, tmp_path / "elsewhere" / "common")
    run = [*command(model_folder, data, tmp_path / "out"), "--set", "epochs=1"]
    done = subprocess.run(run, cwd=tmp_path / "elsewhere", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "meta.json").exists()


def test_a_process_killed_then_cancelled_then_left_alone_ends_in_the_bytes_of_one_left_alone(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    alone = start(command(model_folder, data, tmp_path / "alone"))
    disturbed = command(model_folder, data, tmp_path / "disturbed")
    status, _ = signal_after(disturbed, 5, signal.SIGKILL)
    assert status == -signal.SIGKILL
    status, events = signal_after(disturbed, 7, signal.SIGTERM)
    assert status == 3
    assert events[-1]["event"] == "cancelled"
    assert events[-2]["event"] == "checkpoint"
    with start(disturbed) as last:
        out, _ = last.communicate()
    assert last.returncode == 0
    first, *_, final = [json.loads(line) for line in out.splitlines()]
    assert first["event"] == "started"
    assert final["event"] == "finished"
    assert alone.communicate(timeout=300)[0].splitlines()[-1].startswith('{"event": "finished"')
    assert alone.returncode == 0
    results = [
        (tmp_path / name / "adapter" / "adapter_model.safetensors").read_bytes() for name in ("alone", "disturbed")
    ]
    assert results[0] == results[1]
    metrics = [
        workshop.without_times(workshop.lines(tmp_path / name / "metrics.jsonl")) for name in ("alone", "disturbed")
    ]
    assert metrics[0] == metrics[1]


def test_a_process_whose_reader_died_writes_a_checkpoint_and_leaves(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    arguments = command(model_folder, data, tmp_path / "out")
    with start(arguments) as process:
        assert process.stdout is not None
        while '"progress"' not in process.stdout.readline():
            pass
    # Leaving the block closed stdout and stderr, and waited.
    assert process.returncode == 3
    assert list((tmp_path / "out" / "checkpoints").iterdir())


def test_it_imports_neither_django_nor_peft() -> None:
    rooms = "training.engine.cli, training.engine.learning.run, training.engine.measuring.evaluation"
    code = f"import sys, {rooms}; print(*sys.modules)"
    completed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True)
    assert not {"django", "celery", "peft", "labeling"} & set(completed.stdout.split())


def run_main(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    """The command in this process: exit code, events, stderr."""
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


def test_score_writes_a_line_per_pair_and_evaluate_sums_it_up(
    model_folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workshop.run(model_folder, data, tmp_path / "out", epochs=8)
    options = ["--model", str(model_folder), "--adapter", str(tmp_path / "out" / "adapter"), "--data", str(data)]
    code, events, _ = run_main(capsys, "score", *options, "--out", str(tmp_path / "s.jsonl"), *settings())
    assert code == 0
    assert events[-1] == {"event": "finished", "pairs": 11, "dropped": {}, "out": str(tmp_path / "s.jsonl")}
    scores = workshop.lines(tmp_path / "s.jsonl")
    assert [score["id"] for score in scores] == [f"pair-{number}" for number in range(11)]
    for score in scores:
        log_ratio = score["policy_chosen_logp"] - score["reference_chosen_logp"]
        assert score["chosen_reward"] == pytest.approx(0.1 * log_ratio)
        assert score["margin"] == pytest.approx(score["chosen_reward"] - score["rejected_reward"])
    code, events, _ = run_main(capsys, "evaluate", *options, "--out", str(tmp_path / "e.json"), *settings())
    assert code == 0
    assert events[-1]["margin"] == pytest.approx(sum(score["margin"] for score in scores) / 11)
    assert events[-1]["reward_accuracy"] == sum(score["margin"] > 0 for score in scores) / 11 > 0.9
    assert {"event": "finished", **json.loads((tmp_path / "e.json").read_text())} == events[-1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"options": ["--set", "betta=1"]}, "unknown setting 'betta'"),
        ({"options": ["--set", "target_modules=query"]}, "no linear layer named query"),
        ({"model": "absent"}, "the folder .*absent does not exist"),
        ({"model": "train.jsonl"}, "train.jsonl is a file: name the model's folder"),
        ({"adapter": "train.jsonl"}, "train.jsonl is a file: name the adapter's folder"),
        ({"adapter": "."}, "holds no adapter: it has no adapter_config.json"),
        ({"data": "absent"}, "the data file .*absent does not exist"),
        ({"line": '{"prompt": 1}'}, r"train\.jsonl:12: 'chosen' is missing"),
    ],
)
def test_bad_input_is_exit_code_2_with_one_sentence_and_a_failed_event(
    model_folder: Path,
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    message: str,
) -> None:
    data.write_text(data.read_text() + changes.get("line", ""))
    model = tmp_path / changes["model"] if "model" in changes else model_folder
    path = tmp_path / changes.get("data", data.name)
    arguments = ["train", "--model", str(model), "--data", str(path), *settings(), *changes.get("options", [])]
    if "adapter" in changes:
        arguments += ["--adapter", str(tmp_path / changes["adapter"])]
    code, events, err = run_main(capsys, *arguments, "--out", str(tmp_path / "out"))
    assert code == 2
    assert events[-1]["event"] == "failed"
    assert re.search(message, events[-1]["error"])
    assert err.strip().splitlines() == [err.strip()]
    assert events[-1]["error"] in err


@pytest.mark.parametrize("name", ["score", "train", "merge"])
def test_nothing_is_written_over_what_is_read(
    name: str, model_folder: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = data.read_bytes()
    paths = {"score": ["--data", str(data), "--out", str(data)], "train": ["--data", str(data)], "merge": []}[name]
    if name != "score":
        paths += ["--out", str(model_folder / ".." / model_folder.name)]
    paths += ["--adapter", str(data.parent)] if name == "merge" else []
    assert main([name, "--model", str(model_folder), *paths]) == 2
    assert "name another one for the result" in capsys.readouterr().out
    assert data.read_bytes() == before


def test_a_reward_model_scores_alone(
    model_folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = ["--model", str(model_folder), "--data", str(data), "--out", str(tmp_path / "scores.jsonl")]
    assert main(["score", *paths, "--reward-model", str(tmp_path), "--adapter", str(tmp_path)]) == 2
    assert "leave one of the two out" in capsys.readouterr().out


def test_a_folder_without_a_model_is_exit_code_2(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    options = ["--model", str(tmp_path / "empty"), "--data", str(data), "--out", str(tmp_path / "out")]
    code, events, _ = run_main(capsys, "train", *options)
    assert (code, events[-1]["event"]) == (2, "failed")


def test_divergence_is_exit_code_4(
    model_folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.engine.errors import Diverged
    from training.engine.learning import step

    def diverge(*_: Any) -> None:
        raise Diverged("the log-probability of the chosen completion of pair 'x' (line 1) is not finite")

    monkeypatch.setattr(step, "check_finite", diverge)
    options = ["--model", str(model_folder), "--data", str(data), "--out", str(tmp_path / "out"), *settings()]
    code, events, _ = run_main(capsys, "train", *options)
    assert (code, events[-1]["event"]) == (4, "failed")
    assert "pair 'x'" in events[-1]["error"]


def test_a_bug_is_exit_code_1_with_a_traceback_for_people(
    model_folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.engine.learning import trainer

    monkeypatch.setattr(trainer, "score_rows", None)
    options = ["--model", str(model_folder), "--data", str(data), "--out", str(tmp_path / "out"), *settings()]
    code, events, err = run_main(capsys, "train", *options)
    assert (code, events[-1]["event"]) == (1, "failed")
    assert "Traceback" in err


def test_an_adapter_given_as_the_model_is_named(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    options = ["--model", str(tmp_path / "adapter"), "--data", str(data), "--out", str(tmp_path / "out")]
    for command in ("train", "score", "evaluate"):
        code, events, _ = run_main(capsys, command, *options)
        assert code == 2
        assert "is an adapter, not a model: name the base model's folder" in events[-1]["error"]


def test_truncated_weights_are_exit_code_2_and_named(
    model_folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(model_folder, tmp_path / "model")
    weights = tmp_path / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:2000])
    options = ["--model", str(tmp_path / "model"), "--data", str(data), "--out", str(tmp_path / "out"), *settings()]
    code, events, err = run_main(capsys, "train", *options)
    assert code == 2
    assert re.search("the weights in .*model are damaged", events[-1]["error"])
    assert "Traceback" not in err


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "chat_template.jinja"])
def test_a_link_to_nothing_in_a_models_folder_is_exit_code_2_and_named(
    model_folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    shutil.copytree(model_folder, tmp_path / "model")
    (tmp_path / "model" / name).unlink()
    (tmp_path / "model" / name).symlink_to(tmp_path / "nowhere")
    options = ["--model", str(tmp_path / "model"), "--data", str(data), "--out", str(tmp_path / "out"), *settings()]
    code, events, _ = run_main(capsys, "train", *options)
    assert code == 2
    assert f"{name} is a link to a file that does not exist" in events[-1]["error"]


def test_a_link_to_nothing_in_an_adapters_folder_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    (tmp_path / "adapter_model.safetensors").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"adapter_model\.safetensors is a link to a file that does not exist"):
        check_adapter_folder(tmp_path)


@pytest.mark.parametrize(("option", "code"), [("model", 2), ("adapter", 2), ("out", 1)])
def test_a_file_that_is_missing_in_a_folder_that_was_given_is_no_fault_of_ours(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, option: str, code: int
) -> None:
    """As when somebody clears the folder while it is read."""
    folder = tmp_path / option

    def read(*_: object, **__: object) -> str:
        return (folder / "vanished.json").read_text()

    monkeypatch.setitem(cli._COMMANDS, "score", read)
    named = {"--model": "model", "--adapter": "adapter", "--out": "out"}
    options = [part for flag, each in named.items() for part in (flag, str(tmp_path / each))]
    found, events, _ = run_main(capsys, "score", *options, "--data", str(tmp_path / "data"))
    assert found == code
    assert "vanished.json" in events[-1]["error"]


def test_a_result_that_cannot_be_written_is_exit_code_2(
    model_folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--model", str(model_folder), "--data", str(data), "--out", str(tmp_path / "absent" / "s.jsonl")]
    code, events, _ = run_main(capsys, "score", *options, *settings())
    assert code == 2
    assert re.search("cannot use .*absent.*: No such file or directory", events[-1]["error"])


def test_a_file_that_nobody_named_is_our_fault(
    model_folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.engine.learning import trainer

    out = tmp_path / "out"
    for missing in (tmp_path / "ours.json", out / "never" / "written.json"):

        def read(*_: object, path: Path = missing, **__: object) -> str:
            return path.read_text()

        monkeypatch.setattr(trainer, "score_rows", read)
        options = ["--model", str(model_folder), "--data", str(data), "--out", str(out), *settings(epochs=1)]
        code, events, err = run_main(capsys, "train", *options)
        assert (code, events[-1]["event"]) == (1, "failed")
        assert "Traceback" in err
        assert missing.name in err


def test_a_full_disk_is_exit_code_2_leaves_no_damage_and_the_run_goes_on_later(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    run = [*command(model_folder, data, tmp_path / "out"), "--set", "epochs=1"]

    def limited() -> None:  # the system then refuses to write larger files, as it does on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))

    full = subprocess.run(run, cwd=ROOT, text=True, capture_output=True, check=False, preexec_fn=limited)
    assert full.returncode == 2, full.stderr
    assert "the disk is full" in full.stdout.splitlines()[-1]
    assert "goes on from its last checkpoint" in full.stderr
    assert not list((tmp_path / "out").rglob("*.tmp*"))
    done = subprocess.run(run, cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_sigterm_is_heard_while_another_process_holds_the_folder(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    holder = RunFolder(tmp_path / "out")
    with start(command(model_folder, data, tmp_path / "out")) as process:
        assert process.stdout is not None
        time.sleep(4)  # until it waits; a signal before that ends it in the same way
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        [event] = map(json.loads, process.stdout)
    assert process.returncode == 3
    assert event["event"] == "cancelled"
    assert time.monotonic() - began < 30
    del holder
