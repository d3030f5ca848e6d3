"""The model judge at work on a suite run: over HTTP, and with answers as told."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import override_settings

from labeling.models import Campaign, Event, User
from tests.training.conftest import NOW
from tests.training.jobs.scripted import Scripted, written
from tests.training.stub import StubServer
from tests.training.suites import finished_run as unjudged_run
from tests.training.suites import scenario, small_suite
from training.actions.scenario_answers import answer_question
from training.actions.suite_runs import ask_judge, cancel_suite_run
from training.errors import JobOver, WrongSettings
from training.evaluation.suite_questions import open_questions
from training.evaluation.suite_results import counting_judges, judge_figures_of, judges_of
from training.generation import GenerationFailure, GenerationRequest, GeneratorUnavailable
from training.jobs.suites import run_suite_job
from training.models import JobStatus, ModelVersion, ScenarioResult, Suite, SuiteRun

pytestmark = pytest.mark.django_db

RUBRIC = {"kind": "judge", "rubric": "It is calm."}


@pytest.fixture(autouse=True)
def a_judge(settings: Any) -> None:
    settings.JUDGE_URLS, settings.JUDGE_MODEL = ["http://127.0.0.1:9/v1"], "tiny-base"


def finished_run(*given: Any) -> SuiteRun:
    """A run that was finished while there was no judge, so that the test's own judge is the first."""
    with override_settings(JUDGE_URLS=[]):
        return unjudged_run(*given)


def rubrics(count: int) -> list[dict[str, Any]]:
    return [scenario(f"calm-{number}", RUBRIC, tag="harmless") for number in range(count)]


def judged(run: SuiteRun, judge: Scripted) -> SuiteRun:
    ask_judge(run=run, acting_user=None, now=NOW)
    done = run_suite_job(run.pk, clock=lambda: NOW, judge_of=lambda: judge.source(run.version))
    assert done is not None
    return done


def verdict(request: GenerationRequest, _: int) -> str:
    meets = "\nbad\n" not in request.messages[-1]["content"]
    return f"1. Calm.\nVerdict: {'MEETS' if meets else 'FAILS'}"


def run_with_faults(suite: Suite, version: ModelVersion, faults: int = 4) -> SuiteRun:
    """A run in which so many answers are bad, the first ones."""
    return finished_run(suite, version, {f"calm-{number}": "bad" for number in range(faults)})


def answer(result: ScenarioResult, by: User) -> None:
    """As people see it, and `verdict` too."""
    says = "no" if result.text == "bad" else "yes"
    answer_question(result=result, check_number=0, answer=says, acting_user=by, now=NOW)


def test_every_rubric_is_asked_about_twice_and_only_once_more_if_it_failed(
    campaign: Campaign, base: ModelVersion
) -> None:
    run = finished_run(small_suite(campaign, *rubrics(2)), base, {})
    away = Scripted(
        lambda request, _: (
            GenerationFailure(request.key, "Busy.", retryable=True)
            if request.key == "1:0:swapped"
            else "Verdict: MEETS"
        )
    )
    done = judged(run, away)
    assert (done.status, str(done.error)) == (JobStatus.FINISHED, "The model judge gave no answer: Busy.")
    assert ["judge" in one.checks[0] for one in run.results.all()] == [True, False]
    again = Scripted(verdict)
    done = judged(run, again)
    assert (done.status, done.error, len(again.asked)) == (JobStatus.FINISHED, "", 2)
    assert run.results.all()[1].checks[0]["judge"]["critique"] == "1. Calm.\nVerdict: MEETS"


def test_a_judge_that_is_away_never_fails_a_run_or_a_scenario(campaign: Campaign, base: ModelVersion) -> None:
    run = finished_run(small_suite(campaign, *rubrics(1)), base, {})
    done = judged(run, Scripted(lambda request, _: GeneratorUnavailable("Away.")))
    assert (done.status, str(done.error)) == (JobStatus.FINISHED, "The model judge gave no answer: Away.")
    assert run.results.get().outcome == "unknown"


def test_a_judge_whose_answer_was_cut_has_no_opinion(campaign: Campaign, base: ModelVersion) -> None:
    run = finished_run(small_suite(campaign, *rubrics(1)), base, {})
    cut = Scripted(lambda request, _: replace(written(request, "Verdict: FAILS"), finish_reason="length"))
    done = judged(run, cut)
    assert str(done.error) == "The model judge gave no verdict: its answer was cut at 512 tokens."
    assert "judge" not in run.results.get().checks[0]
    again = Scripted(verdict)
    assert judged(run, again).error == ""
    assert len(again.asked) == 2


@pytest.mark.parametrize("said", ["I like cheese.", "I like \x00 cheese.", "\ud83d\nVerdict: MAYBE"])
def test_a_judge_that_writes_nonsense_fails_no_run_and_is_asked_again(
    campaign: Campaign, base: ModelVersion, said: str
) -> None:
    run = finished_run(small_suite(campaign, *rubrics(1)), base, {})
    done = judged(run, Scripted(lambda request, _: said))
    assert (done.status, done.error) == (JobStatus.FINISHED, "")
    assert judge_figures_of(campaign).unreadable == 1
    again = Scripted(verdict)
    judged(run, again)
    assert (len(again.asked), judge_figures_of(campaign).unreadable) == (2, 0)
    once_more = Scripted(verdict)
    judged(run, once_more)
    assert once_more.asked == []


def test_without_a_judge_nobody_is_asked_and_it_says_so(campaign: Campaign, base: ModelVersion, settings: Any) -> None:
    run = finished_run(small_suite(campaign, *rubrics(1)), base, {})
    settings.JUDGE_URLS = []
    with pytest.raises(WrongSettings, match="There is no model judge"):
        ask_judge(run=run, acting_user=None, now=NOW)
    run.refresh_from_db()
    assert run.status == JobStatus.FINISHED


