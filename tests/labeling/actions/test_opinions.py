"""Several opinions on one pair become judgments of outside annotators."""

import io

import pytest

from common.errors import NotAllowed
from labeling.actions.batches import BatchJudged, take_back
from labeling.actions.campaign_imports import import_campaign
from labeling.actions.erasure import erase_person
from labeling.actions.exports import open_export
from labeling.actions.import_reports import ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.actions.outside_annotators import opinion_author
from labeling.actions.previews import preview_import
from labeling.models import Assignment, Comparison, ImportBatch, Judgment, User, Verdict
from labeling.queries.agreement import agreement, imported_judgments
from labeling.queries.slices import Slice
from labeling.queries.statistics import statistics
from labeling.tally import count_tally, read_tally
from tests.labeling.actions.opinions import THREE, bring_in, lines, said
from tests.people import stage


def winner_text(verdict: Verdict) -> str:
    return str(getattr(verdict.comparison, f"completion_{verdict.winner}").text)


def test_three_annotators_of_one_pair_are_three_judgments_and_the_majority_wins() -> None:
    scene = stage(overlap=3)
    report = bring_in(scene, *THREE)
    assert (report.created, report.duplicates, report.settled, report.judgments) == (1, 0, 1, 3)
    comparison, verdict = Comparison.objects.get(), Verdict.objects.get()
    assert (comparison.judged, comparison.taken, comparison.overlap, comparison.status) == (3, 3, 3, "settled")
    assert (winner_text(verdict), verdict.confidence, verdict.settled_by) == ("Lyon", 0.625, "majority")
    assert report.notes.counts["contradictions"] == 0
    names = Judgment.objects.order_by("pk").values_list("annotator__outside_name", flat=True)
    assert list(names) == ["ann", "ben", "cem"]
    again = bring_in(scene, *THREE)
    assert (again.created, again.duplicates, again.settled, again.judgments) == (0, 3, 0, 0)
    assert Judgment.objects.count() == 3


def test_each_line_of_a_crowd_keeps_its_own_fields() -> None:
    scene = stage(overlap=3)
    rows = [said(who, "Paris", "Lyon", topic="maps", minutes=at) for at, who in enumerate(("ann", "ben", "cem"))]
    report = bring_in(scene, *rows)
    assert (report.judgments, report.duplicates, report.notes.counts["fields_left_out"]) == (3, 0, 0)
    assert Comparison.objects.get().metadata == {"topic": "maps", "minutes": 0}
    own = Judgment.objects.order_by("pk").values_list("annotator__outside_name", "metadata")
    assert sorted(own) == [("ann", None), ("ben", {"minutes": 1}), ("cem", {"minutes": 2})]
    assert bring_in(scene, {**rows[0], "minutes": 9}).notes.counts["fields_left_out"] == 1


def test_fewer_votes_than_the_overlap_leave_the_rest_to_annotators() -> None:
    scene = stage(overlap=2, comparisons=0)
    report = bring_in(scene, THREE[0])
    assert (report.settled, report.judgments) == (0, 1)
    assert Comparison.objects.get().status == "open"
    scene.judge(scene.given(scene.alice))
    comparison = Comparison.objects.get()
    assert comparison.judged == 2
    assert comparison.status in ("settled", "conflict")


def test_more_votes_than_the_overlap_make_room_and_disagreement_is_a_conflict() -> None:
    scene = stage(overlap=1)
    report = bring_in(scene, *THREE[:2])
    comparison = Comparison.objects.get()
    assert (report.judgments, comparison.overlap, comparison.status) == (2, 2, "conflict")


