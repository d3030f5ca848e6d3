"""The report of an evaluation: a list of sections, each made of what was measured, and the finding on top.

Another section is one more entry of SECTIONS: its name, and a function from Measured to JSON values.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_noop as _

from common.sentences import Sentence
from labeling.exchange import PreferencePair, messages_hash
from labeling.models import Campaign
from training.actions.label_biases import measure_label_biases
from training.evaluation import sections
from training.evaluation.finding import OTHERS, concerns, finding
from training.evaluation.sections import HeldOutPair, OwnSample
from training.evaluation.suite_results import figures_of_run, newest_run, results_of, suites_of
from training.jobs.gate_figures import Margins, base_margins, gate_figures
from training.models import EvaluationJob, Gate, ModelVersion, Snapshot, SuiteRun
from training.queries.labels import labels_of

Scores = Mapping[str, Sequence[float]]
"""By pair: its margin, and the log-probability of the chosen text under the version and under the base."""

FORMAT = "chosen-evaluation-1"
BUDGETS = ("kl_per_token", "kl_to_base_per_token")


@dataclass(frozen=True)
class Measured:
    """Everything that was measured of a version for one campaign.

    gone: why its parent was not measured beside it; empty: it was.
    scores: by version. others: "parent" and "serving", as far as they share the base. own_samples, other_samples,
    drift, lost: as the parts of the job hold them, each with a `trouble` in place of its values where that failed.
    """

    job: EvaluationJob
    version: ModelVersion
    base: ModelVersion
    campaign: Campaign
    snapshot: Snapshot
    pairs: Sequence[PreferencePair]
    scores: Mapping[int, Scores]
    others: Mapping[str, ModelVersion]
    own_samples: Mapping[str, Any]
    other_samples: Mapping[str, Any]
    sampled_against: ModelVersion | None
    drift: Mapping[str, Any]
    gone: Sentence
    lost: Mapping[str, Any]
    beta: float
    gate: Gate

    @property
    def figures(self) -> dict[str, Any]:
        """The figures on held-out pairs."""
        prompts = {pair.id: messages_hash(pair.prompt) for pair in self.pairs}
        others = {name: self._margins(other) for name, other in self.others.items()}
        return gate_figures(self._margins(self.version), others, prompts)

    def _margins(self, version: ModelVersion) -> Margins:
        if not version.adapter_dir:
            return base_margins([pair.id for pair in self.pairs])
        return {pair: score[0] for pair, score in self.scores[version.pk].items()}

    def held_out(self) -> list[HeldOutPair]:
        """The held-out pairs as the version sees them."""
        labels, scores = labels_of(self.snapshot, list(self.pairs)), self.scores.get(self.version.pk, {})
        held_out = []
        for pair in self.pairs:
            if pair.id not in scores and self.version.adapter_dir:
                continue
            margin, chosen_logp, base_logp = scores.get(pair.id, (0.0, 0.0, 0.0))  # a base has not moved
            criteria = labels[pair.id].criteria if pair.id in labels else {}
            texts = messages_hash(pair.prompt), pair.chosen, pair.rejected
            held_out.append(HeldOutPair(pair.id, *texts, pair.confidence, margin, chosen_logp, base_logp, criteria))
        return held_out

    @property
    def budgets(self) -> dict[str, float]:
        """The limits of both KL that the campaign's gate sets."""
        return {rule.figure: rule.limit for rule in self.gate.parsed if rule.figure in BUDGETS}


def held_out_section(measured: Measured) -> dict[str, Any]:
    """Accuracy and margin against the base, beside parent and serving version, and by slice."""
    names = {name: other.name for name, other in measured.others.items()}
    return {
        "reference": measured.base.name,
        "beta": measured.beta,
        "others": names,
        "figures": measured.figures,
        "slices": sections.slices(measured.held_out()),
    }


