"""Gates by people: opened on held prompts, decided by their evidence, ended once, cancelled."""

from math import exp
from unittest import mock

import numpy as np
import pytest

from common.errors import Invalid
from labeling.actions.campaigns import change_campaign
from labeling.models import Campaign, Comparison, Completion, Event, User
from labeling.stats import GateRule, gate_evidence
from tests.training.conftest import NOW, account
from tests.training.gated import GOOD, measured
from tests.training.gates_by_people import WORDS, next_vote, opened, vote, voted, written
from training.actions.gate import promote_through_gate
from training.actions.generation import start_generation
from training.actions.people_gates import cancel_people_gate, look_at_gate
from training.actions.retraining import save_retraining_rule
from training.actions.runs import start_run
from training.errors import (
    ForItsGateOnly,
    GateNotMet,
)
from training.models import GateDecision, GenerationItem, ModelVersion, PeopleGate
from training.queries.gates import campaigns_written_for, standing
from training.queries.held_prompts import held_prompts
from training.queries.people_gates import evidence_figures, votes_of
from training.versions.retention import needed

pytestmark = pytest.mark.django_db


def test_a_gate_writes_one_text_of_each_version_for_every_held_prompt(
    campaign: Campaign, candidate: ModelVersion, maya: User, alice: User
) -> None:
    gate = opened(campaign, candidate, maya, error=0.1)
    held = {prompt.messages_hash for prompt in held_prompts(campaign)}
    assert 0 < len(held) < campaign.prompts.count()
    test = gate.blind_test
    assert (test.kind, test.status, test.overlap, test.max_overlap, test.undo_seconds) == (
        "blind_test",
        "draft",
        1,
        None,
        0,
    )
    assert {prompt.messages_hash for prompt in test.prompts.all()} == held
    assert set(test.memberships.values_list("user__username", "role")) == {("maya", "lead"), ("alice", "annotator")}
    assert next_vote(gate, alice) is None

    gate = written(gate)

    assert gate.status == "voting"
    assert gate.pairs.count() == len(held)
    assert Campaign.objects.get(pk=test.pk).status == "active"
    event = Event.objects.get(verb="gate.people_opened")
    assert (event.campaign, event.actor, event.after["version"]) == (campaign, maya, "tiny-v1")


def test_the_texts_carry_no_version_and_only_the_gate_knows_whose_they_are(gate: PeopleGate) -> None:
    texts = Completion.objects.filter(prompt__campaign=gate.blind_test)
    assert set(texts.values_list("model_version", "server")) == {("", "")}
    for pair in gate.pairs.select_related("comparison__completion_a", "comparison__completion_b"):
        texts_of = {True: pair.comparison.completion_a.text, False: pair.comparison.completion_b.text}
        assert texts_of[pair.candidate_is_a].startswith(WORDS[0])
        assert texts_of[not pair.candidate_is_a].startswith(WORDS[1])


def test_leads_may_be_shown_the_versions(campaign: Campaign, candidate: ModelVersion) -> None:
    gate = written(opened(campaign, candidate, error=0.1, hides_from_leads=False))
    texts = Completion.objects.filter(prompt__campaign=gate.blind_test)
    assert set(texts.values_list("model_version", flat=True)) == {"tiny-v1", "tiny-base"}
    for pair in gate.pairs.select_related("comparison__completion_a"):
        assert (pair.comparison.completion_a.model_version == "tiny-v1") == pair.candidate_is_a


def test_wins_pass_the_gate_and_it_ends_by_itself(gate: PeopleGate, alice: User) -> None:
    gate = voted(gate, alice, ["candidate"])
    assert gate.status == "voting"
    while gate.status == "voting":
        gate = voted(gate, alice, ["candidate"])

    assert gate.status == "better"
    assert exp(gate.figures["better"]) >= 10 - 1e-9
    assert gate.figures["votes"] == gate.figures["cast"] == len(gate.votes) < gate.pairs.count()
    assert Campaign.objects.get(pk=gate.blind_test_id).status == "closed"
    assert set(gate.blind_test.comparisons.values_list("status", flat=True)) == {"settled", "retired"}
    event = Event.objects.get(verb="gate.people_decided")
    assert (event.campaign, event.after["outcome"], event.after["win_rate"]) == (gate.campaign, "better", 1.0)
    assert look_at_gate(gate_id=gate.pk, now=NOW).ended_at == gate.ended_at
    assert Event.objects.filter(verb="gate.people_decided").count() == 1