@pytest.mark.parametrize("overlap", [1, 3])
def test_preferences_that_were_left_out_at_first_settle_the_pair_when_they_are_kept(overlap: int) -> None:
    scene = stage(overlap=overlap, comparisons=0)
    record = said(None, "Paris", "Lyon", confidence=0.9)
    assert bring_in(scene, record, keep=False).settled == 0
    report = bring_in(scene, record, record)
    assert (report.created, report.duplicates, report.settled, report.judgments) == (0, 1, 0, 1)
    verdict = Verdict.objects.get()
    assert (winner_text(verdict), Comparison.objects.get().status) == ("Paris", "settled")
    assert bring_in(scene, record).judgments == 0
    take_back(batch=ImportBatch.objects.order_by("pk")[1], acting_user=scene.maya, now=scene.now)
    comparison = Comparison.objects.get()
    assert (comparison.status, comparison.overlap, comparison.judged) == ("open", overlap, 0)
    assert not Verdict.objects.exists()


def test_a_preference_does_not_settle_what_an_annotator_is_judging() -> None:
    scene = stage(overlap=2, comparisons=0)
    bring_in(scene, said(None, "Paris", "Lyon"), keep=False)
    scene.given(scene.alice)
    assert bring_in(scene, said(None, "Paris", "Lyon")).judgments == 0
    assert Comparison.objects.get().status == "open"


def test_an_outside_annotator_is_no_user_and_never_a_member_of_the_same_name() -> None:
    scene = stage()
    bring_in(scene, said("alice", "Paris", "Lyon"))
    outside = Judgment.objects.get().annotator
    assert outside != scene.alice
    assert (outside.is_active, outside.has_usable_password(), outside.is_outside) == (False, False, True)
    assert not outside.memberships.exists()


def test_an_annotator_who_says_both_is_counted_listed_and_kept_at_the_first() -> None:
    scene = stage()
    report = bring_in(scene, said("ann", "Paris", "Lyon"), said("ann", "Lyon", "Paris"))
    assert (report.judgments, report.duplicates) == (1, 1)
    assert report.notes.as_dict() == {
        "notes": {"contradictions": 1, "left_out": 1},
        "contradictions": [{"line": 2, "record": 2, "earlier_record": 1}],
        "examples": {},
    }
    assert winner_text(Verdict.objects.get()) == "Paris"


def test_nameless_lines_that_differ_are_two_judgments_and_the_same_line_is_one() -> None:
    scene = stage()
    paris, lyon = said(None, "Paris", "Lyon"), said(None, "Lyon", "Paris")
    report = bring_in(scene, paris, lyon, paris, lyon)
    assert (report.created, report.duplicates, report.judgments, report.settled) == (1, 2, 1, 0)
    assert Judgment.objects.count() == 2
    assert Comparison.objects.get().status == "conflict"
    assert report.notes.counts["contradictions"] == 2
    assert bring_in(scene, paris, lyon).judgments == 0


def test_a_preference_of_nobody_is_a_verdict_without_judgments_until_another_comes() -> None:
    scene = stage(overlap=3)
    bring_in(scene, said(None, "Paris", "Lyon", score_chosen=4.0, score_rejected=3.0))
    verdict = Verdict.objects.get()
    assert verdict.confidence == pytest.approx((0.7310585786 + 0.5) / 2)
    assert (verdict.settled_by, Judgment.objects.count()) == ("import", 0)
    report = bring_in(scene, said("ann", "Lyon", "Paris"), said("ben", "Paris", "Lyon"))
    assert report.judgments == 2
    comparison, verdict = Comparison.objects.get(), Verdict.objects.get()
    assert (comparison.judged, winner_text(verdict)) == (3, "Paris")
    assert verdict.confidence == pytest.approx((1.7310585786 + 0.5) / 4)


