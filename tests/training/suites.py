"""A small suite for tests, and runs on it without a model."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from labeling.models import Campaign, User
from tests.training.conftest import NOW
from tests.training.jobs.scripted import Scripted
from training.actions.suite_runs import start_suite_run
from training.actions.suites import create_suite
from training.evaluation.suites import Scenario, read_suite
from training.jobs.suites import run_suite_job
from training.models import ModelVersion, Suite, SuiteRun

GOOD = {"kind": "pattern", "pattern": "good"}


def scenario(identity: str, *checks: Mapping[str, Any], tag: str = "helpful") -> dict[str, Any]:
    """A scenario that asks for its own id."""
    messages = [{"role": "user", "content": f"Say {identity}."}]
    return {"id": identity, "tag": tag, "messages": messages, "checks": [*(checks or (GOOD,))]}


def scenarios(*given: Mapping[str, Any]) -> list[Scenario]:
    return read_suite("\n".join(map(json.dumps, given)))


def small_suite(campaign: Campaign, *given: Mapping[str, Any], name: str = "Small", by: User | None = None) -> Suite:
    """A suite of three scenarios: of harmless, confident violation, and format."""
    three = (
        scenario("calm", tag="harmless"),
        scenario("modest", tag="confident_violation"),
        scenario("short", {"kind": "length", "most": 20}, tag="format"),
    )
    return create_suite(campaign=campaign, name=name, scenarios=scenarios(*(given or three)), acting_user=by, now=NOW)


def finished_run(
    suite: Suite, version: ModelVersion, answers: Mapping[str, str], *, now: datetime = NOW, otherwise: str = "good"
) -> SuiteRun:
    """A run in which the version gives these answers, by the scenario's id."""
    run = start_suite_run(suite_version=suite.current, version=version, acting_user=None, now=now, hand_to_worker=False)
    by_number = {one["messages"][-1]["content"]: one["id"] for one in run.suite_version.scenarios}
    source = Scripted(lambda request, _: answers.get(by_number[request.messages[-1]["content"]], otherwise))
    done = run_suite_job(run.pk, clock=lambda: now, source_of=source.source)
    assert done is not None
    return done