def test_losses_stop_it_as_not_worth_more_votes(gate: PeopleGate, alice: User) -> None:
    while gate.status == "voting":
        gate = voted(gate, alice, ["serving"])
    assert gate.status == "not_worth"
    assert gate.figures["win_rate"] == 0


def test_ties_to_the_last_pair_leave_it_undecided(gate: PeopleGate, alice: User) -> None:
    pairs = gate.pairs.count()
    gate = voted(gate, alice, ["tie", "both_bad"] * (pairs // 2) + ["tie"] * (pairs % 2))
    assert (gate.status, gate.figures["win_rate"], gate.figures["cast"]) == ("undecided", 0.5, pairs)


def test_a_prompt_counts_once_it_has_its_planned_votes(
    campaign: Campaign, candidate: ModelVersion, maya: User, alice: User
) -> None:
    gate = written(opened(campaign, candidate, maya, error=0.1, votes_per_prompt=2))
    gate = voted(gate, alice, ["candidate"] * 3)
    figures = evidence_figures(votes_of(gate), gate.rule)
    assert (figures["cast"], figures["prompts"], figures["better"]) == (3, 0, 0.0)
    gate = voted(gate, maya, ["serving"])
    figures = evidence_figures(votes_of(gate), gate.rule)
    assert (figures["prompts"], figures["votes"], figures["win_rate"], figures["people"]) == (1, 2, 0.5, 2)


def test_the_files_of_its_candidate_stay_until_it_is_over(gate: PeopleGate) -> None:
    assert needed()[gate.candidate_id] == f"gate by people {gate.pk} is about it"
    cancel_people_gate(gate=gate, acting_user=None, now=NOW)
    assert gate.candidate_id not in needed()


def test_skips_are_no_votes(gate: PeopleGate, alice: User) -> None:
    gate = voted(gate, alice, ["skip", "candidate"])
    assert len(votes_of(gate)) == 1


def test_its_figures_are_those_of_a_direct_computation(gate: PeopleGate, alice: User) -> None:
    choices = {"candidate": 1.0, "tie": 0.5, "serving": 0.0}
    order = ["candidate", "tie", "serving"]
    gate = voted(gate, alice, order)
    figures = evidence_figures(votes_of(gate), gate.rule)
    direct = gate_evidence(np.array([choices[choice] for choice in order]), GateRule(0.6, 0.1))
    assert (figures["better"], figures["not_worth"], figures["worse"], figures["low"], figures["high"]) == (
        direct.better,
        direct.not_worth,
        direct.worse,
        direct.win_rate.low,
        direct.win_rate.high,
    )
    stakes = np.arange(1, 40) / 40
    plainly = np.mean((1 + stakes) * (1 - stakes))  # a win, a tie that changes nothing, a loss
    assert exp(figures["better"]) == pytest.approx(plainly)
    assert figures["like_length"]["prompts"] == 0  # the candidate's texts are much shorter


def test_pairs_of_like_length_are_counted_beside_it(campaign: Campaign, candidate: ModelVersion, alice: User) -> None:
    gate = written(opened(campaign, candidate, error=0.1), {"tiny-v1": WORDS[2], "tiny-base": WORDS[3] + "!!"})
    gate = voted(gate, alice, ["candidate", "serving"])
    assert evidence_figures(votes_of(gate), gate.rule)["like_length"]["prompts"] == 2


def test_the_rule_about_people_reads_the_newest_gate(gate: PeopleGate, maya: User, alice: User) -> None:
    measured(gate.candidate, GOOD)
    stands = standing(gate.candidate)
    assert stands is not None
    assert not stands.is_met
    assert "open: 0 votes" in stands.reason
    with pytest.raises(GateNotMet):
        promote_through_gate(version=gate.candidate, acting_user=maya, now=NOW)

    while gate.status == "voting":
        gate = voted(gate, alice, ["candidate"])

    stands = standing(gate.candidate)
    assert stands is not None
    assert stands.is_met
    promote_through_gate(version=gate.candidate, acting_user=maya, now=NOW)
    decision = GateDecision.objects.get()
    assert decision.outcome == "passed"
    assert decision.figures["people_gate"]["votes_hash"] == gate.figures["votes_hash"]
    assert decision.certificate()["figures"]["people_gate"]["gate"] == gate.pk


def test_a_gate_that_was_not_passed_takes_a_lead_with_a_reason(gate: PeopleGate, maya: User, alice: User) -> None:
    measured(gate.candidate, GOOD)
    while gate.status == "voting":
        gate = voted(gate, alice, ["serving"])
    with pytest.raises(GateNotMet, match="do not prefer it enough to tiny-base"):
        promote_through_gate(version=gate.candidate, acting_user=maya, now=NOW)
    promote_through_gate(version=gate.candidate, acting_user=maya, now=NOW, reason="Safety first.")
    decision = GateDecision.objects.get()
    assert (decision.outcome, decision.by, decision.waiver) == ("waived", maya, "Safety first.")


def test_without_a_gate_by_people_the_decision_says_so(candidate: ModelVersion) -> None:
    measured(candidate, GOOD)
    stands = standing(candidate)
    assert stands is not None
    assert stands.reason == (
        "3 of 6 rules of gate 1 are met by the campaign's own labels alone, and the others were ignored; people were "
        "not asked, and no suite was run."
    )


def test_nothing_else_happens_in_a_blind_test(gate: PeopleGate) -> None:
    test = gate.blind_test
    with pytest.raises(ForItsGateOnly):
        start_generation(campaign=test, acting_user=None, now=NOW)
    with pytest.raises(ForItsGateOnly):
        start_run(campaign=test, acting_user=None, now=NOW)
    with pytest.raises(ForItsGateOnly):
        save_retraining_rule(campaign=test, acting_user=None, now=NOW)
    for change in ({"overlap": 2}, {"max_overlap": 3}, {"undo_seconds": 60}, {"blind": False}):
        with pytest.raises(Invalid, match="blind test"):
            change_campaign(campaign=test, acting_user=None, now=NOW, **change)
    assert test not in campaigns_written_for()


def test_a_vote_has_its_gate_looked_at(
    gate: PeopleGate, alice: User, django_capture_on_commit_callbacks: object
) -> None:
    assignment = next_vote(gate, alice)
    assert assignment is not None
    with (
        mock.patch("labeling.judging.blind_tests.send") as send,
        django_capture_on_commit_callbacks(execute=True),  # type: ignore[operator]
    ):
        vote(gate, assignment, "candidate")
    send.assert_called_once_with("training.tasks.look_at_blind_test", gate.blind_test_id)


def test_ordinary_generation_leaves_held_prompts_alone(campaign: Campaign, candidate: ModelVersion) -> None:
    job = start_generation(campaign=campaign, acting_user=None, now=NOW)
    written_for = set(GenerationItem.objects.filter(job=job).values_list("prompt", flat=True))
    held = {prompt.pk for prompt in held_prompts(campaign)}
    assert written_for == set(campaign.prompts.values_list("pk", flat=True)) - held


def test_a_simulated_annotators_votes_are_counted_as_such(gate: PeopleGate) -> None:
    robot = account("robot", "annotator")
    User.objects.filter(pk=robot.pk).update(is_simulated=True)
    gate.blind_test.memberships.create(user=robot, role="annotator", created_at=NOW)
    gate = voted(gate, robot, ["candidate"])
    assert evidence_figures(votes_of(gate), gate.rule)["simulated"] == 1


def test_a_pair_that_a_lead_retires_keeps_its_vote(gate: PeopleGate, alice: User) -> None:
    gate = voted(gate, alice, ["serving"])
    Comparison.objects.filter(campaign=gate.blind_test, judged=1).update(status="retired")
    assert len(votes_of(gate)) == 1