@pytest.mark.parametrize("others", [(), ("ben",)])
def test_a_line_whose_annotator_was_no_vote_yet_counts_once_when_it_comes_again(others: tuple[str, ...]) -> None:
    """As files were once read: the line states a verdict of nobody, and the worker is in the metadata."""
    scene = stage(overlap=2, comparisons=0)
    bring_in(scene, said(None, "Paris", "Lyon", confidence=0.75))
    Comparison.objects.update(metadata={"worker_id": "W1", "topic": "maps"})
    again = said(None, "Paris", "Lyon", confidence=0.75, worker_id="W1", topic="maps")
    report = bring_in(scene, again, *(said(who, "Lyon", "Paris", topic="maps") for who in others))
    votes = Judgment.objects.order_by("pk").values_list("annotator__outside_name", "comparison__metadata")
    assert list(votes) == [(who, {"topic": "maps"}) for who in ("W1", *others)]
    assert (report.judgments, User.objects.filter(outside_campaign=scene.campaign).count()) == (
        len(others),
        1 + len(others),
    )
    if not others:
        assert (winner_text(Verdict.objects.get()), Verdict.objects.get().confidence) == ("Paris", 0.75)
        bring_in(scene, said("W2", "Lyon", "Paris"))
    assert (Comparison.objects.get().status, Judgment.objects.count()) == ("conflict", 2)
    take_back(batch=ImportBatch.objects.latest("pk"), acting_user=scene.maya, now=scene.now)
    assert (winner_text(Verdict.objects.get()), Comparison.objects.get().status) == ("Paris", "settled")


def test_a_line_that_says_the_opposite_of_its_annotators_statement_does_not_replace_it() -> None:
    scene = stage(comparisons=0)
    bring_in(scene, said(None, "Paris", "Lyon"))
    Comparison.objects.update(metadata={"worker_id": "W1"})
    report = bring_in(scene, said(None, "Lyon", "Paris", worker_id="W1"))
    assert (report.judgments, report.duplicates) == (0, 1)
    assert (winner_text(Verdict.objects.get()), Judgment.objects.get().annotator.outside_name) == ("Paris", "W1")


def test_the_size_of_a_preference_is_in_the_confidence() -> None:
    scene = stage()
    record = {"instruction": "Why?", "output_1": "So.", "output_2": "Because.", "annotator": "gpt", "preference": 1.2}
    bring_in(scene, record, {**record, "instruction": "How?", "preference": 2.0}, {**record, "instruction": "Who?"})
    confidences = dict(Verdict.objects.values_list("comparison__prompt__messages__0__content", "confidence"))
    assert confidences == pytest.approx({"Why?": 0.65, "How?": 0.75, "Who?": 0.65})
    assert sorted(one.certainty or 0 for one in Judgment.objects.all()) == pytest.approx([0.8, 0.8, 1.0])


def test_without_keeping_preferences_opinions_stay_in_the_metadata() -> None:
    scene = stage()
    bring_in(scene, THREE[0], keep=False)
    opinions = [{"annotator": opinion_author("ann"), "choice": "first", "left": "first"}]
    assert Comparison.objects.get().metadata == {"opinions": opinions}
    assert not Judgment.objects.exists()


def test_gold_takes_the_preference_and_no_judgments() -> None:
    scene = stage()
    report = bring_in(scene, THREE[0], as_gold=True)
    assert (report.gold, report.judgments, Judgment.objects.count()) == (1, 0, 0)


def test_skips_and_details_of_an_annotation_are_kept() -> None:
    scene = stage(overlap=2)
    annotations = [
        {
            "id": 11,
            "completed_by": {"id": 1, "email": "ann@example.com"},
            "lead_time": 4.5,
            "created_at": "2024-05-01T10:00:00Z",
            "result": [
                {"type": "pairwise", "value": {"selected": "right"}},
                {"type": "rating", "from_name": "strength", "value": {"rating": 2}},
                {"type": "textarea", "value": {"text": ["Better."]}},
            ],
        },
        {"completed_by": 2, "was_cancelled": True, "result": []},
    ]
    bring_in(scene, {"data": {"prompt": "Q", "answer1": "One", "answer2": "Two"}, "annotations": annotations})
    one, skip = Judgment.objects.select_related("annotator", "assignment", "comparison").order_by("pk")
    assert getattr(one.comparison, f"completion_{one.choice}").text == "Two"
    assert getattr(one.comparison, f"completion_{one.left}").text == "One"
    assert (one.strength, one.comment, one.seconds, one.metadata) == (2, "Better.", 4.5, {"id": 11})
    assert (one.annotator.outside_name, one.created_at.isoformat()) == ("ann@example.com", "2024-05-01T10:00:00+00:00")
    assert one.certainty == pytest.approx(5 / 6)
    assert (skip.choice, skip.assignment.status, skip.assignment.slot) == ("skip", Assignment.Status.SKIPPED, None)
    assert one.comparison.judged == 1


