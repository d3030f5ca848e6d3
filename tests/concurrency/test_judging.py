"""Many annotators at once on a real PostgreSQL: nothing is judged too often, lost, or counted twice."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import pytest
from django.db.models import Count, F, Q
from rest_framework.test import APIClient

from labeling.actions.people import create_token
from labeling.judging.acts import judge_and_continue, undo_judgment
from labeling.judging.assignments import next_assignments, release_expired_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.queue import MAX_LEFT_BALANCE
from labeling.judging.refusals import AlreadyJudged, LeaseLost, NothingToUndo
from labeling.models import Assignment, Comparison, Judgment, Membership, User, Verdict
from labeling.tally import count_tally, read_tally
from tests.concurrency.threads import all_at_once
from tests.people import NOON, Stage, pair, stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]

CURRENT = Q(judgments__superseded_at=None, judgments__kind="normal") & ~Q(judgments__choice="skip")


def nothing_is_wrong(scene: Stage, acknowledged: Counter[int]) -> None:
    """Checks the invariants. acknowledged: the number of judgments confirmed to each annotator."""
    current = Judgment.objects.filter(superseded_at=None).exclude(choice="skip")
    kept = Counter(current.values_list("annotator", flat=True))
    assert kept == acknowledged, "an acknowledged judgment is missing, or one that was never acknowledged is counted"
    twice = current.values("annotator", "comparison", "kind").annotate(times=Count("pk")).filter(times__gt=1)
    assert not twice.exists(), "an annotator judged a comparison twice"
    for comparison in Comparison.objects.annotate(votes_made=Count("judgments", filter=CURRENT)):
        assert comparison.votes_made == comparison.judged <= comparison.overlap, f"{comparison} is over-labeled"
        held = Assignment.objects.filter(comparison=comparison, kind="normal", status__in=Assignment.HOLDING)
        assert held.count() == comparison.taken
        assert held.values("slot").distinct().count() == comparison.taken
    settled = Comparison.objects.filter(status="settled").count()
    assert settled == Verdict.objects.count()
    assert not Comparison.objects.filter(judged=F("overlap"), status="open").exists(), "votes are in and nobody counted"
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)
    for membership in Membership.objects.filter(campaign=scene.campaign):
        assert membership.judged == kept[membership.user_id]
        assert abs(membership.left_balance) <= MAX_LEFT_BALANCE


def test_two_annotators_hammering_one_campaign_from_many_threads_judge_nothing_twice() -> None:
    scene = stage(comparisons=120)
    tokens = {
        user: create_token(user=user, name="t", acting_user=user, now=NOON)[1] for user in (scene.alice, scene.bob)
    }

    def hammer(user: User) -> Callable[[], Counter[int]]:
        def run() -> Counter[int]:
            client = APIClient()
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens[user]}")
            answers: Counter[int] = Counter()
            following = client.post("/api/v1/campaigns/sums/assignments/next/")
            assignment = following.json()["assignment"] if following.status_code == 200 else None
            while assignment:
                body = {"choice": random.choice(["left", "right", "tie"]), "key": uuid4().hex}
                answer = client.post(f"/api/v1/assignments/{assignment['id']}/judgment/", body, format="json")
                answers[answer.status_code] += 1
                if answer.status_code == 201:
                    assignment = answer.json()["next"]
                else:  # another thread of the same person was faster
                    assert answer.json()["type"] == "/problems/already-judged"
                    following = client.post("/api/v1/campaigns/sums/assignments/next/")
                    assignment = following.json()["assignment"] if following.status_code == 200 else None
            return answers

        return run

    people = [scene.alice, scene.bob] * 5
    results = all_at_once([hammer(user) for user in people])
    acknowledged: Counter[int] = Counter()
    for user, answers in zip(people, results, strict=True):
        assert set(answers) <= {201, 409}
        acknowledged[user.pk] += answers[201]
    assert acknowledged.total() == 120
    nothing_is_wrong(scene, acknowledged)
    assert Verdict.objects.count() == 120


@pytest.mark.parametrize(
    "rules",
    [
        {"overlap": 3},
        {"overlap": 2, "max_overlap": 4, "prefetch": 2, "retest_rate": 0.2, "retest_after": 2, "gold_rate": 0.2},
    ],
    ids=["overlap 3", "adaptive overlap with prefetching, gold and retests"],
)
def test_overlap_holds_with_leases_that_expire_late_answers_skips_undos_and_a_sweep_in_between(
    rules: dict[str, Any],
) -> None:
    scene = stage(comparisons=24, lease_seconds=30, undo_seconds=1_000_000, **rules)
    scene.add([replace(pair(1000 + number), gold="first") for number in range(3)])
    crowd = scene.crowd(10)
    ticks = count()  # the clock of everybody: each look at it is two seconds later

    def now() -> datetime:
        return NOON + timedelta(seconds=2 * next(ticks))

    def work(user: User, seed: int) -> Callable[[], tuple[int, Counter[str]]]:
        def run() -> tuple[int, Counter[str]]:
            chance, outcomes = random.Random(seed), Counter[str]()
            kept = 0
            for _ in range(70):
                assignment = next_assignments(campaign=scene.campaign, acting_user=user, now=now(), ahead=2).next
                if assignment is None:
                    outcomes["nothing left"] += 1
                    break
                if chance.random() < 0.15:  # goes away; everybody else's looks at the clock let the lease run out
                    outcomes["went away"] += 1
                    for _ in range(16):
                        next(ticks)
                choice = "skip" if chance.random() < 0.05 else chance.choice(["left", "right", "tie"])
                try:
                    judge_and_continue(
                        assignment=assignment.pk,
                        draft=JudgmentDraft(choice, uuid4().hex),
                        acting_user=user,
                        now=now(),
                        ahead=2,
                    )
                except LeaseLost:
                    outcomes["lost"] += 1
                    continue
                outcomes[choice] += 1
                kept += choice != "skip"
                if choice != "skip" and chance.random() < 0.1:
                    try:
                        undo_judgment(assignment=assignment.pk, acting_user=user, now=now())
                    except NothingToUndo:
                        continue
                    outcomes["undone"] += 1
                    kept -= 1
            return kept, outcomes

        return run

    def sweep() -> tuple[int, Counter[str]]:
        return 0, Counter(swept=sum(release_expired_assignments(now=now()) for _ in range(40)))

    results = all_at_once([*(work(user, seed) for seed, user in enumerate(crowd)), sweep])
    acknowledged = Counter({user.pk: kept for user, (kept, _) in zip(crowd, results, strict=False) if kept})
    outcomes: Counter[str] = sum((outcomes for _, outcomes in results), Counter())
    assert outcomes["went away"] > 0
    assert outcomes["undone"] > 0
    nothing_is_wrong(scene, acknowledged)

    # When the storm is over, what is left can be finished to the last place.
    scene.now = NOON + timedelta(days=1)
    for user in [*crowd, scene.alice, scene.bob]:
        while assignment := scene.next(user):
            scene.judge(assignment)
            acknowledged[user.pk] += 1
    assert not Comparison.objects.filter(status="open").exists()
    assert set(Comparison.objects.exclude(status="gold").values_list("judged", flat=True)) <= {2, 3, 4}
    nothing_is_wrong(scene, acknowledged)


def test_the_same_key_sent_many_times_at_once_is_one_judgment() -> None:
    scene = stage(comparisons=6)
    for number in range(3):
        held = scene.given(scene.alice)
        draft = JudgmentDraft("left", f"key {number}")
        results = all_at_once(
            [
                lambda held=held, draft=draft: judge_and_continue(  # type: ignore[misc]
                    assignment=held.pk, draft=draft, acting_user=scene.alice, now=scene.now
                )
            ]
            * 8
        )
        assert len({result.judgment.pk for result in results}) == 1
        assert sum(result.is_new for result in results) == 1
        assert len({result.next.pk for result in results if result.next}) == 1
    nothing_is_wrong(scene, Counter({scene.alice.pk: 3}))


def test_different_keys_for_one_assignment_at_once_are_one_judgment_and_clear_refusals() -> None:
    scene = stage(comparisons=2)
    held = scene.given(scene.alice)

    def judge_it() -> str:
        try:
            judge_and_continue(
                assignment=held.pk, draft=JudgmentDraft("left", uuid4().hex), acting_user=scene.alice, now=scene.now
            )
        except AlreadyJudged:
            return "refused"
        return "kept"

    assert Counter(all_at_once([judge_it] * 8)) == {"kept": 1, "refused": 7}
    nothing_is_wrong(scene, Counter({scene.alice.pk: 1}))


def test_the_last_votes_on_one_comparison_at_once_make_one_verdict() -> None:
    scene = stage(comparisons=1, overlap=8)
    crowd = scene.crowd(8)
    held = [scene.given(user) for user in crowd]
    all_at_once([lambda one=one: scene.vote(one, "a", key=uuid4().hex) for one in held])  # type: ignore[misc]
    verdict = Verdict.objects.get()
    assert (verdict.winner, verdict.votes) == ("a", {"a": 8})
    nothing_is_wrong(scene, Counter({user.pk: 1 for user in crowd}))
