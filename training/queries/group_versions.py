"""The versions of a grouping's groups, each group's held-out pairs, and the table of one on the other."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop

from labeling.models import Grouping
from labeling.stats import Estimate
from training.models import GroupJob, JobStatus, ModelVersion, Snapshot

ALL_LEARNED = gettext_noop("A version learned from the prompt of each held-out pair.")


@dataclass(frozen=True, slots=True)
class GroupVersion:
    """The newest version of a group, and its snapshot."""

    group: str
    version: ModelVersion
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class TableRow:
    """A version on each group's held-out pairs. own: the group that it was trained for; empty: it serves."""

    version: str
    own: str
    cells: list[Estimate]


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Held-out accuracy, versions by groups. worst_one: the lowest accuracy of what serves over the groups.

    worst_each: the same with each group's own version. None: not measured. left_out: held-out pairs that do not count,
    since one of the versions has learned from their prompts.
    """

    groups: list[str]
    rows: list[TableRow]
    worst_one: float | None
    worst_each: float | None
    left_out: int


def versions_of(grouping: Grouping) -> list[GroupVersion]:
    """The newest version of each group that has one, in the order of the groups."""
    rows = ModelVersion.objects.filter(run__snapshot__group__grouping=grouping, files_removed_at=None)
    newest = rows.order_by("run__snapshot__group__name", "-pk").distinct("run__snapshot__group__name")
    found = []
    for version in newest.select_related("run__snapshot__group", "parent"):
        assert version.run is not None
        assert version.run.snapshot.group is not None
        found.append(GroupVersion(version.run.snapshot.group.name, version, version.run.snapshot))
    return found


def newest_measurement(grouping: Grouping) -> GroupJob | None:
    """The newest finished measurement of a grouping."""
    rows = GroupJob.objects.filter(grouping=grouping, kind=GroupJob.Kind.MEASUREMENT, status=JobStatus.FINISHED)
    return rows.order_by("-pk").first()


def table_of(result: dict[str, Any]) -> GroupTable:
    """The table of a measurement. result: see `training.jobs.groups`."""
    groups: list[str] = result["groups"]
    cells = {(one["version"], one["group"]): one for one in result["cells"]}
    rows = []
    for version in result["versions"]:
        figures = [cells[version["name"], group] for group in groups]
        estimates = [
            Estimate(
                one["accuracy"],
                one["accuracy_low"],
                one["accuracy_high"],
                one["pairs"],
                None if one["pairs"] else ALL_LEARNED,
            )
            for one in figures
        ]
        rows.append(TableRow(version["name"], version["group"], estimates))
    serving = [row for row in rows if not row.own]
    own = [row.cells[groups.index(row.own)].value for row in rows if row.own in groups]
    of_one = [cell.value for cell in serving[0].cells] if serving else []
    worst_each = _worst(own) if len(own) == len(groups) else None
    # Measurements from before this was counted say nothing about it.
    return GroupTable(groups, rows, _worst(of_one), worst_each, sum(result.get("left_out", {}).values()))


def _worst(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return min(known) if known and len(known) == len(values) else None
