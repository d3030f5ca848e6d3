"""The rules of a gate as rows: saved as the next number, and never changed."""

from collections.abc import Callable

import pytest
from django.db import DatabaseError, transaction

from common.errors import NotAllowed, NotFound, SavedMeanwhile
from labeling.models import Campaign, Event, User
from tests.training.conftest import NOW
from tests.training.gated import finished_run
from training.actions.gate import promote_through_gate, save_gate
from training.errors import WrongGate
from training.models import Gate, GateDecision, ModelVersion, certificate_hash
from training.queries.gates import current_gate

pytestmark = pytest.mark.django_db

Meanwhile = Callable[[Callable[[], object]], None]


def test_a_change_makes_the_next_gate_and_the_same_rules_change_nothing(labeled: Campaign, maya: User) -> None:
    assert current_gate(labeled).pk is None
    rules = [{"figure": "pairs", "floor": 20, "on_missing": "hold"}]
    gate = save_gate(campaign=labeled, rules=rules, acting_user=maya, now=NOW)
    assert (gate.number, gate.by) == (2, maya)  # the default was the first
    assert save_gate(campaign=labeled, rules=rules, acting_user=maya, now=NOW) == gate
    assert Gate.objects.filter(campaign=labeled).count() == 2
    event = Event.objects.get(verb="gate.saved")
    assert event.after == {"gate": 2, "rules": {"pairs": 20.0}}


def test_rules_that_somebody_saved_meanwhile_are_not_overwritten_unseen(labeled: Campaign, maya: User) -> None:
    strict, lax = ([{"figure": "pairs", "floor": floor, "on_missing": "hold"}] for floor in (90, 20))
    save_gate(campaign=labeled, rules=strict, acting_user=None, now=NOW, expected=1)
    with pytest.raises(SavedMeanwhile, match="Number 2 was saved meanwhile"):
        save_gate(campaign=labeled, rules=lax, acting_user=maya, now=NOW, expected=1)
    assert current_gate(labeled).rules[0]["floor"] == 90
    assert save_gate(campaign=labeled, rules=lax, acting_user=maya, now=NOW, expected=2).number == 3


def test_gates_are_for_leads_and_wrong_rules_change_nothing(labeled: Campaign, alice: User, charlie: User) -> None:
    rules = [{"figure": "pairs", "floor": 20}]
    with pytest.raises(NotAllowed):
        save_gate(campaign=labeled, rules=rules, acting_user=alice, now=NOW)
    with pytest.raises(NotFound):
        save_gate(campaign=labeled, rules=rules, acting_user=charlie, now=NOW)
    with pytest.raises(WrongGate):
        save_gate(campaign=labeled, rules=[{"figure": "pairs", "floor": 1}], acting_user=None, now=NOW)
    assert not Gate.objects.exists()


def test_decisions_and_gates_cannot_be_changed_and_give_their_certificate(
    labeled: Campaign, base: ModelVersion
) -> None:
    _run, version = finished_run(labeled, base, "person")
    promote_through_gate(version=version, acting_user=None, now=NOW, reason="For a test.")
    decision = GateDecision.objects.get()
    assert certificate_hash(decision.certificate()) == decision.certificate_hash
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        decision.delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        GateDecision.objects.update(waiver="Something else.")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Gate.objects.update(rules=[])
