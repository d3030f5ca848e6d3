"""Opening gates by people: what is refused, who takes part, and with which prompts."""

from typing import Any
from uuid import uuid4

import pytest

from common.errors import NotAllowed, NotFound
from labeling.actions.members import pause_member
from labeling.judging.acts import judge
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.refusals import NotBlind
from labeling.models import Campaign, User
from tests.training.conftest import NOW
from tests.training.gated import finished_run
from tests.training.gates_by_people import hold, next_vote, opened, voted, written
from training.actions.people_gates import cancel_people_gate
from training.errors import (
    PeopleGateDecided,
    PeopleGateOpen,
    TooFewHeldPrompts,
    WrongPeopleGate,
)
from training.models import LeftOut, ModelVersion, PeopleGate
from training.queries.people_gates import reason_of

pytestmark = pytest.mark.django_db


def test_one_gate_at_a_time_and_none_after_a_decision(
    gate: PeopleGate, campaign: Campaign, candidate: ModelVersion, alice: User
) -> None:
    with pytest.raises(PeopleGateOpen):
        opened(campaign, candidate)
    while gate.status == "voting":
        gate = voted(gate, alice, ["serving"])
    with pytest.raises(PeopleGateDecided):
        opened(campaign, candidate, error=0.1)


def test_too_few_held_prompts_are_refused(campaign: Campaign, candidate: ModelVersion) -> None:
    hold(campaign, 0.0)
    with pytest.raises(TooFewHeldPrompts) as refused:
        opened(campaign, candidate)
    assert "needs at least 7" in refused.value.message


def test_prompts_that_a_version_learned_from_are_not_used(labeled: Campaign, base: ModelVersion) -> None:
    version = finished_run(labeled, base)[1]
    hold(labeled)  # too late: the snapshot has a pair on every prompt
    with pytest.raises(TooFewHeldPrompts):
        opened(labeled, version)


@pytest.mark.parametrize(
    "spec", [{"worth": 0.5}, {"error": 0.5}, {"votes_per_prompt": 0}, {"most_votes": 0}, {"votes_per_prompt": 51}]
)
def test_settings_that_no_gate_can_have_are_refused(
    campaign: Campaign, candidate: ModelVersion, spec: dict[str, Any]
) -> None:
    with pytest.raises(WrongPeopleGate):
        opened(campaign, candidate, **spec)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"error": 0.11}, "above 0 and at most 10 %"),
        ({"error": 0.0}, "above 0 and at most 10 %"),
        ({"worth": 0.96}, "above 50 % and at most 95 %"),
        ({"most_votes": 2}, "With at most 2 votes it could never be passed: it needs at least 7."),
        ({"most_votes": 20, "votes_per_prompt": 3}, "With at most 20 votes it could never be passed"),
    ],
)
def test_a_lead_cannot_choose_a_risk_that_would_let_luck_pass(
    campaign: Campaign, candidate: ModelVersion, spec: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(WrongPeopleGate, match=sentence):
        opened(campaign, candidate, **spec)


def test_leads_vote_only_where_they_do_not_see_whose_text_it_is(
    campaign: Campaign, candidate: ModelVersion, maya: User, alice: User
) -> None:
    seen = written(opened(campaign, candidate, error=0.1, hides_from_leads=False, votes_per_prompt=2))
    held = next_vote(seen, alice)
    assert held is not None
    User.objects.filter(pk=alice.pk).update(role="admin")
    for one in (maya, User.objects.get(pk=alice.pk)):
        with pytest.raises(NotBlind, match="do not vote"):
            next_vote(seen, one)
    draft = JudgmentDraft("left", str(uuid4()))
    with pytest.raises(NotBlind):  # a pair from before is no way round it
        judge(assignment=held, draft=draft, acting_user=User.objects.get(pk=alice.pk), now=NOW)
    assert reason_of(seen).endswith("leads see which version wrote a text, so they do not vote.")
    cancel_people_gate(gate=seen, acting_user=maya, now=NOW)
    hidden = written(opened(campaign, candidate, error=0.1))
    assert next_vote(hidden, maya) is not None


def test_the_serving_version_has_nothing_to_be_compared_with(campaign: Campaign, base: ModelVersion) -> None:
    with pytest.raises(WrongPeopleGate, match="serves already"):
        opened(campaign, base)


def test_only_leads_of_the_campaign_open_and_cancel(
    campaign: Campaign, candidate: ModelVersion, alice: User, charlie: User, gate: PeopleGate
) -> None:
    for person, error in ((alice, NotAllowed), (charlie, NotFound)):
        with pytest.raises(error):
            opened(campaign, candidate, person)
        with pytest.raises(error):
            cancel_people_gate(gate=gate, acting_user=person, now=NOW)


def test_paused_annotators_do_not_take_part(campaign: Campaign, candidate: ModelVersion, alice: User) -> None:
    pause_member(campaign=campaign, user=alice, acting_user=None, now=NOW)
    gate = opened(campaign, candidate, error=0.1)
    assert list(gate.blind_test.memberships.values_list("user__username", flat=True)) == ["maya"]


def test_people_whom_training_leaves_out_do_not_take_part(
    campaign: Campaign, candidate: ModelVersion, alice: User
) -> None:
    LeftOut.objects.create(campaign=campaign, person=alice, at=NOW)
    gate = opened(campaign, candidate, error=0.1)
    assert list(gate.blind_test.memberships.values_list("user__username", flat=True)) == ["maya"]
