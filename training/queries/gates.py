"""Gates of campaigns, and how a version stands before them by what was measured."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from common.sentences import Sentence
from labeling.models import Campaign
from training.models import (
    DEFAULT_RULES,
    FEWEST_PAIRS,
    FIGURES,
    Deployment,
    Evaluation,
    Gate,
    GateRule,
    GenerationJob,
    ModelVersion,
    RuleResult,
    Snapshot,
    gate_results,
)
from training.queries.group_win_rates import FIGURE, group_figures
from training.queries.loop import loop_snapshots
from training.queries.people_gates import figures_of_gate, latest_gates, votes_of_open
from training.queries.rehearsals import channel_of, channel_of_version
from training.queries.serving import current_deployment

MEASURED = "gate"
"""The kind of the evaluations that gates read."""

OUTSIDE = ("people", "people_like_length_high", "worst_group_low", "scenarios_lost", "scenarios_passed")
"""The figures that do not come from the campaign's labels."""

ALL_MET = gettext_noop("All %(count)s rules of gate %(number)s are met.")
ALL_MET_BY_LABELS = gettext_noop(
    "All %(count)s rules of gate %(number)s are met by the campaign's own labels alone; people were not asked, and no "
    "suite was run."
)
MET = gettext_noop("%(met)s of %(count)s rules of gate %(number)s are met, and the others were ignored.")
MET_WITHOUT_PEOPLE = gettext_noop(
    "%(met)s of %(count)s rules of gate %(number)s are met, and the others were ignored; people were not asked."
)
MET_BY_LABELS = gettext_noop(
    "%(met)s of %(count)s rules of gate %(number)s are met by the campaign's own labels alone, and the others were "
    "ignored; people were not asked, and no suite was run."
)

AGAINST_SERVING = ("compared", "largest_shift", "rotations", "scenarios_")
"""How the names of figures begin that depend on the version that served, beside those that say so."""


def current_gate(campaign: Campaign) -> Gate:
    """The newest gate of a campaign; where none was ever set, the default one, which is not saved yet."""
    return current_gates([campaign])[campaign.pk]


def current_gates(campaigns: Collection[Campaign]) -> dict[int, Gate]:
    """The same for several campaigns by their keys, in one statement."""
    rows = Gate.objects.filter(campaign__in=campaigns).order_by("campaign", "-number").distinct("campaign")
    newest = {gate.campaign_id: gate for gate in rows.select_related("by", "campaign")}
    return {campaign.pk: newest.get(campaign.pk) or _default_gate(campaign) for campaign in campaigns}


def _default_gate(campaign: Campaign) -> Gate:
    return Gate(campaign=campaign, number=1, rules=[rule.as_json() for rule in DEFAULT_RULES])


def demands_people(gate: Gate) -> bool:
    """Whether no version is promoted by this gate before people have preferred it."""
    return any(rule.figure == "people" and rule.on_missing == "hold" for rule in gate.parsed)


def campaigns_written_for(channel: str = Deployment.DEFAULT_CHANNEL) -> list[Campaign]:
    """The active campaigns whose pairs the version of a channel writes: those that have generated from it.

    Blind tests of gates by people are none.
    """
    generated = GenerationJob.objects.filter(channel=channel).values("campaign")
    active = Campaign.objects.filter(status=Campaign.Status.ACTIVE, kind=Campaign.Kind.LABELS)
    return list(active.filter(pk__in=generated).order_by("pk"))


def campaigns_concerned(version: ModelVersion, channel: str | None = None) -> list[Campaign]:
    """The campaign that a version comes from, then the others that it writes for once it serves.

    channel: where it serves; None: where versions of its campaign do.
    """
    own = version.run.campaign if version.run else None
    others = [
        campaign
        for campaign in campaigns_written_for(channel or channel_of(own))
        if own is None or campaign.pk != own.pk
    ]
    return [own, *others] if own else others


def snapshot_to_measure(campaign: Campaign, version: ModelVersion) -> Snapshot | None:
    """The snapshot with the held-out pairs of a campaign: the version's own, else the newest; None: there is none."""
    if version.run is not None and version.run.campaign_id == campaign.pk:
        return version.run.snapshot
    return loop_snapshots(campaign).order_by("-pk").first()


@dataclass(frozen=True)
class CampaignStanding:
    """How a version stands before the gate of one campaign. figures: empty if nothing was measured.

    trouble: why another campaign's gate has no say about it; empty: it has. failure: why it could not be measured.
    """

    campaign: Campaign
    gate: Gate
    figures: Mapping[str, Any]
    results: list[RuleResult]
    measured_at: datetime | None
    trouble: Sentence = field(default_factory=Sentence)
    failure: Sentence = field(default_factory=Sentence)

    @property
    def held_by(self) -> list[RuleResult]:
        """The results that hold the version back."""
        return [] if self.trouble else [result for result in self.results if result.holds]

    @property
    def asks_no_people(self) -> bool:
        """Whether the gate goes without its rule about people, because they have not compared the versions."""
        return any(result.rule.figure == "people" and result.outcome == "ignored" for result in self.results)

    @property
    def rests_on_labels_alone(self) -> bool:
        """Whether nothing but the campaign's labels spoke: labels that are all wrong would have passed as well."""
        outside = [result.outcome for result in self.results if result.rule.figure in OUTSIDE]
        return "met" not in outside

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.campaign.pk,
            "gate": self.gate.number,
            "figures": dict(self.figures),
            "results": [result.as_json() for result in self.results],
            "trouble": self.trouble.as_json() if self.trouble else None,
        }


