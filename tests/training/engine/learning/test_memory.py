"""Memory before the first step, and gradient checkpointing: the same numbers for less of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch.profiler import ProfilerActivity, profile

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events
from training.engine.config import RunConfig
from training.engine.data.packing import PackedRow, pack_row
from training.engine.learning import run
from training.engine.learning.memory import (
    GIB,
    OFF,
    ON,
    SELECTIVE,
    UNKNOWN,
    WAYS,
    MemoryNeed,
    NotEnoughMemory,
    _control_group_available,
    as_size,
    attention_bytes,
    available_bytes,
    choose_checkpointing,
    freed_by_sharding,
    memory_need,
    saved_bytes,
)
from training.engine.model.forward import VARLEN
from training.engine.model.layers import checkpoint_layers, layers_of
from training.engine.model.lora import AdapterShape
from training.engine.model.parallel import Ranks
from training.engine.model.policy import Policy
from training.engine.model.weights import read_hollow_model, stored_weights

CONFIG = RunConfig(lora_rank=4, target_modules=tiny.SHAPE.target_modules, pairs_per_step=8, tokens_per_row=200)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


@pytest.mark.parametrize("family", ["llama", "qwen3", "gpt_neox"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_a_big_row_keeps_is_foreseen_from_a_small_one(family: str, dtype: torch.dtype) -> None:
    targets = tiny.SHAPE.target_modules if family != "gpt_neox" else ("query_key_value", "dense")
    policy = tiny.policy_of(tiny.model(family), dtype=dtype, shape=AdapterShape(4, 8.0, targets))
    pairs = tiny.random_pairs(12, longest=30)
    big = pack_row(pairs, range(12), share=policy.forward.packs)
    config = RunConfig(lora_rank=4, target_modules=targets, pairs_per_step=12, tokens_per_row=10_000)
    kept = saved_bytes(policy, big)
    assert kept > 20 * big.tokens * 32
    assert memory_need(policy, pairs, config).activations == pytest.approx(kept, rel=0.1)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("attention", "keeps_weights"), [("sdpa", False), ("eager", True)])
def test_a_model_that_is_not_packed_keeps_attention_weights_only_where_it_forms_them(
    attention: str, keeps_weights: bool, dtype: torch.dtype
) -> None:
    targets = ("query_key_value", "dense")
    built = tiny.model("gpt_neox", max_position_embeddings=4096)
    built.set_attn_implementation(attention)
    policy = tiny.policy_of(built, dtype=dtype, shape=AdapterShape(4, 8.0, targets))
    long = tiny.pair([3] * 500, [4] * 500, [5] * 500)
    pairs = [*tiny.random_pairs(5, longest=30), long]
    row = pack_row([long], [0], share=False)
    assert (attention_bytes(policy, row) > 0) is keeps_weights
    config = RunConfig(lora_rank=4, target_modules=targets, pairs_per_step=1)
    assert memory_need(policy, pairs, config).activations == pytest.approx(saved_bytes(policy, row), rel=0.2)


def peak_of_step(policy: Policy, row: PackedRow) -> int:
    """Bytes that forward and backward of a row hold at most, as torch's allocator counts them."""
    held = highest = 0
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        policy.side_values(row).sum().backward()
    assert profiled.profiler is not None
    for event in profiled.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            highest = max(highest, held)
    return highest


@pytest.mark.parametrize("lengths", [(300, 200, 150), (60, 1100, 150), (1300, 40, 30)])
@pytest.mark.parametrize("checkpointing", WAYS)
def test_the_estimate_is_what_the_allocator_counts(lengths: tuple[int, int, int], checkpointing: str) -> None:
    """Of one pair; the second and third have attention weights that are computed again."""
    policy = tiny.policy_of(tiny.model(num_hidden_layers=5, max_position_embeddings=4096), dtype=torch.float32)
    sides = ([3 + place % 40 for place in range(shift, length + shift)] for shift, length in enumerate(lengths))
    pairs = [tiny.pair(*sides), *[tiny.pair([3] * 6, [4] * 5, [5] * 4)] * 4]
    config = RunConfig(**{**CONFIG.as_dict(), "target_modules": tiny.SHAPE.target_modules, "pairs_per_step": 1})
    needed = memory_need(policy, pairs, config)
    if checkpointing != OFF:
        checkpoint_layers(policy.model, selective=checkpointing == SELECTIVE)
    peak = peak_of_step(policy, pack_row(pairs, [0], share=True))
    assert needed.kept(checkpointing) + needed.passing == pytest.approx(peak, rel=0.2)
    assert peak < needed.total(checkpointing) - needed.state


