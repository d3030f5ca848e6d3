"""Taking an import back as a whole."""

import io
import json
from collections.abc import Iterable
from typing import Any

import pytest

from common.errors import NotAllowed
from labeling.actions.batches import BatchJudged, NothingToTakeBack, take_back
from labeling.actions.campaigns import change_campaign
from labeling.actions.import_reports import ImportReport, ImportSettings
from labeling.actions.imports import import_comparisons, import_prompts
from labeling.actions.onboarding import answer_practice, next_pair, start_round
from labeling.actions.practice import QualificationNeedsPairs, make_practice
from labeling.models import Assignment, Comparison, Completion, Event, Gold, ImportBatch, PracticePair, Prompt, Verdict
from labeling.tally import Tally, count_tally, read_tally
from tests.labeling.practising import PRACTICE, QUALIFICATION
from tests.people import Stage, pair, stage


def records(*numbers: int) -> bytes:
    return b"\n".join(
        json.dumps({"prompt": f"What is {number}?", "chosen": f"It is {number}.", "rejected": "No."}).encode()
        for number in numbers
    )


def bring_in(scene: Stage, content: bytes, **choices: Any) -> ImportBatch:
    report: ImportReport = import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(content),
        settings=ImportSettings(**choices),
        file_name="pairs.jsonl",
        acting_user=scene.maya,
        now=scene.now,
    )
    assert report.batch is not None
    return report.batch


def bring_prompts(scene: Stage, *texts: str) -> ImportBatch:
    report = import_prompts(
        campaign=scene.campaign, stream=io.BytesIO("\n".join(texts).encode()), acting_user=scene.maya, now=scene.now
    )
    assert report.batch is not None
    return report.batch


def use_for_practice(scene: Stage, comparisons: Iterable[Comparison], use: str) -> None:
    for one in comparisons:
        make_practice(comparison=one, winner="a", use=use, acting_user=scene.maya, now=scene.now)
    scene.reload()


def test_everything_goes_and_the_totals_with_it() -> None:
    scene = stage(comparisons=3)
    before = read_tally(scene.campaign.pk)
    batch = bring_in(scene, records(*range(1200)), keep_preferences=True)
    gold = bring_in(scene, records(5000, 5001), as_gold=True)
    scene.given(scene.alice)
    for one, count in ((batch, 1200), (gold, 2)):
        taken = take_back(batch=one, acting_user=scene.maya, now=scene.now)
        assert (taken.comparisons, taken.prompts, taken.kept_prompts) == (count, count, 0)
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk) == before
    assert (Comparison.objects.count(), Prompt.objects.count(), Completion.objects.count()) == (3, 3, 6)
    assert not Verdict.objects.exists()
    assert not Gold.objects.exists()
    event = Event.objects.get(verb="batch.taken_back", subject_id=str(batch.pk))
    assert event.after["comparisons"] == 1200


def test_a_held_comparison_goes_too_and_its_annotator_is_given_another() -> None:
    scene = stage()
    batch = bring_in(scene, records(1))
    held = scene.given(scene.alice)
    take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    assert not Assignment.objects.filter(pk=held.pk).exists()
    scene.add(1)
    assert scene.given(scene.alice).comparison.source == "test"


def test_nothing_goes_once_a_single_comparison_was_judged() -> None:
    scene = stage()
    batch = bring_in(scene, records(*range(700)))
    scene.settle(["a"])
    with pytest.raises(BatchJudged, match="1 comparison of this import was judged"):
        take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    assert Comparison.objects.count() == 700
    batch.refresh_from_db()
    assert batch.status == "imported"


def test_what_another_import_uses_stays() -> None:
    scene = stage()
    first = bring_in(scene, records(1, 2))
    other = json.dumps({"prompt": "What is 1?", "chosen": "It is 1.", "rejected": "It is 7."}).encode()
    second = bring_in(scene, other)
    taken = take_back(batch=first, acting_user=scene.maya, now=scene.now)
    assert (taken.comparisons, taken.prompts, taken.kept_prompts) == (2, 1, 1)
    (left,) = Comparison.objects.all()
    assert left.batch == second
    assert {left.completion_a.text, left.completion_b.text} == {"It is 1.", "It is 7."}
    assert Completion.objects.count() == 2
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_prompts_that_have_pairs_stay() -> None:
    scene = stage()
    batch = bring_prompts(scene, "What is 0 plus one?", "Why?", "How?")
    scene.add([pair(0)])
    taken = take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    assert (taken.prompts, taken.kept_prompts) == (2, 1)
    assert Prompt.objects.get().messages[0]["content"] == "What is 0 plus one?"


def test_practice_pairs_of_an_import_go_with_it_and_so_do_their_counts() -> None:
    scene = stage(comparisons=1)
    before = read_tally(scene.campaign.pk)
    batch = bring_in(scene, records(*range(20, 25)))
    use_for_practice(scene, batch.comparisons.all()[:2], PRACTICE)
    use_for_practice(scene, batch.comparisons.all()[2:4], QUALIFICATION)
    use_for_practice(scene, scene.campaign.comparisons.filter(batch=None), PRACTICE)
    kept = PracticePair.objects.get(comparison__batch=None)
    by: Any = {"acting_user": scene.alice, "now": scene.now}
    round_ = start_round(campaign=scene.campaign, use=PRACTICE, **by)
    take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    campaign = scene.reload()
    assert (campaign.practice_pairs, campaign.qualification_pool) == (1, 0)
    assert PracticePair.objects.get() == kept
    pair_left = next_pair(round_=round_, **by)
    assert pair_left is not None
    assert pair_left.comparison_id == kept.pk
    assert answer_practice(answer=pair_left.pk, choice="left", **by).round.total == 1
    assert read_tally(campaign.pk) == count_tally(campaign.pk) == before - Tally(comparisons=1, wanted=1)


def test_an_import_stays_while_the_qualification_needs_its_pairs() -> None:
    scene = stage()
    batch = bring_in(scene, records(1, 2))
    use_for_practice(scene, batch.comparisons.all(), QUALIFICATION)
    rules: Any = {"qualification_pairs": 2, "qualification_right": 1}
    change_campaign(campaign=scene.campaign, **rules, acting_user=scene.maya, now=scene.now)
    with pytest.raises(QualificationNeedsPairs, match="fewer would be left"):
        take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    assert PracticePair.objects.count() == Comparison.objects.count() == scene.reload().qualification_pool == 2
    rules = {"qualification_pairs": 0, "qualification_right": 0}
    change_campaign(campaign=scene.campaign, **rules, acting_user=scene.maya, now=scene.now)
    take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    assert scene.reload().qualification_pool == 0


def test_a_file_can_be_imported_again_after_it_was_taken_back() -> None:
    scene = stage()
    batch = bring_in(scene, records(1, 2))
    take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    with pytest.raises(NothingToTakeBack):
        take_back(batch=batch, acting_user=scene.maya, now=scene.now)
    assert bring_in(scene, records(1, 2)).created == 2


def test_only_leads_take_back() -> None:
    scene = stage()
    batch = bring_in(scene, records(1))
    with pytest.raises(NotAllowed):
        take_back(batch=batch, acting_user=scene.alice, now=scene.now)
