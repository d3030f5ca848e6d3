"""Files that could be read wrong in silence: each is read as it is meant, or refused by name."""

import io
import json
import zipfile
from typing import Any

import pyarrow as pa
import pytest

from labeling.exchange import ImportedComparison, Rejected, UnreadableInput, read_comparisons, read_prompts

QUESTION, GOOD, BAD = "Name two fruits.", "Apples and plums.", "Potatoes."


def read(*records: dict[str, Any]) -> list[ImportedComparison | Rejected]:
    return list(read_comparisons(io.BytesIO(b"\n".join(json.dumps(one).encode() for one in records))))


def only(**record: Any) -> ImportedComparison:
    (one,) = read(record)
    assert isinstance(one, ImportedComparison)
    return one


def refusal(**record: Any) -> str:
    (one,) = read(record)
    assert isinstance(one, Rejected)
    return one.reason


@pytest.mark.parametrize("names", [("response_a", "response_b"), ("answer_a", "answer_b"), ("output_a", "output_b")])
@pytest.mark.parametrize(("chosen", "rejected", "winner"), [("A", "B", "first"), ("b", "a", "second")])
def test_chosen_and_rejected_that_name_the_sides_are_no_texts(
    names: tuple[str, str], chosen: str, rejected: str, winner: str
) -> None:
    one = only(prompt=QUESTION, **{names[0]: GOOD, names[1]: BAD}, chosen=chosen, rejected=rejected)
    assert (one.first.text, one.second.text, one.preference) == (GOOD, BAD, winner)


def test_chosen_may_be_the_name_of_a_column() -> None:
    assert only(prompt=QUESTION, response_a=GOOD, response_b=BAD, chosen="response_b").preference == "second"


def test_chosen_and_rejected_stay_texts_where_no_other_completions_stand_beside_them() -> None:
    one = only(prompt="Which letter is first?", chosen="A", rejected="B")
    assert (one.first.text, one.second.text) == ("A", "B")


def test_sides_that_are_named_twice_are_refused() -> None:
    said = {"prompt": QUESTION, "response_a": GOOD, "response_b": BAD}
    assert "name the same completion" in refusal(**said, chosen="A", rejected="a")


def test_a_winner_that_is_a_number_needs_sides_with_numbers() -> None:
    assert "0 or 1" in refusal(prompt=QUESTION, response_a=GOOD, response_b=BAD, winner=1)
    assert only(prompt=QUESTION, response_1=GOOD, response_2=BAD, winner=2).preference == "second"


@pytest.mark.parametrize("word", ["None", "none"])
def test_the_missing_value_of_a_program_is_no_verdict(word: str) -> None:
    assert "no known preference" in refusal(prompt=QUESTION, response_a=GOOD, response_b=BAD, preference=word)


@pytest.mark.parametrize(("chosen", "rejected"), [("1", "2"), ("0", "1"), (1, 0)])
def test_numbers_are_no_texts_and_no_sides_where_nobody_knows_from_what_they_count(chosen: Any, rejected: Any) -> None:
    reason = refusal(prompt=QUESTION, response_a=GOOD, response_b=BAD, chosen=chosen, rejected=rejected)
    assert "0 or 1" in reason or "no known preference" in reason
    one = only(prompt="Two plus two?", response_a="4", response_b="1", chosen="4", rejected="1")
    assert (one.first.text, one.second.text, one.preference) == ("4", "1", "first")


@pytest.mark.parametrize(("chosen", "winner"), [(GOOD, "first"), (BAD, "second")])
def test_a_chosen_text_that_stands_beside_itself_names_its_side(chosen: str, winner: str) -> None:
    one = only(prompt=QUESTION, response_a=GOOD, response_b=BAD, chosen=chosen)
    assert (one.first.text, one.second.text, one.preference) == (GOOD, BAD, winner)


def test_messages_that_are_written_as_a_json_text_are_messages() -> None:
    def said(role: str, text: str) -> str:
        return json.dumps([{"role": role, "content": text}])

    one = only(prompt=said("user", QUESTION), chosen=said("assistant", GOOD), rejected=said("assistant", BAD))
    assert ([one.prompt[0]["content"]], one.first.text, one.second.text) == ([QUESTION], GOOD, BAD)
    whole = [
        json.dumps([{"role": "user", "content": QUESTION}, {"role": "assistant", "content": t}]) for t in (GOOD, BAD)
    ]
    one = only(chosen=whole[0], rejected=whole[1])
    assert (one.prompt[0]["content"], one.first.text) == (QUESTION, GOOD)
    (prompt,) = read_prompts(io.BytesIO(json.dumps({"prompt": said("user", QUESTION)}).encode()))
    assert not isinstance(prompt, Rejected)
    assert prompt.messages[0]["content"] == QUESTION


