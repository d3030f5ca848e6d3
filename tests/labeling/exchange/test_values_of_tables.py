"""Values that a table holds as texts mean what they mean in JSON, and no column is lost behind another of its name."""

import csv
import io
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from labeling.exchange import ImportedComparison, UnreadableInput, read_comparisons
from tests.labeling.exchange.builders import message, read
from tests.labeling.exchange.test_battle_readers import battle
from tests.labeling.exchange.test_prism_reader import utterances
from tests.labeling.exchange.test_ranking_readers import MESSAGES


def as_table(records: list[dict[str, Any]]) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, list(dict.fromkeys(name for one in records for name in one)))
    writer.writeheader()
    writer.writerows(records)
    return target.getvalue().encode()


def comparisons(data: bytes | list[dict[str, Any]]) -> list[ImportedComparison]:
    return [one for one in read(data) if isinstance(one, ImportedComparison)]


@pytest.mark.parametrize("turn", [1, "1", 1.0, "1.0", " 1"])
def test_a_verdict_about_the_first_turn_is_about_it_alone(turn: Any) -> None:
    record = battle("model_a", turn=turn)
    for name, answer in (("conversation_a", "Pears."), ("conversation_b", "No.")):
        record[name] = [*record[name], message("user", "And?"), message("assistant", answer)]
    for data in ([record], as_table([record])):
        (one,) = comparisons(data)
        assert (one.first.turns, one.second.turns) == ((), ())
        (both,) = comparisons([record | {"turn": 2}])
        assert len(both.first.turns) == 3


def test_replies_of_a_table_are_deleted_and_chosen_as_in_json() -> None:
    deleted = [one | {"deleted": one["message_id"] == "t3"} for one in MESSAGES]
    for records in (deleted, utterances()):
        expected = [(one.first.text, one.second.text, one.preference) for one in comparisons(records)]
        found = comparisons(as_table(records))
        assert [(one.first.text, one.second.text, one.preference) for one in found] == expected
    assert len(comparisons(as_table(deleted))) == 1


@pytest.mark.parametrize("kind", ["parquet", "file", "stream"])
@pytest.mark.parametrize("inside", [False, True])
def test_two_columns_of_one_name_are_refused(kind: str, inside: bool) -> None:
    texts = [pa.array(["Q"]), pa.array(["A"]), pa.array(["B"]), pa.array(["C"])]
    table = pa.table(texts, names=["prompt", "chosen", "rejected", "rejected"])
    if inside:
        table = table.select([0, 1]).append_column(
            "answers", pa.array([[("x", "y")]], pa.list_(pa.struct([("text", pa.string()), ("text", pa.string())])))
        )
    target = io.BytesIO()
    if kind == "parquet":
        parquet.write_table(table, target)
    else:
        with (ipc.new_file if kind == "file" else ipc.new_stream)(target, table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(UnreadableInput, match="twice") as refused:
        list(read_comparisons(io.BytesIO(target.getvalue())))
    assert ("text" if inside else "rejected") in str(refused.value)
