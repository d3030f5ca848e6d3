"""What each of several candidates is worth: the implicit reward of a version, or that of an explicit reward model."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from training.generation import GenerationRequest, SamplingSettings
from training.jobs.engine import engine_command, run_engine
from training.models import GenerationItem, GenerationJob, ModelVersion
from training.versions import files


def reward_name(job: GenerationJob) -> str:
    """What judges the candidates of a job, for people."""
    if job.reward_version is not None:
        parent = job.reward_version.parent
        return f"implicit reward of {job.reward_version.name} against {parent.name if parent else 'its base'}"
    return f"reward model {Path(job.reward_model).name}"


def candidate_rewards(
    job: GenerationJob, items: Sequence[GenerationItem], *, should_stop: Callable[[], bool]
) -> dict[int, dict[str, float]]:
    """The reward of each candidate that has a text, by item and slot; those the model cannot read are left out.

    Empty if stopped. Raises EngineFailed, VersionDamaged.
    """
    records = [record for item in items for record in _records(job, item)]
    if not records:
        return {}
    with tempfile.TemporaryDirectory(prefix="rewards-") as folder:
        data, out = Path(folder) / "pairs.jsonl", Path(folder) / "scores.jsonl"
        data.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        command = [*_command(job, items[0].version_first), "--data", str(data), "--out", str(out)]
        if not run_engine(command, should_stop=should_stop):
            return {}
        lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    rewards: dict[int, dict[str, float]] = {}
    for line in lines:
        item, chosen, rejected = line["id"].split(":")
        found = rewards.setdefault(int(item), {})
        found[chosen], found[rejected] = line["chosen_reward"], line["rejected_reward"]
    return rewards


def _command(job: GenerationJob, writer: ModelVersion) -> list[str]:
    version = job.reward_version
    if version is not None:
        files.check_version(version)
        return engine_command("score", version, reference=version.parent)
    command = engine_command("score", ModelVersion(base_dir=writer.base_dir))
    return [*command, "--reward-model", job.reward_model]


def _records(job: GenerationJob, item: GenerationItem) -> Iterator[dict[str, Any]]:
    """The candidates two by two, as the engine scores pairs: they share their prompt, which is read once."""
    settings = SamplingSettings(**job.settings)
    prompt = GenerationRequest("", item.prompt.messages, 0, settings).conversation
    slots = [slot for slot in sorted(item.candidates, key=int) if item.candidates[slot]["text"].strip()]
    if len(slots) < 2:
        return
    if len(slots) % 2:
        slots.append(slots[0])
    # Token ids mean something to the model that wrote them, and to those made from the same base.
    judge = job.reward_version or item.version_first
    same_base = judge.base_dir == item.version_first.base_dir
    for one, other in zip(slots[::2], slots[1::2], strict=True):
        a, b = item.candidates[one], item.candidates[other]
        known = same_base and bool(a["prompt_ids"]) and bool(a["completion_ids"]) and bool(b["completion_ids"])
        yield {
            "id": f"{item.pk}:{one}:{other}",
            "prompt": prompt,
            "chosen": a["text"],
            "rejected": b["text"],
            "prompt_ids": a["prompt_ids"] if known else None,
            "chosen_ids": a["completion_ids"] if known else None,
            "rejected_ids": b["completion_ids"] if known else None,
            "chosen_finish": a["finish_reason"],
            "rejected_finish": b["finish_reason"],
            "confidence": 1.0,
            "weight": 1.0,
        }
