"""Gates by people that end without a decision: cancelled, with their blind test, or for want of texts."""

import pytest

from labeling.actions.campaigns import change_campaign_status
from labeling.models import Campaign, User
from tests.training.conftest import NOW
from tests.training.gated import GOOD, measured
from tests.training.gates_by_people import next_vote, opened, vote, voted, written
from training.actions.gate import promote_through_gate
from training.actions.people_gates import cancel_people_gate, look_at_gate
from training.errors import (
    GateNotMet,
    PeopleGateOver,
)
from training.models import GenerationJob, ModelVersion, PeopleGate
from training.queries.gates import standing
from training.queries.people_gates import evidence_figures, figures_for_rules, outcome_of, votes_of

pytestmark = pytest.mark.django_db


def test_a_cancelled_gate_decides_nothing_and_the_next_one_is_counted(
    gate: PeopleGate, campaign: Campaign, candidate: ModelVersion, maya: User, alice: User
) -> None:
    cancelled = cancel_people_gate(gate=gate, acting_user=maya, now=NOW)
    assert cancelled.status == "cancelled"
    assert figures_for_rules(campaign, candidate, gate.serving) == {}  # nobody had voted: people were not asked
    assert Campaign.objects.get(pk=gate.blind_test_id).status == "closed"
    with pytest.raises(PeopleGateOver):
        cancel_people_gate(gate=gate, acting_user=maya, now=NOW)
    again = opened(campaign, candidate, error=0.1)
    assert (again.attempt, again.error) == (2, 0.05)  # each further try has half the risk


def test_a_gate_that_is_cancelled_after_votes_was_not_passed(
    gate: PeopleGate, campaign: Campaign, candidate: ModelVersion, maya: User, alice: User
) -> None:
    measured(candidate, GOOD)
    voted(gate, alice, ["serving", "tie"])
    cancel_people_gate(gate=gate, acting_user=maya, now=NOW)
    with pytest.raises(GateNotMet, match="cancelled after 2 votes"):
        promote_through_gate(version=candidate, acting_user=maya, now=NOW)
    figures = figures_for_rules(campaign, candidate, gate.serving)
    assert (figures["people"], figures["people_gate"]["status"]) == (0, "cancelled")

    again = opened(campaign, candidate, error=0.1)
    cancel_people_gate(gate=again, acting_user=maya, now=NOW)  # before anybody voted: the earlier one still counts
    figures = figures_for_rules(campaign, candidate, gate.serving)
    assert figures["people_gate"]["gate"] == gate.pk


def test_votes_that_have_decided_are_not_cancelled(gate: PeopleGate, maya: User, alice: User) -> None:
    while outcome_of(gate, evidence_figures(votes_of(gate), gate.rule)) is None:
        assignment = next_vote(gate, alice)
        assert assignment is not None
        vote(gate, assignment, "serving")
    assert cancel_people_gate(gate=gate, acting_user=maya, now=NOW).status == "not_worth"


def test_a_gate_is_cancelled_with_its_blind_test(campaign: Campaign, candidate: ModelVersion, maya: User) -> None:
    gate = opened(campaign, candidate, maya, error=0.1)
    change_campaign_status(campaign=gate.blind_test, status="archived", acting_user=maya, now=NOW)
    gate = look_at_gate(gate_id=gate.pk, now=NOW)
    gate.job.refresh_from_db()
    assert (gate.status, gate.job.status) == ("cancelled", "cancelled")


def test_a_blind_test_that_was_archived_once_its_texts_are_written_ends_its_gate(
    campaign: Campaign, candidate: ModelVersion, maya: User
) -> None:
    gate = opened(campaign, candidate, maya, error=0.1)
    change_campaign_status(campaign=gate.blind_test, status="archived", acting_user=maya, now=NOW)
    GenerationJob.objects.filter(pk=gate.job_id).update(status="finished")
    assert look_at_gate(gate_id=gate.pk, now=NOW).status == "cancelled"
    assert Campaign.objects.get(pk=gate.blind_test_id).status == "archived"


def test_a_blind_test_that_is_closed_while_people_vote_ends_its_gate(gate: PeopleGate, maya: User, alice: User) -> None:
    voted(gate, alice, ["serving"])
    change_campaign_status(campaign=gate.blind_test, status="closed", acting_user=maya, now=NOW)
    gate = look_at_gate(gate_id=gate.pk, now=NOW)
    assert (gate.status, gate.figures["cast"]) == ("cancelled", 1)


def test_cancelling_while_texts_are_written_stops_the_job(
    campaign: Campaign, candidate: ModelVersion, maya: User
) -> None:
    gate = opened(campaign, candidate, maya, error=0.1)
    cancel_people_gate(gate=gate, acting_user=maya, now=NOW)
    gate.job.refresh_from_db()
    assert gate.job.status == "cancelled"
    assert Campaign.objects.get(pk=gate.blind_test_id).status == "archived"


def test_texts_that_are_all_alike_end_it_undecided(campaign: Campaign, candidate: ModelVersion) -> None:
    gate = written(opened(campaign, candidate, error=0.1), {"tiny-v1": "All the same.", "tiny-base": "All the same."})
    assert (gate.status, gate.figures["cast"]) == ("undecided", 0)
    stands = standing(candidate)
    assert stands is not None
    assert "too few pairs of texts differ" in str([result.sentence for result in stands.own.results])
