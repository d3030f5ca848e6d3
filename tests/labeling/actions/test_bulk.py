"""Acts on many prompts or comparisons: one event, what they change, and how they survive a dead worker."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from common.errors import Invalid, NotAllowed
from labeling.actions import bulk
from labeling.actions.bulk import BulkOrder, NothingSelected, Selection, run_bulk_act, start_bulk_act, sweep_bulk_acts
from labeling.actions.campaigns import change_campaign
from labeling.actions.curation import WrongComparisonStatus, restore_comparison, retire_comparison, review_flag
from labeling.actions.practice import unmake_practice
from labeling.models import BulkAct, Campaign, Comparison, Event, Prompt, Verdict
from labeling.queries.lists import ComparisonFilter, Filter, PromptFilter
from labeling.tally import count_tally, read_tally
from tests.labeling.practising import mark
from tests.people import Stage, asks, committing, pair, stage


def do(scene: Stage, kind: str, ids: Iterable[int] = (), *, target: str = "comparisons", **order: Any) -> BulkAct:
    where: Filter | None = order.pop("where", None)
    if kind in ("retire", "ask_again"):
        order.setdefault("reason", "They are broken.")
    return start_bulk_act(
        campaign=scene.campaign,
        selection=Selection(target, ids=tuple(ids), where=where),
        order=BulkOrder(kind, **order),
        acting_user=scene.maya,
        now=scene.now,
    )


def keys() -> list[int]:
    return list(Comparison.objects.order_by("pk").values_list("pk", flat=True))


def statuses() -> list[str]:
    return list(Comparison.objects.order_by("pk").values_list("status", flat=True))


def in_balance(scene: Stage) -> bool:
    return read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_retired_ones_are_given_to_nobody_and_return_with_their_verdicts() -> None:
    scene = stage(comparisons=4)
    scene.settle(["a", "b"])
    before = statuses()
    act = do(scene, "retire", keys())
    assert (act.status, act.total, act.changed) == ("done", 4, 4)
    assert set(statuses()) == {"retired"}
    assert in_balance(scene)
    assert Verdict.objects.count() == 2
    do(scene, "restore", keys())
    assert statuses() == before
    assert in_balance(scene)


@pytest.mark.parametrize("target", ["comparisons", "prompts"])
def test_a_flag_that_nobody_has_reviewed_waits_again_once_restored(target: str) -> None:
    scene = stage(comparisons=2)
    flagged = scene.given(scene.alice)
    scene.judge(flagged, "skip", flag="harm")
    rows = [flagged.comparison_id] if target == "comparisons" else [flagged.comparison.prompt_id]
    do(scene, "retire", rows, target=target)
    do(scene, "restore", rows, target=target)
    assert Comparison.objects.get(pk=flagged.comparison_id).status == "flagged"
    assert in_balance(scene)
    review_flag(comparison=flagged.comparison, keep=True, reason="It is not.", acting_user=scene.maya, now=scene.now)
    do(scene, "retire", rows, target=target)
    do(scene, "restore", rows, target=target)
    assert Comparison.objects.get(pk=flagged.comparison_id).status == "open"
    assert in_balance(scene)


def test_an_act_is_one_event_with_its_counts_and_its_reason() -> None:
    scene = stage(comparisons=5)
    retire_comparison(comparison=Comparison.objects.earliest("pk"), reason="It.", acting_user=scene.maya, now=scene.now)
    do(scene, "retire", keys(), reason="All of them.")
    event = Event.objects.get(verb="bulk.done")
    assert event.actor == scene.maya
    assert event.after["chosen"] == 5
    assert event.after["changed"] == 4
    assert event.after["reason"] == "All of them."


def test_more_judgments_are_requested_of_settled_ones_only() -> None:
    scene = stage(comparisons=3, overlap=1)
    scene.settle(["a", "b"])
    act = do(scene, "ask_again", keys(), more=1)
    assert (act.changed, set(statuses())) == (2, {"open"})
    assert not Verdict.objects.exists()
    assert {item.before["verdict"]["winner"] for item in act.items.all()} == {"a", "b"}
    assert in_balance(scene)
    asked = Comparison.objects.filter(judged=1)
    assert {(one.overlap, one.priority) for one in asked} == {(2, 1)}


def test_prioritised_ones_are_given_first_even_to_those_who_were_past_them() -> None:
    scene = stage(comparisons=30, prefetch=0)
    last = Comparison.objects.order_by("-position")[0]
    scene.settle(["a", "b"])
    with committing():
        do(scene, "prioritise", [last.pk])
    assert scene.given(scene.alice).comparison_id == last.pk
    last.refresh_from_db()
    assert last.position < 0
    do(scene, "normal", [last.pk])
    last.refresh_from_db()
    assert (last.priority, last.position >= 0) == (0, True)


def test_a_retired_prompt_takes_its_comparisons_along_and_brings_them_back() -> None:
    scene = stage(comparisons=4)
    scene.settle(["a"])
    broken, *others = Comparison.objects.order_by("pk")
    retire_comparison(comparison=broken, reason="Broken.", acting_user=scene.maya, now=scene.now)
    before = statuses()
    do(scene, "retire", [one.prompt_id for one in (broken, *others[:2])], target="prompts")
    assert statuses() == ["retired", "retired", "retired", before[3]]
    assert read_tally(scene.campaign.pk).prompts == 1
    assert in_balance(scene)
    with pytest.raises(WrongComparisonStatus, match="prompt is retired"):
        restore_comparison(comparison=others[0], acting_user=scene.maya, now=scene.now)
    assert do(scene, "restore", [others[0].pk]).changed == 0
    do(scene, "restore", where=PromptFilter(), target="prompts")
    assert statuses() == before  # the broken one stays out
    assert in_balance(scene)


def test_pairs_in_practice_stay_there_until_a_lead_takes_them_out() -> None:
    scene = stage(comparisons=3)
    practice = mark(scene, 1)[0]
    assert do(scene, "retire", keys()).changed == 2
    assert statuses() == ["practice", "retired", "retired"]
    do(scene, "retire", [practice.prompt_id], target="prompts")
    assert (statuses()[0], scene.reload().practice_pairs) == ("practice", 1)
    unmake_practice(comparison=practice, acting_user=scene.maya, now=scene.now)
    assert (statuses()[0], scene.reload().practice_pairs) == ("retired", 0)
    do(scene, "restore", [practice.prompt_id], target="prompts")
    assert statuses()[0] == "open"
    assert in_balance(scene)


def test_new_pairs_of_a_retired_prompt_are_retired_with_it() -> None:
    scene = stage()
    scene.add([pair(0)])
    stale = Prompt.objects.get()
    do(scene, "retire", [stale.pk], target="prompts")
    other = pair(7)
    scene.add([type(other)(prompt=stale, first=other.first, second=other.second)])
    scene.add([type(other)(prompt=asks("What is 0 plus one?"), first=pair(8).first, second=pair(8).second)])
    assert statuses() == ["retired"] * 3
    assert in_balance(scene)
    do(scene, "restore", [stale.pk], target="prompts")
    assert statuses() == ["open"] * 3
    assert in_balance(scene)


def test_a_filter_chooses_what_matched_when_the_act_was_requested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "CHUNK", 3)
    scene = stage(comparisons=10)
    act = do(scene, "retire", where=ComparisonFilter(status="open"))
    assert (act.status, act.total) == ("waiting", 10)
    scene.add([pair(99)])
    run_bulk_act(act.pk, clock=lambda: scene.now)
    act.refresh_from_db()
    assert (act.status, act.done, act.changed) == ("done", 10, 10)
    assert statuses().count("open") == 1
    assert Event.objects.filter(verb="bulk.done").count() == 1


def test_another_worker_continues_after_the_last_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "CHUNK", 4)
    scene = stage(comparisons=10)
    act = do(scene, "retire", where=ComparisonFilter())
    chunk = bulk._run_chunk

    def die_after_one(act_id: int, now: Any) -> int:
        chunk(act_id, now)
        raise RuntimeError("The worker is gone.")

    monkeypatch.setattr(bulk, "_run_chunk", die_after_one)
    with pytest.raises(RuntimeError):
        run_bulk_act(act.pk, clock=lambda: scene.now)
    monkeypatch.setattr(bulk, "_run_chunk", chunk)
    assert statuses().count("retired") == 4
    run_bulk_act(act.pk, clock=lambda: scene.now)  # too early: the other one may be alive
    assert statuses().count("retired") == 4
    later = scene.now + bulk.LOST_AFTER + timedelta(seconds=1)
    assert sweep_bulk_acts(now=later) == 1
    run_bulk_act(act.pk, clock=lambda: later)
    act.refresh_from_db()
    assert (act.status, act.changed, statuses().count("retired")) == ("done", 10, 10)
    assert in_balance(scene)


def archive(scene: Stage) -> None:
    Campaign.objects.filter(pk=scene.campaign.pk).update(status="archived")


def demote(scene: Stage) -> None:
    scene.campaign.memberships.filter(user=scene.maya).update(role="annotator")


def remove(scene: Stage) -> None:
    scene.campaign.memberships.filter(user=scene.maya).delete()


@pytest.mark.parametrize("change", [archive, demote, remove])
def test_an_act_in_the_background_stops_when_it_is_no_longer_allowed(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Stage], None]
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "CHUNK", 3)
    scene = stage(comparisons=7)
    act = do(scene, "retire", where=ComparisonFilter())

    def clock() -> Any:
        if statuses().count("retired") == 3:
            change(scene)
        return scene.now

    run_bulk_act(act.pk, clock=clock)
    act.refresh_from_db()
    assert (act.status, act.done, statuses().count("retired")) == ("stopped", 3, 3)
    assert Event.objects.get(verb="bulk.done").after["status"] == "stopped"
    assert sweep_bulk_acts(now=scene.now + bulk.LOST_AFTER * 2) == 0


def test_wrong_requests_change_nothing() -> None:
    scene = stage(comparisons=1)
    with pytest.raises(NothingSelected):
        do(scene, "retire", [])
    with pytest.raises(NothingSelected):
        do(scene, "retire", [10**12])
    with pytest.raises(Invalid):
        do(scene, "retire", keys(), reason=" ")
    with pytest.raises(Invalid):
        do(scene, "ask_again", keys(), more=0)
    with pytest.raises(Invalid):
        do(scene, "prioritise", keys(), target="prompts")
    scene.maya = scene.alice
    with pytest.raises(NotAllowed):
        do(scene, "retire", keys())
    assert statuses() == ["open"]
    assert not BulkAct.objects.exists()


def test_a_new_overlap_reaches_a_large_campaign_in_chunks_and_leaves_what_somebody_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "CHUNK", 3)
    scene = stage(comparisons=7)
    held = scene.given(scene.alice)
    change_campaign(campaign=scene.campaign, overlap=3, acting_user=scene.maya, now=scene.now)
    act = BulkAct.objects.get()
    assert (act.kind, act.status, set(Comparison.objects.values_list("overlap", flat=True))) == (
        "overlap",
        "waiting",
        {1},
    )
    run_bulk_act(act.pk, clock=lambda: scene.now)
    act.refresh_from_db()
    assert (act.status, act.done, act.changed) == ("done", 7, 6)
    assert list(Comparison.objects.exclude(overlap=3).values_list("pk", flat=True)) == [held.comparison_id]
    assert in_balance(scene)
    with pytest.raises(Invalid):
        do(scene, "overlap", keys())


def test_a_new_overlap_waits_behind_one_that_is_under_way_however_few_rows_are_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = stage(comparisons=3)
    with monkeypatch.context() as patched:
        patched.setattr(bulk, "AT_ONCE", 2)
        change_campaign(campaign=scene.campaign, overlap=3, acting_user=scene.maya, now=scene.now)
    change_campaign(campaign=scene.campaign, overlap=2, acting_user=scene.maya, now=scene.now)
    assert list(BulkAct.objects.values_list("kind", "status")) == [("overlap", "waiting")] * 2
    assert set(Comparison.objects.values_list("overlap", flat=True)) == {1}
    for act in BulkAct.objects.order_by("pk"):
        run_bulk_act(act.pk, clock=lambda: scene.now)
    assert set(Comparison.objects.values_list("overlap", flat=True)) == {2}
    change_campaign(campaign=scene.campaign, overlap=4, acting_user=scene.maya, now=scene.now)
    assert set(Comparison.objects.values_list("overlap", flat=True)) == {4}, "None is under way: at once."
    assert in_balance(scene)


def test_a_new_overlap_needs_no_act_where_nothing_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage(comparisons=3)
    with monkeypatch.context() as patched:
        patched.setattr(bulk, "AT_ONCE", 2)
        change_campaign(campaign=scene.campaign, overlap=3, acting_user=scene.maya, now=scene.now)
    do(scene, "retire", keys())
    started = BulkAct.objects.filter(kind="overlap").count()
    change_campaign(campaign=scene.campaign, overlap=2, acting_user=scene.maya, now=scene.now)
    assert BulkAct.objects.filter(kind="overlap").count() == started == 1
