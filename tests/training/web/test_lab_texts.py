"""The numbers of an experiment on the page without a script."""

import pytest

from training.web.lab_texts import bar_end, text_rows

LESSON = {"chosen": "yes", "rejected": "no", "watched": ["maybe"]}


def side(logp: float) -> dict[str, float]:
    return {"logp": logp, "reference": -8.0, "tokens": 4}


def test_texts_have_their_likelihood_and_its_change() -> None:
    point = {"pairs": [{"chosen": side(-4.0), "rejected": side(-12.0)}, {"chosen": side(-8.0), "rejected": side(-1.0)}]}
    rows = text_rows(LESSON, point)
    assert [row["text"] for row in rows] == ["yes", "no", "maybe"]
    assert [row["ratio"] for row in rows] == [4.0, -4.0, 0.0]
    assert rows[0]["mean"] == pytest.approx(0.367879, abs=1e-6)


def test_before_the_first_point_there_are_texts_and_no_numbers() -> None:
    assert [row["mean"] for row in text_rows(LESSON, None)] == [None, None, None]


def test_bars_end_where_the_script_ends_them() -> None:
    assert [bar_end(shares) for shares in ([0.024, 0.019], [0.42], [0.97], [])] == [0.03, 0.5, 1.0, 1.0]
