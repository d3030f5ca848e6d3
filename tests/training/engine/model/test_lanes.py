"""Rows side by side: the same numbers as one after the other, in every run, and nothing that goes on computing."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.config import RunConfig
from training.engine.errors import Cancelled
from training.engine.events import StopRequest
from training.engine.learning.memory import memory_need
from training.engine.learning.run import TrainingKind, load_start
from training.engine.measuring.metrics import PairScores
from training.engine.measuring.token_scores import score_tokens
from training.engine.model.lanes import Lanes, ahead
from training.engine.model.lora import AdapterShape
from training.engine.model.policy import Policy

SIDE_BY_SIDE: dict[str, Any] = {"threads": 2, "lanes": 2, "tokens_per_row": 100}


@pytest.fixture
def two_threads() -> None:
    """Torch has two; the fixture of all engine tests puts back what was."""
    torch.set_num_threads(2)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    workshop.write_pairs(tmp_path / "test.jsonl", 5, first=100)
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


def adapter_of(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "adapter" / "adapter_model.safetensors")


def test_lanes_follow_the_threads(two_threads: None) -> None:
    assert [Lanes(wanted).count for wanted in (0, 1, 2, 7)] == [2, 1, 2, 2]
    chosen = {}
    for number in range(1, 10):
        torch.set_num_threads(number)
        chosen[number] = Lanes(0).count
    assert chosen == {1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 3, 7: 3, 8: 4, 9: 3}
    torch.set_num_threads(8)
    threads = [number for _, number in Lanes(2).each(lambda _: torch.get_num_threads(), range(6))]
    assert threads == [4] * 6
    assert torch.get_num_threads() == 8


def test_two_are_computed_at_a_time_and_come_in_their_order(two_threads: None) -> None:
    second_is_done = threading.Event()

    def work(number: int) -> tuple[int, str]:
        if number == 0:
            assert second_is_done.wait(60), "nothing ran beside the first"
        if number == 1:
            second_is_done.set()
        return number * number, threading.current_thread().name

    results = list(Lanes(2).each(work, iter(range(9))))
    assert [(item, result) for item, (result, _) in results] == [(number, number**2) for number in range(9)]
    assert {name for _, (_, name) in results} == {"lane_0", "lane_1"}


def test_items_are_taken_a_few_ahead_only(two_threads: None) -> None:
    left = iter(range(100))
    next(Lanes(2).each(lambda number: number, left))
    assert next(left) == 4


def test_after_an_error_and_when_the_caller_leaves_nothing_computes_any_more(two_threads: None) -> None:
    lanes, slow_began, done = Lanes(2), threading.Event(), list[int]()

    def work(number: int) -> int:
        if number == 1:
            slow_began.set()
            time.sleep(0.5)
        elif number < 0:
            assert slow_began.wait(60)
            raise ValueError("a row")
        done.append(number)
        return number

    with pytest.raises(ValueError, match="a row"):
        next(lanes.each(work, [-1, 1, 2, 3, 4, 5]))
    assert 1 in done
    assert 4 not in done
    done.clear()
    slow_began.clear()
    results = lanes.each(work, [0, 1, 2, 3, 4, 5])
    assert next(results) == (0, 0)
    assert slow_began.wait(60)
    results.close()
    assert 1 in done
    assert 4 not in done


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_adapter_is_that_of_one_lane_up_to_rounding_and_the_same_bytes_every_time(
    model_folder: Path, data: Path, tmp_path: Path, dtype: str
) -> None:
    """Several rows a step, so that their gradients could be added in another order."""
    settings = {**SIDE_BY_SIDE, "dtype": dtype, "pairs_per_step": 11}
    events = Events()
    metas = [workshop.run(model_folder, data, tmp_path / name, events, **settings) for name in ("once", "again")]
    alone = workshop.run(model_folder, data, tmp_path / "alone", **{**settings, "lanes": 1})
    files = [(tmp_path / name / "adapter" / "adapter_model.safetensors").read_bytes() for name in ("once", "again")]
    assert files[0] == files[1]
    assert metas[0]["test"] == metas[1]["test"]
    assert metas[0]["test"]["loss"] == pytest.approx(alone["test"]["loss"], abs=5e-4 if dtype == "float32" else 5e-2)
    first = events.of("progress")[0]
    assert (first["margin"], first["chosen_logratio"], first["rejected_logratio"]) == (0.0, 0.0, 0.0)


@pytest.mark.long
def test_in_float64_it_ends_where_one_lane_ends(model_folder: Path, data: Path, tmp_path: Path) -> None:
    settings = {**SIDE_BY_SIDE, "dtype": "float64"}
    for lanes in (1, 2):
        workshop.run(model_folder, data, tmp_path / str(lanes), **{**settings, "lanes": lanes})
    one, two = adapter_of(tmp_path / "1"), adapter_of(tmp_path / "2")
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        assert tensor.abs().max() > 1e-3
        torch.testing.assert_close(two[name], tensor, atol=1e-5, rtol=0)  # norms are fp32 in transformers


@pytest.mark.long
def test_a_reward_model_and_its_head_are_trained_so_too(model_folder: Path, data: Path, tmp_path: Path) -> None:
    for lanes in (1, 2):
        settings = {**SIDE_BY_SIDE, "dtype": "float64", "lanes": lanes}
        meta = workshop.run(model_folder, data, tmp_path / str(lanes), kind=TrainingKind.REWARD_MODEL, **settings)
        assert meta["test"]["margin"] > 0
    one, two = (load_file(tmp_path / str(lanes) / "reward_model" / "reward_head.safetensors") for lanes in (1, 2))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, atol=1e-5, rtol=0)


def test_killed_and_started_again_it_ends_in_the_same_bytes(model_folder: Path, data: Path, tmp_path: Path) -> None:
    workshop.run(model_folder, data, tmp_path / "whole", **SIDE_BY_SIDE)
    for step in (1, 3, 5):
        with pytest.raises(Killed):
            workshop.run(model_folder, data, tmp_path / "out", Events(kill_at=("progress", step)), **SIDE_BY_SIDE)
    workshop.run(model_folder, data, tmp_path / "out", **SIDE_BY_SIDE)
    for name in ("adapter/adapter_model.safetensors", "reference.safetensors"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_cancelled_run_ends_after_a_whole_step(model_folder: Path, data: Path, tmp_path: Path) -> None:
    events = Events(stop_at=2)
    with pytest.raises(Cancelled, match="after step 2"):
        workshop.run(model_folder, data, tmp_path / "out", events, **SIDE_BY_SIDE)
    assert [event["step"] for event in events.of("progress")] == [1, 2]


def test_scores_of_tokens_are_those_of_one_lane(model_folder: Path, data: Path) -> None:
    def scored(lanes: int) -> tuple[PairScores, list[dict[str, Any]]]:
        torch.set_num_threads(2)
        config = RunConfig(dtype="float64", tokens_per_row=100, lanes=lanes, lora_rank=2)
        _, scores, tokens = score_tokens(model_folder, None, None, data, config, stop=StopRequest())
        return scores, tokens

    (one, tokens_of_one), (two, tokens_of_two) = scored(1), scored(2)
    torch.testing.assert_close(
        torch.from_numpy(two.policy_chosen), torch.from_numpy(one.policy_chosen), atol=1e-5, rtol=0
    )
    texts = [
        [[text for text, *_ in pair["chosen_tokens"]] for pair in tokens] for tokens in (tokens_of_one, tokens_of_two)
    ]
    assert texts[0] == texts[1]


def test_where_rows_cannot_be_side_by_side_there_is_one_lane(model_folder: Path, two_threads: None) -> None:
    def lanes(**settings: Any) -> int:
        return load_start(Policy, model_folder, None, RunConfig(device="cpu", dtype="float32", **settings)).lanes.count

    assert lanes(lora_rank=2) == 2
    assert lanes(lora_rank=2, lanes=1) == 1
    assert lanes(tuning="full") == 1
    targets = ("query_key_value", "dense")
    unknown = AdapterShape(4, 8.0, targets)
    assert Policy(tiny.model("gpt_neox"), dtype=torch.float32, shape=unknown, lanes=2).lanes.count == 1


def test_memory_is_foreseen_for_all_rows_that_are_computed_at_a_time(two_threads: None) -> None:
    """Half as long rows, two at a time: about what one row of all keeps, never half of it."""
    pairs = [tiny.pair([1] * 20, [2] * 30, [3] * 30) for _ in range(8)]
    config = RunConfig(lora_rank=4, target_modules=tiny.SHAPE.target_modules, pairs_per_step=8, tokens_per_row=10_000)
    one, two = (
        memory_need(Policy(tiny.model(), dtype=torch.float32, shape=tiny.SHAPE, lanes=lanes), pairs, config)
        for lanes in (1, 2)
    )
    assert two.activations == pytest.approx(one.activations, rel=0.05)
    assert two.state == one.state


def test_the_next_item_is_prepared_while_this_one_is_worked_on_and_the_order_stays() -> None:
    prepared, ready = list[int](), threading.Event()

    def prepare(item: int) -> int:
        prepared.append(item)
        if item == 1:
            ready.set()
        return 10 * item

    worked: list[tuple[int, bool]] = []
    for result in ahead(iter(range(4)), prepare):
        assert ready.wait(10), "the second one is ready before anything asked for it"
        worked.append((result, len(prepared) <= len(worked) + 2))
    assert worked == [(0, True), (10, True), (20, True), (30, True)]
    assert list(ahead([], prepare)) == []


def test_an_error_of_preparing_is_raised_and_leaving_early_leaves_no_thread() -> None:
    def prepare(item: int) -> float:
        return 1 / (1 - item)

    results = ahead(range(9), prepare)
    assert next(results) == 1.0
    with pytest.raises(ZeroDivisionError):
        next(results)
    others = ahead(range(9), float)
    next(others)
    others.close()
    assert not [each for each in threading.enumerate() if each.name.startswith("ahead")]
