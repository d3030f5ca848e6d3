"""Rules that every operation of a run must keep on CUDA, watched on a CPU: none that raises where algorithms must be
deterministic, and few that wait for the device."""

import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.config import RunConfig
from training.engine.data.packing import pack_row
from training.engine.events import StopRequest
from training.engine.lab import Lab
from training.engine.learning.run import TrainingKind, is_deterministic
from training.engine.learning.step import RowOfStep, facts_of
from training.engine.measuring.evaluation import score
from training.engine.measuring.sampling import draw
from training.engine.model import head
from training.engine.model.lora import AdapterShape
from training.engine.model.merging import merge
from training.engine.model.varlen import plan_varlen

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device here")

# torch.use_deterministic_algorithms, "operations will throw a RuntimeError": by their names in ATen.
ALWAYS = {
    "avg_pool3d_backward",
    "_adaptive_avg_pool2d_backward",
    "_adaptive_avg_pool3d_backward",
    "adaptive_max_pool2d_backward",
    "fractional_max_pool2d_backward",
    "fractional_max_pool3d_backward",
    "max_unpool2d",
    "max_unpool3d",
    "upsample_linear1d_backward",
    "upsample_bilinear2d_backward",
    "upsample_bicubic2d_backward",
    "upsample_trilinear3d_backward",
    "reflection_pad1d_backward",
    "reflection_pad2d_backward",
    "reflection_pad3d_backward",
    "nll_loss_forward",
    "nll_loss2d_forward",
    "_ctc_loss_backward",
    "_embedding_bag_dense_backward",
    "put",
    "put_",
    "histc",
    "median",
    "nanmedian",
    "kthvalue",
    "grid_sampler_2d_backward",
    "grid_sampler_3d_backward",
}
WAITS = {"nonzero", "_local_scalar_dense", "masked_select", "_unique2", "unique_dim"}


