"""Two answers at the same moment, of which the later one lets the model judge count."""

import threading

import pytest
from django.db import connection, transaction

from labeling.models import Campaign, User
from tests.training.conftest import NOW
from tests.training.suites import finished_run, scenario, small_suite
from training.actions.scenario_answers import answer_question
from training.evaluation.suites import JudgeOpinion, Outcome
from training.models import ModelVersion, ScenarioResult


@pytest.mark.django_db(transaction=True)
def test_an_answer_waits_for_one_that_is_being_settled_and_counts_it(
    campaign: Campaign, base: ModelVersion, alice: User
) -> None:
    rubric = {"kind": "judge", "rubric": "It is calm."}
    run = finished_run(small_suite(campaign, *(scenario(f"calm-{number}", rubric) for number in range(21))), base, {})
    for number, result in enumerate(run.results.all()):
        says: Outcome = "failed" if number < 4 else "passed"
        result.checks[0]["judge"] = JudgeOpinion(says, says, model="judge").as_json()
        result.save(update_fields=["checks"])
    *settled, before, last, _open = run.results.select_related("run__campaign", "run__suite_version")

    def answer(result: ScenarioResult) -> None:
        says = "no" if result.checks[0]["judge"]["first"] == "failed" else "yes"
        answer_question(result=result, check_number=0, answer=says, acting_user=alice, now=NOW)

    def answer_and_close() -> None:
        try:
            answer(last)
        finally:
            connection.close()

    for result in settled:
        answer(result)
    answering = threading.Thread(target=answer_and_close)
    with transaction.atomic():
        answer(before)
        answering.start()
        answering.join(0.5)
        assert answering.is_alive(), "it waits"
    answering.join()
    assert not run.results.filter(outcome="unknown").exists()
