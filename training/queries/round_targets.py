"""How far a version is from the target of its campaign: its win rate over the base, by people or held-out pairs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, inf, log
from typing import Any

from labeling.models import Campaign
from training.models import EvaluationJob, JobStatus, ModelVersion, PeopleGate, RoundPlan
from training.queries.rehearsals import channel_of, is_rehearsed
from training.queries.serving import current_deployment

TargetBy = RoundPlan.TargetBy
Gates = dict[int, list[PeopleGate]]
"""Gates by people by the key of their candidate."""


@dataclass(frozen=True, slots=True)
class TargetFigure:
    """A win rate over the base with its interval. count: prompts or pairs behind it; of a chain, those of its weakest.

    by: of RoundPlan.TargetBy. through: the versions between it and the base in the gates by people; mostly none.
    """

    version: str
    base: str
    by: str
    value: float
    low: float
    high: float
    count: int
    through: tuple[str, ...] = ()

    def reaches(self, target: float) -> bool:
        """Whether the whole interval lies at the target or above it."""
        return self.low >= target

    def as_json(self) -> dict[str, Any]:
        return {
            "by": self.by,
            "base": self.base,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "count": self.count,
            "through": list(self.through),
        }


def serving_figure(plan: RoundPlan) -> TargetFigure | None:
    """The figure of the version that serves, if this campaign trained it."""
    deployment = current_deployment(channel_of(plan.campaign))
    version = deployment.version if deployment else None
    if version is None or version.run is None or version.run.campaign_id != plan.campaign_id:
        return None
    return target_figure(version, plan.target_by, plan.campaign)


def target_figure(version: ModelVersion, by: str, campaign: Campaign) -> TargetFigure | None:
    """The win rate of a version over its base; None: it was not measured that way."""
    return target_figures([version], by, campaign).get(version.pk)


def target_figures(versions: Sequence[ModelVersion], by: str, campaign: Campaign) -> dict[int, TargetFigure]:
    """The win rates over their bases of the versions that were measured so, by their keys.

    The number of statements is the same for any number of versions.
    """
    bases = _bases(versions)
    of_people = by == TargetBy.PEOPLE
    sources: Any = _decided_gates(campaign) if of_people else _held_out_sections(versions)
    found = {}
    for version in versions:
        base = bases[version.pk]
        if base.pk == version.pk:
            continue
        figure = _by_people(version, base, sources) if of_people else _by_evaluation(version, base, sources)
        if figure is not None:
            found[version.pk] = figure
    return found


def _bases(versions: Sequence[ModelVersion]) -> dict[int, ModelVersion]:
    """The base model at the beginning of each version's line."""
    everything = ModelVersion.objects.only("pk", "name", "parent").in_bulk()
    found = {}
    for version in versions:
        at = everything[version.pk]
        while at.parent_id is not None:
            at = everything[at.parent_id]
        found[version.pk] = at
    return found


def _held_out_sections(versions: Sequence[ModelVersion]) -> dict[int, dict[str, Any]]:
    """The figures on held-out pairs of each version's newest finished evaluation that gates read."""
    jobs = EvaluationJob.objects.filter(version__in=[version.pk for version in versions], status=JobStatus.FINISHED)
    newest: dict[int, int] = {}
    for job in jobs.defer("report", "parts").order_by("pk"):
        if job.for_gates:
            newest[job.version_id] = job.pk
    reports = EvaluationJob.objects.filter(pk__in=newest.values()).defer("parts")  # the reports are read of these only
    sections = {job.version_id: job.section("held_out") for job in reports}
    return {version: section["figures"] for version, section in sections.items() if section}


def _by_evaluation(
    version: ModelVersion, base: ModelVersion, sections: Mapping[int, dict[str, Any]]
) -> TargetFigure | None:
    """Held-out accuracy with the base as reference: how often it raised the text that people chose above the other."""
    figures = sections.get(version.pk, {})
    if figures.get("accuracy") is None or not figures.get("pairs"):
        return None
    values = figures["accuracy"], figures["accuracy_low"], figures["accuracy_high"]
    return TargetFigure(version.name, base.name, TargetBy.EVALUATION, *values, figures["pairs"])


def _by_people(version: ModelVersion, base: ModelVersion, gates: Gates) -> TargetFigure | None:
    """From the decided gates by people that lead from the version down to the base.

    Each link has an interval that holds whenever somebody looked. Over several links the odds multiply
    (Bradley-Terry), and so do the lower and the upper ends, which is wider than needed, never narrower.
    """
    chain = _chain(version, base, gates)
    if not chain:
        return None
    values = [_chance(sum(_log_odds(gate.figures[name]) for gate in chain)) for name in ("win_rate", "low", "high")]
    count = min(int(gate.figures["prompts"]) for gate in chain)
    through = tuple(gate.serving.name for gate in chain[:-1])
    return TargetFigure(version.name, base.name, TargetBy.PEOPLE, values[0], values[1], values[2], count, through)


def _decided_gates(campaign: Campaign) -> Gates:
    """The gates by people of a campaign that have figures, by their candidate, newest first."""
    found: Gates = defaultdict(list)
    rehearsed = is_rehearsed(campaign)
    gates = PeopleGate.objects.filter(campaign=campaign, status__in=PeopleGate.DECIDED).select_related("serving")
    for gate in gates.order_by("-pk"):
        if gate.figures.get("low") is not None and (rehearsed or _is_of_people(gate)):
            found[gate.candidate_id].append(gate)
    return found


def _chain(version: ModelVersion, base: ModelVersion, gates: Gates) -> list[PeopleGate]:
    """The gates from the version down to the base, each against the next version; empty: they do not lead there."""
    chain: list[PeopleGate] = []
    at, seen = version.pk, {version.pk}
    while at != base.pk:
        known = gates.get(at, [])
        direct = next((gate for gate in known if gate.serving_id == base.pk), None)
        link = direct or next((gate for gate in known if gate.serving_id not in seen), None)
        if link is None:
            return []
        chain.append(link)
        at = link.serving_id
        seen.add(at)
    return chain


def _is_of_people(gate: PeopleGate) -> bool:
    return not gate.figures.get("simulated")


def _log_odds(share: float) -> float:
    if share <= 0.0:
        return -inf
    return inf if share >= 1.0 else log(share / (1 - share))


def _chance(log_odds: float) -> float:
    """The share of these odds; a sum of both infinities is even."""
    if log_odds != log_odds:
        return 0.5
    return 1.0 if log_odds > 700 else 1 / (1 + exp(-max(log_odds, -700)))