def displacement_section(measured: Measured) -> dict[str, Any]:
    """Whether the chosen texts became less likely."""
    parent = measured.version.parent
    of_parent = measured.scores.get(parent.pk) if parent is not None and parent.adapter_dir else None
    chosen = {pair: score[1] for pair, score in of_parent.items()} if of_parent is not None else None
    return sections.displacement(measured.held_out(), chosen)


def drift_section(measured: Measured) -> dict[str, Any]:
    """The exact KL per token to parent and base, against the gate's budgets."""
    if "lines" not in measured.drift:
        return {"trouble": measured.drift.get("trouble", NO_SAMPLES)}
    prompts = {one["id"]: messages_hash(one["prompt"]) for one in measured.own_samples["samples"]}
    found = sections.drift(measured.drift["lines"], prompts)
    parent = measured.version.parent
    if parent is None or not parent.adapter_dir:
        found["to_parent"] = found["to_base"]  # its parent is the base
    return {**found, "budgets": measured.budgets}


def samples_section(measured: Measured) -> dict[str, Any]:
    """Its own texts beside the other version's on the same prompts."""
    for part in (measured.own_samples, measured.other_samples):
        if "samples" not in part:
            return {"trouble": part.get("trouble", NO_SAMPLES)}
    own, other = (_own(part["samples"]) for part in (measured.own_samples, measured.other_samples))
    theirs = {one["id"]: one["text"] for one in measured.other_samples["samples"]}
    assert measured.sampled_against is not None
    return {
        **sections.samples(own, other),
        "against": measured.sampled_against.name,
        "max_tokens": measured.job.settings["max_tokens"],
        "texts": [
            {"prompt": one["prompt"], "own": one["text"], "other": theirs[one["id"]]}
            for one in measured.own_samples["samples"]
            if one["id"] in theirs
        ],
    }


def _own(samples: Sequence[Mapping[str, Any]]) -> list[OwnSample]:
    return [
        OwnSample(one["id"], messages_hash(one["prompt"]), one["text"], one["tokens"], one["ended"]) for one in samples
    ]


def reward_section(measured: Measured) -> dict[str, Any]:
    """The slope of the implicit reward on each axis, on the held-out pairs."""
    return sections.reward(measured.held_out())


def suites_section(measured: Measured) -> dict[str, Any]:
    """The share of each suite's scenarios that it passes, beside parent and serving version, and those it lost."""
    versions = {"own": measured.version, **measured.others}
    found = []
    for suite in suites_of(measured.campaign):
        runs = {name: newest_run(suite.current, version) for name, version in versions.items()}
        if runs["own"] is not None:
            passed = {name: _passed(run) for name, run in runs.items() if run is not None}
            found.append({"suite": suite.name, "number": suite.current.number, "passed": passed})
    names = {name: other.name for name, other in measured.others.items()}
    lost = {name: value for name, value in measured.lost.items() if name.startswith("scenarios_")}
    return {"others": names, "suites": found, **lost}


def _passed(run: SuiteRun) -> dict[str, Any]:
    figures, _by_tag = figures_of_run(results_of(run))
    low, high = figures.interval if figures.decided else (None, None)
    return {"run": run.pk, "value": figures.share, "low": low, "high": high, "pairs": figures.decided}


def labels_section(measured: Measured) -> dict[str, Any]:
    """How well each axis alone predicts the labels that it was trained on, the side on the screen included."""
    if measured.snapshot.label_biases is None:
        measure_label_biases(snapshot=measured.snapshot)
    biases = measured.snapshot.label_biases or {"pairs": 0, "axes": []}
    return {**biases, "rotation": sections.stored_rotation(biases["axes"])}


NO_SAMPLES = Sentence(_("It has written no samples.")).as_json()

