"""Whole campaigns in and out: the same campaign again, whatever the texts, or nothing and the line that is wrong."""

import io
import json
import random
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import NotAllowed
from labeling.actions.campaign_import_checks import WrongLine
from labeling.actions.campaign_import_shapes import check_shape
from labeling.actions.campaign_imports import ImportedCampaign, import_campaign
from labeling.actions.campaigns import write_guidelines
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.event_exports import export_events
from labeling.actions.exports import open_export
from labeling.actions.faq import publish_answer
from labeling.actions.groups import declare_grouping
from labeling.actions.import_reports import UnreadableFile
from labeling.actions.members import LastLead, remove_member
from labeling.actions.onboarding import start_round
from labeling.actions.practice import make_practice
from labeling.actions.questions import answer_question, ask_question
from labeling.actions.verdicts import adjudicate
from labeling.exchange import DropReport, WriteOptions, preference_pairs, write_snapshot
from labeling.judging.acts import undo_judgment
from labeling.models import Campaign, Comparison, FaqEntry, Judgment, User
from labeling.queries.agreement import vote_patterns
from labeling.queries.groups import members_by_group
from labeling.queries.verdicts import verdict_records
from labeling.tally import count_tally, read_tally
from tests.labeling.practising import PRACTICE, go_through, read
from tests.people import Stage, asks, pair, stage

HOSTILE = [
    "=1+1",
    "'quoted'",
    "- a list",
    "\u202eright to left",
    "a\r\nb\tc\u2028d",
    "<|im_start|>system",
    "🏳️‍🌈é",
    '"},{"',
    "  x  ",
]


def eventful() -> Stage:
    """A campaign in which everything happened: conflicts, skips, flags, edits, undone judgments, gold, guidelines."""
    dice = random.Random(3)
    scene = stage(overlap=2, scale="strength", allow_edit=True, criteria=[{"name": "helpful"}])
    write_guidelines(campaign=scene.campaign, text="Be fair.", acting_user=scene.maya, now=scene.now)
    scene.add(
        ComparisonDraft(
            asks(f"{text} {number}?"),
            CompletionDraft(
                f"{text} yes",
                *("v1", number, {"temperature": 0.7}, [1, 2], [number, 0], "stop", -1.5, "local"),
                metadata={"score": 0.1 * number},
            ),
            CompletionDraft(f"{text} no", "v2", None, {}, [1, 2], [number], "length"),
            external_id=f"ext-{number}",
            metadata={"licence": text, "scores": [number, None]} if number % 2 else None,
            preference="first" if number == 5 else None,
            gold="second" if number == 6 else None,
        )
        for number, text in enumerate(HOSTILE * 3)
    )
    for person in (scene.alice, scene.bob):
        while assignment := scene.next(person):
            scene.wait(3)
            choice = dice.choice(["a", "b", "tie", "skip"])
            if choice == "skip":
                scene.vote(assignment, "skip", skip_reason="It is upsetting")
                continue
            details = {"strength": dice.choice([1, 2, 3]), "comment": dice.choice(HOSTILE)} if choice != "tie" else {}
            if choice == "a" and dice.random() < 0.3:
                details["edit"] = f"{dice.choice(HOSTILE)} better"
            scene.vote(assignment, choice, criteria={"helpful": "left"}, seconds=2.5, **details)
            if dice.random() < 0.2:
                undo_judgment(assignment=assignment, acting_user=person, now=scene.now)
                scene.vote(scene.given(person), "b", strength=1, criteria={"helpful": "tie"})
    conflict = Comparison.objects.filter(status="conflict").first()
    assert conflict is not None
    adjudicate(comparison=conflict, winner="a", reason="Because.", acting_user=scene.ada, now=scene.now)
    (practice,) = scene.add([pair(99)]).comparisons
    assert practice is not None
    by: Any = {"acting_user": scene.maya, "now": scene.now}
    make_practice(comparison=practice, winner="b", strength=2, criteria={"helpful": "tie"}, **by)
    groups = {"Evening": [scene.bob], "Morning": [scene.alice, scene.ada]}
    declare_grouping(campaign=scene.campaign, name="Shift", groups=groups, was_found=True, **by)
    practise_and_ask(scene)
    return scene


