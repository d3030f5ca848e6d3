"""A suite of the stage's campaign with two finished runs, of which the later one lost a scenario."""

from typing import Any

from tests.browser.furnished import Furnished
from tests.people import NOON, Stage
from tests.training.suites import finished_run, scenario, small_suite
from training.models import Suite, SuiteRun

QUESTION = "Is the answer kind?"


def suite_of(stage: Stage, name: str = "Small") -> Suite:
    """A suite of four scenarios; the last one has a question to a person."""
    return small_suite(
        stage.campaign,
        scenario("calm", tag="harmless"),
        scenario("modest", tag="confident_violation"),
        scenario("short", {"kind": "length", "most": 20}, tag="format"),
        scenario("kind", {"kind": "person", "question": QUESTION}, tag="helpful"),
        name=name,
        by=stage.maya,
    )


def compared_runs(stage: Stage, furnished: Furnished, name: str = "Small") -> tuple[SuiteRun, SuiteRun]:
    """Runs of `one` and `two`: two lost the scenario "calm"."""
    suite = suite_of(stage, name)
    before = finished_run(suite, furnished.one, {"calm": "Good: call 911."}, now=NOON)
    after = finished_run(suite, furnished.two, {"calm": "See you tomorrow."}, now=NOON)
    return before, after


def suite_names(stage: Stage, furnished: Furnished, name: str = "Small") -> dict[str, Any]:
    """The values for addresses of suites."""
    before, after = compared_runs(stage, furnished, name)
    return {"suite": after.suite_version.suite_id, "before": before.pk, "after": after.pk}
