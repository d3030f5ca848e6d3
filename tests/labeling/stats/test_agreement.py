"""Agreement: published constants, plain definitions, and what must and must not change it."""

import random
from collections import Counter

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.stats import (
    Bootstrap,
    Estimate,
    InvalidCounts,
    agreement_report,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
    vote_pattern,
)
from labeling.stats.agreement import Metric
from tests.labeling.stats import naive

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability": 4 observers, 12 units, values 1..5, "." missing.
KRIPPENDORFF_2011 = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
FEW = Bootstrap(resamples=50)
HALF_WAY = {(3, 0, 0): 40, (2, 0, 1): 15, (1, 1, 1): 10, (0, 3, 0): 5, (0, 1, 2): 10, (0, 0, 3): 20, (1, 0, 0): 9}

all_votes = st.lists(st.lists(st.integers(0, 2), max_size=6), max_size=12)


def reference_patterns() -> Counter[tuple[int, ...]]:
    units = zip(*(row.split() for row in KRIPPENDORFF_2011), strict=True)
    return Counter(tuple(unit.count(str(value)) for value in range(1, 6)) for unit in units)


def close(estimate: Estimate, wanted: float | None) -> bool:
    if wanted is None or estimate.value is None:
        return wanted is None and estimate.value is None and bool(estimate.reason)
    return abs(estimate.value - wanted) < 1e-9


