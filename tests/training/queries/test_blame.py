"""The result of a search: its orders, and who and what is behind the worst pairs."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.furnished import furnish
from tests.people import stage
from training.actions.snapshots import take_snapshot
from training.models import BlameJob
from training.queries.blame import groups_found, pairs_found, result_of
from training.queries.snapshots import read_side

pytestmark = pytest.mark.django_db


def test_the_worst_pairs_are_counted_by_who_judged_them_and_by_what_they_come_from(
    settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    on_stage = stage(comparisons=20)
    on_stage.settle(["a", "b"] * 10)
    snapshot = take_snapshot(campaign=on_stage.campaign, acting_user=None, now=on_stage.now)
    pairs = list(read_side(snapshot, "train"))
    lines = [
        {"id": pair.id, "doubt": number / (len(pairs) - 1), "blame": [1.0 - number]}
        for number, pair in enumerate(pairs)
    ]
    result = result_of(snapshot, lines)
    assert result["doubtful"][0]["id"] == pairs[-1].id
    assert result["blamed"][0]["id"] == pairs[0].id
    job = BlameJob(
        snapshot=snapshot, campaign=on_stage.campaign, version=furnish(on_stage).base, result=result, query={}
    )
    (worst,) = pairs_found(job, "blamed", limit=1)
    assert (worst.pair, worst.blame) == (pairs[0], 1.0)
    assert worst.comparison is not None
    judges = {each.annotator.pseudonym for each in worst.comparison.judgments.select_related("annotator")}
    counts = {key: (count, bad) for key, count, bad in result["groups"]["annotator"]}
    assert judges <= counts.keys()
    assert all(counts[name][1] >= 1 for name in judges)
    assert max(count for count, _ in counts.values()) <= len(pairs)
    found = groups_found(job, on_stage.campaign)
    assert {row.name for row in found.get("annotator", [])} <= {"alice", "bob"}
    assert result_of(snapshot, [{**line, "blame": []} for line in lines])["blamed"] == []
