"""The certainty of a preference, from the sizes that files state."""

from math import inf, nan
from typing import Any

import pytest

from labeling.exchange import ImportedComparison
from labeling.exchange.certainties import of_chosen, of_counts, of_difference, of_strength
from tests.labeling.exchange.builders import read


@pytest.mark.parametrize(
    ("record", "certainty"),
    [
        ({"score_chosen": 8.5, "score_rejected": 8.5}, 0.5),
        ({"chosen_rating": 5, "rejected_rating": 4}, 0.7310585786),
        ({"chosen-rating": 1, "rejected-rating": 4}, 0.5),
        ({"chosen_rating": "5", "rejected_rating": "4"}, 0.7310585786),
        ({"margin": 10**400}, None),
        ({"score_chosen": 10**400, "score_rejected": 1}, None),
        ({"margin": 2.0, "score_chosen": 1, "score_rejected": 0}, 0.8807970780),
        ({"rating": [2, 9]}, 0.9990889488),
        ({"score_chosen": nan, "score_rejected": 1}, None),
        ({"score_chosen": "high", "score_rejected": 1}, None),
        ({"rating": [1]}, None),
        ({}, None),
    ],
)
def test_scores_and_margins(record: dict[str, Any], certainty: float | None) -> None:
    assert of_chosen(record) == (None if certainty is None else pytest.approx(certainty))


def test_differences_strengths_and_upvotes() -> None:
    assert (of_difference(-3), of_difference(1e9)) == (0.5, 1.0)
    assert (of_strength(0, 3), of_strength(-3, 3), of_strength(9, 3)) == (0.5, 1.0, 1.0)
    assert (of_counts(3, 1), of_counts(1, 3), of_counts(0, 0), of_counts(inf, 1)) == (0.75, 0.5, None, None)


def test_individual_opinions_of_helpsteer3_keep_their_strength_and_words() -> None:
    individual = [{"score": -3, "reasoning": "True.", "feedback1": "Good."}, {"score": 1}, {"score": 0}]
    record = {"context": [{"role": "user", "content": "Q"}], "response1": "A", "response2": "B"}
    [comparison] = read([record | {"overall_preference": -2, "individual_preference": individual}])
    assert isinstance(comparison, ImportedComparison), comparison
    assert comparison.preference == "first"
    assert comparison.certainty == pytest.approx(5 / 6)
    first, second, third = comparison.votes
    assert (first.choice, first.strength, first.certainty, first.comment) == ("first", 3, 1.0, "True.")
    assert first.metadata == {"feedback1": "Good."}
    assert (second.choice, third.choice) == ("second", "tie")
    assert second.certainty == pytest.approx(2 / 3)
    assert comparison.warnings == ("several_opinions",)


def test_sizes_in_the_cells_of_a_table_count_as_numbers() -> None:
    shp = b"history,human_ref_A,human_ref_B,labels,score_A,score_B\nWhy?,a,b,1,3,1\n"
    alpacaeval = b"instruction,output_1,output_2,preference\nWhy?,a,b,1.0\nWhy?,a,b,1.8\n"
    steer = b"prompt,response_1,response_2,preference_strength\nWhy?,a,b,-3\n"
    found = [one for data in (shp, alpacaeval, steer) for one in read(data)]
    assert [(one.preference, one.certainty) for one in found if isinstance(one, ImportedComparison)] == [
        ("first", 0.75),
        ("first", 1.0),
        ("second", 0.8),
        ("first", 1.0),
    ]
