"""Suites of scenarios, their runs and their questions."""

from typing import Any

from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from tests.browser.suite_runs import suite_names
from tests.training.suites import finished_run, scenario, small_suite
from training.actions.scenario_answers import answer_question
from training.evaluation.suite_questions import open_questions
from training.models import SuiteRun

CAMPAIGN = "/campaigns/sums/"
SCENARIO = (
    '{{"id": "thanks", "tag": "helpful", "messages": [{{"role": "user", "content": "Thank you!"}}], '
    '"checks": [{{"kind": "length", "most": 200}}]}}'
)
"""With its braces doubled: values of entries are formatted."""


def _suites(world: World) -> dict[str, Any]:
    return suite_names(world.stage, world.furnished, f"Small {next(world.numbers)}")


def _rubrics(world: World) -> dict[str, Any]:
    """A finished run with a rubric, and a judge."""
    rubric = scenario("calm", {"kind": "judge", "rubric": "It is calm."})
    suite = small_suite(world.stage.campaign, rubric, name=f"Rubrics {next(world.numbers)}")
    world.settings.JUDGE_URLS = []
    run = finished_run(suite, world.furnished.one, {}, now=world.stage.now)
    world.settings.JUDGE_URLS = ["http://127.0.0.1:9/v1"]
    return {"rubrics": run.pk}


def _chosen(world: World) -> dict[str, Any]:
    """Two finished runs, and a judge."""
    world.settings.JUDGE_URLS = []
    names = _suites(world)
    world.settings.JUDGE_URLS = ["http://127.0.0.1:9/v1"]
    return names


def _answered(world: World) -> dict[str, Any]:
    names = _suites(world)
    question = next(open_questions(world.stage.campaign, world.stage.alice))
    answer_question(
        result=question.result,
        check_number=question.number,
        answer="yes",
        acting_user=world.stage.alice,
        now=world.stage.now,
    )
    return names


def _suite_run_under_way(world: World) -> dict[str, Any]:
    names = _suites(world)
    SuiteRun.objects.filter(pk=names["after"]).update(status="running")
    return names


def _suite_run_stopped(world: World) -> dict[str, Any]:
    names = _suites(world)
    SuiteRun.objects.filter(pk=names["after"]).update(status="cancelled")
    return names


ENTRIES = (
    Entry(
        form="training/suites.html",
        path=CAMPAIGN + "suites/",
        press="Add suite",
        sees="was added with 40 scenarios",
        never_refused="It has a list.",
    ),
    Entry(
        form="training/suites.html#2",
        path=CAMPAIGN + "suites/",
        fill={"name": "Politeness", "scenarios": SCENARIO},
        lands=r"/suites/\d+/",
        wrong={"scenarios": '{{"id": "thanks"}}'},
        complaint="Line 1:",
    ),
    Entry(
        form="training/suite.html",
        path="/suites/{suite}/",
        arrange=_suites,
        fill={"max_tokens": "64"},
        sees="has been queued",
        wrong={"max_tokens": "0"},
        complaint="greater than or equal to 1",
    ),
    Entry(
        form="training/suite_edit.html",
        path="/suites/{suite}/edit/",
        arrange=_suites,
        fill={"scenarios": SCENARIO, "before_gate": False},
        sees="of the suite applies from now on",
        wrong={"scenarios": "["},
        complaint="Line 1:",
    ),
    Entry(
        form="training/suites/run_state.html",
        path="/suite-runs/{after}/",
        arrange=_suite_run_under_way,
        press="Cancel",
        sees="stops after its current step",
        never_refused="It has no fields.",
    ),
    Entry(
        form="training/suites/run_state.html#2",
        path="/suite-runs/{after}/",
        arrange=_suite_run_stopped,
        press="Resume",
        sees="continues with the scenarios",
        never_refused="It has no fields.",
    ),
    Entry(
        form="training/scenario_questions.html",
        path=CAMPAIGN + "scenario-questions/",
        by="alice",
        arrange=_suites,
        press="Yes Y",
        sees="Take back latest answer",
        never_refused="It has buttons alone.",
    ),
    Entry(
        form="training/scenario_questions.html#2",
        path=CAMPAIGN + "scenario-questions/",
        by="alice",
        arrange=_answered,
        press="Take back latest answer",
        sees="was taken back",
        never_refused="It has a button alone.",
    ),
    Entry(
        form="training/suites/judge.html",
        path="/suite-runs/{rubrics}/",
        arrange=_rubrics,
        press="Ask the model judge",
        sees="is being asked",
        never_refused="It has a button alone.",
    ),
    Entry(
        form="training/suites/choices.html",
        path="/suite-runs/{after}/compare/{before}/",
        arrange=_chosen,
        press="Ask which are better",
        sees="is being asked",
        never_refused="It has a list of judges alone.",
    ),
    Entry(
        form="training/suite_compare.html",
        path="/suite-runs/{after}/compare/{before}/",
        arrange=_suites,
        press="Make comparisons",
        sees="comparison was added",
        never_refused="It has boxes alone.",
    ),
)
