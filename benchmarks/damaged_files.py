"""Damaged files of preference data: good records of every dialect and framing, with something wrong in them."""

import bz2
import csv
import gzip
import io
import json
import lzma
import random
import zipfile
from collections.abc import Callable
from copy import deepcopy
from typing import Any

TEXTS = {"chosen": "Apples and plums.", "rejected": "Potatoes."}
TALK = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Name two fruits."}]
ASSISTANT = [{"role": "assistant", "content": text} for text in TEXTS.values()]
SEEDS: tuple[dict[str, Any], ...] = (
    {"prompt": "Name two fruits.", **TEXTS, "id": "1", "source": "test", "margin": 0.5},
    {"prompt": TALK, "chosen": [ASSISTANT[0]], "rejected": [ASSISTANT[1]], "score_chosen": 8, "score_rejected": 2},
    {"chosen": [*TALK, ASSISTANT[0]], "rejected": [*TALK, ASSISTANT[1]]},
    {"chosen": "\n\nHuman: Hi?\n\nAssistant: Hello.", "rejected": "\n\nHuman: Hi?\n\nAssistant: No."},
    {"instruction": "Name two.", "output_1": "a", "output_2": "b", "preference": 1.4, "annotator": "gpt"},
    {
        "input": {"messages": TALK},
        "preferred_output": [ASSISTANT[0]],
        "non_preferred_output": [ASSISTANT[1]],
    },
    {"question_id": 7, "model_a": "x", "model_b": "y", "winner": "model_a", "judge": "j", "turn": 1}
    | {"conversation_a": [TALK[1], ASSISTANT[0]], "conversation_b": [TALK[1], ASSISTANT[1]]},
    {"prompt": "Name two fruits.", "answers": [{"answer": "a", "rank": 1.0}, {"answer": "b", "rank": 2.0}]},
    {"instruction": "Two?", "completions": [{"response": "a", "overall_score": 5}, {"response": "b"}]},
    {"prompt": "Which?", "response_1": "a", "response_2": "b", "preference_strength": -2},
    {"system": "", "question": "Two fruits?", **TEXTS},
    {"history": "Two fruits?", "human_ref_A": "a", "human_ref_B": "b", "labels": 1, "score_A": 3, "score_B": 1},
    {"data": {"prompt": "Two?", "answer1": "a", "answer2": "b"}, "annotations": [{"result": []}], "id": 3},
)
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 1e308, float("nan"), float("inf"), 10**400, "", " ", "\x00", "\ud800", "\u202e", "x" * 70_000,
    [], [[]], [None], {}, {"role": ["assistant"]}, {"role": "user"}, {"content": None}, ["assistant"], "first", "tie",
    [{"role": "assistant", "content": [{"type": "text", "text": "a"}]}], {"a": {"b": {"c": [1]}}}, "2026-11-29", "[]",
)  # fmt: skip


def damaged(chance: random.Random) -> bytes:
    """A file of a few records of one dialect, damaged in one or several ways."""
    records = [deepcopy(chance.choice(SEEDS))] * chance.randint(1, 4)
    records = [_odd(deepcopy(one), chance) if chance.random() < 0.6 else _distinct(one, chance) for one in records]
    data = chance.choice(FRAMINGS)(records)
    if chance.random() < 0.4:
        data = _broken(data, chance)
    if chance.random() < 0.3:
        data = chance.choice(PACKINGS)(data)
        if chance.random() < 0.4:
            data = _broken(data, chance)
    return data


def damaged_campaign(lines: list[bytes], chance: random.Random) -> bytes:
    """The file of a whole campaign with something wrong in some of its lines, or in its bytes."""
    changed = list(lines)
    for _ in range(chance.randint(1, 2)):
        place = chance.randrange(len(changed))
        act = chance.random()
        if act < 0.8:
            changed[place] = _json(_odd(json.loads(changed[place]), chance))
        elif act < 0.9:
            changed.insert(place, chance.choice(changed))
        else:
            del changed[place]
            changed = changed or list(lines)
    data = b"\n".join(changed)
    return _broken(data, chance) if chance.random() < 0.2 else data