def test_taking_back_takes_the_judgments_and_gives_the_verdict_back() -> None:
    scene = stage()
    first = bring_in(scene, said(None, "Paris", "Lyon", score_chosen=4.0, score_rejected=3.0))
    before = Verdict.objects.get().confidence
    second = bring_in(scene, said("ann", "Lyon", "Paris"))
    assert first.batch is not None
    assert second.batch is not None
    with pytest.raises(BatchJudged):
        take_back(batch=first.batch, acting_user=scene.maya, now=scene.now)
    take_back(batch=second.batch, acting_user=scene.maya, now=scene.now)
    verdict = Verdict.objects.get()
    assert verdict.settled_by == "import"
    assert verdict.confidence == pytest.approx(before)
    assert (Judgment.objects.count(), Comparison.objects.get().judged) == (0, 0)
    take_back(batch=first.batch, acting_user=scene.maya, now=scene.now)
    assert not Comparison.objects.exists()
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_taking_back_a_file_of_opinions_leaves_nothing_of_them() -> None:
    scene = stage(overlap=3)
    batch = bring_in(scene, *THREE).batch
    assert batch is not None
    taken = take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    assert (taken.comparisons, taken.judgments) == (1, 3)
    assert not Comparison.objects.exists()
    assert not Judgment.objects.exists()
    assert not User.objects.filter(outside_campaign=scene.campaign).exists()
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    assert ImportBatch.objects.get().judgments == 3


def test_exports_hold_imported_judgments_by_pseudonym_and_they_come_back_to_nothing_new() -> None:
    scene = stage(overlap=3)
    bring_in(scene, *THREE)
    pseudonyms = set(User.objects.filter(outside_campaign=scene.campaign).values_list("pseudonym", flat=True))
    bring_in(scene, {**said(None, "Yes", "No"), "prompt": "Is it?"})
    others = ("trl", "trl-implicit", "kto", "hh", "openai", "alpacaeval")
    for dialect in ("csv", "parquet", "arena", "labelstudio", *others):
        data = b"".join(open_export(scene.campaign, dialect).pieces)
        assert b"ann" not in data.replace(b"annotat", b"")
        if dialect not in ("parquet", *others):
            assert all(one.encode() in data for one in pseudonyms)
            assert data.count(b"imported") == 3
        report = import_comparisons(
            campaign=scene.campaign,
            stream=io.BytesIO(data),
            settings=ImportSettings(keep_preferences=True),
            acting_user=scene.maya,
            now=scene.now,
        )
        assert (report.judgments, report.created, report.rejected_count) == (0, 0, 0)


def test_full_gives_the_same_judgments_elsewhere_marked_as_imported() -> None:
    scene = stage(overlap=3)
    bring_in(scene, said("ann", "Paris", "Lyon", score_chosen=2.0, score_rejected=1.0), *THREE[1:])
    data = b"".join(open_export(scene.campaign, "full").pieces)
    result = import_campaign(stream=io.BytesIO(data), name="Again", acting_user=scene.maya, now=scene.now)
    judgments = Judgment.objects.filter(campaign=result.campaign)
    assert judgments.count() == 3
    assert all(one.annotator.is_outside for one in judgments)
    assert judgments.exclude(certainty=None).get().certainty == pytest.approx(0.7310585786)
    assert result.campaign.comparisons.get().lean == Comparison.objects.get(campaign=scene.campaign).lean != 0
    assert not result.campaign.memberships.filter(user__in=judgments.values("annotator")).exists()


