"""One annotator's work: days, and choices against verdicts."""

from labeling.queries.annotator import against_verdicts, annotator_of, commented, counts, flagged, judgments_by_day
from tests.people import stage

DAY = 24 * 3600


def test_votes_are_counted_against_the_verdicts_and_by_halves() -> None:
    scene = stage(comparisons=5, overlap=3)
    scene.crowd(2)
    ann, ben = (one.user for one in scene.campaign.memberships.filter(user__username__startswith="annotator-"))
    for turn in range(4):
        for user in (ann, ben, scene.alice):
            scene.vote(scene.given(user), "b" if user == scene.alice and turn >= 2 else "a")
        scene.wait(DAY)
    scene.judge(scene.given(scene.alice), "skip", flag="harm", comment="No.")
    against = against_verdicts(scene.campaign, scene.alice)
    assert against.table == [[2, 0, 2], [0, 0, 0], [0, 0, 0]]
    assert (against.agreed.value, against.early.value, against.late.value) == (0.5, 1.0, 0.0)
    assert against.change.value == -1.0
    days = judgments_by_day(scene.campaign, scene.alice)
    assert [number for _day, number in days] == [1, 1, 1, 1], "a flag is no judgment: the days add up to the total"
    assert days == sorted(days, reverse=True)
    assert counts(scene.campaign, scene.alice) == {
        "judged": 4,
        "skipped": 0,
        "undone": 0,
        "comments": 1,
        "flags": 1,
    }
    assert [one.comment for one in commented(scene.campaign, scene.alice)] == ["No."]
    assert [one.flag for one in flagged(scene.campaign, scene.alice)] == ["harm"]


def test_ones_own_judgment_alone_is_no_verdict_to_agree_with() -> None:
    scene = stage(comparisons=4, overlap=1)
    for _ in range(4):
        scene.vote(scene.given(scene.alice), "a")
    against = against_verdicts(scene.campaign, scene.alice)
    assert (against.agreed.value, against.table) == (None, [[0] * 3] * 3)


def test_nothing_is_made_up_of_nothing() -> None:
    scene = stage(comparisons=1)
    against = against_verdicts(scene.campaign, scene.alice)
    assert (against.agreed.value, against.change.value) == (None, None)
    assert judgments_by_day(scene.campaign, scene.alice) == []


def test_a_name_belongs_to_a_member_or_to_somebody_who_has_judged() -> None:
    scene = stage(comparisons=1, pseudonymous=True)
    assert annotator_of(scene.campaign, scene.alice.pseudonym) == scene.alice
    assert annotator_of(scene.campaign, "alice") is None
    scene.campaign.pseudonymous = False
    assert annotator_of(scene.campaign, "alice") == scene.alice
    assert annotator_of(scene.campaign, "charlie") is None
