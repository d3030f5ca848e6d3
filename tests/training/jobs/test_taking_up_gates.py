"""A gate that no worker has any more is taken up without a GPU: what is missing is queued as a row."""

from typing import Any

import pytest
import yaml
from django.db import connection

from config.embedded.var import PROJECT_DIR
from labeling.models import Campaign
from tests.training.actions.conftest import rule_of
from tests.training.conftest import NOW
from tests.training.gated import GOOD, finished_run, measured
from training.actions.runs import start_run
from training.jobs.gate import take_up_gate
from training.models import EvaluationJob, GateDecision, ModelVersion, Run
from training.queries.retraining import runs_awaiting_gate

pytestmark = pytest.mark.django_db


def wanted_gpu_workers() -> int:
    """The number that Kubernetes would scale to."""
    manifests = yaml.safe_load_all((PROJECT_DIR / "docker/kubernetes/gpu/scaling.yaml").read_text())
    (trigger,) = next(one for one in manifests if one["kind"] == "ScaledObject")["spec"]["triggers"]
    with connection.cursor() as cursor:
        cursor.execute(trigger["metadata"]["query"])
        return int(cursor.fetchone()[0])


def test_a_missing_evaluation_is_queued_once_and_then_the_gate_is_asked(labeled: Campaign, base: ModelVersion) -> None:
    rule_of(labeled, auto_promote=True)
    run, version = finished_run(labeled, base)
    assert wanted_gpu_workers() == 0
    for _ in range(2):
        assert take_up_gate(run.pk) is None
        assert (wanted_gpu_workers(), EvaluationJob.objects.count()) == (1, 1)
    EvaluationJob.objects.update(status="finished")
    measured(version, GOOD)
    decision = take_up_gate(run.pk)
    assert decision is not None
    assert (decision.outcome, wanted_gpu_workers()) == ("passed", 0)
    assert take_up_gate(run.pk) is None  # decided once


def test_while_another_run_has_the_machine_of_the_servers_nothing_is_held_back(
    labeled: Campaign, base: ModelVersion, settings: Any
) -> None:
    settings.GENERATOR_HANDOVER = "sleep"
    rule_of(labeled, auto_promote=True)
    run, _version = finished_run(labeled, base)
    other = start_run(campaign=labeled, acting_user=None, now=NOW)
    Run.objects.filter(pk=other.pk).update(status="running", holds_machine=True)
    assert take_up_gate(run.pk) is None
    assert not EvaluationJob.objects.exists()
    assert not GateDecision.objects.exists()
    assert list(runs_awaiting_gate()) == [run]