def _distinct(record: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    return {**record, "number": chance.randrange(1000)}


def _odd(value: Any, chance: random.Random) -> Any:
    """The value with one part of it, at any depth, replaced, removed, renamed or repeated."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        name = chance.choice(list(value))
        act = chance.random()
        if act < 0.6:
            value[name] = _odd(value[name], chance)
        elif act < 0.75:
            del value[name]
        elif act < 0.85:
            value[chance.choice(["prompt", "chosen", "messages", "id", "winner", "tools", name.upper()])] = value[name]
        else:
            value[chance.choice(["extra", "gold", "annotator", "tags", "metadata", "system"])] = chance.choice(ODD)
        return value
    if isinstance(value, list) and value and chance.random() < 0.7:
        place = chance.randrange(len(value))
        if chance.random() < 0.3:
            return value + value if chance.random() < 0.5 else value[:place]
        value[place] = _odd(value[place], chance)
        return value
    return chance.choice(ODD)


def _broken(data: bytes, chance: random.Random) -> bytes:
    """The bytes with some flipped, cut, repeated or put in."""
    place = chance.randrange(len(data) + 1)
    act = chance.randrange(6)
    if act == 0:
        return data[:place]
    if act == 1:
        return data[place:]
    if act == 2:
        return data[:place] + bytes(chance.choices(range(256), k=chance.randint(1, 9))) + data[place:]
    if act == 3:
        return data + chance.choice([data, b"\n[", b"}", b"\xff\xfe", b"\n\n{}", b"null"])
    if act == 4:
        return (
            chance.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"version https://"])
            + data
        )
    return bytes(byte ^ (1 << chance.randrange(8)) if chance.random() < 0.02 else byte for byte in data)


def _json(value: Any) -> bytes:
    """JSON as careless programs write it: NaN, and half surrogates as escapes."""
    return json.dumps(value).encode()


def _table(records: list[Any], delimiter: str) -> bytes:
    if not all(isinstance(one, dict) for one in records):
        return _json(records)
    out = io.StringIO()
    names = list(dict.fromkeys(name for record in records for name in record))
    writer = csv.DictWriter(out, names, delimiter=delimiter)
    writer.writeheader()
    for record in records:
        writer.writerow({name: one if isinstance(one, str) else json.dumps(one) for name, one in record.items()})
    return out.getvalue().encode("utf-8", "surrogatepass")


def _parquet(records: list[Any]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    try:
        pq.write_table(pa.Table.from_pylist(records), out)
    except (pa.ArrowException, ValueError, TypeError, OverflowError, AttributeError):
        return _json(records)  # no columns of one type
    return out.getvalue()


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)  # the same bytes at any time


def _zip(data: bytes) -> bytes:
    """A ZIP archive of one file, or of the folder of a data set."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("README.md", "data/train.jsonl", "data/test.jsonl") if len(data) % 3 == 0 else ("pairs.jsonl",):
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()


def _arrow(records: list[Any]) -> bytes:
    import pyarrow as pa

    out = io.BytesIO()
    try:
        table = pa.Table.from_pylist(records)
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
    except (pa.ArrowException, ValueError, TypeError, OverflowError, AttributeError):
        return _json(records)
    return out.getvalue()


FRAMINGS: tuple[Callable[[list[Any]], bytes], ...] = (
    lambda records: b"\n".join(map(_json, records)),
    lambda records: b"\r\n".join(map(_json, records)) + b"\r\n\r\n",
    _json,
    lambda records: json.dumps(records, indent=2).encode(),
    lambda records: _json({"data": records}),
    lambda records: _table(records, ","),
    lambda records: _table(records, "\t"),
    _parquet,
    _arrow,
    lambda records: b"\n".join(map(_json, records)).decode().encode("utf-16"),
    lambda records: _table(records, ",").decode("utf-8", "replace").encode("utf-16-le"),
)
PACKINGS: tuple[Callable[[bytes], bytes], ...] = (_gzip, bz2.compress, lzma.compress, _zip)
