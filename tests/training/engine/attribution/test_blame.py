"""Blame on a tiny model: the gradients are autograd's, a wrong label is found, and nothing is computed twice."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.engine import tiny, workshop
from training.engine.attribution.blame import BlameFiles, Choices, blame
from training.engine.attribution.gradients import GradientCache, pair_gradients
from training.engine.attribution.sketch import Sketch
from training.engine.cli import main
from training.engine.config import RunConfig
from training.engine.data.packing import pack_row
from training.engine.errors import Cancelled, InputError
from training.engine.events import Caller
from training.engine.model.lanes import Lanes

CONFIG = RunConfig(dtype="float32", device="cpu", threads=1)
SETTINGS = {name: value for name, value in workshop.SETTINGS.items() if name != "evaluate_every"}


def ask(
    files: BlameFiles, *, points: int = 1, events: workshop.Events | None = None, **settings: Any
) -> dict[str, Any]:
    events = events or workshop.Events()
    return blame(files, {**SETTINGS, **settings}, Choices(points), caller=Caller(events, events.stop))


def snapshot(folder: Path, *, wrong: int) -> Path:
    """Sixteen pairs whose chosen side is made of a's, one of them turned round, and four held-out ones."""
    folder.mkdir()
    workshop.write_pairs(folder / "train.jsonl", 16)
    workshop.write_pairs(folder / "test.jsonl", 4, first=16)
    records = workshop.lines(folder / "train.jsonl")
    records[wrong] |= {"chosen": records[wrong]["rejected"], "rejected": records[wrong]["chosen"], "confidence": 1.0}
    (folder / "train.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return folder


def test_a_sketched_gradient_is_that_of_autograd_on_the_margin() -> None:
    built = tiny.model().double()
    policy = tiny.policy_of(built, dtype=torch.float64, seed=3)
    pairs = tiny.random_pairs(6)
    length = sum(each.numel() for each in policy.adapter.parameters().values())
    sketch = Sketch(length, places=length)  # as long as the gradient: signs alone
    found = pair_gradients(policy, pairs, CONFIG, sketch=sketch)
    oracle = tiny.Oracle(built, policy)
    log_probs = oracle.log_probs(pairs)
    assert found.log_probs == pytest.approx(log_probs.detach().numpy(), abs=1e-4)
    for place in range(len(pairs)):
        margin = log_probs[place, 0] - log_probs[place, 1]
        exact = torch.autograd.grad(margin, list(oracle.leaves.values()), retain_graph=True)
        flat = torch.cat([each.reshape(-1) for each in exact]) * sketch.signs
        assert found.vectors[place] == pytest.approx(flat.numpy(), rel=1e-3, abs=1e-3)


def test_a_wrong_label_is_the_most_doubtful_and_the_most_to_blame(model_folder: Path, tmp_path: Path) -> None:
    data, queries = snapshot(tmp_path / "data", wrong=5), tmp_path / "queries.jsonl"
    workshop.write_pairs(queries, 1, first=40)
    paths = ["--data", str(data), "--queries", str(queries), "--out", str(tmp_path / "out.jsonl")]
    settings = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    assert main(["blame", "--model", str(model_folder), *paths, *settings]) == 0
    lines = workshop.lines(tmp_path / "out.jsonl")
    assert [line["id"] for line in lines] == [f"pair-{number}" for number in range(16)]
    assert max(lines, key=lambda line: line["doubt"])["id"] == "pair-5"
    assert max(lines, key=lambda line: line["blame"][0])["id"] == "pair-5"
    assert lines[5]["others"] < 0 < lines[4]["others"]
    assert lines[5]["blame"][0] > 0
    assert lines[5]["margin"] is None  # no run: it has learned nothing yet


def test_a_question_that_is_too_long_is_refused_and_not_left_out(
    model_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data, queries = snapshot(tmp_path / "data", wrong=5), tmp_path / "queries.jsonl"
    workshop.write_pairs(queries, 1, first=40)
    paths = ["--data", str(data), "--queries", str(queries), "--out", str(tmp_path / "out.jsonl")]
    settings = [part for name, value in (SETTINGS | {"max_length": 6}).items() for part in ("--set", f"{name}={value}")]
    assert main(["blame", "--model", str(model_folder), *paths, *settings]) == 2
    assert not (tmp_path / "out.jsonl").exists()
    assert "queries.jsonl cannot be used (too long" in capfd.readouterr().err


def test_further_points_of_a_run_add_margins_and_influence(model_folder: Path, tmp_path: Path) -> None:
    data, queries = snapshot(tmp_path / "data", wrong=5), tmp_path / "queries.jsonl"
    workshop.write_pairs(queries, 2, first=40)
    workshop.run(model_folder, data, tmp_path / "run")
    files = BlameFiles(model_folder, data, tmp_path / "out.jsonl", tmp_path / "run", queries=queries)
    assert ask(files, points=3)["points"][0] == "start"
    lines = workshop.lines(tmp_path / "out.jsonl")
    margins = np.array([line["margin"] for line in lines])
    assert margins.argmin() == 5  # learned last, against all the others
    assert np.array([line["influence"] for line in lines]).shape == (16, 2)
    assert all(line["self_influence"] >= 0 for line in lines)


def test_nothing_is_computed_twice_and_a_damaged_file_is_computed_again(model_folder: Path, tmp_path: Path) -> None:
    data, cache = snapshot(tmp_path / "data", wrong=5), tmp_path / "gradients"
    files = BlameFiles(model_folder, data, tmp_path / "out.jsonl", cache=cache)
    first = ask(files)
    before = (tmp_path / "out.jsonl").read_text()
    assert (first["pairs"], first["held_out"], first["computed"]) == (16, 4, 20)
    assert ask(files)["computed"] == 0
    again = [line["others"] for line in workshop.lines(tmp_path / "out.jsonl")]
    assert again == pytest.approx([json.loads(line)["others"] for line in before.splitlines()], abs=2e-3)  # fp16
    (file,) = cache.glob("*/*.safetensors")
    file.write_bytes(file.read_bytes()[:-1])
    assert ask(files)["computed"] == 20
    assert ask(files, seed=1)["computed"] == 20  # another start has other gradients


def test_a_call_that_is_stopped_keeps_what_it_computed(model_folder: Path, tmp_path: Path) -> None:
    data, cache = snapshot(tmp_path / "data", wrong=5), tmp_path / "gradients"
    files, events = BlameFiles(model_folder, data, tmp_path / "out.jsonl", cache=cache), workshop.Events()

    def emit(event: dict[str, Any]) -> None:
        events.stop.ask()  # after the first report

    with pytest.raises(Cancelled):
        blame(files, SETTINGS, Choices(), caller=Caller(emit, events.stop))
    assert not files.out.exists()
    assert ask(files)["computed"] < 20


def test_a_run_that_learned_from_other_pairs_and_a_folder_without_a_run_are_refused(
    model_folder: Path, tmp_path: Path
) -> None:
    data, other = snapshot(tmp_path / "data", wrong=5), snapshot(tmp_path / "other", wrong=6)
    workshop.run(model_folder, data, tmp_path / "run", final_margins=False)
    with pytest.raises(InputError, match="did not learn from"):
        ask(BlameFiles(model_folder, other, tmp_path / "out.jsonl", tmp_path / "run"))
    with pytest.raises(InputError, match="not the folder of a finished run"):
        ask(BlameFiles(model_folder, data, tmp_path / "out.jsonl", tmp_path / "data"))
    with pytest.raises(InputError, match="trained all weights"):
        ask(BlameFiles(model_folder, data, tmp_path / "out.jsonl"), tuning="full")


def test_a_cache_of_other_places_is_not_used(tmp_path: Path) -> None:
    cache = GradientCache(tmp_path, "scope", 3)
    cache.add(b"k" * 32, np.ones(3, dtype=np.float32), np.zeros(2))
    cache.flush()
    assert GradientCache(tmp_path, "scope", 3).get(b"k" * 32) is not None
    assert GradientCache(tmp_path, "scope", 4).get(b"k" * 32) is None


@pytest.mark.parametrize(("loss", "share"), [("sigmoid", True), ("ipo", False)])
def test_pairs_that_share_a_row_have_the_gradients_that_each_has_alone(loss: str, *, share: bool) -> None:
    policy = tiny.policy_of(tiny.model().double(), dtype=torch.float64, seed=3)
    sketch = Sketch(sum(each.numel() for each in policy.adapter.parameters().values()))
    pairs, config = tiny.random_pairs(7), replace(CONFIG, loss=loss, share_prefix=share)
    together = pair_gradients(policy, pairs, config, sketch=sketch)
    for place, pair in enumerate(pairs):
        alone = pair_gradients(policy, [pair], config, sketch=sketch)
        assert together.vectors[place] == pytest.approx(alone.vectors[0], rel=1e-5, abs=1e-6)
        assert together.log_probs[place] == pytest.approx(alone.log_probs[0], abs=1e-6)


@pytest.mark.parametrize(
    ("tokens_per_row", "lanes", "done"), [(9000, 1, [0, 8]), (48, 1, [0, 4, 8]), (48, 2, [0, 2, 4, 6, 8])]
)
def test_the_rows_of_all_lanes_together_keep_the_runs_tokens_per_row(
    tokens_per_row: int, lanes: int, done: list[int]
) -> None:
    policy, seen = tiny.policy_of(tiny.model(), dtype=torch.float32), list[int]()
    pairs = [tiny.pair([1, 2, 3], [4 + number] * 5, [20] * 6) for number in range(8)]  # of 12 tokens
    torch.set_num_threads(lanes)
    policy.lanes = Lanes(lanes)
    config, length = (
        replace(CONFIG, tokens_per_row=tokens_per_row),
        sum(map(torch.numel, policy.adapter.parameters().values())),
    )
    pair_gradients(policy, pairs, config, sketch=Sketch(length), after_pair=seen.append)
    assert seen == done


@pytest.mark.parametrize("family", ["llama", "olmo2"])  # olmo2's last layer computes all tokens
def test_a_row_of_as_many_tokens_as_scored_places_is_taken_apart_at_its_pairs(family: str) -> None:
    policy = tiny.policy_of(tiny.model(family).double(), dtype=torch.float64, seed=3)
    pairs = [tiny.pair([1], [4, 5, 6], [7, 8]), tiny.pair([1, 2, 3], [9, 10], [11, 12, 13, 14])]
    row = pack_row(pairs, range(2), share=True)
    assert row.tokens == len(row.places)
    assert int((row.sides < 2).sum()) != row.segments[2].stop  # and the borders are not the same
    sketch = Sketch(sum(each.numel() for each in policy.adapter.parameters().values()))
    together = pair_gradients(policy, pairs, CONFIG, sketch=sketch)
    for place, pair in enumerate(pairs):
        alone = pair_gradients(policy, [pair], CONFIG, sketch=sketch)
        assert together.vectors[place] == pytest.approx(alone.vectors[0], rel=1e-5, abs=1e-6)