def test_a_kernel_that_keeps_no_attention_weights_is_asked_for_none() -> None:
    policy = tiny.policy_of(tiny.model(), dtype=torch.float32)
    row = pack_row([tiny.pair([1] * 90, [2] * 80, [3] * 70)], [0], share=True)
    assert attention_bytes(policy, row) > 4 * 4 * 2 * 90 * 90 / 2
    policy.forward.attention = VARLEN
    assert attention_bytes(policy, row) == 0


def test_state_is_what_optimizer_gradients_and_probes_need() -> None:
    policy, pairs = tiny.policy_of(tiny.model(), dtype=torch.float32), tiny.random_pairs(3)
    trained = sum(each.numel() for each in policy.adapter.parameters().values())
    for changes, copies in (({}, 3), ({"optimizer": "rmsprop"}, 2), ({"probe_prompts": 1}, 4)):
        config = RunConfig(**{**CONFIG.as_dict(), "target_modules": tiny.SHAPE.target_modules, **changes})
        assert memory_need(policy, pairs, config).state == copies * 4 * trained


NEEDED = MemoryNeed(
    state=1 * GIB, activations=4 * GIB, activations_selective=2 * GIB, activations_checkpointed=GIB // 2
)


@pytest.mark.parametrize(
    ("setting", "gibibytes", "expected", "said"),
    [
        ("auto", 10, OFF, ""),
        ("auto", 4, SELECTIVE, "selective checkpointing is on"),
        ("auto", 3, ON, "gradient checkpointing is on"),
        ("selective", 10, SELECTIVE, ""),
        ("on", 3, ON, ""),
        ("off", 10, OFF, ""),
    ],
)
def test_it_saves_as_much_memory_as_it_must_and_says_so(
    setting: str, gibibytes: int, expected: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert choose_checkpointing(RunConfig(gradient_checkpointing=setting), NEEDED, gibibytes * GIB) == expected
    err = capsys.readouterr().err
    assert said in err if said else not err


@pytest.mark.parametrize(("setting", "gibibytes"), [("auto", 1), ("on", 1), ("selective", 3), ("off", 3)])
def test_what_cannot_fit_is_refused_with_what_would_help(setting: str, gibibytes: int) -> None:
    with pytest.raises(NotEnoughMemory, match="lower tokens_per_row"):
        choose_checkpointing(RunConfig(gradient_checkpointing=setting), NEEDED, gibibytes * GIB)


class OneOfTwo(Ranks):
    """A process that hears of no other."""

    def any(self, flag: bool) -> bool:
        return flag


def test_weights_that_will_be_spread_count_as_free_but_for_what_is_whole_for_a_moment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built = tiny.model(num_hidden_layers=40)
    policy = Policy(built, dtype=torch.float32, shape=None)
    held = sum(4 * each.numel() for each in built.parameters())
    freed = [freed_by_sharding(policy, processes) for processes in (2, 4, 8)]
    assert freed == sorted(freed)
    assert 0.2 * held < freed[0] < held // 2
    assert freed[2] - freed[0] == pytest.approx(held * (1 / 2 - 1 / 8), rel=0.01)
    monkeypatch.setattr(run, "available_bytes", lambda config, device: GIB)
    config, ranks = RunConfig(tuning="full"), OneOfTwo(0, 2, sharded=True, averaged=True)
    memory = run.fit_into_memory(policy, tiny.random_pairs(9), config, ranks)
    assert memory["available_gib"] == pytest.approx((GIB + freed[0]) / GIB, abs=1e-6)


def test_what_is_free_is_asked_of_the_limit_the_machine_and_the_control_group(tmp_path: Path) -> None:
    cpu = torch.device("cpu")
    assert available_bytes(RunConfig(memory_limit_gib=0.5), cpu) == GIB // 2
    assert 0 < available_bytes(RunConfig(), cpu) < UNKNOWN
    assert _control_group_available(tmp_path) == UNKNOWN
    for name, content in (
        ("memory.max", "1000"),
        ("memory.current", "700"),
        ("memory.stat", "anon 1\ninactive_file 250"),
    ):
        (tmp_path / name).write_text(content)
    assert _control_group_available(tmp_path) == 550
    (tmp_path / "memory.max").write_text("max")
    assert _control_group_available(tmp_path) == UNKNOWN


@pytest.mark.parametrize("tuning", ["lora", "full"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
def test_gradient_checkpointing_changes_no_bit_of_the_result(
    model_folder: Path, data: Path, tmp_path: Path, dtype: str, tuning: str
) -> None:
    for setting in WAYS:
        meta = workshop.run(
            model_folder, data, tmp_path / setting, gradient_checkpointing=setting, dtype=dtype, tuning=tuning, epochs=1
        )
        assert meta["memory"]["gradient_checkpointing"] == setting
    folder = "adapter/adapter_model.safetensors" if tuning == "lora" else "model/model.safetensors"
    results = [(tmp_path / setting / folder).read_bytes() for setting in WAYS]
    assert results[0] == results[1] == results[2]


def test_with_checkpointing_less_is_kept() -> None:
    pairs = tiny.random_pairs(6, longest=30)
    row = pack_row(pairs, range(6), share=True)
    kept = []
    for checkpointing in (False, True):
        policy = tiny.policy_of(tiny.model(num_hidden_layers=6), dtype=torch.float32)
        if checkpointing:
            checkpoint_layers(policy.model)
        kept.append(saved_bytes(policy, row))
    assert kept[1] < kept[0] / 4


def test_a_run_with_too_little_memory_switches_checkpointing_on_or_refuses(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    def limited(gib: float, name: str) -> dict[str, Any]:
        events = Events()
        workshop.run(model_folder, data, tmp_path / name, events, memory_limit_gib=gib, epochs=1)
        memory: dict[str, Any] = events.of("started")[0]["memory"]
        return memory

    plain = limited(1.0, "plain")
    assert plain["gradient_checkpointing"] == OFF
    assert limited(plain["needed_gib"] * 0.9, "less")["gradient_checkpointing"] == SELECTIVE
    with pytest.raises(NotEnoughMemory, match=r"about 0\.\d\d MiB are needed .* 0\.01 MiB are allowed by memory_limit"):
        limited(1e-5, "nothing")


@pytest.mark.parametrize(
    ("count", "text"), [(5 * GIB // 4, "1.25 GiB"), (17 * 2**20, "17 MiB"), (300 * 2**10, "0.29 MiB"), (0, "0 MiB")]
)
def test_a_size_is_never_rounded_to_nothing(count: int, text: str) -> None:
    assert as_size(count) == text


@pytest.fixture
def alone_in_a_group(tmp_path: Path) -> Iterator[None]:
    """This process as the only one of a group: weights can be spread."""
    dist.init_process_group("gloo", init_method=f"file://{tmp_path / 'group'}", rank=0, world_size=1)
    yield
    dist.destroy_process_group()


def test_weights_that_are_gathered_for_a_layer_are_not_counted_as_kept_but_as_passing(
    alone_in_a_group: None, model_folder: Path
) -> None:
    """With an adapter on one layer of seven autograd keeps the gathered weights of the others."""
    pairs, shape = tiny.random_pairs(4), AdapterShape(4, 8.0, ("q_proj",))
    row = pack_row(pairs, range(4), share=True)
    config = RunConfig(lora_rank=4, target_modules=("q_proj",), pairs_per_step=4, dtype="float32", device="cpu")
    whole = Policy.load(model_folder, config, shape=shape)
    stored = stored_weights(model_folder)
    spread = Policy(read_hollow_model(stored, torch.device("cpu")), dtype=torch.float32, shape=shape)
    spread.spread(stored)
    assert saved_bytes(spread, row) == saved_bytes(whole, row)
    needs = [memory_need(each, pairs, config) for each in (whole, spread)]
    assert needs[0].activations == needs[1].activations
    layer = sum(each.numel() for each in layers_of(whole.model)[0].buffers()) * 4
    assert needs[1].passing - needs[0].passing == pytest.approx(2 * layer, rel=0.1)