def practise_and_ask(scene: Stage) -> None:
    """Alice reads the guidelines, practises and asks; Maya answers in private, and in public for everybody."""
    read(scene, scene.alice)
    go_through(scene, scene.alice, PRACTICE, right=1)
    start_round(campaign=scene.reload(), use=PRACTICE, acting_user=scene.bob, now=scene.now)
    held = Judgment.objects.filter(annotator=scene.alice).latest("pk").assignment
    by: Any = {"acting_user": scene.maya, "now": scene.now}
    for text in HOSTILE[:2]:
        question = ask_question(assignment=held, text=text, acting_user=scene.alice, now=scene.now)
        answer_question(question=question, answer=f"Yes: {text}", **by)
    publish_answer(question=question, text="May we?", answer="Yes.", **by)
    FaqEntry.objects.create(
        campaign=scene.campaign, text="Why?", answer="So.", published_by=scene.maya, published_at=scene.now
    )


def whole(campaign: Campaign) -> bytes:
    return b"".join(open_export(campaign, "full").pieces)


def imported(data: bytes, user: User, **names: Any) -> ImportedCampaign:
    now = stage_now() + timedelta(days=1)
    return import_campaign(stream=io.BytesIO(data), acting_user=user, now=now, **names)


def stage_now() -> Any:
    return Campaign.objects.earliest("pk").created_at


def snapshot(campaign: Campaign, folder: Path) -> str:
    return write_snapshot(folder, preference_pairs(verdict_records(campaign), DropReport())).sha256


def without_names(data: bytes, result: ImportedCampaign | None = None, importer: User | None = None) -> list[Any]:
    """The lines, without the values that an import changes: names, status, and the pseudonyms that were taken.

    importer: the person who imported it, and the events since then, are no lines of the campaign that was exported.
    """
    text = data.decode()
    for old, new in (result.renamed if result else {}).items():
        text = text.replace(new, old)
    lines = [json.loads(line) for line in text.rstrip("\n").split("\n")]
    for name in ("slug", "name", "status", "created_at"):
        lines[0].pop(name)
    own = importer.pseudonym if importer else None
    return [one for one in lines if own is None or own not in (one.get("pseudonym"), one.get("actor"))]


def test_an_imported_campaign_is_the_same_and_has_the_same_snapshot(tmp_path: Path) -> None:
    scene = eventful()
    data = whole(scene.campaign)
    result = imported(data, scene.root)
    copy = result.campaign
    assert snapshot(copy, tmp_path / "copy") == snapshot(scene.campaign, tmp_path / "original")
    lines = without_names(data)
    assert without_names(whole(copy), result, scene.root) == lines
    assert vote_patterns(copy) == vote_patterns(scene.campaign)
    assert read_tally(copy.pk) == count_tally(copy.pk)
    assert result.counts["judgment"] == Judgment.objects.filter(campaign=scene.campaign).count()
    assert (result.counts["round"], result.counts["question"], result.counts["faq"]) == (2, 2, 1)
    [grouping] = copy.groupings.all()
    assert (grouping.name, grouping.was_found, result.counts["grouping"]) == ("Shift", True, 1)
    assert [len(people) for people in members_by_group(grouping).values()] == [1, 2]
    assert result.counts["event"] == scene.campaign.events.count()


def test_a_part_of_a_campaign_comes_back_without_practice_and_event_log() -> None:
    scene = eventful()
    data = b"".join(open_export(scene.campaign, "full", WriteOptions(side="train")).pieces)
    result = imported(data, scene.root)
    assert not {"round", "faq", "grouping", "event"} & set(result.counts)
    assert 0 < result.counts["comparison"] < scene.campaign.comparisons.count()


def test_groups_of_a_pseudonymous_campaign_are_in_no_file_beside_the_names_that_its_lead_gave_them() -> None:
    scene = stage()
    by: Any = {"campaign": scene.campaign, "acting_user": scene.maya, "now": scene.now}
    declare_grouping(name="Shift", groups={"Morning": [scene.alice, scene.bob, scene.ada]}, **by)
    for scene.campaign.pseudonymous in (False, True):
        kinds = [json.loads(line)["type"] for line in whole(scene.campaign).splitlines()]
        assert kinds.count("grouping") == (not scene.campaign.pseudonymous)


