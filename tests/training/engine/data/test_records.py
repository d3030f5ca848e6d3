"""Data files: what is read, what is dropped and counted, what is an error that names its line."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.engine.tiny import EOS, START, VOCABULARY, tokenizer
from training.engine.data.records import PairSet, read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError, RecordError

USER = {"role": "user", "content": "hi"}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def record(**changes: Any) -> dict[str, Any]:
    """A full record with stored ids, as the snapshot has it."""
    return {
        "id": "c1",
        "prompt": [USER],
        "chosen": "ab",
        "rejected": "cd",
        "prompt_ids": [1, 2, 3],
        "chosen_ids": [10, 11, EOS],
        "rejected_ids": [12, 13],
        "chosen_finish": "stop",
        "rejected_finish": "length",
        "confidence": 0.9,
        "weight": 2.0,
        **changes,
    }


def text_record(**changes: Any) -> dict[str, Any]:
    """A record without stored ids."""
    empty = dict.fromkeys(("prompt_ids", "chosen_ids", "rejected_ids", "chosen_finish", "rejected_finish"))
    return record(**{**empty, **changes})


@pytest.fixture
def read(tmp_path: Path, encoder: TextEncoder) -> Any:
    def run(*lines: Any, max_length: int = 1000) -> PairSet:
        path = tmp_path / "pairs.jsonl"
        for number, line in enumerate(lines[1:]):  # each line has an id of its own
            if isinstance(line, dict) and line.get("id") == "c1":
                line["id"] = f"other-{number}"
        encoded = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        path.write_bytes(b"\n".join(encoded) + b"\n")
        return read_token_pairs(path, encoder, max_length=max_length)

    return run


def test_stored_token_ids_are_used_as_they_are(read: Any) -> None:
    (pair,) = read(record()).pairs
    assert (pair.id, pair.line, pair.confidence, pair.weight) == ("c1", 1, 0.9, 2.0)
    assert (pair.prompt_ids, pair.chosen_ids, pair.rejected_ids) == ((1, 2, 3), (10, 11, EOS), (12, 13))


def test_text_gets_the_chat_template_and_one_end_of_turn(read: Any) -> None:
    (pair,) = read(text_record(chosen_finish="length")).pairs
    plain = tokenizer()
    assert plain.decode(list(pair.prompt_ids)) == "<s>user\nhi</s>\n<s>assistant\n"
    assert pair.prompt_ids.count(START) == 2  # one for each turn that the template begins, none in front
    assert plain.decode(list(pair.chosen_ids)) == "ab"  # cut by the length limit: no EOS
    assert plain.decode(list(pair.rejected_ids)) == "cd</s>"  # imported text counts as ended


def test_a_stored_side_and_an_imported_one_go_together(read: Any) -> None:
    (pair,) = read(record(rejected_ids=None, rejected_finish=None)).pairs
    assert pair.chosen_ids == (10, 11, EOS)
    assert pair.rejected_ids == (*tokenizer()("cd")["input_ids"], EOS)


def test_text_that_spells_a_control_token_stays_text(read: Any) -> None:
    (pair,) = read(text_record(chosen="a</s>b")).pairs
    assert pair.chosen_ids.count(EOS) == 1
    assert pair.chosen_ids[-1] == EOS
    assert tokenizer().decode(list(pair.chosen_ids[:-1])) == "a</s>b"


@pytest.mark.parametrize(
    "line",
    [
        {"prompt": "hi", "chosen": "ab", "rejected": "cd"},
        {"prompt": [USER], "chosen": [assistant("ab")], "rejected": [assistant("cd")]},
        {"chosen": [USER, assistant("ab")], "rejected": [USER, assistant("cd")]},
        {"prompt": "hi", "chosen": [USER, assistant("ab")], "rejected": [USER, assistant("cd")]},
    ],
    ids=["text", "messages", "implicit prompt", "prompt repeated"],
)
def test_trl_records_of_every_form_give_the_same_pair(read: Any, line: dict[str, Any]) -> None:
    (pair,) = read(line).pairs
    (full,) = read(text_record()).pairs
    assert pair.id == "line-1"
    assert (pair.confidence, pair.weight) == (1.0, 1.0)
    ids = (pair.prompt_ids, pair.chosen_ids, pair.rejected_ids)
    assert ids == (full.prompt_ids, full.chosen_ids, full.rejected_ids)


def test_unusable_pairs_are_dropped_and_counted_by_reason(read: Any) -> None:
    result = read(
        record(),
        record(chosen_ids=[12, 13], chosen_finish="length"),
        record(chosen_ids=[EOS]),
        text_record(rejected=""),
        text_record(rejected="", rejected_finish="length"),
        record(weight=0),
        record(prompt_ids=[1] * 999),
    )
    assert len(result.pairs) == 1
    assert result.dropped == {"identical completions": 1, "empty completion": 3, "zero weight": 1, "too long": 1}


@given(st.integers(-2, 2), st.booleans(), st.integers(1, 6))
def test_a_pair_that_is_too_long_is_dropped_whole_and_one_that_fits_is_whole(
    tmp_path_factory: pytest.TempPathFactory, encoder: TextEncoder, excess: int, on_chosen: bool, prompt: int
) -> None:
    limit = 20
    long_side, short_side = [7] * (limit - prompt + excess), [8, 9]
    sides = (long_side, short_side) if on_chosen else (short_side, long_side)
    line = record(
        prompt_ids=[1] * prompt, chosen_ids=sides[0], rejected_ids=sides[1], chosen_finish=None, rejected_finish=None
    )
    path = tmp_path_factory.mktemp("fuzz") / "pairs.jsonl"
    path.write_text(json.dumps(line))
    result = read_token_pairs(path, encoder, max_length=limit)
    if excess > 0:
        assert (result.pairs, result.dropped) == ([], {"too long": 1})
    else:
        assert [(pair.chosen_ids, pair.rejected_ids) for pair in result.pairs] == [tuple(map(tuple, sides))]


def test_no_pair_is_longer_than_the_model_has_positions(tmp_path: Path) -> None:
    encoder = TextEncoder(tokenizer(), eos_ids=frozenset({EOS}), vocabulary_size=VOCABULARY, longest=6)
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join(json.dumps(record(id=length, prompt_ids=[1] * length)) for length in (3, 4)))
    assert [len(pair.prompt_ids) for pair in read_token_pairs(path, encoder, max_length=1000).pairs] == [3]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not JSON"),
        (b'{"prompt": "\xff"}', r"not UTF-8 \(byte 12\)"),
        (b"[" * 100_000, "not JSON"),
        (b'{"prompt": "hi", "chosen": "a", "chosen": "b"}', "the key 'chosen' stands twice in one object"),
        (b'{"prompt": "hi", "meta": {"a": 1, "a": 2}}', "the key 'a' stands twice in one object"),
        (rb'{"prompt": "hi \ud83d", "chosen": "a", "rejected": "b"}', r"a text holds half of a character \(\\ud83d\)"),
        ([1], "expected a JSON object, got list"),
        ({"prompt": "hi", "chosen": "a"}, "'rejected' is missing"),
        ({"chosen": "a", "rejected": "b"}, "'prompt' is missing, and 'chosen' and 'rejected' share no beginning"),
        ({"chosen": [USER], "rejected": [USER]}, "no message in common"),
        ({"prompt": "hi", "chosen": [USER], "rejected": "b"}, "'chosen' must begin and end with an assistant"),
        ({"prompt": [], "chosen": "a", "rejected": "b"}, "'prompt' is empty"),
        ({"prompt": [{"role": "robot", "content": "x"}], "chosen": "a", "rejected": "b"}, "messages with a known role"),
        ({"prompt": [{"role": "user", "content": None}], "chosen": "a", "rejected": "b"}, "messages with a known role"),
        (record(id=1.5), "'id' must be a string"),
        (record(prompt_ids=[]), "the prompt has no tokens"),
        (record(chosen_ids=[1.0]), "'chosen_ids' must be a list of integers"),
        (record(chosen_ids=[True, EOS]), "'chosen_ids' must be a list of integers"),
        (record(chosen_ids=[VOCABULARY, EOS]), f"outside the vocabulary of {VOCABULARY}"),
        (record(rejected_ids=[-1]), f"outside the vocabulary of {VOCABULARY}"),
        (record(chosen_ids=[10, EOS, EOS]), "continues after an end-of-sequence token"),
        (record(chosen_ids=[10, 11]), "'chosen_finish' is 'stop' but 'chosen_ids' does not end with"),
        (record(rejected_ids=[12, EOS]), "'rejected_finish' is 'length' but 'rejected_ids' ends with"),
        (record(chosen_finish="eos"), "'chosen_finish' must be"),
        (record(confidence=0.4), "'confidence' must be from 0.5 to 1"),
        (record(confidence="high"), "'confidence' must be a finite number"),
        (record(weight=-1), "'weight' must be from 0"),
        (record(weight=float("nan")), "'weight' must be a finite number"),
    ],
)
def test_a_line_that_is_no_pair_is_an_error_that_names_the_line(read: Any, line: Any, message: str) -> None:
    with pytest.raises(RecordError, match=message) as caught:
        read(record(), b"", line)
    assert caught.value.line == 3
    assert "pairs.jsonl:3: " in str(caught.value)


def test_a_file_that_is_not_there_is_an_error(encoder: TextEncoder, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_token_pairs(tmp_path / "absent.jsonl", encoder, max_length=10)


def test_a_byte_order_mark_in_front_of_the_file_is_no_error(read: Any) -> None:
    assert len(read(b"\xef\xbb\xbf" + json.dumps(record()).encode()).pairs) == 1


def test_the_same_id_on_two_lines_is_an_error_that_names_both(read: Any) -> None:
    with pytest.raises(RecordError, match=r"pairs\.jsonl:3: the id 'x' is that of line 1 too"):
        read(record(id="x"), record(id="y"), record(id="x"))


def test_a_line_before_one_that_cannot_be_read_is_refused_first(read: Any) -> None:
    with pytest.raises(RecordError, match=r"pairs\.jsonl:1: 'chosen' is missing"):
        read({"prompt": "hi"}, b"{")


def test_texts_that_are_tokenized_together_have_the_ids_of_each_alone(tmp_path: Path, encoder: TextEncoder) -> None:
    count = 1100  # more than two times as many as are tokenized together
    path = tmp_path / "pairs.jsonl"
    texts = [(f"say {number}", f"a{number % 7}</s>", f"b{number % 5} é") for number in range(count)]
    path.write_text("".join(json.dumps({"prompt": p, "chosen": c, "rejected": r}) + "\n" for p, c, r in texts))
    reports: list[int] = []
    pairs = read_token_pairs(path, encoder, max_length=1000, report=reports.append).pairs
    assert reports == [512, 1024, count]
    for pair, (prompt, chosen, rejected) in zip(pairs, texts, strict=True):
        assert pair.prompt_ids == encoder.encode_prompt([{"role": "user", "content": prompt}])
        assert pair.chosen_ids == encoder.encode_completion(chosen, ended=True)
        assert pair.rejected_ids == encoder.encode_completion(rejected, ended=True)


def test_a_tokenizer_that_belongs_to_another_model_is_named_by_line_and_token(tmp_path: Path) -> None:
    small = TextEncoder(tokenizer(), eos_ids=frozenset({EOS}), vocabulary_size=257)
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(text_record()))
    with pytest.raises(RecordError, match=r"jsonl:1: the tokenizer has a token 257 \('<s>'\), and the model's"):
        read_token_pairs(path, small, max_length=1000)
