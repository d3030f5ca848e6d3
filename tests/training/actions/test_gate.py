"""The gate before a promotion: its rules as rows, and its decisions by the schedule and by people."""

from collections.abc import Callable
from typing import Any

import pytest

from common.errors import Invalid, NotAllowed
from labeling.actions.comparisons import add_comparisons
from labeling.models import Campaign, Event, User
from tests.people import pair
from tests.training.actions.conftest import rule_of
from tests.training.conftest import NOW
from tests.training.gated import BAD, GOOD, finished_run, measured
from tests.training.gates_by_people import voting_gate
from training.actions.gate import decide_by_rule, promote_through_gate, save_gate
from training.actions.people_gates import cancel_people_gate
from training.actions.versions import promote, record_evaluation, roll_back
from training.errors import GateNotMet
from training.models import GateDecision, GenerationJob, ModelVersion
from training.queries.gates import MEASURED, standing
from training.queries.retraining import runs_awaiting_gate
from training.queries.serving import serving_version
from training.versions import servers

pytestmark = pytest.mark.django_db

Meanwhile = Callable[[Callable[[], object]], None]


def test_the_schedule_promotes_a_version_that_meets_the_gate_and_keeps_why(
    labeled: Campaign, base: ModelVersion
) -> None:
    rule_of(labeled, auto_promote=True)
    run, version = finished_run(labeled, base)
    measured(version, GOOD)
    assert list(runs_awaiting_gate()) == [run]

    decision = decide_by_rule(run=run, version=version, now=NOW)

    assert (decision.outcome, decision.is_automatic, decision.by) == ("passed", True, None)
    assert serving_version() == version
    assert not runs_awaiting_gate().exists()
    assert version.deployments.get().reason == (
        "3 of 6 rules of gate 1 are met by the campaign's own labels alone, and the others were ignored; people were "
        "not asked, and no suite was run."
    )
    assert decide_by_rule(run=run, version=version, now=NOW) == decision
    event = Event.objects.get(verb="gate.passed")
    assert (event.campaign, event.after["version"]) == (labeled, "tiny-v1")


def test_the_schedule_holds_back_a_version_that_is_wrong_on_every_pair(labeled: Campaign, base: ModelVersion) -> None:
    rule_of(labeled, auto_promote=True)
    run, version = finished_run(labeled, base)
    measured(version, BAD)

    decision = decide_by_rule(run=run, version=version, now=NOW)

    assert decision.outcome == "held_back"
    assert "Held-out accuracy against tiny-base is 0.0 %" in decision.reason
    assert serving_version() == base
    assert Event.objects.get(verb="gate.held_back").campaign == labeled


@pytest.mark.parametrize("figures", [None, {"trouble": {"text": "It could not be measured: no memory.", "values": {}}}])
def test_what_was_not_measured_is_held_back(labeled: Campaign, base: ModelVersion, figures: dict[str, Any]) -> None:
    rule_of(labeled, auto_promote=True)
    run, version = finished_run(labeled, base)
    if figures:
        measured(version, figures)
    decision = decide_by_rule(run=run, version=version, now=NOW)
    assert decision.outcome == "held_back"
    assert ("no memory" if figures else "not measured") in decision.reason


def test_the_schedule_holds_back_when_another_version_was_promoted_meanwhile(
    labeled: Campaign, base: ModelVersion
) -> None:
    rule_of(labeled, auto_promote=True)
    run, version = finished_run(labeled, base)
    measured(version, GOOD)
    other = ModelVersion.objects.create(
        name="other", base_dir=base.base_dir, content_hash=base.content_hash, created_at=NOW
    )
    promote(version=other, acting_user=None, now=NOW)
    assert decide_by_rule(run=run, version=version, now=NOW).outcome == "held_back"
    assert serving_version() == other


