"""A number means what the whole file says it means: from 0 or from 1, a probability or the least of five."""

import io
from itertools import islice
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, ReadLimits, Rejected, UnreadableInput, read_comparisons
from tests.labeling.exchange.builders import as_lines

FIRST = ReadLimits().detection_records


def sides(number: int, **more: Any) -> dict[str, Any]:
    return {"prompt": f"Q{number}?", "answer_1": "Apples.", "answer_2": "Plums.", **more}


def pair(number: int, **more: Any) -> dict[str, Any]:
    return {"prompt": f"Q{number}?", "chosen": "Apples.", "rejected": "Plums.", **more}


def kto(number: int, **more: Any) -> list[dict[str, Any]]:
    labeled = (("Apples.", True), ("Plums.", False))
    return [{"prompt": f"Q{number}?", "completion": text, "label": label, **more} for text, label in labeled]


def read(records: list[dict[str, Any]], **choices: Any) -> list[ImportedComparison | Rejected]:
    return list(read_comparisons(io.BytesIO(as_lines(records)), **choices))


@pytest.mark.parametrize("before", [[1], [2], [1, 2], ["1"], [1, "tie"], [None]])
@pytest.mark.parametrize("mapping", [None, {"prompt": "prompt", "a": "answer_1", "b": "answer_2", "preference": "won"}])
def test_a_zero_anywhere_in_the_file_leaves_no_number_that_names_a_side(before: list[Any], mapping: Any) -> None:
    name = "won" if mapping else "winner"
    said = [before[at % len(before)] for at in range(3 * FIRST)] + [1, 0, 2]
    records = [sides(at, **{name: value}) for at, value in enumerate(said)]
    found = read(records, mapping=mapping)
    assert len(found) == len(records)
    for one, value in zip(found, said, strict=True):
        assert isinstance(one, Rejected) == (str(value) in ("0", "1", "2")), (one, value)


def test_of_three_completions_too_and_a_file_without_a_zero_is_read() -> None:
    def three(number: int, winner: int) -> dict[str, Any]:
        return sides(number, answer_3="Pears.", winner=winner)

    ones = [three(at, 1) for at in range(FIRST + 5)]
    assert all(isinstance(one, Rejected) for one in read([*ones, three(99, 0)]))
    found = read([*ones, three(99, 3)])
    assert [one.first.text for one in found[-2:] if isinstance(one, ImportedComparison)] == ["Pears.", "Pears."]


@pytest.mark.parametrize("place", [1, 3 * FIRST])
@pytest.mark.parametrize("least", [1, 1.0, "1"])
@pytest.mark.parametrize("line", [pair, kto])
def test_a_confidence_is_no_probability_where_the_file_goes_beyond_one(line: Any, least: Any, place: int) -> None:
    values = [least] * (3 * FIRST)
    lines = [line(at, confidence=value) for at, value in enumerate([*values[:place], 4, *values[place:]])]
    found = read([one for each in lines for one in (each if isinstance(each, list) else [each])])
    assert all(isinstance(one, ImportedComparison) for one in found)
    assert {one.confidence for one in found if isinstance(one, ImportedComparison)} == {None}
    assert all(one.metadata["confidence"] for one in found if isinstance(one, ImportedComparison))


def test_a_confidence_up_to_one_is_the_verdicts() -> None:
    found = read([pair(at, confidence=value) for at, value in enumerate([1, 1.0, 0.75] * FIRST)])
    assert [one.confidence for one in found[-3:] if isinstance(one, ImportedComparison)] == [1, 1.0, 0.75]


def test_records_before_an_unreadable_rest_are_read_first() -> None:
    rows = "".join(f"Q{at}?,Apples.,Plums.,1\n" for at in range(2 * FIRST))
    table = f"prompt,answer_1,answer_2,winner\n{rows}" + 'Q,"' + "x" * (3 << 20)
    entries = read_comparisons(io.BytesIO(table.encode()))
    assert [one.line for one in islice(entries, 2 * FIRST)] == list(range(2, 2 * FIRST + 2))
    with pytest.raises(UnreadableInput):
        next(entries)