OTHER_JSON = [
    '[{"name": "Bob"}]',
    "[{not json}]",
    "[]",
    '["a"]',
    '[{"x": NaN}]',
    '[{"a": 1, "a": 2}]',
    '[{"x": 1e999}]',
]


@pytest.mark.parametrize("text", OTHER_JSON)
def test_other_json_in_a_prompt_stays_the_text_that_it_is(text: str) -> None:
    assert only(prompt=text, chosen=GOOD, rejected=BAD).prompt[0]["content"] == text
    assert only(prompt=QUESTION, chosen=text, rejected=BAD).first.text == text


@pytest.mark.parametrize("answer", ["42", 42, ["a"]])
def test_a_reference_answer_called_gold_is_metadata_and_counted(answer: Any) -> None:
    one = only(prompt=QUESTION, chosen=GOOD, rejected=BAD, gold=answer)
    assert (one.gold, one.metadata, one.warnings) == (None, {"gold": answer}, ("other_gold",))
    known = only(prompt=QUESTION, chosen=GOOD, rejected=BAD, gold="chosen")
    assert (known.gold, known.metadata, known.warnings) == ("first", {}, ())


@pytest.mark.parametrize("names", [("User", "Bot"), ("USER", "ASSISTANT"), ("Human", "Assistant")])
def test_a_transcript_as_prompt_becomes_turns(names: tuple[str, str]) -> None:
    user, bot = names
    one = only(prompt=f"{user}: Hi\n{bot}: Hello\n{user}: {QUESTION}\n{bot}:", chosen=GOOD, rejected=BAD)
    assert [(turn["role"], turn["content"]) for turn in one.prompt] == [
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", QUESTION),
    ]


@pytest.mark.parametrize("ending", ["", "s", "_path", "_paths", "_url", "_urls", "_file"])
@pytest.mark.parametrize("kind", ["image", "video", "audio"])
def test_a_prompt_about_something_to_see_or_hear_is_refused(kind: str, ending: str) -> None:
    name, record = f"{kind}{ending}", {"prompt": "What is in it?", "chosen": GOOD, "rejected": BAD}
    for value in ("cat.png", ["cat.png"], {"bytes": "x"}):
        assert repr(name) in refusal(**record, **{name: value})
    without: list[Any] = [None, "", []]
    for nothing in without:
        assert only(**record, **{name: nothing}).metadata == {}


def test_no_file_of_an_archive_is_left_out_in_silence() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a.jsonl", json.dumps({"prompt": QUESTION, "chosen": GOOD, "rejected": BAD}))
        archive.writestr("b.csv", "prompt,chosen,rejected\nName a tree.,Oak,Stone\n")
    data.seek(0)
    with pytest.raises(UnreadableInput, match=r"2 files \(a\.jsonl, b\.csv\)"):
        list(read_comparisons(data))


def test_a_damaged_arrow_file_is_refused_before_it_is_read_beside_its_bytes() -> None:
    table = pa.table({"prompt": ["Name two fruits."], "chosen": [[{"content": "a"}]], "rejected": [[{"content": "b"}]]})
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    good = out.getvalue()
    ends: list[object] = []
    for place in range(good.index(b"Name two fruits.") - 64, len(good)):
        damaged = good[:place] + b"\xf0" + good[place + 1 :]
        try:
            ends.append(len(list(read_comparisons(io.BytesIO(damaged), dialect="trl"))))
        except UnreadableInput as error:
            ends.append(str(error))
    assert any("is damaged" in str(end) for end in ends)


TWO = {"prompt": QUESTION, "response_a": GOOD, "response_b": BAD, "model_a": "m1", "model_b": "m2"}


@pytest.mark.parametrize(
    "outcomes",
    [
        {"preference": "A", "winner": "model_b"},
        {"preference": "a", "choice": "response_b"},
        {"winner": "m2", "better": "a"},
        {"preference": "tie", "winner": "b"},
        {"preference": "b", "winner": "tie"},
        {"preference": "b", "chosen": GOOD},
        {"winner": "c", "preferred_response": BAD, "response_c": "Kohlrabi."},
    ],
)
def test_two_fields_that_name_different_outcomes_are_refused(outcomes: dict[str, Any]) -> None:
    assert "name different outcomes" in refusal(**TWO | outcomes)


@pytest.mark.parametrize(
    "others",
    [
        {"winner": "model_a"},
        {"winner": "m1"},
        {"winner": None, "choice": ""},
        {"label": "harmless", "comparison": "A is shorter."},
        {"label": 1},
        {"label": "same", "choice": "neither"},
        {"chosen": GOOD},
    ],
)
def test_other_fields_that_say_the_same_or_something_else_stay(others: dict[str, Any]) -> None:
    assert only(**TWO, preference="A", **others).preference == "first"
