"""Items of training in the inbox."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from common.sentences import Sentence
from labeling.actions.erasure import erase_person
from labeling.events.record import record
from labeling.queries.attention import attention
from tests.browser.evaluations import unfinished_evaluation
from tests.browser.furnished import Furnished, furnish
from tests.people import NOON, stage
from training.actions.leaving_out import leave_out
from training.actions.snapshot_index import index_snapshot
from training.models import Deployment, EvaluationJob, GenerationJob, JobStatus, RetrainingRule, Round, RoundPlan, Run

pytestmark = pytest.mark.django_db


def test_the_newest_version_waits_until_it_serves() -> None:
    scene = stage(comparisons=4)
    furnished = furnish(scene)
    furnished.two.created_at = scene.now.replace(hour=13)
    furnished.two.save(update_fields=["created_at"])
    waiting = [item for item in attention(scene.maya).items if item.page == "version"]
    assert [(item.sentence, item.arguments) for item in waiting] == [("sums-v2 waits for promotion", ("sums-v2",))]
    assert [item for item in attention(scene.charlie).items if item.page == "version"] == []
    Deployment.objects.filter(is_current=True).update(is_current=False)
    Deployment.objects.create(version=furnished.two, kind="promotion", at=scene.now.replace(hour=14))
    assert [item for item in attention(scene.maya).items if item.page == "version"] == []


def test_a_version_does_not_wait_while_it_is_evaluated_or_the_schedule_decides() -> None:
    scene = stage(comparisons=4)
    furnished = furnish(scene)
    furnished.two.created_at = scene.now.replace(hour=13)
    furnished.two.save(update_fields=["created_at"])
    evaluation = unfinished_evaluation(scene, furnished, "running")

    def waiting() -> list[str]:
        return [item.sentence for item in attention(scene.maya).items if item.page == "version"]

    assert waiting() == []
    EvaluationJob.objects.filter(pk=evaluation.pk).update(status=JobStatus.CANCELLED)
    assert waiting() == ["sums-v2 waits for promotion"]
    Run.objects.exclude(pk=furnished.finished.pk).update(status=JobStatus.CANCELLED)
    Run.objects.filter(pk=furnished.finished.pk).update(trigger="schedule")
    RetrainingRule.objects.create(campaign=scene.campaign, auto_promote=True, updated_at=scene.now)
    assert waiting() == []


def test_a_failed_run_waits_until_a_newer_one_was_started() -> None:
    scene = stage(comparisons=4)
    furnished = furnish(scene)
    newest = Run.objects.order_by("-pk")[0]
    Run.objects.exclude(pk=newest.pk).update(status=JobStatus.FAILED)
    assert [item for item in attention(scene.maya).items if item.page == "run"] == []
    Run.objects.filter(pk=newest.pk).update(status=JobStatus.FAILED, error="The disk is full.")
    (item,) = [item for item in attention(scene.maya).items if item.page == "run"]
    assert (item.sentence, item.detail) == (f"Run {newest.pk} failed", "The disk is full.")
    assert furnished.finished.pk != newest.pk


def test_an_erased_person_waits_until_a_lead_leaves_them_out() -> None:
    scene = stage(comparisons=4)
    scene.settle("ab")
    furnished = furnish(scene)
    snapshot = furnished.finished.snapshot
    judged = scene.alice.judgments.values_list("comparison", flat=True)
    index_snapshot(snapshot, judged, read_until=scene.now)
    waiting = [item for item in attention(scene.maya).items if item.page == "left_out"]
    assert waiting == []
    scene.wait(60)
    erase_person(person=scene.alice, confirmation="alice", acting_user=None, now=scene.now)
    (item,) = [item for item in attention(scene.maya).items if item.page == "left_out"]
    assert item.arguments == ("sums", scene.alice.pseudonym)
    with CaptureQueriesContext(connection) as queries:  # every page of a lead reads the inbox
        assert item in attention(scene.maya).items
    assert not [one for one in queries if "labeling_judgment j" in one["sql"]]
    assert [one for one in attention(scene.charlie).items if one.page == "left_out"] == []
    leave_out(campaign=scene.campaign, person=scene.alice, acting_user=scene.maya, now=scene.now)
    assert [item for item in attention(scene.maya).items if item.page == "left_out"] == []


@pytest.mark.parametrize(
    ("outcome", "sentence", "is_bad"),
    [
        ("promoted", "Round 1 ended: sums-v1 was promoted", False),
        ("not_promoted", "Round 1 ended: sums-v1 was not promoted", False),
        ("no_version", "Round 1 ended without a version", True),
    ],
)
def test_the_newest_round_that_ended_is_told_with_its_version(outcome: str, sentence: str, is_bad: bool) -> None:
    scene = stage(comparisons=4)
    first = only_round(furnish(scene), outcome)
    (item,) = [item for item in attention(scene.maya).items if item.page == "round"]
    assert (item.sentence, item.is_bad_news, item.arguments) == (sentence, is_bad, (first.pk,))


def test_of_a_round_whose_version_the_schedule_decided_about_its_decision_tells() -> None:
    scene = stage(comparisons=4)
    furnished = furnish(scene)
    only_round(furnished, "promoted")
    decision = furnished.decision
    decision.pk, decision.outcome, decision.is_automatic = None, "held_back", True
    decision.save(force_insert=True)
    assert [item for item in attention(scene.maya).items if item.page == "round"] == []
    decision.pk, decision.outcome, decision.is_automatic = None, "waived", False
    decision.save(force_insert=True)
    (item,) = [item for item in attention(scene.maya).items if item.page == "round"]
    assert item.sentence.endswith("sums-v1 was promoted")


def only_round(furnished: Furnished, outcome: str) -> Round:
    """The round of the version that serves, after its end; there is no other."""
    first = Round.objects.get(runs=furnished.one.run)
    Run.objects.exclude(round=first).update(round=None)
    GenerationJob.objects.update(round=None)
    Round.objects.exclude(pk=first.pk).delete()
    Round.objects.update(number=1, collects=False, closed_at=NOON, outcome=outcome)
    return first


def test_a_budget_that_is_used_up_is_told_with_its_figures() -> None:
    scene = stage(comparisons=4)
    plan = RoundPlan.objects.create(campaign=scene.campaign, budget_minutes=10, updated_at=scene.now)
    text = "Waiting: the budget is used up: %(spent)s of %(budget)s machine minutes."
    RoundPlan.objects.update(budget_reached_at=scene.now)
    for spent in (10, 12):
        after = {"reason": Sentence(text, {"spent": spent, "budget": 10})}
        record("round.budget_reached", plan, acting_user=None, now=scene.now, campaign=scene.campaign, after=after)
    (item,) = [item for item in attention(scene.maya).items if item.page == "rounds"]
    assert item.sentence == "The budget is used up"
    assert item.detail == "Waiting: the budget is used up: 12 of 10 machine minutes."
    with translation.override("de"):
        (item,) = [item for item in attention(scene.maya).items if item.page == "rounds"]
    assert item.detail.startswith("Wartet")
