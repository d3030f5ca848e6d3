"""``blame``: which pairs pushed a version where it is, and which labels the others contradict.

A query is a pair: the completion that would have been better, and the one that the version wrote or that lost. Blame
above zero: had the pair been left out, the better one would stand higher beside the worse one (``doubt.py``). Gradients
are those of the adapter, which is what is trained (as LESS, arXiv 2402.04333, and DataInf, 2310.00902, take them), in
random projection (``sketch.py``) and kept (``gradients.py``).

Both are taken at the start of the run, where no pair has been learned by heart yet: there a wrong label is told apart
best, and no run is needed. At further points of a run TracIn is added up: ``influence``, the change of the query's
loss by the steps on the pair, ``- rate <grad L_i, grad L_q>`` over the points; and the pair's mean margin (the area
under the margin, arXiv 2001.10528), low where a label is learned late.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.engine.attribution.doubt import LeaveOneOut, ranks
from training.engine.attribution.gradients import AfterPair, GradientCache, PairGradients, pair_gradients
from training.engine.attribution.points import Point, RunRecord, points_of
from training.engine.attribution.sketch import SEED, Sketch
from training.engine.config import RunConfig
from training.engine.data.records import TokenPair, read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError
from training.engine.events import Caller
from training.engine.learning.run import load_start, prepare_torch
from training.engine.losses import Pairs, pair_losses
from training.engine.measuring.evaluation import with_adapter
from training.engine.measuring.scoring import SideLogProbs, pair_scores, rows_by_length, score_rows
from training.engine.model.adapter_format import read_state
from training.engine.model.policy import Policy
from training.engine.run_folder import write_atomically
from training.engine.versions import library_versions, rounding_ingredients
from training.language_models.folders import folder_hash

Column = NDArray[np.float64]
_FORMAT = 1  # goes up when a kept gradient would mean something else
SECONDS_BETWEEN = 1.0


@dataclass(frozen=True)
class BlameFiles:
    """The files to read and to write. ``data``: the pairs that were learned from: a file, or a snapshot's folder, whose
    test.jsonl is held out. ``run``: the run's folder, for its settings, reference and points. ``adapter``: instead of a
    run, or another end of it. ``start``: the adapter that the run started from, which is its reference too."""

    model: Path
    data: Path
    out: Path
    run: Path | None = None
    adapter: Path | None = None
    start: Path | None = None
    queries: Path | None = None
    cache: Path | None = None

    @property
    def train_path(self) -> Path:
        """The pairs that were learned from."""
        return self.data / "train.jsonl" if self.data.is_dir() else self.data

    @property
    def test_path(self) -> Path | None:
        """The held-out pairs, if any."""
        inside = self.data / "test.jsonl"
        return inside if self.data.is_dir() and inside.exists() else None


@dataclass(frozen=True)
class Choices:
    """How much is computed: ``points`` of the run at most, and how many of the held-out pairs."""

    points: int = 1
    held_out: int = 100


def blame(files: BlameFiles, settings: dict[str, Any], choices: Choices, *, caller: Caller) -> dict[str, Any]:
    """Write a line for each pair: ``{"id", "blame": [one per query], "doubt", ...}``; returns a summary.

    Raises InputError, RecordError, Cancelled; after either what was computed is in the cache.
    """
    run = None if files.run is None else RunRecord.read(files.run)
    config = RunConfig.from_mapping({**({} if run is None else run.settings), **settings})
    if config.tuning != "lora":
        raise InputError("blame needs an adapter's gradients: this run trained all weights")
    prepare_torch(config)
    if run is not None:
        run.check_data(files.train_path)
    encoder = TextEncoder.from_directory(files.model)
    sets = {"train": _read(files.train_path, encoder, config)}
    sets |= {} if files.test_path is None else {"test": _read(files.test_path, encoder, config)}
    queries = [] if files.queries is None else _read(files.queries, encoder, config, whole=True)
    if not sets["train"]:
        raise InputError(f"no usable preference pair in {files.train_path}")
    points = points_of(run, files.adapter, files.start, config, pairs=len(sets["train"]), most=max(1, choices.points))
    policy = load_start(Policy, files.model, files.start, config)
    work = _Work(files, config, policy, caller)
    if any(point.step for point in points):
        work.take_references(run, sets, queries)
    held_out = sets.get("test", [])[: choices.held_out]
    everything = [*sets["train"], *held_out, *queries]
    counts = (len(sets["train"]), len(held_out), len(queries))
    views = [work.view(point, everything, counts, number, len(points)) for number, point in enumerate(points)]
    lines = _lines(sets["train"], held_out, views)
    write_atomically(files.out, "".join(json.dumps(line) + "\n" for line in lines).encode())
    return {
        "pairs": counts[0],
        "held_out": counts[1],
        "queries": counts[2],
        "points": [point.name for point in points],
        "computed": work.computed,
        "out": str(files.out),
    }


def _read(path: Path, encoder: TextEncoder, config: RunConfig, *, whole: bool = False) -> list[TokenPair]:
    """The usable pairs of a file. whole: one that is not usable is an InputError."""
    if not path.is_file():
        raise InputError(f"the data file {path} does not exist")
    found = read_token_pairs(path, encoder, max_length=config.max_length)
    if whole and found.dropped:
        reasons = ", ".join(sorted(found.dropped))
        most = f"max_length={config.max_length} tokens"
        raise InputError(f"a comparison in {path.name} cannot be used ({reasons}; {most})")
    return found.pairs


@dataclass(frozen=True)
class View:
    """All pairs at one point. The loss's gradient of pair i is ``- slopes[i] * gradients[i]``."""

    point: Point
    train: NDArray[np.float32]  # (pairs, places), of the margin, beta included
    held_out: NDArray[np.float32]
    queries: NDArray[np.float32]
    slopes: tuple[Column, Column, Column]  # of train, held-out and queries
    margins: Column  # of train


