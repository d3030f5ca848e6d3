"""The order in which comparisons are given out."""

import pytest

from tests.people import Stage, committing, pair, stage


def order_of(scene: Stage) -> list[str]:
    order = []
    while given := scene.next(scene.alice):
        order.append(given.comparison.external_id)
        scene.judge(given)
    return order


@pytest.mark.parametrize(("order", "expected"), [("imported", list("abcdef")), ("newest", list("fedcba"))])
def test_comparisons_are_given_in_the_order_of_the_campaign(order: str, expected: list[str]) -> None:
    from dataclasses import replace

    scene = stage(order=order)
    drafts = [replace(pair(number), external_id=name) for number, name in enumerate("abcdef")]
    scene.add(drafts[:3])
    scene.add(drafts[3:])
    assert order_of(scene) == expected


def test_newest_first_holds_for_those_who_are_far_along_too() -> None:
    from dataclasses import replace

    scene = stage(order="newest")
    scene.add([replace(pair(number), external_id=str(number)) for number in range(4)])
    scene.judge(scene.given(scene.alice))
    with committing():
        scene.add([replace(pair(9), external_id="new")])
    assert order_of(scene) == ["new", "2", "1", "0"]


def test_who_brought_a_comparison_in_is_not_given_it_where_the_campaign_says_so() -> None:
    scene = stage(comparisons=2, may_judge_own=False)
    assert scene.next(scene.maya) is None
    assert scene.next(scene.ada) is not None
