"""People's answers to the questions of scenarios: counted once, blind, and taken back if need be."""

import pytest
from django.db import transaction

from common.errors import NotFound
from labeling.access import CampaignArchived
from labeling.models import Campaign, User
from tests.training.conftest import NOW
from tests.training.suites import finished_run, scenario, small_suite
from training.actions.scenario_answers import AlreadyAnswered, answer_question, undo_answer
from training.evaluation.suite_questions import latest_answer, open_questions
from training.models import ModelVersion, ScenarioAnswer, ScenarioResult, SuiteRun

pytestmark = pytest.mark.django_db

PERSON = {"kind": "person", "question": "Is it kind?"}


@pytest.fixture
def run(campaign: Campaign, base: ModelVersion) -> SuiteRun:
    """Two scenarios wait for a person; a third failed by itself."""
    suite = small_suite(
        campaign,
        scenario("one", PERSON),
        scenario("two", {"kind": "pattern", "pattern": "good"}, PERSON, tag="harmless"),
        scenario("three", {"kind": "pattern", "pattern": "never"}, PERSON),
    )
    return finished_run(suite, base, {})


def given(person: User, result: ScenarioResult, answer: str) -> ScenarioAnswer:
    number = [check["kind"] for check in result.given["checks"]].index("person")
    return answer_question(result=result, check_number=number, answer=answer, acting_user=person, now=NOW)


def outcomes(run: SuiteRun) -> list[str]:
    return [result.outcome for result in run.results.order_by("number")]


def test_only_questions_that_still_decide_something_are_asked(run: SuiteRun, campaign: Campaign, alice: User) -> None:
    assert {each.result.scenario for each in open_questions(campaign, alice)} == {"one", "two"}
    assert {each.question for each in open_questions(campaign, alice)} == {"Is it kind?"}


def test_a_yes_passes_and_a_no_fails_a_scenario(run: SuiteRun, campaign: Campaign, alice: User) -> None:
    assert outcomes(run) == ["unknown", "unknown", "failed"]
    one, two, _ = run.results.all()
    given(alice, one, "yes")
    stored = given(alice, two, "no")
    assert (stored.by, stored.at) == (alice, NOW)
    assert outcomes(run) == ["passed", "failed", "failed"]
    assert list(open_questions(campaign, alice)) == []


def test_in_an_archived_campaign_nobody_answers_or_takes_back(run: SuiteRun, campaign: Campaign, alice: User) -> None:
    one, two, _ = run.results.all()
    stored = given(alice, one, "yes")
    Campaign.objects.filter(pk=campaign.pk).update(status="archived")
    with pytest.raises(CampaignArchived):
        given(alice, two, "yes")
    with pytest.raises(CampaignArchived):
        undo_answer(answer=stored, acting_user=alice, now=NOW)


def test_cannot_say_leaves_the_question_to_the_next_person(
    run: SuiteRun, campaign: Campaign, alice: User, maya: User
) -> None:
    one = run.results.all()[0]
    given(alice, one, "cannot_say")
    assert outcomes(run)[0] == "unknown"
    assert one.pk not in [each.result.pk for each in open_questions(campaign, alice)]
    assert one.pk in [each.result.pk for each in open_questions(campaign, maya)]


def test_people_who_disagree_leave_it_open_until_a_third_decides(
    run: SuiteRun, campaign: Campaign, alice: User, maya: User
) -> None:
    from labeling.actions.members import add_member
    from tests.training.conftest import account

    one = run.results.all()[0]
    given(alice, one, "yes")
    given(maya, one, "no")
    assert outcomes(run)[0] == "unknown"
    bob = account("bob", "annotator")
    add_member(campaign=campaign, user=bob, role="annotator", acting_user=maya, now=NOW)
    given(bob, one, "no")
    assert outcomes(run)[0] == "failed"


def test_an_answer_is_given_once_and_can_be_taken_back(run: SuiteRun, campaign: Campaign, alice: User) -> None:
    one = run.results.all()[0]
    first = given(alice, one, "no")
    with pytest.raises(AlreadyAnswered), transaction.atomic():
        given(alice, one, "yes")
    latest = latest_answer(campaign, alice)
    assert latest == first
    undo_answer(answer=first, acting_user=alice, now=NOW)
    assert outcomes(run)[0] == "unknown"
    given(alice, one, "yes")
    assert outcomes(run)[0] == "passed"
    assert ScenarioAnswer.objects.filter(result=one).count() == 2


def test_nobody_from_elsewhere_answers_and_no_other_check_is_a_question(
    run: SuiteRun, alice: User, charlie: User
) -> None:
    two = run.results.all()[1]
    with pytest.raises(NotFound):
        given(charlie, two, "yes")
    for number, answer in ((0, "yes"), (7, "yes"), (1, "maybe")):
        with pytest.raises(NotFound):
            answer_question(result=two, check_number=number, answer=answer, acting_user=alice, now=NOW)
    with pytest.raises(NotFound):
        undo_answer(answer=given(alice, two, "yes"), acting_user=charlie, now=NOW)


def test_people_get_the_texts_of_several_versions_mixed(
    run: SuiteRun, campaign: Campaign, trained: ModelVersion, alice: User, maya: User
) -> None:
    for _ in range(4):
        finished_run(run.suite_version.suite, trained, {})
    orders = [[each.result.pk for each in open_questions(campaign, person)] for person in (alice, maya)]
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]
    assert orders[0] != sorted(orders[0])
