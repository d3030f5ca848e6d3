"""``drift``: how far a policy has moved from the base and from another adapter, on samples that it wrote itself.

Exact: at every place of a sample the KL is summed over the whole vocabulary, ``KL(policy || reference)``, as the probes
of a run do it. Only samples drawn from the policy itself, at temperature 1 and without cut-offs, make the mean an
unbiased estimate of the drift; estimates from the sampled tokens alone (k3) are noisier and are not used here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training.engine.config import RunConfig
from training.engine.data.conversations import ConversationReader
from training.engine.data.lines import read_records
from training.engine.data.packing import PackedRow, pack_sequences
from training.engine.data.text import TextEncoder, prompt_ids
from training.engine.data.turns import ConversationRefused
from training.engine.errors import InputError
from training.engine.events import StopRequest
from training.engine.measuring.evaluation import open_policy, with_adapter
from training.engine.measuring.probes import PLACES, drift_of
from training.engine.model.policy import Policy

AT_ONCE = 8
"""Samples whose hidden states are held for all models at a time."""


@dataclass(frozen=True)
class Sample:
    """A completion that the policy wrote, as token ids; the end of its turn is among them if it ended by itself."""

    id: str
    prompt_ids: tuple[int, ...]
    completion_ids: tuple[int, ...]


def read_samples(path: Path, encoder: TextEncoder) -> list[Sample]:
    """The samples of a JSON-lines file: {"id", "prompt", "tools", "text", "ended", "prompt_ids",
    "completion_ids"}.

    Stored ids are used as they are; without them, prompt (as ``train`` reads it) and text are encoded. Samples without
    a token are left out. Raises InputError, RecordError.
    """
    samples = [_sample(ConversationReader(path, number, record), encoder) for number, record in read_records(path)]
    samples = [sample for sample in samples if sample.completion_ids]
    if not samples:
        raise InputError(f"no sample in {path} has a token")
    return samples


def _sample(reader: ConversationReader, encoder: TextEncoder) -> Sample:
    ids = reader.stored_ids("completion_ids", encoder.vocabulary_size)
    if not ids:
        text = reader.record.get("text")
        if not isinstance(text, str):
            raise reader.error("a sample has completion_ids, or its text")
        try:
            ids = encoder.encode_completion(text, ended=bool(reader.record.get("ended")))
        except ConversationRefused as refusal:
            raise reader.error(str(refusal)) from refusal
    return Sample(reader.name(), prompt_ids(reader, encoder), ids)


def drift(
    model: Path,
    adapter: Path | None,
    reference_adapter: Path | None,
    data: Path,
    config: RunConfig,
    *,
    stop: StopRequest,
) -> list[dict[str, Any]]:
    """For every sample: id, tokens, and the sums over its tokens, in nats, of the policy's entropy, of its KL to the
    base (``kl_to_base``), and to base + reference adapter (``kl_to_reference``, only if there is one)."""
    samples = read_samples(data, TextEncoder.from_directory(model))
    policy = open_policy(model, adapter, reference_adapter, config)
    others: dict[str, Path | None] = {"kl_to_base": None}
    if reference_adapter is not None:
        others["kl_to_reference"] = reference_adapter
    lines: list[dict[str, Any]] = []
    for start in range(0, len(samples), AT_ONCE):
        lines += _drifts(policy, adapter, others, samples[start : start + AT_ONCE], stop)
    return lines


@torch.no_grad()
def _drifts(
    policy: Policy,
    adapter: Path | None,
    others: dict[str, Path | None],
    samples: Sequence[Sample],
    stop: StopRequest,
) -> list[dict[str, Any]]:
    rows = [pack_sequences([(sample.prompt_ids, sample.completion_ids)]) for sample in samples]
    of_policy = _read(policy, adapter, rows, stop)
    lines: list[dict[str, Any]] = [{"id": sample.id, "tokens": len(sample.completion_ids)} for sample in samples]
    for name, other in others.items():
        of_other = _read(policy, other, rows, stop)
        for line, row, one, two in zip(lines, rows, of_policy, of_other, strict=True):
            totals = torch.zeros(3, dtype=torch.float64)
            for start in range(0, line["tokens"], PLACES):
                part = slice(start, start + PLACES)
                totals += drift_of(one(part), two(part), row.targets[part].to(policy.device)).cpu()
            line[name], line["entropy"] = float(totals[0]), float(totals[2])
    return lines


def _read(policy: Policy, adapter: Path | None, rows: Sequence[PackedRow], stop: StopRequest) -> list[Any]:
    """Each row as read with an adapter (None: the base): gives the log-probabilities of a slice of its places."""
    read = []
    with with_adapter(policy, adapter):
        for row in rows:
            stop.check()
            read.append(policy.vocabulary_log_probs(row))
    return read


def drift_lines(drifts: Sequence[dict[str, Any]]) -> bytes:
    """The JSON lines of the output file."""
    return "".join(json.dumps(line) + "\n" for line in drifts).encode()
