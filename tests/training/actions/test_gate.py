"""The gate before a promotion that no person makes."""

import pytest

from common.sentences import Sentence
from labeling.models import Campaign, Event
from tests.training.actions.conftest import rule_of
from tests.training.conftest import NOW
from training.actions.gate import GateMeasurement, decide_promotion, hold_back
from training.actions.runs import RunSpec, start_run
from training.actions.versions import promote
from training.models import JobStatus, ModelVersion, Run
from training.queries.retraining import runs_awaiting_gate
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db


def scheduled_run(campaign: Campaign, base: ModelVersion) -> tuple[Run, ModelVersion]:
    """A run of the schedule's that is finished, and its version (whose files are the base's)."""
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(trigger=Run.Trigger.SCHEDULE))
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FINISHED, finished_at=NOW)
    version = ModelVersion.objects.create(
        name="tiny-v1", base_dir=base.base_dir, content_hash=base.content_hash, parent=base, run=run, created_at=NOW
    )
    run.refresh_from_db()
    return run, version


@pytest.mark.parametrize(
    ("accuracy", "parent", "drop", "passes"),
    [(0.7, 0.6, 0.0, True), (0.6, 0.6, 0.0, True), (0.59, 0.6, 0.0, False), (0.59, 0.6, 0.02, True)],
)
def test_accuracy_did_not_fall_if_it_is_at_least_the_parents_less_the_drop_allowed(
    accuracy: float, parent: float, drop: float, passes: bool
) -> None:
    assert GateMeasurement(accuracy, parent, pairs=50).did_not_fall(drop) is passes


def test_the_gate_promotes_when_accuracy_did_not_fall_and_keeps_why(labeled: Campaign, base: ModelVersion) -> None:
    rule_of(labeled, auto_promote=True)
    run, version = scheduled_run(labeled, base)
    assert list(runs_awaiting_gate()) == [run]

    gate = decide_promotion(run=run, version=version, measured=GateMeasurement(0.8, 0.5, 40), now=NOW)

    assert gate["promoted"] is True
    assert serving_version() == version
    assert not runs_awaiting_gate().exists()
    deployment = version.deployments.get()
    assert "Held-out accuracy did not fall: 0.800" in deployment.reason
    again = decide_promotion(run=run, version=version, measured=GateMeasurement(0.1, 0.5, 40), now=NOW)
    assert again == gate
    assert Event.objects.filter(verb="run.gate_decided").count() == 1


def test_the_gate_holds_back_what_got_worse(labeled: Campaign, base: ModelVersion) -> None:
    rule_of(labeled, auto_promote=True)
    run, version = scheduled_run(labeled, base)

    gate = decide_promotion(run=run, version=version, measured=GateMeasurement(0.4, 0.5, 40), now=NOW)

    assert gate["promoted"] is False
    assert "fell" in Run.objects.get(pk=run.pk).gate_reason
    assert serving_version() == base


def test_the_gate_holds_back_when_another_version_was_promoted_meanwhile(labeled: Campaign, base: ModelVersion) -> None:
    rule_of(labeled, auto_promote=True)
    run, version = scheduled_run(labeled, base)
    other = ModelVersion.objects.create(
        name="other", base_dir=base.base_dir, content_hash=base.content_hash, created_at=NOW
    )
    promote(version=other, acting_user=None, now=NOW)

    gate = decide_promotion(run=run, version=version, measured=GateMeasurement(0.9, 0.5, 40), now=NOW)

    assert gate["promoted"] is False
    assert serving_version() == other


def test_without_the_rules_word_nothing_is_promoted_by_itself(labeled: Campaign, base: ModelVersion) -> None:
    rule_of(labeled, auto_promote=False)
    run, version = scheduled_run(labeled, base)

    assert not runs_awaiting_gate().exists()
    assert not decide_promotion(run=run, version=version, measured=GateMeasurement(0.9, 0.5, 40), now=NOW)["promoted"]
    assert serving_version() == base


def test_what_could_not_be_measured_is_left_to_a_person(labeled: Campaign, base: ModelVersion) -> None:
    rule_of(labeled, auto_promote=True)
    run, _ = scheduled_run(labeled, base)

    assert hold_back(run=run, reason=Sentence("Held back: no memory."), now=NOW)["promoted"] is False
    assert not runs_awaiting_gate().exists()
