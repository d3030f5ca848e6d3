"""The figures of a version that only a rehearsal can know: its wins by the rule, and the gold beside the proxy reward.

Measured on the prompts that are held for gates by people, which no version learns from, with fresh samples at
temperature 1 without cut-offs. Both versions of a comparison answer the same prompts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labeling.actions.comparison_drafts import CompletionDraft
from labeling.exchange import Message
from training.actions.planning import derive_seed
from training.engine.config import RunConfig
from training.generation import GeneratedCompletion, GenerationRequest, SamplingSettings
from training.jobs.drafts import draft_of_generated, pair_to_score
from training.jobs.engine import score_pairs
from training.jobs.evaluation_samples import SERVERS_COME_BACK_SECONDS
from training.jobs.sampler import open_source
from training.models import EvaluationJob, JobStatus, ModelVersion
from training.rehearsal.figures import mean_of, win_rate
from training.rehearsal.plan import RehearsalPlan
from training.versions import servers

BESIDE = "-"
"""The other text of a pair whose first one is scored."""

Samples = dict[tuple[int, int], GeneratedCompletion]
"""By number of the prompt and of the sample."""


@dataclass
class Yardstick:
    """Measures versions, one after another, on the same prompts. Their samples are kept."""

    plan: RehearsalPlan
    settings: SamplingSettings
    prompts: Sequence[list[Message]]
    written: dict[int, Samples] = field(default_factory=dict)

    def figures(self, version: ModelVersion, parent: ModelVersion) -> dict[str, Any]:
        """Win rates over base and parent, gold and proxy reward, lengths, of a version that is not its own parent."""
        base = version.base()
        samples = self.samples(version)
        others = {"base": base, "parent": parent}
        return {
            "win_rate": {name: self._wins(samples, self.samples(other)) for name, other in others.items()},
            "reward": {
                "unit": self.plan.rule.unit,
                "gold": self._gold(samples),
                "gold_of": {name: self._gold(self.samples(other)) for name, other in others.items()},
                "proxy": self._proxy(version, samples),
            },
            "lengths": {"version": lengths(samples), **{name: lengths(self.samples(o)) for name, o in others.items()}},
        }

    def samples(self, version: ModelVersion) -> Samples:
        """The answers of a version, written on first use. Every version has draws of its own."""
        if version.pk not in self.written:
            servers.prepare(version, patience_seconds=SERVERS_COME_BACK_SECONDS)  # they may have made room for a run
            places = [(prompt, sample) for prompt in range(len(self.prompts)) for sample in range(self.plan.samples)]
            requests = (
                GenerationRequest(
                    key=f"{prompt}:{sample}",
                    messages=self.prompts[prompt],
                    seed=derive_seed(self.plan.seed, f"{prompt}", sample, f"measured {version.name}"),
                    settings=self.settings,
                )
                for prompt, sample in places
            )
            with open_source(version) as source:
                outcomes = {one.key: one for one in source.generate(requests) if isinstance(one, GeneratedCompletion)}
            self.written[version.pk] = {place: outcomes[key] for place in places if (key := _key(place)) in outcomes}
        return self.written[version.pk]

    def _wins(self, own: Samples, other: Samples) -> dict[str, Any]:
        both = sorted(own.keys() & other.keys())
        return win_rate(self.plan.rule, [(place[0], own[place].text, other[place].text) for place in both])

    def _gold(self, samples: Samples) -> dict[str, Any]:
        return mean_of([(place[0], self.plan.rule.grade(one.text)) for place, one in samples.items()])

    def _proxy(self, version: ModelVersion, samples: Samples) -> dict[str, Any]:
        """The implicit reward against the base, as the loss computes it, that a version gives its own samples.

        The engine scores pairs: each sample stands beside the same other text. Empty ones have no reward.
        """
        config = RunConfig.from_mapping(dict(self.plan.config))
        pairs = [
            pair_to_score(_key(place), self.prompts[place[0]], draft_of_generated(one), CompletionDraft(BESIDE))
            for place, one in samples.items()
            if one.text.strip() not in ("", BESIDE)
        ]
        options = ["--set", f"loss={config.loss}", "--set", f"beta={config.beta}"]
        scores = score_pairs(version, pairs, options=options) if pairs else []
        return mean_of([(int(one["id"].split(":")[0]), one["chosen_reward"]) for one in scores])


def _key(place: tuple[int, int]) -> str:
    return f"{place[0]}:{place[1]}"


def lengths(samples: Samples) -> dict[str, float]:
    """Mean characters and tokens, and the share that ended before the token limit."""
    if not samples:
        return {}
    texts = list(samples.values())
    return {
        "characters": round(float(np.mean([len(one.text) for one in texts])), 1),
        "tokens": round(float(np.mean([len(one.completion_ids) for one in texts])), 1),
        "ended": round(float(np.mean([one.finish_reason == "stop" for one in texts])), 3),
    }


def evaluation_figures(version: ModelVersion) -> dict[str, Any]:
    """Of the evaluation that the gate read: its sentence, accuracy on held-out pairs, exact KL to base and parent."""
    jobs = EvaluationJob.objects.filter(version=version, status=JobStatus.FINISHED).order_by("-pk")
    job = next((one for one in jobs if one.for_gates), None)
    if job is None:
        return {"finding": None, "held_out": {}, "kl": {}}
    held_out, drift = (job.section(name) or {} for name in ("held_out", "drift"))
    figures: Mapping[str, Any] = held_out.get("figures", {})
    names = ("pairs", "accuracy", "accuracy_low", "accuracy_high", "margin")
    return {
        "finding": job.finding,
        "reason": str(job.reason),
        "held_out": {"reference": held_out.get("reference"), **{name: figures.get(name) for name in names}},
        "kl": {"unit": "nats per token", "base": drift.get("to_base"), "parent": drift.get("to_parent")},
    }
