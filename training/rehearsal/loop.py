"""Rounds of the loop in this process: generate, label, train, evaluate, promote, with simulated annotators.

Everything goes through the same actions and jobs as with people; only Celery is left out. The engine and the sampler
are child processes as usual. A rehearsal has its own campaign and serving channel: the version that really serves is
not affected.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.utils import timezone

from labeling.actions.campaigns import change_campaign_status, create_campaign
from labeling.actions.members import add_member
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.exchange import TEST, Message, read_pairs
from labeling.models import Campaign, Membership
from labeling.queries.agreement import agreement
from labeling.queries.progress import campaign_progress
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec, derive_seed
from training.actions.runs import RunSpec, start_run
from training.actions.versions import promote, record_evaluation
from training.claims import Clock
from training.generation import GeneratedCompletion, GenerationRequest, SamplingSettings
from training.jobs.drafts import draft_of_generated, pair_to_score
from training.jobs.engine import score_pairs
from training.jobs.evaluation_samples import SERVERS_COME_BACK_SECONDS
from training.jobs.generation import run_generation_job
from training.jobs.run import run_training_job
from training.jobs.sampler import open_source
from training.models import GenerationJob, JobStatus, ModelVersion, Run, Snapshot
from training.queries.serving import serving_version
from training.rehearsal.annotators import judge_by_rule, simulated_people
from training.rehearsal.figures import estimate_kl, verdict_accuracy, win_rate
from training.rehearsal.rules import PreferenceRule
from training.versions import servers

HELD_OUT_FIGURES = ("pairs", "reward_accuracy", "reward_accuracy_low", "reward_accuracy_high", "loss", "margin")


class RehearsalFailed(RuntimeError):
    """A phase of a round failed; the message says which and why."""


@dataclass(frozen=True)
class RehearsalPlan:
    """The settings of a rehearsal. The defaults were found in docs/experiments.md."""

    rule: PreferenceRule
    rounds: int = 1
    error_rate: float = 0.1
    overlap: int = 3
    pairs_per_prompt: int = 3
    seed: int = 0
    test_share: float = 0.3
    max_tokens: int = 96
    samples: int = 2
    """Samples of each version for each held-out prompt, for the win rate."""
    config: dict[str, Any] = field(default_factory=dict)


class Rehearsal:
    """One campaign of simulated annotators, round after round."""

    def __init__(
        self,
        plan: RehearsalPlan,
        *,
        base: ModelVersion,
        prompts: list[PromptDraft],
        clock: Clock = timezone.now,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.plan, self.clock, self.say = plan, clock, say
        # Temperature 1 and no cut-offs: the samples then follow the policy itself, as the KL estimate needs.
        self.settings = SamplingSettings(temperature=1.0, top_p=1.0, top_k=0, max_tokens=plan.max_tokens)
        now = clock()
        lead, self.annotators = simulated_people(plan.overlap, now=now)
        name = f"Rehearsal {now:%Y-%m-%d %H:%M:%S.%f}"
        guidelines = f"Simulated annotators; each errs with probability {plan.error_rate}. {plan.rule.sentence}"
        self.campaign = create_campaign(
            name=name, acting_user=lead, now=now, overlap=plan.overlap, guidelines=guidelines
        )
        add_prompts(campaign=self.campaign, prompts=prompts, acting_user=lead, now=now)
        for annotator in self.annotators:
            role = Membership.Role.ANNOTATOR
            add_member(campaign=self.campaign, user=annotator, role=role, acting_user=lead, now=now)
        status = Campaign.Status.ACTIVE
        self.campaign = change_campaign_status(campaign=self.campaign, status=status, acting_user=lead, now=now)
        self.channel = self.campaign.slug
        promote(version=base, acting_user=None, now=now, channel=self.channel)

    def rounds(self) -> Iterator[dict[str, Any]]:
        """Runs all rounds; yields a report of each. Raises RehearsalFailed."""
        for number in range(1, self.plan.rounds + 1):
            yield Round(self, number).report()


class Round:
    """One turn of the loop."""

    def __init__(self, rehearsal: Rehearsal, number: int) -> None:
        self.rehearsal, self.plan, self.number = rehearsal, rehearsal.plan, number
        self.campaign, self.clock = rehearsal.campaign, rehearsal.clock
        self.seconds: dict[str, float] = {}

    def report(self) -> dict[str, Any]:
        """Runs the round and returns its report."""
        parent = serving_version(self.rehearsal.channel)
        with self._phase("generate"):
            job = self._generate()
        with self._phase("label"):
            judgments = self._label()
        with self._phase("train"):
            run = self._train(parent)
        version = ModelVersion.objects.get(run=run)
        with self._phase("evaluate"):
            figures = self._evaluate(version, parent, run.snapshot)
        self._keep(version, parent, run.snapshot, figures)
        progress = campaign_progress(self.campaign)
        return {
            "round": self.number,
            "campaign": self.campaign.slug,
            "rule": self.plan.rule.name,
            "rule_sentence": self.plan.rule.sentence,
            "error_rate": self.plan.error_rate,
            "overlap": self.plan.overlap,
            "parent": parent.name,
            "version": version.name,
            "labels": {
                "prompts_and_seeds": job.total // 2,
                "completions": job.done,
                "dropped_pairs": job.dropped,
                "comparisons": progress.comparisons,
                "judgments": judgments,
                "settled": progress.settled,
                "conflicts": progress.conflicts,
                "train_pairs": run.snapshot.train_pairs,
                "test_pairs": run.snapshot.test_pairs,
            },
            "agreement": agreement(self.campaign, include_simulated=True).as_dict(),
            "verdict_accuracy": verdict_accuracy(self.campaign, self.plan.rule),
            **figures,
            "seconds": {name: round(value, 1) for name, value in self.seconds.items()},
        }

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self.rehearsal.say(f"round {self.number}: {name} ...")
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
        self.seconds["total"] = sum(value for key, value in self.seconds.items() if key != "total")

    def _generate(self) -> GenerationJob:
        job = start_generation(
            campaign=self.campaign,
            acting_user=None,
            now=self.clock(),
            spec=GenerationSpec(
                settings=self.rehearsal.settings.as_dict(),
                pairs_per_prompt=self.plan.pairs_per_prompt,
                seed=self.plan.seed + self.number,
                channel=self.rehearsal.channel,
            ),
            hand_to_worker=False,
        )
        done = run_generation_job(job.pk, clock=self.clock)
        if done is None or done.status != JobStatus.FINISHED:
            raise RehearsalFailed(f"Generation did not finish: {done.error if done else 'another worker has it'}")
        return done

    def _label(self) -> int:
        return sum(
            judge_by_rule(
                campaign=self.campaign,
                annotator=annotator,
                rule=self.plan.rule,
                error_rate=self.plan.error_rate,
                seed=self.plan.seed,
                now=self.clock(),
            )
            for annotator in self.rehearsal.annotators
        )

    def _train(self, parent: ModelVersion) -> Run:
        run = start_run(
            campaign=self.campaign,
            acting_user=None,
            now=self.clock(),
            spec=RunSpec(
                parent=parent,
                config={"seed": self.plan.seed, "final_margins": False, **self.plan.config},
                test_share=self.plan.test_share,
            ),
            hand_to_worker=False,
        )
        done = run_training_job(run.pk, clock=self.clock)
        if done is None or done.status != JobStatus.FINISHED:
            raise RehearsalFailed(f"Training did not finish: {done.error if done else 'another worker has it'}")
        return done

    def _evaluate(self, version: ModelVersion, parent: ModelVersion, snapshot: Snapshot) -> dict[str, Any]:
        """The engine's figures on held-out pairs, the win rate by the rule on held-out prompts, and the drift."""
        prompts = held_out_prompts(snapshot)
        for each in (version, parent):  # the servers may have been stopped for the run
            servers.prepare(each, patience_seconds=SERVERS_COME_BACK_SECONDS)
        new = self._sample(version, prompts, "new")
        old = self._sample(parent, prompts, "old")
        pairs = [(new[key].text, old[key].text) for key in sorted(new.keys() & old.keys())]
        return {
            "held_out": {name: version.metrics[name] for name in HELD_OUT_FIGURES},
            "win_rate": {**win_rate(self.plan.rule, pairs), "held_out_prompts": len(prompts)},
            "kl": self._drift(version, parent, prompts, new),
            "lengths": {"new": _mean_length(new), "old": _mean_length(old)},
        }

    def _sample(self, version: ModelVersion, prompts: list[list[Message]], who: str) -> dict[str, GeneratedCompletion]:
        """Fresh completions of the held-out prompts, by (prompt, sample) number."""
        requests = (
            GenerationRequest(
                key=f"{number}:{sample}",
                messages=messages,
                seed=derive_seed(self.plan.seed, f"{number}", sample, f"round {self.number} {who}"),
                settings=self.rehearsal.settings,
            )
            for number, messages in enumerate(prompts)
            for sample in range(self.plan.samples)
        )
        with open_source(version) as source:
            outcomes = list(source.generate(requests))
        return {outcome.key: outcome for outcome in outcomes if isinstance(outcome, GeneratedCompletion)}

    def _drift(
        self,
        version: ModelVersion,
        parent: ModelVersion,
        prompts: list[list[Message]],
        samples: dict[str, GeneratedCompletion],
    ) -> dict[str, Any]:
        """KL(new || old) on the new version's samples, scored by the engine: two samples of a prompt make a pair."""
        pairs, tokens = [], []
        for number, messages in enumerate(prompts):
            own = [samples[key] for sample in range(self.plan.samples) if (key := f"{number}:{sample}") in samples]
            for first, second in zip(own[::2], own[1::2], strict=False):
                if first.text.strip() and second.text.strip() and first.text.strip() != second.text.strip():
                    drafts = draft_of_generated(first), draft_of_generated(second)
                    pairs.append(pair_to_score(f"{first.key}-{second.key}", messages, *drafts))
                    tokens += [len(first.completion_ids), len(second.completion_ids)]
        if not pairs:
            return {"k3": None, "completions": 0}
        scores = score_pairs(version, pairs, reference=parent)
        sides = ("chosen", "rejected")
        new = [score[f"policy_{side}_logp"] for score in scores for side in sides]
        old = [score[f"reference_{side}_logp"] for score in scores for side in sides]
        return {**asdict(estimate_kl(new, old, tokens[: len(new)])), "unit": "nats per completion"}

    def _keep(self, version: ModelVersion, parent: ModelVersion, snapshot: Snapshot, figures: dict[str, Any]) -> None:
        """Stores the figures of the version, and promotes it for the next round."""
        now = self.clock()
        for kind, results in (("held_out", figures["held_out"]), ("win_rate", figures["win_rate"])):
            record_evaluation(
                version=version,
                kind=kind,
                results={**results, "simulated": True, "rule": self.plan.rule.name},
                acting_user=None,
                now=now,
                against=parent,
                snapshot=snapshot,
            )
        promote(version=version, acting_user=None, now=now, channel=self.rehearsal.channel)


def held_out_prompts(snapshot: Snapshot) -> list[list[Message]]:
    """The prompts of a snapshot's test side, each once, in its order. Nothing was trained on them."""
    prompts: dict[str, list[Message]] = {}
    for pair in read_pairs(Path(snapshot.directory), TEST):
        prompts.setdefault(str(pair.prompt), list(pair.prompt))
    return list(prompts.values())


def _mean_length(completions: dict[str, GeneratedCompletion]) -> dict[str, float]:
    count = max(1, len(completions))
    return {
        "characters": round(sum(len(one.text) for one in completions.values()) / count, 1),
        "tokens": round(sum(len(one.completion_ids) for one in completions.values()) / count, 1),
        "ended": round(sum(one.finish_reason == "stop" for one in completions.values()) / count, 3),
    }