@pytest.fixture
def while_servers_load(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Has something happen while the servers load a version: that takes minutes on a real one."""

    def meanwhile(happens: Callable[[], object]) -> None:
        def prepare(_version: ModelVersion) -> list[servers.PreparedServer]:
            happens()
            return []

        monkeypatch.setattr(servers, "prepare", prepare)

    return meanwhile


def test_a_version_that_fails_while_servers_load_it_is_not_promoted(
    labeled: Campaign, base: ModelVersion, maya: User, while_servers_load: Meanwhile
) -> None:
    _run, version = finished_run(labeled, base, "person")
    measured(version, GOOD)
    while_servers_load(lambda: measured(version, BAD))
    with pytest.raises(GateNotMet):
        promote_through_gate(version=version, acting_user=maya, now=NOW)
    assert serving_version() == base
    assert not GateDecision.objects.exists()


def test_the_schedule_asks_the_gate_again_once_servers_have_loaded_the_version(
    labeled: Campaign, base: ModelVersion, while_servers_load: Meanwhile
) -> None:
    rule_of(labeled, auto_promote=True)
    run, version = finished_run(labeled, base)
    measured(version, GOOD)
    while_servers_load(lambda: measured(version, BAD))
    decision = decide_by_rule(run=run, version=version, now=NOW)
    assert decision.outcome == "held_back"
    assert "is 0.0 %" in decision.reason
    assert decision.figures["accuracy"] == 0.0
    assert serving_version() == base


def test_a_certificate_has_the_rules_and_the_results_of_one_gate(
    labeled: Campaign, base: ModelVersion, maya: User, while_servers_load: Meanwhile
) -> None:
    _run, version = finished_run(labeled, base, "person")
    measured(version, GOOD)
    rules = [{"figure": "pairs", "floor": 20, "on_missing": "hold"}]
    while_servers_load(lambda: save_gate(campaign=labeled, rules=rules, acting_user=maya, now=NOW))
    promote_through_gate(version=version, acting_user=maya, now=NOW)
    decision = GateDecision.objects.get()
    assert decision.gate.number == 2
    assert str(decision.reason).startswith("All 1 rules of gate 2 are met by the campaign's own labels alone")
    assert [result["figure"] for result in decision.results] == [rule.figure for rule in decision.gate.parsed]


def test_without_the_rules_word_nothing_is_promoted_by_itself(labeled: Campaign, base: ModelVersion) -> None:
    rule_of(labeled, auto_promote=False)
    run, version = finished_run(labeled, base)
    measured(version, GOOD)
    assert not runs_awaiting_gate().exists()
    assert decide_by_rule(run=run, version=version, now=NOW).outcome == "held_back"
    assert serving_version() == base


def test_a_person_promotes_past_the_gate_only_with_a_reason_that_is_kept(
    labeled: Campaign, base: ModelVersion, maya: User
) -> None:
    _run, version = finished_run(labeled, base, "person")
    measured(version, BAD)

    with pytest.raises(GateNotMet) as refused:
        promote_through_gate(version=version, acting_user=maya, now=NOW)
    assert set(refused.value.fields) == {"accuracy_low"}
    assert serving_version() == base
    assert not GateDecision.objects.exists()

    promote_through_gate(version=version, acting_user=maya, now=NOW, reason=" For the demo. ")

    decision = GateDecision.objects.get()
    assert (decision.outcome, decision.waiver, decision.by) == ("waived", "For the demo.", maya)
    assert serving_version() == version
    assert Event.objects.get(verb="gate.waived").after["waiver"] == "For the demo."


@pytest.mark.parametrize("reason", ["x" * 2001, "a\x00b"])
def test_a_reason_that_cannot_be_kept_promotes_nothing(labeled: Campaign, base: ModelVersion, reason: str) -> None:
    _run, version = finished_run(labeled, base, "person")
    with pytest.raises(Invalid):
        promote_through_gate(version=version, acting_user=None, now=NOW, reason=reason)
    assert serving_version() == base


def test_a_person_needs_no_reason_where_the_gate_is_met(labeled: Campaign, base: ModelVersion, maya: User) -> None:
    _run, version = finished_run(labeled, base, "person")
    measured(version, GOOD)
    promote_through_gate(version=version, acting_user=maya, now=NOW, reason="not needed")
    decision = GateDecision.objects.get()
    assert (decision.outcome, decision.waiver, decision.is_automatic) == ("passed", "", False)
    promote_through_gate(version=version, acting_user=maya, now=NOW)
    assert GateDecision.objects.count() == 1  # it serves already


def test_a_base_passes_no_gate(base: ModelVersion, maya: User) -> None:
    other = ModelVersion.objects.create(
        name="other", base_dir=base.base_dir, content_hash=base.content_hash, created_at=NOW
    )
    promote_through_gate(version=other, acting_user=maya, now=NOW)
    assert serving_version() == other
    assert not GateDecision.objects.exists()


def test_a_version_passes_the_gate_of_every_campaign_that_it_writes_for(
    labeled: Campaign, base: ModelVersion, charlie: User, maya: User
) -> None:
    run, version = finished_run(labeled, base, "person")
    measured(version, GOOD)
    other = Campaign.objects.get(memberships__user=charlie)
    Campaign.objects.filter(pk=other.pk).update(status=Campaign.Status.ACTIVE)
    GenerationJob.objects.create(campaign=other, strategy="temperature", created_at=NOW, enqueued_at=NOW)

    stands = standing(version)
    assert stands is not None
    assert "not measured" in stands.others[0].trouble
    assert stands.is_met  # it has no held-out pairs, so its gate has no say

    snapshot = run.snapshot
    snapshot.pk, snapshot.campaign = None, other
    snapshot.save()
    record_evaluation(version=version, kind=MEASURED, results=BAD, acting_user=None, now=NOW, snapshot=snapshot)
    stands = standing(version)
    assert stands is not None
    assert not stands.is_met
    assert "another campaign" in stands.reason
    assert other.name not in stands.reason  # not everybody may know it

    with pytest.raises(NotAllowed, match="gate of another campaign"):
        promote_through_gate(version=version, acting_user=maya, now=NOW, reason="Agreed with Charlie?")
    promote_through_gate(version=version, acting_user=None, now=NOW, reason="Agreed with Charlie.")
    assert set(
        Event.objects.filter(verb="version.promoted").exclude(campaign=None).values_list("campaign", flat=True)
    ) == {
        labeled.pk,
        other.pk,
    }


def test_people_of_another_campaign_hold_a_version_back_without_held_out_pairs_there(
    labeled: Campaign, base: ModelVersion, charlie: User
) -> None:
    _run, version = finished_run(labeled, base, "person")
    measured(version, GOOD)
    other = Campaign.objects.get(memberships__user=charlie)
    Campaign.objects.filter(pk=other.pk).update(status=Campaign.Status.ACTIVE)
    GenerationJob.objects.create(campaign=other, strategy="temperature", created_at=NOW, enqueued_at=NOW)
    add_comparisons(campaign=other, drafts=[pair(n) for n in range(9)], source="test", acting_user=None, now=NOW)
    gate = voting_gate(other, version, base)

    stands = standing(version)
    assert stands is not None
    assert "Held back by the gate of another campaign: The gate by people is open" in stands.reason
    assert [one.rule.figure for one in stands.others[0].held_by] == ["people"]  # not the pairs that it lacks

    cancel_people_gate(gate=gate, acting_user=None, now=NOW)
    stands = standing(version)
    assert stands is not None
    assert (stands.is_met, bool(stands.others[0].trouble)) == (True, True)


def test_figures_against_a_version_that_no_longer_serves_are_not_used(labeled: Campaign, base: ModelVersion) -> None:
    _run, version = finished_run(labeled, base, "person")
    figures = {**GOOD, "serving": "an earlier one", "difference_to_serving_high": -0.5}
    measured(version, figures)
    stands = standing(version)
    assert stands is not None
    assert "difference_to_serving_high" not in stands.own.figures


def test_figures_against_an_earlier_serving_version_hold_it_until_it_is_measured_again(
    labeled: Campaign, base: ModelVersion
) -> None:
    rules = [
        {"figure": "pairs", "floor": 20},
        {"figure": "accuracy_low", "floor": 0.5},
        {"figure": "kl_per_token", "ceiling": 0.1, "on_missing": "ignore"},
        {"figure": "difference_to_serving_high", "floor": 0.0, "on_missing": "ignore"},
        {"figure": "scenarios_lost", "ceiling": 0, "on_missing": "ignore"},
        {"figure": "largest_shift", "ceiling": 0.8},
        {"figure": "rotations", "ceiling": 0, "on_missing": "ignore"},
    ]
    save_gate(campaign=labeled, rules=rules, acting_user=None, now=NOW)
    _run, version = finished_run(labeled, base, "person")
    against = {
        "difference_to_serving_high": 0.1,
        "compared": "tiny-base",
        "largest_shift": 0.1,
        "largest_shift_axis": "Length",
        "rotations": 0,
        "scenarios_lost": 0,
        "scenarios_lost_names": [],
        "scenarios_compared": 9,
    }
    measured(version, {**GOOD, **against})
    stands = standing(version)
    assert stands is not None
    assert stands.is_met

    other = ModelVersion.objects.create(
        name="other", base_dir=base.base_dir, content_hash=base.content_hash, created_at=NOW
    )
    promote(version=other, acting_user=None, now=NOW)
    stands = standing(version)
    assert stands is not None
    assert not set(against) & set(stands.own.figures)
    assert {result.rule.figure: str(result.sentence) for result in stands.own.held_by} == dict.fromkeys(
        ("difference_to_serving_high", "scenarios_lost", "largest_shift", "rotations"),
        "It was not measured against the version that serves now: measure it again.",
    )
    outcomes = {result.rule.figure: result.outcome for result in stands.own.results}
    assert (outcomes["accuracy_low"], outcomes["kl_per_token"]) == ("met", "ignored")

    promote(version=version, acting_user=None, now=NOW)
    stands = standing(version)
    assert stands is not None
    assert "stale" not in stands.own.figures, "it serves itself: nothing is to be measured again"


def test_a_rollback_pauses_the_rule_and_the_gate_then_holds_back(labeled: Campaign, base: ModelVersion) -> None:
    rule = rule_of(labeled, auto_promote=True)
    run, version = finished_run(labeled, base)
    promote(version=version, acting_user=None, now=NOW)
    roll_back(acting_user=None, now=NOW)
    rule.refresh_from_db()
    assert (rule.paused_at, rule.pause) == (NOW, "tiny-v1 was rolled back.")
    assert Event.objects.get(verb="version.rolled_back").campaign == labeled
    assert Event.objects.get(verb="retraining_rule.paused").campaign == labeled
    measured(version, GOOD)
    assert "paused" in decide_by_rule(run=run, version=version, now=NOW).reason
