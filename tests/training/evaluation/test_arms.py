"""How arms choose, and what stays chance's."""

import numpy as np
import pytest

from training.evaluation.arms import ARMS, RANDOM, Candidate, choose, farthest, hashed, lot_of
from training.models import CHANCE, TrialArm


def pool(size: int = 400, *, margins: bool = True) -> list[Candidate]:
    generator = np.random.default_rng(1)
    return [
        Candidate(
            key=number,
            lot=float(generator.random()),
            is_held_out=bool(generator.random() < 0.25),
            text=f"topic{number % 20} word{number}",
            margin=float(generator.standard_normal()) if margins else None,
            before=float(generator.standard_normal()) if margins else None,
        )
        for number in range(size)
    ]


def chosen_by(candidates: list[Candidate], shares: dict[str, float], count: int = 80) -> dict[str, list[Candidate]]:
    by_key = {one.key: one for one in candidates}
    found: dict[str, list[Candidate]] = {}
    picked = choose(
        candidates, shares, count, held_out=0.25, known=["topic3 word3"], generator=np.random.default_rng(2)
    )
    assert len({key for key, _arm in picked}) == len(picked)
    for key, arm in picked:
        found.setdefault(arm, []).append(by_key[key])
    return found


def test_each_arm_takes_its_share_of_the_pairs_to_train_on() -> None:
    found = chosen_by(pool(), {"uncertainty": 0.3, "novelty": 0.3})
    counts = {arm: len(rows) for arm, rows in found.items()}
    assert counts["uncertainty"] == pytest.approx(18, abs=1)
    assert counts["novelty"] == pytest.approx(18, abs=1)
    assert sum(counts.values()) == pytest.approx(80, abs=1)


def test_held_out_pairs_are_chances_alone_and_so_is_its_share_of_the_others() -> None:
    shares = dict.fromkeys(ARMS, 0.2)
    found = chosen_by(pool(), shares)
    random_share = 1 - sum(shares.values())
    for arm in ARMS:
        assert not any(one.is_held_out or one.lot < random_share for one in found[arm])
    assert sum(one.is_held_out for one in found[RANDOM]) == 20


def test_uncertainty_takes_the_smallest_margins_and_gap_the_largest() -> None:
    candidates = pool()
    free = [one for one in candidates if not one.is_held_out and one.lot >= 0.5]
    by_size = sorted(free, key=lambda one: abs(one.margin or 0))
    (small, large) = (chosen_by(candidates, {arm: 0.5})[arm] for arm in ("uncertainty", "gap"))
    assert {one.key for one in small} == {one.key for one in by_size[: len(small)]}
    assert {one.key for one in large} == {one.key for one in by_size[-len(large) :]}


def test_disagreement_takes_pairs_about_which_two_versions_say_the_opposite() -> None:
    found = chosen_by(pool(), {"disagreement": 0.5})["disagreement"]
    assert all((one.margin or 0) * (one.before or 0) < 0 for one in found)


def test_an_arm_without_margins_leaves_its_places_to_chance() -> None:
    found = chosen_by(pool(margins=False), {"uncertainty": 0.3, "disagreement": 0.2})
    assert set(found) == {RANDOM}
    assert len(found[RANDOM]) == pytest.approx(80, abs=1)
    base = [Candidate(one.key, one.lot, one.is_held_out, one.text, margin=0.0, before=0.0) for one in pool()]
    assert set(chosen_by(base, {"gap": 0.3})) == {RANDOM}  # the base model prefers nothing


def test_where_no_arm_can_judge_chance_takes_what_was_theirs() -> None:
    theirs = [one for one in pool(margins=False) if one.lot >= 0.5 and not one.is_held_out]
    assert len(chosen_by(theirs, {"uncertainty": 0.3, "gap": 0.2})[RANDOM]) == 60
    too_long = [Candidate(one.key, one.lot, False, one.text, margin=1.0 if one.lot < 0.5 else None) for one in theirs]
    assert len(chosen_by(too_long, {"uncertainty": 0.5})[RANDOM]) == 60


def test_without_arms_everything_is_chance() -> None:
    assert set(chosen_by(pool(), {})) == {RANDOM}


def test_novelty_goes_from_one_topic_to_the_next() -> None:
    texts = ["cats and dogs", "cats and dogs again", "the law of gravity", "a recipe for bread"]
    assert set(farthest(texts, ["cats and dogs"], 2)) == {2, 3}
    assert farthest([], ["cats"], 2) == []
    assert np.allclose(np.linalg.norm(hashed(texts), axis=1), 1.0)
    assert not hashed([""]).any()


def test_a_lot_is_even_between_0_and_1_and_is_not_the_digits_of_the_overlap() -> None:
    assert lot_of("f" * 8 + "0" * 8 + "f" * 48) == 0.0
    assert lot_of("0" * 8 + "8" + "0" * 7 + "0" * 48) == pytest.approx(0.5)


def test_the_arms_are_those_of_the_rows() -> None:
    assert sorted(ARMS) == sorted(TrialArm.Name.values)
    assert RANDOM == CHANCE