SECTIONS: tuple[tuple[str, Callable[[Measured], dict[str, Any]]], ...] = (
    ("held_out", held_out_section),
    ("displacement", displacement_section),
    ("drift", drift_section),
    ("samples", samples_section),
    ("suites", suites_section),
    ("reward", reward_section),
    ("labels", labels_section),
)
"""The sections of a report, in order. They are about the campaign that the evaluation was asked for."""


def make_report(job: EvaluationJob, measured: Sequence[Measured], *, now: datetime) -> dict[str, Any]:
    """The whole report as JSON values. measured: of the job's own campaign first; may be empty."""
    own = measured[0] if measured and measured[0].campaign == job.campaign else None
    found = [{"name": name, **make(own)} for name, make in SECTIONS] if own else []
    base, others = job.version.base(), {"parent": job.version.parent, "compared": job.compared}
    report: dict[str, Any] = {
        "format": FORMAT,
        "evaluation": job.pk,
        "campaign": job.campaign.slug if job.campaign else None,
        "snapshot": own.snapshot.content_hash if own else None,
        "version": _named(job.version),
        "base": _named(base),
        **{name: _named(other) if other else None for name, other in others.items()},
        "settings": job.settings,
        "for_gates": job.for_gates,
        "at": now.astimezone(UTC).isoformat(),
        "sections": found,
        **({"left_out": own.gone.as_json()} if own and own.gone else {}),
        "other_campaigns": [
            {"campaign": each.campaign.pk, "figures": each.figures} for each in measured if each is not own
        ],
    }
    figures = figures_for_gates(own, report) if own else {"pairs": 0}
    against = concerns(figures, own.budgets) if own else []
    name, reason = finding(figures, whom_to_compare(own), against)
    report |= {"finding": name, "reason": reason.as_json(), "concerns": [one.as_json() for one in against]}
    return _without_negative_zero(report)  # type: ignore[no-any-return]


def whom_to_compare(measured: Measured | None) -> str:
    """Of OTHERS, the first that the version can be compared with and that is not itself."""
    for name in OTHERS[:-1]:
        other = measured.others.get(name) if measured else None
        if other is not None and measured is not None and other.pk != measured.version.pk:
            return name
    return OTHERS[-1]


def figures_for_gates(measured: Measured, report: Mapping[str, Any]) -> dict[str, Any]:
    """The figures that gates read: on this campaign's held-out pairs, and those of the version's own samples."""
    by_name = {section["name"]: section for section in report["sections"]}
    drift, samples, reward = (by_name.get(name, {}) for name in ("drift", "samples", "reward"))
    figures: dict[str, Any] = {}
    if "to_base" in drift:
        for name, end, column in (
            ("kl_per_token", "kl_low", "to_parent"),
            ("kl_to_base_per_token", "kl_to_base_low", "to_base"),
        ):
            figures |= {name: drift[column]["value"], end: drift[column]["low"]}
    if "axes" in samples:
        figures |= {
            "compared": samples["against"],
            "largest_shift": samples["largest_shift"],
            "largest_shift_axis": samples["largest_shift_axis"],
            "rotations": sum(one.get("rotation") is not None for one in (samples, reward)),
        }
    return {
        **measured.figures,
        **figures,
        **{name: value for name, value in measured.lost.items() if name.startswith("scenarios_")},
        "base": measured.base.name,
        "parent": measured.version.parent.name if measured.version.parent else None,
        "serving": measured.job.compared.name if measured.job.compared else None,
        "snapshot": measured.snapshot.content_hash,
        "evaluation": measured.job.pk,
    }


def _named(version: ModelVersion) -> dict[str, str]:
    return {"name": version.name, "content_hash": version.content_hash}


def _without_negative_zero(value: Any) -> Any:
    """The value as the database gives it back: its JSON has no negative zero, and the report's hash must stay."""
    if isinstance(value, float):
        return value + 0.0
    if isinstance(value, dict):
        return {name: _without_negative_zero(one) for name, one in value.items()}
    return [_without_negative_zero(one) for one in value] if isinstance(value, list | tuple) else value
