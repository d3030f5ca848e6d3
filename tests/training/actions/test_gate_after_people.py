"""A version that the schedule held back until people preferred it: decided about once more, by the rule."""

from datetime import timedelta
from typing import Any
from unittest import mock

import pytest

from labeling.models import Campaign, Event, User
from tests.training.actions.conftest import rule_of
from tests.training.conftest import NOW
from tests.training.gated import BAD, GOOD, finished_run, measured
from tests.training.gates_by_people import voted, voting_gate
from training.actions.gate import decide_by_rule
from training.actions.retraining import save_retraining_rule
from training.models import GateDecision, ModelVersion, PeopleGate, Run
from training.queries.retraining import runs_awaiting_gate
from training.queries.serving import serving_version
from training.versions import servers

pytestmark = pytest.mark.django_db

EARLIER = NOW - timedelta(hours=1)


@pytest.fixture
def run(labeled: Campaign, base: ModelVersion) -> Run:
    """A run of the schedule whose version meets every rule but the one about people."""
    rule_of(labeled, auto_promote=True)
    run, version = finished_run(labeled, base)
    measured(version, GOOD)
    return run


@pytest.fixture
def held(run: Run, labeled: Campaign, base: ModelVersion) -> PeopleGate:
    """Its gate by people, which was open when the schedule held the version back."""
    gate = voting_gate(labeled, run.version, base, error=0.1)
    decision = decide_by_rule(run=run, version=run.version, now=EARLIER)
    assert decision.outcome == "held_back"
    assert "The gate by people is open" in decision.reason
    assert not runs_awaiting_gate().exists()
    return gate


def passed(gate: PeopleGate, annotator: User, choice: str = "candidate") -> PeopleGate:
    while gate.is_open:
        gate = voted(gate, annotator, [choice])
    return gate


def test_it_is_promoted_by_the_rule_once_people_prefer_it(run: Run, held: PeopleGate, alice: User) -> None:
    gate = passed(held, alice)
    assert list(runs_awaiting_gate()) == [run]

    decision = decide_by_rule(run=run, version=run.version, now=NOW)

    assert (decision.outcome, decision.is_automatic, decision.people_gate) == ("passed", True, gate)
    assert decision.figures["people_gate"]["gate"] == gate.pk
    assert serving_version() == run.version
    assert not runs_awaiting_gate().exists()
    assert decide_by_rule(run=run, version=run.version, now=NOW) == decision
    assert GateDecision.objects.count() == 2
    assert Event.objects.filter(verb="gate.passed").count() == 1
    assert run.version.deployments.count() == 1


def test_it_is_asked_again_while_no_server_answers(
    run: Run, held: PeopleGate, alice: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed(held, alice)
    monkeypatch.setattr(servers, "PATIENCE_SECONDS", 0.0)
    settings.GENERATOR_URLS = ["http://127.0.0.1:9"]
    assert decide_by_rule(run=run, version=run.version, now=NOW) == GateDecision.objects.get()
    assert list(runs_awaiting_gate()) == [run]
    settings.GENERATOR_URLS = []
    assert decide_by_rule(run=run, version=run.version, now=NOW).outcome == "passed"


def test_the_vote_that_passes_it_has_it_decided_at_once(
    run: Run, held: PeopleGate, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    with (
        mock.patch("training.actions.people_gates.send") as send,
        django_capture_on_commit_callbacks(execute=True),
    ):
        passed(held, alice)
    send.assert_called_once_with("training.tasks.run_gate", run.pk)


def test_another_rule_still_holds_it_back_and_that_is_decided_once(run: Run, held: PeopleGate, alice: User) -> None:
    measured(run.version, BAD)
    gate = passed(held, alice)
    decision = decide_by_rule(run=run, version=run.version, now=NOW)
    assert (decision.outcome, decision.people_gate) == ("held_back", gate)
    assert "Held-out accuracy" in decision.reason
    assert not runs_awaiting_gate().exists()
    assert decide_by_rule(run=run, version=run.version, now=NOW) == decision


def test_one_that_people_do_not_prefer_stays_held_back(run: Run, held: PeopleGate, alice: User) -> None:
    passed(held, alice, "serving")
    assert not runs_awaiting_gate().exists()
    decide_by_rule(run=run, version=run.version, now=NOW)
    assert GateDecision.objects.get().outcome == "held_back"


def test_a_lead_decides_where_the_rule_no_longer_does(
    run: Run, held: PeopleGate, labeled: Campaign, alice: User, django_capture_on_commit_callbacks: Any
) -> None:
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW, auto_promote=False)
    with (
        mock.patch("training.actions.people_gates.send") as send,
        django_capture_on_commit_callbacks(execute=True),
    ):
        passed(held, alice)
    send.assert_not_called()
    assert not runs_awaiting_gate().exists()


def test_a_result_against_a_version_that_no_longer_serves_decides_nothing(
    run: Run, held: PeopleGate, base: ModelVersion, alice: User
) -> None:
    gate = passed(held, alice)
    other = ModelVersion.objects.create(
        name="other", base_dir=base.base_dir, content_hash=base.content_hash, created_at=NOW
    )
    PeopleGate.objects.filter(pk=gate.pk).update(serving=other)
    assert not runs_awaiting_gate().exists()


def test_a_gate_that_ended_while_the_schedule_decided_is_not_forgotten(
    run: Run, labeled: Campaign, base: ModelVersion, alice: User
) -> None:
    gate = voting_gate(labeled, run.version, base, error=0.1)
    decide_by_rule(run=run, version=run.version, now=NOW + timedelta(hours=1))  # it read the gate before it ended
    passed(gate, alice)
    assert list(runs_awaiting_gate()) == [run]
    assert decide_by_rule(run=run, version=run.version, now=NOW).outcome == "passed"
