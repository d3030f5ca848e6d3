"""A campaign's verdicts written as preference data."""

import json
import sys

import pytest

from common.errors import Invalid, NotAllowed
from labeling.actions.exports import drop_report, export_campaign
from labeling.models import Event
from tests.people import Stage, stage


def settled() -> Stage:
    """Six comparisons: a wins, b wins, a tie, both bad, and two are open."""
    scene = stage(comparisons=6)
    scene.settle(["a", "b", "tie", "both_bad"])
    return scene


def test_what_was_preferred_is_chosen_and_the_rest_is_accounted_for() -> None:
    scene = settled()
    export = export_campaign(campaign=scene.campaign, dialect="trl", acting_user=scene.maya, now=scene.now)
    rows = [json.loads(line) for line in b"".join(export.pieces).splitlines()]
    verdicts = scene.campaign.verdicts.filter(winner__in="ab").select_related(
        "comparison__completion_a", "comparison__completion_b"
    )
    wanted = {getattr(verdict.comparison, f"completion_{verdict.winner}").text for verdict in verdicts}
    assert {row["chosen"][0]["content"] for row in rows} == wanted
    assert all(row["prompt"][-1]["role"] == "user" for row in rows)
    report = export.report.as_dict()
    assert (report["total"], report["kept"]) == (6, 2)
    assert {reason: count for reason, count in report["dropped"].items() if count} == {
        "tie": 1,
        "both_bad": 1,
        "unsettled": 2,
    }


def test_the_report_alone_says_the_same() -> None:
    scene = settled()
    report = drop_report(campaign=scene.campaign, dialect="kto", acting_user=scene.maya)
    assert (report.total, report.kept) == (6, 3)  # both bad has a place there


def test_the_same_labels_export_the_same_bytes() -> None:
    scene = settled()
    first, again = (
        b"".join(export_campaign(campaign=scene.campaign, dialect="trl", acting_user=scene.maya, now=scene.now).pieces)
        for _ in range(2)
    )
    assert first == again


def test_an_export_is_an_event_and_only_for_leads() -> None:
    scene = settled()
    with pytest.raises(NotAllowed):
        export_campaign(campaign=scene.campaign, dialect="trl", acting_user=scene.alice, now=scene.now)
    with pytest.raises(Invalid, match="Unknown dialect"):
        export_campaign(campaign=scene.campaign, dialect="xml", acting_user=scene.maya, now=scene.now)
    assert not Event.objects.filter(verb="campaign.exported").exists()
    export_campaign(campaign=scene.campaign, dialect="hh", acting_user=scene.maya, now=scene.now)
    assert Event.objects.get(verb="campaign.exported").after == {"dialect": "hh"}


def test_a_dialect_that_this_server_cannot_write_is_refused_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = settled()
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # Python then fails to import it
    with pytest.raises(Invalid, match="pyarrow does not load"):
        export_campaign(campaign=scene.campaign, dialect="parquet", acting_user=scene.maya, now=scene.now)