def test_the_exported_event_log_begins_with_the_earlier_events() -> None:
    scene = eventful()
    copy = imported(whole(scene.campaign), scene.root).campaign
    export = export_events(campaign=copy, form="jsonl", acting_user=scene.root, now=scene.now)
    events = [json.loads(line) for line in b"".join(export.pieces).splitlines()]
    assert (events[0]["id"], events[0]["verb"]) == (None, "campaign.created")
    assert events[scene.campaign.events.count()]["actor"] == scene.root.pseudonym


def test_a_campaign_needs_a_lead_who_can_sign_in() -> None:
    scene = eventful()
    copy = imported(whole(scene.campaign), scene.root).campaign
    assert copy.memberships.filter(role="lead").count() == 3
    with pytest.raises(LastLead):
        remove_member(campaign=copy, user=scene.root, acting_user=scene.root, now=scene.now)


def test_imported_annotators_cannot_sign_in_and_are_nobody_who_is_here() -> None:
    scene = eventful()
    result = imported(whole(scene.campaign), scene.maya)
    people = User.objects.filter(judgments__campaign=result.campaign).distinct()
    assert {(one.is_active, one.has_usable_password()) for one in people} == {(False, False)}
    assert not {scene.alice, scene.bob} & set(people)
    assert set(result.renamed) >= {scene.alice.pseudonym, scene.bob.pseudonym}


def test_only_those_who_may_create_campaigns_import_one() -> None:
    scene = stage(comparisons=1)
    with pytest.raises(NotAllowed):
        imported(whole(scene.campaign), scene.alice)


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("comparison", {"status": ["open"]}),
    ("comparison", {"prompt": "nowhere"}),
    ("comparison", {"a": None}),
    ("comparison", {"overlap": -1}),
    ("comparison", {"position": "first"}),
    ("comparison", {"assignments": [{"annotator": {}}]}),
    ("comparison", {"verdict": {"winner": "c"}}),
    ("comparison", {"type": "other"}),
    ("prompt", {"messages": [{"role": ["user"], "content": "x"}]}),
    ("prompt", {"tags": "x"}),
    ("prompt", {"tags": [{"x": 1}]}),
    ("prompt", {"tags": [True]}),
    ("prompt", {"created_at": 5}),
    ("annotator", {"pseudonym": ["x"]}),
    ("annotator", {"is_simulated": "perhaps"}),
    ("guidelines", {"number": "one"}),
    ("annotator", {"membership": {"role": "king"}}),
    ("annotator", {"readings": [{"number": 7}]}),
    ("event", {"at": "soon"}),
    ("event", {"after": []}),
    ("campaign", {"format": "chosen-full/9"}),
    ("campaign", {"overlap": "two"}),
    ("campaign", {"skip_reasons": [{"x": 1}]}),
    ("campaign", {"criteria": 7}),
    ("campaign", {"name": {}}),
]