def test_agreement_counts_imported_judgments_only_by_choice() -> None:
    scene = stage(overlap=3)
    bring_in(scene, *THREE, {**THREE[0], "prompt": "Where?"}, {**THREE[1], "prompt": "Where?"})
    assert agreement(scene.campaign).percent_with_ties.value is None
    everybody = agreement(scene.campaign, include_imported=True)
    assert everybody.percent_with_ties.comparisons == 2
    assert statistics(scene.campaign, now=scene.now).annotators == []
    shown = statistics(scene.campaign, Slice(include_imported=True), now=scene.now)
    assert [(row.votes, row.is_outside) for row in shown.annotators] == [(2, True), (2, True), (1, True)]
    assert (len(shown.imported), imported_judgments(scene.campaign)) == (3, 5)
    assert shown.agreement == everybody


def test_a_lead_erases_an_outside_annotator_and_withdraws_the_judgments() -> None:
    scene = stage()
    record = said("ann", "Paris", "Lyon", comment="From Ann", score_chosen=2.0, score_rejected=1.0)
    bring_in(scene, record)
    outside = Judgment.objects.get().annotator
    with pytest.raises(NotAllowed):
        erase_person(
            person=outside, confirmation=outside.pseudonym, acting_user=scene.charlie, now=scene.now, withdraw=True
        )
    erase_person(person=outside, confirmation=outside.pseudonym, acting_user=scene.maya, now=scene.now, withdraw=True)
    outside.refresh_from_db()
    judgment, comparison = Judgment.objects.get(), Comparison.objects.get()
    assert (outside.outside_name, judgment.comment, outside.is_active) == ("", "", False)
    assert "ann" not in outside.username
    assert (comparison.judged, comparison.status) == (0, "open")
    assert comparison.lean == pytest.approx(0)
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


@pytest.mark.parametrize("withdraw", [False, True])
def test_the_same_file_again_does_not_bring_an_erased_annotator_back(withdraw: bool) -> None:
    scene = stage(overlap=5)
    named, nameless = [*THREE], [said(None, "Rome", "Oslo"), said(None, "Oslo", "Rome")]
    bring_in(scene, *named, *nameless)
    people = User.objects.filter(outside_campaign=scene.campaign)
    for one in [people.filter(outside_name=name).earliest("pk") for name in ("ann", "")]:
        erase_person(person=one, confirmation=one.pseudonym, acting_user=scene.maya, now=scene.now, withdraw=withdraw)
    before = list(Judgment.objects.order_by("pk").values_list("pk", "superseded_at"))
    more = {**THREE[0], "prompt": "Another?"}
    stream = io.BytesIO(lines(*named, *nameless, more))
    settings = ImportSettings(keep_preferences=True)
    preview = preview_import(
        campaign=scene.campaign, kind="comparisons", stream=stream, settings=settings, acting_user=scene.maya
    )
    again = bring_in(scene, *named, *nameless, more)
    assert (again.judgments, preview.report.judgments) == (0, 0)
    assert again.notes.counts["erased"] == (2 if withdraw else 1)
    assert list(Judgment.objects.order_by("pk").values_list("pk", "superseded_at")) == before
    assert not people.filter(outside_name="ann").exists()


def test_opinions_in_the_metadata_name_nobody_and_leave_with_their_author() -> None:
    scene = stage(overlap=3)
    bring_in(scene, THREE[0], {**THREE[1], "prompt": "Another?"}, keep=False)
    assert "'ann'" not in str(list(Comparison.objects.values_list("metadata", flat=True)))
    bring_in(scene, *THREE)
    outside = User.objects.get(outside_name="ann")
    erase_person(person=outside, confirmation=outside.pseudonym, acting_user=scene.maya, now=scene.now)
    assert Comparison.objects.earliest("pk").metadata is None
    kept = Comparison.objects.latest("pk").metadata
    assert kept is not None
    assert [one["annotator"] for one in kept["opinions"]] == [opinion_author("ben")]
