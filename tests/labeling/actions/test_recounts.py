"""Recounts: all verdicts applied again after the rule changed."""

from typing import Any

import pytest

from labeling.actions import recounts
from labeling.actions.campaigns import change_campaign
from labeling.actions.recounts import leave_recount, request_recount, run_recount
from labeling.actions.verdicts import adjudicate
from labeling.models import Event, Verdict, VerdictRecount
from labeling.tally import count_tally, read_tally
from tests.labeling.actions.recounting import change, judged, statuses
from tests.people import stage


def test_a_new_rule_makes_all_verdicts_anew_and_one_event_tells_before_and_after() -> None:
    scene = stage(overlap=3)
    judged(scene, "aaa", "aab", "abt")
    assert statuses() == ["settled", "settled", "conflict"]
    recount = change(scene, verdict_rule="unanimity")
    assert statuses() == ["settled", "conflict", "conflict"]
    assert (recount.total, recount.done, recount.changed) == (3, 3, 1)
    event = Event.objects.get(verb="verdicts.recounted")
    assert event.actor == scene.maya
    assert event.before == {"verdict_rule": "majority", "winners": {"a": 2, "conflict": 1, "open": 0}}
    assert event.after["winners"] == {"a": 1, "conflict": 2, "open": 0}
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    change(scene, verdict_rule="majority")
    assert statuses() == ["settled", "settled", "conflict"]
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_what_an_expert_decided_stays() -> None:
    scene = stage(overlap=3)
    *_, conflict = judged(scene, "aaa", "abt")
    adjudicate(comparison=conflict, winner="b", reason="It is true.", acting_user=scene.ada, now=scene.now)
    change(scene, verdict_rule="unanimity")
    assert Verdict.objects.get(comparison=conflict).winner == "b"


def test_a_recount_goes_on_where_a_worker_died_and_no_two_work_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recounts, "BATCH", 2)
    scene = stage(overlap=3)
    judged(scene, *["aab"] * 5)
    change_campaign(campaign=scene.campaign, verdict_rule="unanimity", acting_user=scene.maya, now=scene.now)
    recount = VerdictRecount.objects.get()
    assert recounts._claim(recount.pk, scene.now) is not None
    assert recounts._recount_batch(recount.pk, scene.now) == 2
    assert run_recount(recount.pk, clock=lambda: scene.now) is None  # somebody is at it
    scene.wait(121)
    finished = run_recount(recount.pk, clock=lambda: scene.now)
    assert finished is not None
    assert (finished.done, finished.changed) == (5, 5)
    assert statuses() == ["conflict"] * 5
    assert run_recount(recount.pk, clock=lambda: scene.now) is None


def test_a_worker_that_lost_the_database_leaves_its_recount_to_the_next_at_once() -> None:
    scene = stage(overlap=3)
    judged(scene, "aab")
    change_campaign(campaign=scene.campaign, verdict_rule="unanimity", acting_user=scene.maya, now=scene.now)
    recount = VerdictRecount.objects.get()
    assert recounts._claim(recount.pk, scene.now) is not None
    leave_recount(recount.pk)
    assert run_recount(recount.pk, clock=lambda: scene.now) is not None
    leave_recount(recount.pk)
    assert run_recount(recount.pk, clock=lambda: scene.now) is None, "It is done."


def test_another_change_of_the_rule_replaces_the_recount_that_is_under_way() -> None:
    scene = stage(overlap=3)
    judged(scene, "aab")
    change_campaign(campaign=scene.campaign, verdict_rule="unanimity", acting_user=scene.maya, now=scene.now)
    first = VerdictRecount.objects.get()
    change(scene, verdict_rule="majority")
    first.refresh_from_db()
    assert first.status == "replaced"
    assert run_recount(first.pk, clock=lambda: scene.now) is None
    assert statuses() == ["settled"]


def test_a_place_that_is_still_wanted_stays_and_so_do_the_totals() -> None:
    scene = stage(overlap=2, max_overlap=4)
    [pair] = judged(scene, "ab")
    assert (pair.status, pair.judged, pair.overlap) == ("open", 2, 3)
    by_judgments: Any = {"cause": VerdictRecount.Cause.JUDGMENTS, "acting_user": None, "now": scene.now}
    for _ in range(2):
        recount = request_recount(campaign=scene.campaign, **by_judgments)
        run_recount(recount.pk, clock=lambda: scene.now)
        pair.refresh_from_db()
        assert (pair.status, pair.overlap) == ("open", 3)
        assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