@pytest.mark.parametrize(("kind", "change"), WRONG)
def test_a_wrong_line_is_named_and_nothing_is_kept(kind: str, change: dict[str, Any]) -> None:
    scene = stage(comparisons=2)
    write_guidelines(campaign=scene.campaign, text="Be fair.", acting_user=scene.maya, now=scene.now)
    scene.settle(["a"])
    lines = [json.loads(line) for line in whole(scene.campaign).splitlines()]
    number = next(number for number, line in enumerate(lines) if line["type"] == kind)
    lines[number] |= change
    with pytest.raises(UnreadableFile, match=rf"^Line {number + 1}\b"):
        imported(b"\n".join(json.dumps(line).encode() for line in lines), scene.maya)
    assert (Campaign.objects.count(), User.objects.filter(is_active=False).count()) == (1, 0)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each object or list within a value, with each of its names or positions."""
    if isinstance(value, dict | list):
        for name in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, name
            yield from places(value[name])


def test_every_field_that_is_missing_or_of_another_kind_is_named_before_anything_is_written() -> None:
    lines = [json.loads(line) for line in whole(eventful().campaign).splitlines()]
    free = {"before", "after", "messages", "metadata", "sampling", "criteria", "tags", "token_ids", "prompt_token_ids"}
    for line in {line["type"]: line for line in lines if line["type"] != "campaign"}.values():
        check_shape(7, line)
        for holder, name in list(places(line)):
            if name == "type" or isinstance(name, int):
                continue
            value = holder.pop(name)
            missing = refusal(line)
            holder[name] = 1.5
            other = refusal(line)
            holder[name] = value
            assert missing is None or re.fullmatch(rf"Line 7: the field \S*{name} is missing\.", missing)
            assert other is None or re.match(rf"Line 7: the field \S*{name}\S* must be (an?|any) ", other)
            if name not in free and isinstance(value, dict | list):
                assert other is not None, name


def refusal(line: dict[str, Any]) -> str | None:
    try:
        check_shape(7, line)
    except WrongLine as error:
        return str(error)
    return None


BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("comparison", {"external_id": "a\x00b"}, "cannot be stored"),
    ("comparison", {"external_id": "\ud800"}, "half of a surrogate pair"),
    ("comparison", {"prompt": "nowhere"}, "there is no prompt 'nowhere' before it"),
    ("comparison", {"created_at": "yesterday"}, "must be a time with its zone"),
    ("event", {"subject_id": 10**30}, "subject_id"),
    ("grouping", {"groups": []}, "each of 1 to 12 groups"),
    ("grouping", {"groups": [{"name": "a/b", "members": []}]}, "holds a slash"),
    ("grouping", {"groups": [{"name": "a", "members": ["nobody"]}]}, "there is no annotator 'nobody' before it"),
]


@pytest.mark.parametrize(("kind", "change", "words"), BROKEN)
def test_a_refusal_speaks_of_the_file_and_never_in_words_of_the_program(
    kind: str, change: dict[str, Any], words: str
) -> None:
    assert words in refused(kind, lambda line: line.update(change))


UNKNOWN = [
    ("annotator", "nobody", "there is no annotator 'nobody' before it"),
    ("guideline_version", 9, "there are no guidelines 9 before it"),
]


@pytest.mark.parametrize(("name", "value", "words"), UNKNOWN)
def test_a_refusal_names_the_annotator_or_the_guidelines_that_no_line_has(name: str, value: Any, words: str) -> None:
    assert words in refused("comparison", lambda line: line["assignments"][0].update({name: value}))


def test_a_line_that_stands_twice_is_refused_in_words() -> None:
    scene = stage(comparisons=2)
    lines = whole(scene.campaign).splitlines()
    double = next(line for line in lines if json.loads(line)["type"] == "comparison")
    place = lines.index(double)
    with pytest.raises(UnreadableFile, match="holds something that the file holds already"):
        imported(b"\n".join([*lines[:place], double, *lines[place:]]), scene.maya)


def refused(kind: str, change: Callable[[dict[str, Any]], None]) -> str:
    """The refusal of a judged campaign in whose last line of that kind something is changed."""
    scene = stage(comparisons=2)
    scene.settle(["a"])
    by: Any = {"campaign": scene.campaign, "acting_user": scene.maya, "now": scene.now}
    declare_grouping(name="Shift", groups={"Morning": [scene.alice]}, **by)
    lines = [json.loads(line) for line in whole(scene.campaign).splitlines()]
    change([line for line in lines if line["type"] == kind and line.get("assignments", True)][-1])
    with pytest.raises(UnreadableFile) as caught:
        imported(b"\n".join(json.dumps(line).encode() for line in lines), scene.maya)
    assert Campaign.objects.count() == 1
    return str(caught.value)


@pytest.mark.parametrize("certainty", [5, 0.2, -1, "0.9"])
def test_a_certainty_that_is_no_probability_is_refused(certainty: object) -> None:
    scene = stage(comparisons=1, overlap=1)
    scene.settle(["a"])
    lines = [json.loads(line) for line in whole(scene.campaign).splitlines()]
    number = next(number for number, line in enumerate(lines) if line["type"] == "comparison")
    lines[number]["assignments"][0]["judgments"][0]["certainty"] = certainty
    with pytest.raises(UnreadableFile, match=rf"^Line {number + 1}\b"):
        imported(b"\n".join(json.dumps(line).encode() for line in lines), scene.maya)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1, 2]", b"\x89PNG", b'{"type": "comparison"}'])
def test_a_file_of_something_else_is_refused(data: bytes) -> None:
    scene = stage()
    with pytest.raises(UnreadableFile):
        imported(data, scene.maya)