@pytest.mark.parametrize(("metric", "wanted"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_of_krippendorffs_example_is_the_published_one(metric: Metric, wanted: float) -> None:
    alpha = krippendorff_alpha(reference_patterns(), metric=metric)
    assert alpha.value == pytest.approx(wanted, abs=5e-4)
    assert (alpha.comparisons, alpha.votes) == (11, 40)  # the twelfth unit has one value: nothing to compare with


def test_ac1_of_krippendorffs_example_is_the_published_one() -> None:
    assert gwet_ac1(reference_patterns()).value == pytest.approx(0.77544, abs=5e-6)


@settings(max_examples=150, deadline=None)
@given(all_votes)
def test_alpha_equals_its_plain_definition(votes: list[list[int]]) -> None:
    patterns = naive.patterns_of(votes, 3)
    assert close(krippendorff_alpha(patterns, bootstrap=FEW), naive.alpha(votes, "nominal"))
    assert close(krippendorff_alpha(patterns, metric="ordinal", bootstrap=FEW), naive.alpha(votes, "ordinal"))
    assert close(krippendorff_alpha(patterns, metric="interval", bootstrap=FEW), naive.alpha(votes, "interval"))


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval"])
def test_alpha_equals_the_krippendorff_librarys_on_random_votes_with_gaps(metric: Metric) -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        comparisons, annotators, categories = rng.integers((4, 2, 2), (60, 9, 8))
        table = rng.integers(0, categories, size=(annotators, comparisons)).astype(float)
        table[:, : comparisons // 2] = table[0, : comparisons // 2]  # half of them unanimous
        table[rng.random(table.shape) < 0.4] = np.nan
        votes = [[int(vote) for vote in column if not np.isnan(vote)] for column in table.T]
        paired = {vote for one in votes if len(one) >= 2 for vote in one}
        alpha = krippendorff_alpha(naive.patterns_of(votes, int(categories)), metric=metric, bootstrap=FEW)
        if len(paired) < 2:
            assert alpha.value is None  # where the library raises
        else:
            domain = list(range(int(categories)))
            wanted = krippendorff.alpha(reliability_data=table, value_domain=domain, level_of_measurement=metric)
            assert alpha.value == pytest.approx(wanted, abs=1e-9)


@settings(max_examples=150, deadline=None)
@given(all_votes)
def test_percent_and_ac1_equal_their_plain_definitions(votes: list[list[int]]) -> None:
    patterns = naive.patterns_of(votes, 3)
    assert close(percent_agreement(patterns, bootstrap=FEW), naive.percent(votes))
    assert close(percent_agreement(patterns, ties=False, bootstrap=FEW), naive.percent(votes, without=1))
    assert close(gwet_ac1(patterns, bootstrap=FEW), naive.ac1(votes, 3))


@settings(max_examples=60, deadline=None)
@given(all_votes, st.randoms(use_true_random=False))
def test_exchanging_a_and_b_everywhere_changes_no_figure(votes: list[list[int]], rng: random.Random) -> None:
    rows = list(naive.patterns_of(votes, 3).items())
    rng.shuffle(rows)
    report, exchanged = agreement_report(dict(rows)), agreement_report({(b, t, a): n for (a, t, b), n in rows})
    for name, figure in report.as_dict().items():
        other = exchanged.as_dict()[name]
        assert figure["value"] == pytest.approx(other["value"], abs=1e-12), name
        assert figure["comparisons"] == other["comparisons"]


def test_the_order_in_which_the_database_returns_the_rows_changes_nothing_not_even_the_interval() -> None:
    assert agreement_report(HALF_WAY) == agreement_report(dict(reversed(HALF_WAY.items())))


def test_agreement_depends_on_the_orientation_which_therefore_must_not_be_the_model() -> None:
    # Two annotators per comparison, 74.3 % agree, the new model wins three votes in four.
    new_against_old = {(2, 0): 6215, (1, 1): 2570, (0, 2): 1215}
    either = {(2, 0): 3715, (1, 1): 2570, (0, 2): 3715}  # the same votes, a and b by a coin instead
    assert percent_agreement(new_against_old, tie_index=1).value == percent_agreement(either, tie_index=1).value
    assert krippendorff_alpha(new_against_old).value == pytest.approx(0.315, abs=5e-3)
    assert gwet_ac1(new_against_old).value == pytest.approx(0.589, abs=5e-3)
    assert krippendorff_alpha(either).value == pytest.approx(0.486, abs=5e-3)
    assert gwet_ac1(either).value == pytest.approx(0.486, abs=5e-3)


def test_without_votes_every_figure_is_undefined_and_says_why() -> None:
    for patterns in ({}, {(0, 0, 0): 4}, {(1, 0, 0): 7, (0, 0, 1): 2}):
        for figure in agreement_report(patterns).as_dict().values():
            assert figure["value"] is figure["low"] is figure["high"] is None
            assert "No comparison has two votes" in str(figure["reason"])
            assert figure["comparisons"] == 0


def test_unanimous_votes_leave_agreement_beyond_chance_undefined_not_one() -> None:
    for patterns in ({(3, 0, 0): 50}, {(0, 2, 0): 1}, {(2, 0, 0): 10, (3, 0, 0): 5, (1, 0, 0): 2}):
        report = agreement_report(patterns)
        for figure in (report.alpha_nominal, report.ac1, krippendorff_alpha(patterns, metric="ordinal")):
            assert figure.value is None
            assert figure.reason is not None
            assert "Every vote is for the same category" in figure.reason


def test_ties_alone_leave_agreement_without_ties_undefined() -> None:
    figure = percent_agreement({(0, 3, 0): 4, (1, 2, 0): 2}, ties=False)
    assert figure.value is None
    assert figure.reason == "No comparison has two votes that are not ties yet."


def test_full_agreement_over_few_comparisons_has_a_wide_interval() -> None:
    few, many = agreement_report({(3, 0, 0): 2, (0, 0, 3): 2}), agreement_report({(3, 0, 0): 500, (0, 0, 3): 500})
    for name, figure in few.as_dict().items():
        assert figure["value"] == figure["high"] == 1.0
        more = many.as_dict()[name]
        assert isinstance(figure["low"], float)
        assert isinstance(more["low"], float)
        assert figure["low"] < 0.6 < 0.98 < more["low"] < 1.0, name


def test_one_comparison_gives_a_figure_but_no_interval_beyond_chance() -> None:
    figure = krippendorff_alpha({(1, 0, 1): 1})
    assert figure.value == pytest.approx(0.0)
    assert figure.low is figure.high is None
    assert figure.reason is not None


def test_a_single_dissent_among_many_has_no_interval_because_most_resamples_are_undefined() -> None:
    patterns = {(2, 0, 0): 100, (1, 0, 1): 1}
    alpha, ac1 = krippendorff_alpha(patterns), gwet_ac1(patterns)
    assert alpha.value is not None
    assert alpha.value < 0.01
    assert ac1.value is not None
    assert ac1.value > 0.9  # what AC1 is for: a rare category
    for figure in (alpha, ac1):
        assert figure.low is figure.high is None
        assert figure.reason == "The comparisons are too few or too alike for an interval."


def test_percent_agreement_counts_pairs_of_annotators() -> None:
    figure = percent_agreement({(2, 0, 1): 1, (2, 0, 0): 1})  # 1 of 3 pairs, and 1 of 1
    assert figure.value == pytest.approx(2 / 4)
    assert (figure.comparisons, figure.votes) == (2, 5)


def test_without_ties_votes_for_a_tie_are_not_there_at_all() -> None:
    assert percent_agreement({(2, 1, 0): 3}, ties=False).value == 1.0
    assert percent_agreement({(2, 1, 0): 3}).value == pytest.approx(1 / 3)


def test_the_interval_is_the_same_every_time_and_wider_at_a_higher_level() -> None:
    first, again = krippendorff_alpha(HALF_WAY), krippendorff_alpha(HALF_WAY)
    assert first == again
    wide = krippendorff_alpha(HALF_WAY, bootstrap=Bootstrap(level=0.99))
    assert wide.low is not None
    assert first.low is not None
    assert first.value is not None
    assert wide.low < first.low < first.value


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = random.Random(7)

    def sample() -> dict[tuple[int, ...], int]:
        votes = []
        for _ in range(150):
            true = rng.random() < 0.5
            votes.append([int(true) if rng.random() < 0.85 else int(not true) for _ in range(3)])
        return naive.patterns_of(votes, 2)

    truth = 0.85**2 + 0.15**2
    alpha = 2 * truth - 1  # both sides equally frequent: chance is one half
    runs, covered = 300, Counter[str]()
    for _ in range(runs):
        patterns = sample()
        for name, figure, true_value in (
            ("percent", percent_agreement(patterns, tie_index=2, bootstrap=Bootstrap(resamples=400)), truth),
            ("alpha", krippendorff_alpha(patterns, bootstrap=Bootstrap(resamples=400)), alpha),
            ("ac1", gwet_ac1(patterns, bootstrap=Bootstrap(resamples=400)), alpha),
        ):
            assert figure.low is not None
            assert figure.high is not None
            covered[name] += figure.low <= true_value <= figure.high
    for name, count in covered.items():
        assert 0.90 <= count / runs <= 0.985, (name, count / runs)


def test_a_million_judgments_cost_no_more_than_their_patterns() -> None:
    many = {pattern: count * 10_000 for pattern, count in HALF_WAY.items()}
    assert krippendorff_alpha(many).value == pytest.approx(krippendorff_alpha(HALF_WAY).value, abs=1e-2)
    assert krippendorff_alpha(many).comparisons == 1_000_000


def test_both_bad_counts_as_a_tie_and_a_skip_not_at_all() -> None:
    assert vote_pattern({"a": 1, "b": 2, "tie": 3, "both_bad": 4, "skip": 9}) == (1, 7, 2)
    assert vote_pattern({}) == (0, 0, 0)


def test_impossible_counts_are_refused() -> None:
    impossible: list[dict[tuple[int, ...], int]] = [{(1, -1, 0): 1}, {(2, 0, 0): -1}, {(2, 0, 0): 1, (1, 1): 1}]
    for patterns in impossible:
        with pytest.raises(InvalidCounts):
            krippendorff_alpha(patterns)
    with pytest.raises(InvalidCounts, match="left"):
        vote_pattern({"left": 1})


def test_one_category_alone_has_no_chance_to_correct_for() -> None:
    assert gwet_ac1({(3,): 2}).reason == "There is only one category to vote for."