@dataclass(frozen=True)
class Standing:
    """How a version stands before its own campaign's gate, and before those of the others it would write for."""

    version: ModelVersion
    own: CampaignStanding
    others: list[CampaignStanding]
    serving: ModelVersion | None

    @property
    def is_met(self) -> bool:
        return not self.own.held_by and not any(other.held_by for other in self.others)

    @property
    def is_measured(self) -> bool:
        return "pairs" in self.own.figures

    @property
    def reason(self) -> Sentence:
        """Whether the gates are met, in a sentence; of several that hold it back, the first."""
        for each in (self.own, *self.others):
            if each.held_by:
                return _held_back(each, is_own=each is self.own)
        met = sum(result.outcome == "met" for result in self.own.results)
        values = {"count": len(self.own.results), "number": self.own.gate.number}
        if met == values["count"]:
            return Sentence(ALL_MET_BY_LABELS if self.own.rests_on_labels_alone else ALL_MET, values)
        if self.own.rests_on_labels_alone:
            text = MET_BY_LABELS
        else:
            text = MET_WITHOUT_PEOPLE if self.own.asks_no_people else MET
        return Sentence(text, {**values, "met": met})


def _held_back(standing: CampaignStanding, *, is_own: bool) -> Sentence:
    rule = standing.failure or standing.held_by[0].sentence
    if is_own:
        return Sentence(gettext_noop("Held back: %(rule)s"), {"rule": rule})
    # It has no name here: not everybody who may read this leads that campaign.
    return Sentence(gettext_noop("Held back by the gate of another campaign: %(rule)s"), {"rule": rule})


def standing(version: ModelVersion) -> Standing | None:
    """How a version stands before the gates now; None for one that comes from no run: no gate is asked about it."""
    if version.run is None:
        return None
    deployment = current_deployment(channel_of_version(version))
    serving = deployment.version if deployment else None
    own, *others = _before_each(campaigns_concerned(version), version, serving)
    return Standing(version, own, [_as_other(other) for other in others], serving)


def _before_each(
    campaigns: list[Campaign], version: ModelVersion, serving: ModelVersion | None
) -> list[CampaignStanding]:
    """How a version stands before the gate of each campaign, in the order of the campaigns."""
    gates, asked = current_gates(campaigns), latest_gates(campaigns, version, serving)
    rows = Evaluation.objects.filter(version=version, kind=MEASURED, snapshot__campaign__in=campaigns)
    newest = rows.order_by("snapshot__campaign", "-pk").distinct("snapshot__campaign").select_related("snapshot")
    measured = {one.snapshot.campaign_id: one for one in newest if one.snapshot}
    votes = votes_of_open(asked.values())
    people = {key: figures_of_gate(gate, votes.get(gate.pk, [])) for key, gate in asked.items()}
    of_groups = [one for one in asked.values() if any(rule.figure == FIGURE for rule in gates[one.campaign_id].parsed)]
    if of_groups:
        found = group_figures(of_groups)
        people |= {one.campaign_id: people[one.campaign_id] | found[one.pk] for one in of_groups}
    return [
        _before(gates[one.pk], version, serving, measured=measured.get(one.pk), people=people.get(one.pk, {}))
        for one in campaigns
    ]


def _before(
    gate: Gate,
    version: ModelVersion,
    serving: ModelVersion | None,
    *,
    measured: Evaluation | None,
    people: Mapping[str, Any],
) -> CampaignStanding:
    figures = dict(measured.results) if measured else {}
    failure = Sentence.from_json(figures["trouble"]) if "trouble" in figures else Sentence()
    figures = {} if failure else figures
    if figures and figures.get("serving") != (serving.name if serving else None):
        figures = _without_stale(figures, marks=serving != version)
    figures.update(people)
    at = measured.created_at if measured else None
    return CampaignStanding(gate.campaign, gate, figures, gate_results(gate.parsed, figures), at, failure=failure)


def _without_stale(figures: Mapping[str, Any], *, marks: bool) -> dict[str, Any]:
    """The figures without those against a version that no longer serves.

    marks: whether `stale` names them, so that their rules hold the version back until it is measured again; not for the
    version that serves now, which was measured against its predecessor.
    """
    kept = {name: value for name, value in figures.items() if not _is_against_serving(name)}
    known = {name.removesuffix("_missing") for name, value in figures.items() if value is not None}
    stale = sorted(name for name in FIGURES if name not in kept and name in known)
    return {**kept, "stale": stale} if marks and stale else kept


def _is_against_serving(name: str) -> bool:
    return "serving" in name or name.startswith(AGAINST_SERVING)


def _as_other(before: CampaignStanding) -> CampaignStanding:
    """Another campaign's gate has a say once there are as many held-out pairs as it demands.

    Without them its rules about labels have none. Votes and suites there that speak against it still count.
    """
    pairs = before.figures.get("pairs")
    if before.failure:
        text = before.failure
    elif pairs is None:
        text = Sentence(gettext_noop("It was not measured on held-out pairs of this campaign: its gate has no say."))
    elif pairs < _least_pairs(before.gate.parsed):
        values = {"pairs": pairs}
        text = Sentence(gettext_noop("There are only %(pairs)s held-out pairs here: this gate has no say."), values)
    else:
        return before
    if not before.failure and any(map(_is_failed_outside, before.results)):
        left = [
            one if _is_failed_outside(one) or not one.holds else replace(one, outcome="ignored")
            for one in before.results
        ]
        return replace(before, results=left)
    return replace(before, trouble=text)


def _is_failed_outside(result: RuleResult) -> bool:
    return result.outcome == "failed" and result.rule.figure in OUTSIDE


def _least_pairs(rules: list[GateRule]) -> float:
    return next((rule.limit for rule in rules if rule.figure == "pairs"), FEWEST_PAIRS)
