"""Gates by people on the command line, and their votes in certificates."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.browser.furnished import Furnished, furnish
from tests.labeling.management.running import run
from tests.people import Stage, stage
from tests.training.conftest import NOW
from tests.training.gates_by_people import voted, voting_gate
from training.actions.gate import promote_through_gate, save_gate
from training.models import GateDecision, PeopleGate, certificate_hash
from training.versions import files

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=12)


@pytest.fixture
def furnished(scene: Stage) -> Furnished:
    return furnish(scene)


@pytest.fixture
def passed(scene: Stage, furnished: Furnished) -> PeopleGate:
    """A gate about sums-v2 that people have passed."""
    return voted(voting_gate(scene.campaign, furnished.two, furnished.one), scene.alice, ["candidate"] * 7)


def test_a_gate_is_opened_shown_and_cancelled(scene: Stage, furnished: Furnished) -> None:
    assert "12 prompts" not in run("people_gate", "hold", "sums", "0.5")[0]
    opened = json.loads(run("people_gate", "open", "sums-v2", "--error", "0.1", "--json")[0])
    assert (opened["candidate"], opened["serving"], opened["status"]) == ("sums-v2", "sums-v1", "writing")
    assert "texts are being written" in run("people_gate", "show", str(opened["id"]))[0]
    assert "was cancelled" in run("people_gate", "cancel", str(opened["id"]))[0]
    with pytest.raises(CommandError, match="has ended"):
        call_command("people_gate", "cancel", str(opened["id"]))
    with pytest.raises(CommandError, match="no gate by people 99"):
        call_command("people_gate", "show", "99")


def test_a_gate_that_people_vote_in_says_how_many_votes_it_needs(scene: Stage, furnished: Furnished) -> None:
    gate = voted(voting_gate(scene.campaign, furnished.two, furnished.one), scene.alice, ["candidate", "serving"])
    out = run("people_gate", "show", str(gate.pk))[0]
    assert "2 votes so far" in out
    assert "more votes" in out
    shown = json.loads(run("people_gate", "show", str(gate.pk), "--json")[0])
    assert shown["evidence"]["cast"] == 2
    assert 0 < shown["expected_votes"] <= 10


def test_votes_join_from_the_command_line(scene: Stage, passed: PeopleGate) -> None:
    assert json.loads(run("people_gate", "join", str(passed.pk), "--json")[0])["joined_at"]
    assert scene.campaign.comparisons.filter(source=f"gate by people {passed.pk}").count() == 7


def test_a_certificate_holds_the_votes_and_verifying_computes_their_evidence_again(
    scene: Stage, furnished: Furnished, passed: PeopleGate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "check_version", lambda version: None)
    rules = [{"figure": "pairs", "floor": 10}, {"figure": "people", "floor": 1, "on_missing": "hold"}]
    save_gate(campaign=scene.campaign, rules=rules, acting_user=None, now=NOW)
    promote_through_gate(version=furnished.two, acting_user=scene.maya, now=NOW)
    decision = GateDecision.objects.order_by("-pk")[0]
    file = tmp_path / "certificate.json"
    file.write_text(run("certificate", "show", str(decision.pk))[0])
    people = json.loads(file.read_text())["certificate"]["figures"]["people_gate"]
    assert (people["votes"], people["people"], people["outcome"]) == (7, 1, "better")
    assert people["rule"] == {"worth": 0.6, "error": 0.05, "votes_per_prompt": 1, "most_votes": 600}
    assert "follows from its 7 votes" in run("certificate", "verify", str(file))[0]

    # The judgments themselves are append-only: a trigger refuses to change them.
    pair = passed.pairs.get(comparison__judgments=passed.votes[0])
    passed.pairs.filter(pk=pair.pk).update(candidate_is_a=not pair.candidate_is_a)
    with pytest.raises(CommandError, match="another hash"):
        call_command("certificate", "verify", str(file))
    passed.pairs.filter(pk=pair.pk).update(candidate_is_a=pair.candidate_is_a)
    PeopleGate.objects.filter(pk=passed.pk).update(worth=0.7)
    with pytest.raises(CommandError, match="does not follow from its votes"):
        call_command("certificate", "verify", str(file))
    PeopleGate.objects.filter(pk=passed.pk).update(votes=[*passed.votes, 10**9])
    with pytest.raises(CommandError, match="1 of the votes"):
        call_command("certificate", "verify", str(file))


@pytest.mark.parametrize("changes", [{"people": 0}, {"status": "undecided"}, {"people_gate": None}, {"is_other": True}])
def test_a_certificate_whose_votes_do_not_give_its_finding_is_refused(
    changes: dict[str, Any],
    scene: Stage,
    furnished: Furnished,
    passed: PeopleGate,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "check_version", lambda version: None)
    rules = [{"figure": "pairs", "floor": 10}, {"figure": "people", "floor": 1, "on_missing": "hold"}]
    save_gate(campaign=scene.campaign, rules=rules, acting_user=None, now=NOW)
    promote_through_gate(version=furnished.two, acting_user=scene.maya, now=NOW)
    forged = GateDecision.objects.order_by("-pk")[0]
    genuine = dict(forged.figures)
    if changes == {"is_other": True}:
        forged.others = [{"campaign": 1, "figures": genuine | {"people": 0}}]
    elif "status" in changes:
        forged.figures = genuine | {"people_gate": genuine["people_gate"] | changes}
    else:
        forged.figures = genuine | changes
    forged.certificate_hash = certificate_hash(forged.certificate())  # as whoever writes the rows could
    forged.pk, forged._state.adding = None, True
    forged.save(force_insert=True)
    file = tmp_path / "certificate.json"
    file.write_text(run("certificate", "show", str(forged.pk))[0])
    with pytest.raises(CommandError, match="gate by people"):
        call_command("certificate", "verify", str(file))
