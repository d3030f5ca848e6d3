"""Gates whose votes cannot all come: skipped and flagged prompts, too few people; acts of leads meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from labeling.actions.members import add_member, pause_member
from labeling.judging.acts import judge
from labeling.judging.drafts import JudgmentDraft
from tests.browser.furnished import Furnished, furnish
from tests.people import NOON, Stage, stage
from tests.training.gates_by_people import next_vote, voted, voting_gate
from training.actions.people_gates import look_at_gate
from training.models import PeopleGate
from training.queries.people_gate_supply import Supply, supply_of
from training.queries.people_gates import figures_for_rules, reason_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=7)


@pytest.fixture
def furnished(scene: Stage) -> Furnished:
    return furnish(scene)


def gate_of(scene: Stage, furnished: Furnished, **fields: Any) -> PeopleGate:
    return voting_gate(scene.campaign, furnished.two, furnished.one, **fields)


def annotators(gate: PeopleGate) -> list[Any]:
    members = gate.blind_test.memberships.filter(role="annotator").select_related("user").order_by("pk")
    return [member.user for member in members]


def test_a_prompt_that_everybody_skipped_takes_no_part(scene: Stage, furnished: Furnished) -> None:
    gate = gate_of(scene, furnished)
    first, *others = annotators(gate)
    assert others
    gate = voted(gate, first, ["skip"])
    assert supply_of(gate) == Supply(wanted=7, unusable=0)  # somebody else may still judge it
    for person in others:
        pause_member(campaign=gate.blind_test, user=person, acting_user=scene.maya, now=NOON)
    assert supply_of(gate) == Supply(wanted=6, unusable=1)
    gate = voted(gate, first, ["tie"] * 6)
    assert (gate.status, gate.figures["prompts"], gate.figures["unusable"]) == ("undecided", 6, 1)
    assert "its prompts are used up. It won 50.0 %" in reason_of(gate)
    assert figures_for_rules(scene.campaign, gate.candidate, gate.serving)["people_gate"]["unusable"] == 1


def test_a_gate_whose_prompts_are_all_skipped_ends_and_says_what_to_do(scene: Stage, furnished: Furnished) -> None:
    gate = gate_of(scene, furnished)
    for person in annotators(gate):
        while gate.is_open and next_vote(gate, person):
            gate = voted(gate, person, ["skip"])
    assert (gate.status, gate.figures["cast"], gate.figures["unusable"]) == ("undecided", 0, 7)
    assert "Add annotators or hold more prompts, then open another gate" in reason_of(gate)


def test_a_gate_with_more_planned_votes_than_voters_waits_for_its_other_members(
    scene: Stage, furnished: Furnished
) -> None:
    gate = gate_of(scene, furnished, votes_per_prompt=9)
    voters = annotators(gate)
    for person in voters:
        gate = voted(gate, person, ["tie"] * 7)
    assert (gate.is_open, supply_of(gate)) == (True, Supply(wanted=7, unusable=0))  # those who lead it can vote
    assert "It waits for more people: each prompt takes 9 votes, and its blind test has " in reason_of(gate)
    add_member(campaign=gate.blind_test, user=scene.charlie, role="annotator", acting_user=scene.maya, now=NOON)
    gate = voted(gate, scene.charlie, ["tie"] * 7)
    assert gate.is_open
    others = gate.blind_test.memberships.exclude(user__in=[*voters, scene.charlie])
    assert others.exists()
    others.update(paused_at=NOON)
    gate = look_at_gate(gate_id=gate.pk, now=NOON)  # no vote can come any more
    assert (gate.status, gate.figures["unusable"]) == ("undecided", 7)
    assert "no prompt got its votes" in reason_of(gate)


def test_a_gate_with_enough_voters_does_not_say_that_it_waits_for_people(scene: Stage, furnished: Furnished) -> None:
    gate = gate_of(scene, furnished)
    gate = voted(gate, annotators(gate)[0], ["tie"])
    assert str(reason_of(gate)) == "The gate by people is open: 1 votes so far."


def test_a_flagged_prompt_takes_no_part(scene: Stage, furnished: Furnished) -> None:
    gate = gate_of(scene, furnished)
    person = annotators(gate)[0]
    assignment = next_vote(gate, person)
    assert assignment is not None
    draft = JudgmentDraft("skip", "flagged", skip_reason="Something else", flag="harm")
    judge(assignment=assignment, draft=draft, acting_user=person, now=NOON)
    assert supply_of(gate) == Supply(wanted=6, unusable=1)


def test_acts_of_leads_while_people_vote_are_in_the_certificate(scene: Stage, furnished: Furnished) -> None:
    gate = gate_of(scene, furnished)
    assert gate.voting_at is not None
    later = gate.voting_at + timedelta(hours=1)
    pause_member(campaign=gate.blind_test, user=annotators(gate)[1], acting_user=scene.maya, now=later)
    add_member(campaign=gate.blind_test, user=scene.charlie, role="annotator", acting_user=scene.maya, now=later)
    gate = voted(gate, annotators(gate)[0], ["candidate"] * 7)
    people = figures_for_rules(scene.campaign, gate.candidate, gate.serving)["people_gate"]
    assert people["acts"] == {"member.added": 1, "member.paused": 1}


def test_a_test_without_annotators_waits_until_enough_people_have_joined(scene: Stage, furnished: Furnished) -> None:
    gate = gate_of(scene, furnished, votes_per_prompt=2)
    gate.blind_test.memberships.filter(role="annotator").delete()
    add_member(campaign=gate.blind_test, user=scene.ada, role="lead", acting_user=scene.maya, now=NOON)
    for _ in range(7):
        gate = voted(gate, scene.ada, ["tie"])
    assert supply_of(gate) == Supply(wanted=7, unusable=0)  # somebody else may still join
    assert gate.is_open
