"""A gate by people while many vote and several workers look at it: one decision, and no vote waits for it."""

from collections import Counter
from collections.abc import Callable

import pytest

from common.errors import DomainError
from labeling.judging.acts import judge
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Campaign, Comparison, Event, Judgment, User
from labeling.tally import count_tally, read_tally
from tests.browser.furnished import furnish
from tests.concurrency.threads import all_at_once
from tests.people import stage
from tests.training.conftest import NOW
from tests.training.gates_by_people import voting_gate
from training.actions.people_gates import look_at_gate
from training.models import PeopleGate
from training.queries.people_gates import decisive_votes, evidence_figures

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]


def test_votes_that_arrive_together_and_workers_that_look_together_decide_once() -> None:
    scene = stage(comparisons=40)
    furnished = furnish(scene)
    people = [scene.alice, scene.bob, *scene.crowd(4)]
    gate = voting_gate(scene.campaign, furnished.two, furnished.one, error=0.05)
    candidates = dict(gate.pairs.values_list("comparison", "candidate_is_a"))

    def voter(user: User) -> Callable[[], Counter[str]]:
        def run() -> Counter[str]:
            answers: Counter[str] = Counter()
            while True:
                held = next_assignments(campaign=gate.blind_test, acting_user=user, now=NOW).next
                if held is None:
                    return answers
                is_left = (held.left == "a") == candidates[held.comparison_id]
                draft = JudgmentDraft("left" if is_left else "right", f"{user.pk}-{held.pk}")
                try:
                    judge(assignment=held, draft=draft, acting_user=user, now=NOW)
                except DomainError:  # the gate ended meanwhile
                    return answers
                answers["kept"] += 1
                look_at_gate(gate_id=gate.pk, now=NOW)

        return run

    def looker() -> Counter[str]:
        for _ in range(20):
            look_at_gate(gate_id=gate.pk, now=NOW)
        return Counter()

    kept = sum(all_at_once([*(voter(user) for user in people), looker, looker]), Counter())["kept"]

    gate = PeopleGate.objects.get(pk=gate.pk)
    assert gate.status == "better"
    assert Event.objects.filter(verb="gate.people_decided").count() == 1
    assert Event.objects.filter(verb="blind_test.ended").count() == 1
    assert Judgment.objects.filter(campaign=gate.blind_test).count() == kept >= len(gate.votes) >= 7
    assert evidence_figures(decisive_votes(gate), gate.rule).items() <= gate.figures.items()
    assert Campaign.objects.get(pk=gate.blind_test_id).status == "closed"
    assert not Comparison.objects.filter(campaign=gate.blind_test, status="open").exists()
    assert read_tally(gate.blind_test_id) == count_tally(gate.blind_test_id)
