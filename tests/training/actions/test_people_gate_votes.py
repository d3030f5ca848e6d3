"""Votes of a gate by people in training: held prompts stay out of snapshots until a lead lets their votes join."""

import pytest

from common.errors import NotAllowed
from labeling.models import Campaign, Event, User
from tests.training.conftest import NOW, add_written_pairs, judge_all
from tests.training.gated import finished_run
from tests.training.gates_by_people import hold, opened, voted, written
from training.actions.held_prompts import hold_prompts
from training.actions.people_gate_votes import join_votes
from training.actions.snapshots import take_snapshot
from training.errors import ForItsGateOnly, NothingToJoin, WrongPeopleGate
from training.models import HeldPrompts, ModelVersion, PeopleGate
from training.queries.held_prompts import held_prompts, usable_prompts

pytestmark = pytest.mark.django_db


@pytest.fixture
def gate(campaign: Campaign, base: ModelVersion, alice: User, maya: User) -> PeopleGate:
    """A gate that people have passed, with one tie."""
    hold(campaign)
    add_written_pairs(campaign)
    judge_all(campaign, alice)
    gate = written(opened(campaign, finished_run(campaign, base)[1], maya, error=0.1))
    gate = voted(gate, alice, ["tie"])
    while gate.status == "voting":
        gate = voted(gate, alice, ["candidate"])
    return gate


def test_no_pair_on_a_held_prompt_is_in_a_snapshot(campaign: Campaign, alice: User) -> None:
    add_written_pairs(campaign)
    judge_all(campaign, alice)
    whole = take_snapshot(campaign=campaign, acting_user=None, now=NOW)
    hold(campaign)
    held = held_prompts(campaign)
    snapshot = take_snapshot(campaign=campaign, acting_user=None, now=NOW)
    left_out = whole.train_pairs + whole.test_pairs - snapshot.train_pairs - snapshot.test_pairs
    assert left_out == len(held) == snapshot.manifest["meta"]["held_for_gates"]
    assert "held_for_gates" not in whole.manifest["meta"]


def test_a_larger_share_only_adds_prompts_and_none_gives_them_back(campaign: Campaign) -> None:
    hold(campaign, 0.2)
    few = {prompt.pk for prompt in held_prompts(campaign)}
    hold(campaign, 0.5)
    assert few < {prompt.pk for prompt in held_prompts(campaign)}
    hold(campaign, 0.0)
    assert held_prompts(campaign) == []
    assert Event.objects.filter(verb="prompts.held").count() == 3


def test_a_lead_holds_at_most_half_of_the_prompts(campaign: Campaign, alice: User, gate: PeopleGate) -> None:
    with pytest.raises(WrongPeopleGate):
        hold_prompts(campaign=campaign, share=0.6, acting_user=None, now=NOW)
    with pytest.raises(NotAllowed):
        hold_prompts(campaign=campaign, share=0.1, acting_user=alice, now=NOW)
    with pytest.raises(ForItsGateOnly):
        hold_prompts(campaign=gate.blind_test, share=0.1, acting_user=None, now=NOW)
    assert HeldPrompts.objects.get().share == 0.5


def test_the_votes_join_only_when_a_lead_says_so(campaign: Campaign, gate: PeopleGate, maya: User) -> None:
    before = take_snapshot(campaign=campaign, acting_user=None, now=NOW)
    votes = gate.figures["cast"]

    assert join_votes(gate=gate, acting_user=maya, now=NOW) == votes

    joined = campaign.comparisons.filter(source=f"gate by people {gate.pk}").select_related("verdict", "completion_a")
    assert joined.count() == votes
    names = {True: "tiny-v1", False: "tiny-base"}
    for one in joined:
        assert one.metadata == {"gate_by_people": gate.pk}
        is_candidate = one.completion_a.text.startswith("the cat sees bread")
        assert one.completion_a.model_version == names[is_candidate]
        if one.verdict.winner != "tie":
            assert (one.verdict.winner == "a") == is_candidate
    # Their prompts are free now: their own earlier pairs are taken too.
    after = take_snapshot(campaign=campaign, acting_user=None, now=NOW)
    pairs = after.train_pairs + after.test_pairs - before.train_pairs - before.test_pairs
    assert pairs == votes + votes - 1
    with pytest.raises(NothingToJoin):
        join_votes(gate=gate, acting_user=maya, now=NOW)


def test_prompts_whose_votes_joined_test_no_later_gate(campaign: Campaign, gate: PeopleGate) -> None:
    tested = {pair.prompt_id for pair in gate.pairs.filter(comparison__status="settled")}
    usable = {prompt.pk for prompt in usable_prompts(campaign, [gate.candidate])}
    assert tested <= usable
    join_votes(gate=gate, acting_user=None, now=NOW)
    assert {prompt.pk for prompt in usable_prompts(campaign, [gate.candidate])} == usable - tested


def test_votes_on_the_next_test_set_do_not_join(campaign: Campaign, base: ModelVersion, gate: PeopleGate) -> None:
    next_version = ModelVersion.objects.create(
        name="tiny-v2", base_dir=base.base_dir, content_hash=base.content_hash, parent=base, created_at=NOW
    )
    later = opened(campaign, next_version, error=0.1)  # it tests on the same prompts
    with pytest.raises(NothingToJoin):
        join_votes(gate=gate, acting_user=None, now=NOW)
    written(later)
    with pytest.raises(NothingToJoin):
        join_votes(gate=gate, acting_user=None, now=NOW)


def test_an_open_gate_has_no_votes_to_join_and_annotators_join_nothing(gate: PeopleGate, alice: User) -> None:
    with pytest.raises(NotAllowed):
        join_votes(gate=gate, acting_user=alice, now=NOW)
    PeopleGate.objects.filter(pk=gate.pk).update(status="voting")
    with pytest.raises(NothingToJoin):
        join_votes(gate=gate, acting_user=None, now=NOW)


def test_votes_of_simulated_people_mark_the_snapshot(campaign: Campaign, gate: PeopleGate) -> None:
    assert not take_snapshot(campaign=campaign, acting_user=None, now=NOW).simulated
    PeopleGate.objects.filter(pk=gate.pk).update(figures={**gate.figures, "simulated": 1})
    join_votes(gate=gate, acting_user=None, now=NOW)
    assert take_snapshot(campaign=campaign, acting_user=None, now=NOW).simulated
