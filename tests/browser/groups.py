"""Groups of annotators on stage: rows only."""

from typing import Any

from labeling.actions.groups import declare_grouping
from labeling.models import Grouping
from tests.people import NOON, Stage
from training.models import GroupJob


def grouping_of(stage: Stage, name: str = "Region") -> Grouping:
    """Alice and Maya in the north, Bob in the south."""
    groups = {"North": [stage.alice, stage.maya], "South": [stage.bob]}
    return declare_grouping(campaign=stage.campaign, name=name, groups=groups, acting_user=stage.maya, now=NOON)


def search_for_groups(stage: Stage, status: str = "finished", **changes: Any) -> GroupJob:
    """A search that found Alice and Maya on one side, Bob and Ada on the other."""
    leaning = [["Length", 0.9], ["Refusal", -0.4], ["Hedging", 0.1]]
    members = [[stage.alice.pseudonym, stage.maya.pseudonym], [stage.bob.pseudonym, stage.ada.pseudonym]]
    found = [{"members": each, "certainty": 0.98, "profile": leaning} for each in members]
    result = {
        "groups": 2,
        "found": found,
        "people": 4,
        "left_out": 1,
        "votes": 240,
        "simulated": False,
        "gain": {"2": [0.08, 0.02]},
    }
    values: dict[str, Any] = {
        "campaign": stage.campaign,
        "kind": GroupJob.Kind.SEARCH,
        "status": status,
        "result": result if status == "finished" else None,
        "created_by": stage.maya,
        "created_at": NOON,
        "enqueued_at": NOON,
        **changes,
    }
    return GroupJob.objects.create(**values)


def measured_groups(stage: Stage, grouping: Grouping, names: tuple[str, str, str]) -> GroupJob:
    """A measurement. names: of the versions of both groups, and of the one that serves."""
    figures = {"pairs": 60, "accuracy": 0.8, "accuracy_low": 0.7, "accuracy_high": 0.88}
    low = {**figures, "accuracy": 0.55, "accuracy_low": 0.43, "accuracy_high": 0.67}
    own = [("North", names[0]), ("South", names[1]), ("", names[2])]
    cells = [
        {"version": version, "group": group, **(figures if group == of else low)}
        for of, version in own
        for group in ("North", "South")
    ]
    result = {
        "groups": ["North", "South"],
        "versions": [{"name": version, "group": of} for of, version in own],
        "cells": cells,
    }
    return GroupJob.objects.create(
        campaign=stage.campaign,
        kind=GroupJob.Kind.MEASUREMENT,
        grouping=grouping,
        status="finished",
        result=result,
        created_by=stage.maya,
        created_at=NOON,
    )