def test_opinions_count_only_after_people_agreed_with_enough_of_them(
    campaign: Campaign, base: ModelVersion, alice: User
) -> None:
    run = run_with_faults(small_suite(campaign, *rubrics(22)), base)
    judged(run, Scripted(verdict))
    assert set(run.results.values_list("outcome", flat=True)) == {"unknown"}
    for number, result in enumerate(list(run.results.order_by("number"))[:20], 1):
        answer(result, alice)
        settled = run.results.exclude(outcome="unknown").count()
        assert settled == (number if number < 20 else 22)  # the twentieth settles those that nobody answered
    figures = judge_figures_of(campaign)
    assert (figures.judged, figures.flips, figures.compared, figures.agreeing) == (22, 0, 20, 20)
    assert (figures.faults, figures.found, run.results.filter(outcome="failed").count()) == (4, 4, 4)


def test_a_judge_that_passes_everything_settles_nothing(campaign: Campaign, base: ModelVersion, alice: User) -> None:
    run = finished_run(small_suite(campaign, *rubrics(31)), base, {})
    judged(run, Scripted(verdict))
    for question in list(open_questions(campaign, alice))[:30]:
        assert question.is_rubric
        answer(question.result, alice)
    figures = judge_figures_of(campaign)
    assert (figures.compared, figures.agreement, figures.counts) == (30, 1.0, False)
    assert run.results.filter(outcome="unknown").count() == 1


def test_a_judge_that_crosses_the_threshold_itself_settles_what_it_judged_before(
    campaign: Campaign, base: ModelVersion, alice: User
) -> None:
    suite = small_suite(campaign, *rubrics(21))
    earlier = run_with_faults(suite, base)
    judged(earlier, Scripted(verdict))
    for result in earlier.results.order_by("number")[:19]:
        answer(result, alice)
    later = finished_run(suite, base, {})
    (first, *_rest) = later.results.all()
    answer(first, alice)
    assert earlier.results.filter(outcome="unknown").count() == 2
    judged(later, Scripted(verdict))
    assert not SuiteRun.objects.filter(results__outcome="unknown").exists()


def test_agreement_with_one_model_says_nothing_about_another(
    campaign: Campaign, base: ModelVersion, trained: ModelVersion, alice: User
) -> None:
    suite = small_suite(campaign, *rubrics(20))
    run = run_with_faults(suite, base)
    judged(run, Scripted(verdict))
    for question in list(open_questions(campaign, alice)):
        answer(question.result, alice)
    assert counting_judges(campaign) == {base.name}
    other = finished_run(suite, trained, {})
    judged(other, Scripted(verdict))  # its name is that of the other version
    assert set(other.results.values_list("outcome", flat=True)) == {"unknown"}
    assert (judge_figures_of(campaign).judged, judge_figures_of(campaign).compared) == (20, 0)
    assert {name: one.compared for name, one in judges_of(campaign).items()} == {base.name: 20, trained.name: 0}


def test_a_run_that_is_judged_again_stays_readable_and_finishes_only_once(
    campaign: Campaign, base: ModelVersion, alice: User
) -> None:
    run = finished_run(small_suite(campaign, *rubrics(1)), base, {})
    ask_judge(run=run, acting_user=None, now=NOW)
    assert len(list(open_questions(campaign, alice))) == 1
    done = run_suite_job(run.pk, clock=lambda: NOW, judge_of=lambda: Scripted(verdict).source(base))
    assert done is not None
    assert (done.status, Event.objects.filter(verb="suite_run.finished").count()) == (JobStatus.FINISHED, 1)


def test_a_judge_that_is_cancelled_leaves_the_run_finished(campaign: Campaign, base: ModelVersion) -> None:
    run = finished_run(small_suite(campaign, *rubrics(2)), base, {})
    ask_judge(run=run, acting_user=None, now=NOW)
    assert cancel_suite_run(run=run, acting_user=None, now=NOW).status == JobStatus.FINISHED  # nobody was at it yet
    ask_judge(run=run, acting_user=None, now=NOW)
    judge = Scripted(verdict)
    done = run_suite_job(run.pk, judge_of=lambda: judge.source(base), within=lambda: bool(judge.asked))
    assert done is not None
    assert (done.status, len(judge.asked)) == (JobStatus.FINISHED, 1)


def test_open_questions_are_read_with_the_same_number_of_queries_however_many(
    campaign: Campaign, base: ModelVersion, alice: User, django_assert_num_queries: Any
) -> None:
    run = finished_run(small_suite(campaign, *rubrics(30)), base, {})
    judged(run, Scripted(verdict))
    with django_assert_num_queries(7):
        assert len(list(open_questions(campaign, alice))) == 30


def test_only_answers_of_a_finished_run_are_judged(campaign: Campaign, base: ModelVersion) -> None:
    run = finished_run(small_suite(campaign, *rubrics(1)), base, {})
    SuiteRun.objects.update(status=JobStatus.CANCELLED)
    with pytest.raises(JobOver):
        ask_judge(run=run, acting_user=None, now=NOW)


def test_any_server_that_speaks_the_protocol_can_judge(
    campaign: Campaign, base: ModelVersion, server: StubServer, settings: Any
) -> None:
    suite = small_suite(campaign, *rubrics(1))
    settings.JUDGE_URLS, settings.GENERATOR_URLS = settings.GENERATOR_URLS, []
    run = unjudged_run(suite, base, {})
    opinion = run.results.get().checks[0]["judge"]
    assert opinion["model"] == "tiny-base"
    assert opinion["first"] == opinion["swapped"] == "unknown"  # the server writes no verdict
    assert json.dumps(opinion)