class _Work:
    """The passes over the pairs: references, then one for each point."""

    def __init__(self, files: BlameFiles, config: RunConfig, policy: Policy, caller: Caller) -> None:
        self.files, self.config, self.policy, self.caller = files, config, policy, caller
        length = sum(each.numel() for each in policy.adapter.parameters().values())
        self.sketch = Sketch(length, device=policy.device)
        self.references: dict[str, SideLogProbs] | None = None  # the start's own values, whose margins are zero
        self.base = {
            "format": _FORMAT,
            "model": folder_hash(files.model),
            "seed": SEED,
            "places": self.sketch.places,
            "per_token": config.loss in ("sigmoid_norm", "ipo", "simpo"),
            "dtype": str(policy.dtype),
            "versions": library_versions(),
            **rounding_ingredients(config.quantization),
        }
        self.computed = 0
        self.last_report = 0.0

    def take_references(
        self, run: RunRecord | None, sets: dict[str, list[TokenPair]], queries: Sequence[TokenPair]
    ) -> None:
        """Reference log-probabilities: from the run where it has them, else by one pass over the pairs."""
        files = {"train": self.files.train_path, "test": self.files.test_path}
        kept = {} if run is None else run.reference({name: (files[name], len(pairs)) for name, pairs in sets.items()})
        scored = {name: self._scored(pairs) for name, pairs in sets.items() if name not in kept}
        self.references = {**kept, **scored, "queries": self._scored(queries)}

    def _scored(self, pairs: Sequence[TokenPair]) -> SideLogProbs:
        if not pairs:
            return np.empty((0, 2))
        base_is_reference = self.files.start is None or self.config.reference == "base"
        with with_adapter(self.policy, None if base_is_reference else self.files.start):
            rows = rows_by_length(pairs, self.policy, self.config)
            return score_rows(self.policy, pairs, rows, self._after_row)

    def _after_row(self, scored: int, known: int = 0) -> None:
        self.caller.stop.check()

    def view(
        self, point: Point, pairs: Sequence[TokenPair], counts: tuple[int, int, int], number: int, points: int
    ) -> View:
        """All pairs at a point: their gradients, from the cache where they are known."""
        if point.folder is None:
            self.policy.adapter.initialise(self.config.seed)
        else:
            self.policy.adapter.load(read_state(point.folder))
        cache = self._cache(point)
        before = 0 if cache is None else sum(1 for _ in cache.stored)
        found = pair_gradients(
            self.policy, pairs, self.config, sketch=self.sketch, cache=cache,
            after_pair=self._report(number, len(pairs), points),
        )  # fmt: skip
        self.computed += len(pairs) if cache is None else len(cache.stored) - before
        first, second = counts[0], counts[0] + counts[1]
        slopes, margins = slopes_of(pairs, found, self._reference(found, counts), self.config)
        scaled = found.vectors * np.float32(self.config.beta)
        return View(
            point,
            scaled[:first],
            scaled[first:second],
            scaled[second:],
            (slopes[:first], slopes[first:second], slopes[second:]),
            margins[:first],
        )

    def _reference(self, found: PairGradients, counts: tuple[int, int, int]) -> SideLogProbs:
        """Of all pairs in their order, (pairs, 2)."""
        if self.references is None:
            return found.log_probs
        held_out = self.references.get("test", np.empty((0, 2)))[: counts[1]]
        return np.concatenate([self.references["train"], held_out, self.references["queries"]])

    def _cache(self, point: Point) -> GradientCache | None:
        if self.files.cache is None:
            return None
        start = {"seed_of_start": self.config.seed, "shape": asdict(self.policy.adapter.shape)}
        adapter = start if point.folder is None else {"adapter": folder_hash(point.folder)}
        text = json.dumps({**self.base, **adapter}, sort_keys=True)
        return GradientCache(self.files.cache, hashlib.sha256(text.encode()).hexdigest(), self.sketch.places)

    def _report(self, number: int, pairs: int, points: int) -> AfterPair:
        def after_pair(done: int) -> None:
            self.caller.stop.check()
            now = time.monotonic()
            if now - self.last_report >= SECONDS_BETWEEN or done == pairs:
                self.last_report = now
                self.caller.emit({"event": "gradients", "done": number * pairs + done, "of": points * pairs})

        return after_pair