class Watch(TorchDispatchMode):
    """Counts what runs, and raises for what CUDA would refuse."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, more = func.overloadpacket.__name__, kwargs or {}
        self.seen[name] += 1
        floating = bool(args) and isinstance(args[0], torch.Tensor) and args[0].is_floating_point()
        refused = (
            name in ALWAYS
            or (name in ("cumsum", "cumsum_") and floating)
            or (name == "bincount" and (len(args) > 1 or more.get("weights") is not None))
            or (name.startswith("scatter_reduce") and "prod" in (*args, *more.values()))
        )
        if refused:
            raise AssertionError(f"{func} raises on CUDA where algorithms must be deterministic")
        places = args[1] if name in ("index", "index_put", "index_put_", "_index_put_impl_") else ()
        if any(each is not None and each.dtype == torch.bool for each in places):
            self.seen["nonzero"] += 1  # a selection: the kernel looks for the places itself
        return func(*args, **more)


class Looks(TorchFunctionMode):
    """Counts the calls that wait for a device, of this thread. ``to_host`` bring a tensor's values to the host, but for
    the optimizer's counts of steps (``item``), which lie there. ``to_device`` copy from the host's usual memory, be it
    a tensor or a list of numbers. Left out is transformers' own code: it "moves" frequencies to where they are, and
    looks once for each sequence of a family that runs alone."""

    def __init__(self) -> None:
        super().__init__()
        self.to_host = self.to_device = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name, more = getattr(func, "__name__", ""), kwargs or {}
        if "transformers" not in sys._getframe(1).f_code.co_filename:  # see the docstring
            self.to_host += name in ("cpu", "tolist", "__bool__", "__int__", "__float__", "nonzero")
            names_device = "device" in more or any(isinstance(each, torch.device) for each in args)
            is_copy = name in ("to", "tensor", "as_tensor") and names_device and not more.get("non_blocking")
            self.to_device += is_copy or name in ("new_tensor", "cuda")
        return func(*args, **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    workshop.write_pairs(path / "test.jsonl", 4, first=100)
    workshop.write_pairs(path / "train.jsonl", 6)
    return path


def _train(model: Path, folder: Path, out: Path) -> None:
    settings: dict[str, Any] = {"probe_prompts": 2, "probe_tokens": 4, "kl_budget": 9e9, "lanes": 1}
    with pytest.raises(Killed):
        workshop.run(model, folder / "train.jsonl", out, Events(kill_at=("progress", 3)), **settings)
    workshop.run(model, folder / "train.jsonl", out, **settings)


def _full(model: Path, folder: Path, out: Path) -> None:
    workshop.run(model, folder / "train.jsonl", out, tuning="full", learning_rate=1e-5, probe_prompts=1, probe_tokens=3)


def _reward(model: Path, folder: Path, out: Path) -> None:
    workshop.run(model, folder / "train.jsonl", out, kind=TrainingKind.REWARD_MODEL)


def _score_and_merge(model: Path, folder: Path, out: Path) -> None:
    workshop.run(model, folder / "train.jsonl", out, epochs=1)
    config = RunConfig(dtype="float32", device="cpu", lanes=1)
    score(model, out / "adapter", None, folder / "train.jsonl", config, stop=StopRequest())
    merge(model, out / "adapter", out.with_name("merged"), dtype=torch.float32)


def _lab(model: Path, folder: Path, out: Path) -> None:
    config = RunConfig(**{**workshop.SETTINGS, "probe_tokens": 4, "lanes": 1})
    lab = Lab(model, None, folder / "train.jsonl", folder / "test.jsonl", config)
    lab.step()
    lab.point()
    lab.writes()


@pytest.mark.parametrize("work", [_train, _full, _reward, _score_and_merge, _lab])
def test_no_operation_of_a_run_raises_under_deterministic_algorithms_on_cuda(
    work: Callable[[Path, Path, Path], None], model_folder: Path, folder: Path, tmp_path: Path
) -> None:
    with Watch() as watch:
        work(model_folder, folder, tmp_path / "out")
    assert watch.seen["mm"] + watch.seen["addmm"] > 10  # it did watch
    shutil.rmtree(tmp_path)


def test_the_watch_finds_what_cuda_refuses() -> None:
    for refused in (
        lambda: torch.rand(3).cumsum(0),
        lambda: torch.rand(9).median(dim=0),
        lambda: torch.rand(9).histc(),
    ):
        with pytest.raises(AssertionError, match="raises on CUDA"), Watch():
            refused()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_step_looks_at_the_device_once_for_all_its_rows_and_once_for_the_gradient(
    model_folder: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str
) -> None:
    monkeypatch.setattr(head, "ON_CPU", head.ON_GPU)
    settings: dict[str, Any] = {"lanes": 1, "tokens_per_row": 20, "pairs_per_step": 6, "dtype": dtype}
    trainer = workshop.trainer_of(model_folder, folder / "train.jsonl", tmp_path / "out", **settings)
    trainer.make_reference()
    batch = trainer.batch(1)
    assert len(batch.rows) > 3
    parts = [RowOfStep(row, True, facts_of(row, batch)) for row in batch.rows]
    with Looks() as looks, Watch() as watch:  # what a thread of its own does ahead, where nobody would watch it
        for part in parts:
            trainer.optimization._on_device(part)
    assert (looks.to_host, looks.to_device) == (0, 0)
    assert watch.seen
    assert not WAITS & set(watch.seen)
    trainer.optimization.copies_ahead = True
    with Looks() as looks, Watch() as watch:
        trainer.optimization.accumulate(batch)
    assert looks.to_host <= 1
    assert looks.to_device == 0
    assert not WAITS & set(watch.seen)
    with Looks() as looks:
        trainer.optimization.apply(1e-3, batch)
    assert looks.to_host <= 2  # the norm, and its value on the host


def test_a_row_is_laid_out_without_a_wait_and_a_family_that_runs_alone_looks_for_nothing() -> None:
    pairs = tiny.random_pairs(5)
    shared, alone = (pack_row(pairs, range(5), share=share) for share in (True, False))
    with Looks() as looks:
        plan_varlen(shared.segments, device=torch.device("cpu"))
        tiny.policy_of(tiny.model(), dtype=torch.float32).forward.prepare(shared)
    assert looks.to_device == 0
    shape = AdapterShape(4, 8.0, ("query_key_value", "dense"))
    policy = tiny.policy_of(tiny.model("gpt_neox"), dtype=torch.float32, shape=shape)
    assert not policy.forward.packs
    row = policy.forward.prepare(alone)
    with Looks() as looks, Watch() as watch:
        policy.token_log_probs(row)
    assert (looks.to_host, looks.to_device) == (0, 0)
    assert not watch.seen["nonzero"]


def test_the_watch_finds_what_waits() -> None:
    there, numbers = torch.device("cpu"), torch.arange(3)
    calls: list[Callable[[], Any]] = [
        lambda: numbers.to(there),
        lambda: numbers.new_tensor([1.0]),
        lambda: torch.tensor([1.0], device=there),
    ]
    for waits in calls:
        with Looks() as looks:
            waits()
        assert looks.to_device == 1
    with Watch() as watch:
        numbers[numbers == 1]
    assert watch.seen["nonzero"]


@needs_cuda
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_rows_of_a_step_wait_for_no_gpu(model_folder: Path, folder: Path, tmp_path: Path, dtype: str) -> None:
    settings: dict[str, Any] = {"tokens_per_row": 20, "pairs_per_step": 6, "dtype": dtype, "device": "cuda"}
    trainer = workshop.trainer_of(model_folder, folder / "train.jsonl", tmp_path / "out", **settings)
    trainer.make_reference()
    trainer.take_step(1)  # libraries wait when they are first used
    torch.cuda.set_sync_debug_mode("error")
    try:
        rows = [part.row for part, _ in trainer.optimization.backward_rows(trainer.batch(1))]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert len(rows) > 3


def test_a_drawn_token_is_that_of_the_cumulative_probabilities() -> None:
    generator = torch.Generator().manual_seed(0)
    log_probs = torch.log_softmax(4 * torch.randn(200, 50, generator=generator), dim=1)
    chances = torch.rand(200, generator=generator, dtype=torch.float64)
    total = log_probs.double().exp().cumsum(1)
    expected = torch.searchsorted(total, (chances * total[:, -1]).unsqueeze(1), right=True).squeeze(1)
    assert torch.equal(draw(log_probs, chances), expected)
    certain = torch.tensor([[float("-inf"), 0.0, float("-inf")]])
    assert draw(certain, torch.tensor([0.0], dtype=torch.float64)).tolist() == [1]


def test_determinism_is_a_setting() -> None:
    assert is_deterministic(RunConfig(device="cpu"))
    assert not is_deterministic(RunConfig(device="cpu", deterministic="off"))
    assert is_deterministic(RunConfig(deterministic="on"))
