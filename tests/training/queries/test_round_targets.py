"""The win rate over the base: by held-out pairs, by a gate by people, and through several of them."""

from typing import Any

import pytest

from labeling.models import Campaign, Event
from tests.training.actions.conftest import rule_of
from tests.training.actions.test_rounds import version_of
from tests.training.conftest import NOW, QUESTIONS
from tests.training.gates_by_people import voting_gate
from training.actions.round_plans import save_round_plan
from training.actions.runs import start_run
from training.actions.schedule import consider_retraining
from training.actions.versions import promote
from training.models import EvaluationJob, ModelVersion, PeopleGate, Run
from training.queries.round_targets import target_figure

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(labeled: Campaign) -> ModelVersion:
    return version_of(start_run(campaign=labeled, acting_user=None, now=NOW), "tiny-v1")


def evaluated(version: ModelVersion, low: float, **values: Any) -> None:
    assert version.run is not None
    figures = {"accuracy": 0.8, "accuracy_low": low, "accuracy_high": 0.9, "pairs": 60}
    report = {"sections": [{"name": "held_out", "figures": figures}]}
    EvaluationJob.objects.create(
        version=version, campaign=version.run.campaign, status="finished", report=report, created_at=NOW, **values
    )


def gated(campaign: Campaign, version: ModelVersion, serving: ModelVersion, figures: tuple[float, ...]) -> None:
    gate = voting_gate(campaign, version, serving)
    names = ("win_rate", "low", "high")
    PeopleGate.objects.filter(pk=gate.pk).update(
        status="better", figures={**dict(zip(names, figures, strict=True)), "prompts": 40}
    )


def test_held_out_pairs_are_read_with_the_base_as_reference(labeled: Campaign, version: ModelVersion) -> None:
    assert target_figure(version, "evaluation", labeled) is None
    evaluated(version, 0.71)
    evaluated(version, 0.99, settings={"for_gates": False})
    found = target_figure(version, "evaluation", labeled)
    assert found is not None
    assert (found.base, found.value, found.low, found.high, found.count) == ("tiny-base", 0.8, 0.71, 0.9, 60)
    assert (found.reaches(0.71), found.reaches(0.72)) == (True, False)


def test_a_gate_against_the_base_gives_its_own_interval(
    labeled: Campaign, base: ModelVersion, version: ModelVersion
) -> None:
    assert target_figure(version, "people", labeled) is None
    gated(labeled, version, base, (0.7, 0.55, 0.82))
    found = target_figure(version, "people", labeled)
    assert found is not None
    assert (round(found.value, 9), round(found.low, 9), round(found.high, 9)) == (0.7, 0.55, 0.82)
    assert (found.count, found.through) == (40, ())


def test_a_gate_that_simulated_annotators_voted_in_gives_none(
    labeled: Campaign, base: ModelVersion, version: ModelVersion
) -> None:
    gated(labeled, version, base, (0.7, 0.55, 0.82))
    gate = PeopleGate.objects.get()
    PeopleGate.objects.update(figures={**gate.figures, "simulated": 3})
    assert target_figure(version, "people", labeled) is None


def test_over_several_gates_the_odds_multiply(labeled: Campaign, base: ModelVersion, version: ModelVersion) -> None:
    second = ModelVersion.objects.create(
        name="tiny-v2", base_dir=base.base_dir, content_hash=base.content_hash, parent=version, created_at=NOW
    )
    gated(labeled, version, base, (0.75, 0.6, 0.85))
    assert target_figure(second, "people", labeled) is None
    gated(labeled, second, version, (0.75, 0.5, 0.9))
    found = target_figure(second, "people", labeled)
    assert found is not None
    assert found.value == pytest.approx(0.9)  # odds of 3 times 3
    assert found.low == pytest.approx(0.6)
    assert found.through == ("tiny-v1",)


def test_the_schedule_stops_at_the_target_until_a_lead_changes_it(labeled: Campaign, version: ModelVersion) -> None:
    save_round_plan(campaign=labeled, values={"target": 0.7, "target_by": "evaluation"}, acting_user=None, now=NOW)
    rule = rule_of(labeled, min_fresh_verdicts=len(QUESTIONS))
    evaluated(version, 0.71)
    labeled.verdicts.update(settled_at=NOW.replace(hour=23))
    promote(version=version, acting_user=None, now=NOW, servers_first=False)

    assert consider_retraining(rule=rule, now=NOW) is None
    assert rule.outcome == (
        "The target is reached: tiny-v1 wins 80.0 % against the base (71.0 % to 90.0 %); at least 70.0 % was asked for."
    )
    assert consider_retraining(rule=rule, now=NOW) is None
    assert rule.outcome == "The target is reached: change it to go on."
    event = Event.objects.get(verb="round.target_reached")
    assert (event.campaign, event.after["version"], event.after["low"]) == (labeled, "tiny-v1", 0.71)

    save_round_plan(campaign=labeled, values={"target": 0.8}, acting_user=None, now=NOW)
    assert consider_retraining(rule=rule, now=NOW) == Run.objects.latest("pk")


def test_a_version_that_does_not_serve_reaches_nothing(labeled: Campaign, version: ModelVersion) -> None:
    save_round_plan(campaign=labeled, values={"target": 0.7, "target_by": "evaluation"}, acting_user=None, now=NOW)
    evaluated(version, 0.71)
    labeled.verdicts.update(settled_at=NOW.replace(hour=23))
    assert consider_retraining(rule=rule_of(labeled, min_fresh_verdicts=len(QUESTIONS)), now=NOW) is not None