def slopes_of(
    pairs: Sequence[TokenPair], found: PairGradients, reference: SideLogProbs, config: RunConfig
) -> tuple[Column, Column]:
    """``- dL / dm`` of every pair times its weight, and the margins m, (pairs,) each.

    Where the loss is more than a function of the margin (orpo, sft, unlikelihood, ``sft_weight``), the slope is that of
    the part that is: how the loss falls when the two log-ratios move apart.
    """
    scores = pair_scores(pairs, found.log_probs, reference)
    policy = torch.from_numpy(found.log_probs).requires_grad_()
    tokens = torch.tensor([[len(ids) for ids in pair.scored_ids] for pair in pairs], dtype=torch.float64)
    columns = Pairs(policy, torch.from_numpy(reference), tokens, torch.from_numpy(scores.confidence))
    losses = pair_losses(columns, replace(config.loss_settings))
    (by_side,) = torch.autograd.grad(losses.sum(), policy)  # (pairs, 2)
    if config.loss in ("sigmoid_norm", "ipo", "simpo"):
        by_side = by_side * tokens
    slopes = (by_side[:, 1] - by_side[:, 0]).numpy() / 2.0 / config.beta
    return slopes * scores.weight, np.asarray(scores.margins(config.loss_settings))


def _lines(pairs: Sequence[TokenPair], held_out: Sequence[TokenPair], views: Sequence[View]) -> list[dict[str, Any]]:
    """A line for each pair, in their order."""
    first = views[0]
    targets = np.array([2.0 * pair.confidence - 1.0 for pair in (*pairs, *held_out)])
    fit = LeaveOneOut(np.concatenate([first.train, first.held_out]), targets)
    others, gains = fit.without[: len(pairs)], fit.gain_without(first.queries)[: len(pairs)]
    doubts = ranks(-others)
    influences = np.sum([_influences(view) for view in views], axis=0)
    own = np.sum(
        [view.point.rate * (view.slopes[0] * np.linalg.norm(view.train, axis=1)) ** 2 for view in views], axis=0
    )
    later = [view.margins for view in views if view.point.step]
    margins = np.mean(later, axis=0) if later else None
    return [
        {
            "id": pair.id,
            "doubt": float(doubts[place]),
            "others": float(others[place]),
            "blame": gains[place].tolist(),
            "influence": influences[place].tolist(),
            "self_influence": float(own[place]),
            "margin": None if margins is None else float(margins[place]),
        }
        for place, pair in enumerate(pairs)
    ]


def _influences(view: View) -> Column:
    """TracIn at one point, (pairs, queries): how much the steps on a pair raise the loss of a query, in nats."""
    like = (view.train @ view.queries.T).astype(np.float64)
    return np.asarray(-view.point.rate * view.slopes[0][:, None] * view.slopes[2][None, :] * like)
