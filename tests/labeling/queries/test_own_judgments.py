"""An annotator's own judgments: what the list holds, its filters, and what it must not give away."""

import pytest

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.judging.acts import change_judgment, undo_judgment
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Judgment
from labeling.queries.own_judgments import earlier_versions, older_than, own_judgments
from tests.people import NOON, Stage, asks, pair, stage


@pytest.fixture
def scene() -> Stage:
    """Alice prefers left, right and neither, skips, and flags; Bob judges as well."""
    scene = stage(comparisons=6, overlap=3)
    said = [
        ("left", {"comment": "It is true."}),
        ("right", {}),
        ("tie", {}),
        ("skip", {"skip_reason": "It is upsetting"}),
        ("skip", {"flag": "harm"}),
    ]
    for choice, fields in said:
        scene.judge(scene.given(scene.alice), choice, **fields)
        scene.wait(60)
    scene.judge(scene.given(scene.bob), "left", comment="It is true.")
    return scene


def listed(scene: Stage, **filters: object) -> list[Judgment]:
    return list(own_judgments(scene.campaign, scene.alice, **filters))  # type: ignore[arg-type]


def test_only_own_judgments_are_listed_newest_first(scene: Stage) -> None:
    rows = listed(scene)
    assert [row.annotator_id for row in rows] == [scene.alice.pk] * 5
    assert [row.created_at for row in rows] == sorted((row.created_at for row in rows), reverse=True)
    assert [row.pk for row in older_than(own_judgments(scene.campaign, scene.alice), rows[1])] == [
        row.pk for row in rows[2:]
    ]


@pytest.mark.parametrize(
    ("choice", "number"), [("left", 1), ("right", 1), ("tie", 1), ("both_bad", 0), ("skip", 2), ("flag", 1)]
)
def test_a_choice_is_found_by_the_side_on_which_it_was_displayed(scene: Stage, choice: str, number: int) -> None:
    rows = listed(scene, choice=choice)
    assert len(rows) == number
    if choice in ("left", "right"):
        assert (rows[0].choice == rows[0].left) is (choice == "left")


def test_comments_and_days_narrow_the_list(scene: Stage) -> None:
    assert [row.comment for row in listed(scene, commented=True)] == ["It is true."]
    times = [row.created_at for row in listed(scene)]
    assert len(listed(scene, since=times[1])) == 2
    assert len(listed(scene, until=times[1])) == 3


def test_texts_are_searched_but_not_the_names_of_fields() -> None:
    scene = stage()
    odd = ComparisonDraft(
        prompt=asks('Say "Grüße" 100%_\\ now.'), first=CompletionDraft("Hallo."), second=CompletionDraft("Servus!")
    )
    scene.add([odd, pair(1)])
    for _ in range(2):
        scene.judge(scene.given(scene.alice))
        scene.wait(1)
    for text in ('"grüße"', "100%_\\", "servus!", "  Hallo. "):
        assert len(listed(scene, text=text)) == 1, text
    for text in ("content", "user", "role", "' OR 1=1", "{}"):
        assert listed(scene, text=text) == [], text


def test_a_changed_judgment_is_listed_once_and_one_taken_back_is_not() -> None:
    scene = stage(comparisons=2)
    first = scene.given(scene.alice)
    scene.judge(first, "left")
    second = scene.given(scene.alice)
    scene.judge(second, "left")
    change_judgment(assignment=first, draft=JudgmentDraft("tie", "k"), acting_user=scene.alice, now=scene.now)
    undo_judgment(assignment=second, acting_user=scene.alice, now=scene.now)
    (only,) = listed(scene)
    assert (only.assignment_id, only.choice) == (first.pk, "tie")
    assert [one.choice for one in earlier_versions(only)] == [first.left]


def test_a_retest_shows_a_pair_neither_twice_nor_while_it_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage(comparisons=6, retest_rate=0.5, retest_after=1, overlap=2)
    monkeypatch.setattr("labeling.judging.queue.random.random", lambda: 0.0)
    given = scene.given(scene.alice)
    while given.kind != "retest":
        scene.judge(given)
        given = scene.given(scene.alice)
    judged = Judgment.objects.filter(annotator=scene.alice).count()
    assert given.comparison_id not in {row.comparison_id for row in listed(scene)}
    assert len(listed(scene)) == judged - 1
    scene.judge(given, "tie")
    again = [row for row in listed(scene) if row.comparison_id == given.comparison_id]
    assert [(row.choice, row.created_at) for row in again] == [("tie", NOON)]
    assert len(listed(scene)) == judged
