"""The share of wrong labels, as measured from agreement or gold."""

import pytest

from labeling.actions.curation import make_gold
from labeling.actions.relabeling import relabel_comparison
from labeling.models import Assignment, Comparison, Judgment
from tests.people import NOON, Stage, pair, stage
from training.models import LeftOut
from training.queries.label_noise import LEAST, measured_noise

pytestmark = pytest.mark.django_db


def judged_twice(pairs: int, different: int) -> Stage:
    """Alice prefers a everywhere; Bob differs on some pairs."""
    made = stage(comparisons=pairs, overlap=2)
    for number in range(pairs):
        made.vote(made.given(made.alice), "a")
        made.vote(made.given(made.bob), "b" if number < different else "a")
    return made


def test_agreement_on_pairs_that_two_people_judged_tells_it() -> None:
    made = judged_twice(25, 8)
    found = measured_noise(made.campaign)
    assert found is not None
    assert (found.source, found.count) == ("agreement", 25)
    # Agreement is 0.68 = p^2 + (1 - p)^2, so p = 0.8. Pairs on which both err have a wrong label; a split one has none.
    assert found.value == pytest.approx(0.2**2 / (0.2**2 + 0.8**2), abs=1e-4)
    assert found.low < found.value < found.high < 0.5


def test_pairs_that_were_sent_again_and_people_who_are_left_out_do_not_count() -> None:
    made = judged_twice(25, 8)
    same = measured_noise(made.campaign)
    again = Comparison.objects.filter(status="settled").order_by("pk").first()
    assert again is not None
    relabel_comparison(comparison=again, more=1, reason="Doubtful.", acting_user=made.maya, now=NOON)
    made.join(made.charlie)
    made.vote(made.given(made.charlie), "b")
    found = measured_noise(made.campaign)
    assert same is not None
    assert found is not None
    assert (same.count, found.count) == (25, 24)
    LeftOut.objects.create(campaign=made.campaign, person=made.bob, at=NOON)
    assert measured_noise(made.campaign) is None  # nobody else judged twice


def test_where_people_judged_few_of_the_labels_nothing_is_said() -> None:
    made = judged_twice(25, 8)
    made.add([pair(1000 + number, preference="first") for number in range(40)])
    assert measured_noise(made.campaign) is None


def test_too_few_pairs_tell_nothing() -> None:
    assert measured_noise(judged_twice(LEAST - 1, 3).campaign) is None


def test_without_second_votes_gold_tells_it() -> None:
    made = stage(comparisons=30)
    for _number in range(5):
        made.vote(made.given(made.alice), "a")
    assert measured_noise(made.campaign) is None
    known = list(Comparison.objects.filter(status="open", judged=0).order_by("pk")[:20])
    for number, comparison in enumerate(known):
        make_gold(comparison=comparison, winner="a", acting_user=made.maya, now=NOON)
        assignment = Assignment.objects.create(
            comparison=comparison,
            campaign=made.campaign,
            annotator=made.alice,
            kind="gold",
            left="a",
            status="judged",
            leased_at=NOON,
            expires_at=NOON,
        )
        Judgment.objects.create(
            assignment=assignment,
            comparison=comparison,
            campaign=made.campaign,
            annotator=made.alice,
            kind="gold",
            choice="b" if number < 3 else "a",
            left="a",
            key=f"gold-{number}",
            created_at=NOON,
        )
    found = measured_noise(made.campaign)
    assert found is not None
    assert (found.source, found.count) == ("gold", 20)
    assert found.value == pytest.approx(0.15, abs=1e-4)
