"""The groups of a campaign's annotators as page and API show them: one grouping, its figures, and the newest search."""

from dataclasses import dataclass

from labeling.models import Campaign, Grouping
from labeling.queries.groups import MOST_IN_REQUEST, GroupingFigures, grouping_figures
from training.models import GroupJob, PeopleGate
from training.queries.group_versions import GroupTable, GroupVersion, newest_measurement, table_of, versions_of
from training.queries.group_win_rates import SHOWN_GATES, GroupWinRate, group_win_rates, votes_behind


@dataclass(frozen=True, slots=True)
class GateRates:
    """A decided gate by people with the win rate within each group of a grouping."""

    gate: PeopleGate
    rates: list[GroupWinRate]


@dataclass(frozen=True, slots=True)
class GroupingShown:
    """A grouping with its figures. table: None: never measured."""

    grouping: Grouping
    figures: GroupingFigures
    versions: list[GroupVersion]
    table: GroupTable | None
    gates: list[GateRates]


def grouping_shown(grouping: Grouping) -> GroupingShown:
    """A grouping with everything that is known about its groups."""
    measured = newest_measurement(grouping)
    table = table_of(measured.result) if measured is not None and measured.result else None
    figures = grouping_figures(grouping, most=MOST_IN_REQUEST)
    return GroupingShown(grouping, figures, versions_of(grouping), table, gate_rates(grouping.campaign, grouping))


def gate_rates(campaign: Campaign, grouping: Grouping) -> list[GateRates]:
    """The win rates in each group of a grouping, by the newest decided gates by people."""
    decided = PeopleGate.objects.filter(campaign=campaign, status__in=PeopleGate.DECIDED).order_by("-pk")
    gates = list(decided.select_related("candidate", "serving")[:SHOWN_GATES])
    groups: dict[str, set[int]] = {}
    for group, person in grouping.members.order_by("group__name").values_list("group__name", "person"):
        groups.setdefault(group, set()).add(person)
    votes = votes_behind(gates)
    return [GateRates(gate, group_win_rates(gate, votes[gate.pk], groups)) for gate in gates]


def newest_job(campaign: Campaign) -> GroupJob | None:
    """The newest job about the groups of a campaign, whatever became of it."""
    return GroupJob.objects.filter(campaign=campaign).select_related("campaign").order_by("-pk").first()
