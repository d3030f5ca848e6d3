"""The result of a search: its orders, and who and what is behind the worst pairs."""

from pathlib import Path
from typing import Any

import pytest

from labeling.actions.groups import declare_grouping
from labeling.models import AnnotatorGroup, Comparison, ImportBatch, Prompt
from tests.browser.furnished import furnish
from tests.people import stage
from training.actions.snapshots import take_snapshot
from training.models import BlameJob
from training.queries.blame import groups_found, pairs_found, result_of
from training.queries.snapshots import comparisons_of, read_side

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


def test_the_worst_pairs_are_counted_by_import_and_by_tag_and_those_without_are_a_group(
    settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    on_stage = stage(comparisons=20)
    on_stage.settle(["a", "b"] * 10)
    snapshot = take_snapshot(campaign=on_stage.campaign, acting_user=None, now=on_stage.now)
    batch = ImportBatch.objects.create(
        campaign=on_stage.campaign, file_name="bought.jsonl", created_by=on_stage.maya, created_at=on_stage.now
    )
    pairs = list(read_side(snapshot, "train"))
    some = [number for number in comparisons_of(snapshot, pairs[:6]) if number is not None]
    Comparison.objects.filter(pk__in=some).update(batch=batch)
    Prompt.objects.filter(comparisons__in=some[:5]).update(tags=["legal", "german"])
    lines = [{"id": pair.id, "doubt": -number, "blame": []} for number, pair in enumerate(pairs)]
    result = result_of(snapshot, lines)
    left = len(pairs) - 6
    assert result["groups"]["batch"] == [["", left, 0], [str(batch.pk), 6, max(1, round(0.1 * len(pairs)))]]
    assert [row[:2] for row in result["groups"]["tag"]] == [["", left + 1], ["german", 5], ["legal", 5]]
    job = BlameJob(snapshot=snapshot, campaign=on_stage.campaign, result=result)
    found = groups_found(job, on_stage.campaign)
    assert [row.name for row in found["batch"]] == ["bought.jsonl", "Not imported"]
    assert {row.name for row in found["tag"]} == {"Without a tag", "german", "legal"}


def test_a_group_stands_out_only_where_chance_would_hardly_put_so_many_among_the_worst() -> None:
    campaign = stage().campaign
    few = [[f"tag{number}", 5, 2] for number in range(20)]  # one of five in twelve by chance
    counts = {"source": [["usual", 200, 22], ["careless", 40, 14]], "tag": few}
    found = groups_found(BlameJob(campaign=campaign, result={"pairs": 500, "groups": counts}), campaign)
    assert {row.name for rows in found.values() for row in rows if row.stands_out} == {"careless"}
    assert len(found["tag"]) == 20


def test_the_labels_of_a_group_are_those_of_its_members_whatever_the_verdict_is(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    on_stage = stage(comparisons=20, overlap=2)
    for person, winner in ((on_stage.alice, "a"), (on_stage.bob, "b")):
        while assignment := on_stage.next(person):
            on_stage.vote(assignment, winner)
    given: dict[str, Any] = {"campaign": on_stage.campaign, "acting_user": on_stage.maya, "now": on_stage.now}
    declare_grouping(**given, name="Region", groups={"North": [on_stage.alice], "South": [on_stage.bob]})
    snapshot = take_snapshot(**given, group=AnnotatorGroup.objects.get(name="North"))
    lines = [{"id": pair.id, "doubt": 0.5, "blame": []} for pair in read_side(snapshot, "train")]
    counts = {key: pairs for key, pairs, _ in result_of(snapshot, lines)["groups"]["annotator"]}
    assert counts[on_stage.alice.pseudonym] == len(lines)


def test_an_annotator_who_was_outvoted_made_no_label_worse(settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    on_stage = stage(overlap=3)
    on_stage.join(on_stage.charlie)
    on_stage.add(20)
    for _ in range(20):
        for person, winner in ((on_stage.alice, "a"), (on_stage.bob, "a"), (on_stage.charlie, "b")):
            on_stage.vote(on_stage.given(person), winner)
    snapshot = take_snapshot(campaign=on_stage.campaign, acting_user=None, now=on_stage.now)
    lines = [{"id": pair.id, "doubt": 0.5, "blame": []} for pair in read_side(snapshot, "train")]
    counts = result_of(snapshot, lines)["groups"]["annotator"]
    assert [(key, pairs) for key, pairs, _ in counts] == sorted(
        (person.pseudonym, len(lines)) for person in (on_stage.alice, on_stage.bob)
    )
