"""A snapshot is reproducible: same labels, same bytes, same hash. And it is there whole, or not at all."""

import json
import random
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.exchange import (
    CompletionText,
    DropReport,
    EmptySnapshot,
    InvalidPair,
    InvalidSplit,
    PreferencePair,
    SnapshotDamaged,
    SnapshotExists,
    Split,
    VerdictRecord,
    folded_hash,
    pair_id,
    preference_pairs,
    read_manifest,
    read_pairs,
    verify_snapshot,
    write_snapshot,
)
from labeling.exchange.sorting import sorted_lines
from tests.labeling.exchange.builders import message, verdicts


def pair(question: str, chosen: str = "yes", rejected: str = "no", confidence: float = 0.75) -> PreferencePair:
    prompt = [message("user", question)]
    return PreferencePair(pair_id(prompt, chosen, rejected), prompt, chosen, rejected, confidence)


PAIRS = [pair(f"Question {number}?") for number in range(60)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_pairs_in_any_order_give_the_same_bytes_and_hash(tmp_path: Path) -> None:
    first = write_snapshot(tmp_path / "one", PAIRS, meta={"campaign": "c"})
    shuffled = random.Random(5).sample(PAIRS, len(PAIRS))
    second = write_snapshot(tmp_path / "two", shuffled, meta={"campaign": "c"}, run_bytes=500)
    assert first == second
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert set(contents(tmp_path / "one")) == {"train.jsonl", "test.jsonl", "manifest.json"}


def test_anything_that_training_sees_changes_the_hash(tmp_path: Path) -> None:
    original = write_snapshot(tmp_path / "original", PAIRS).sha256
    changes = {
        "confidence": [replace(PAIRS[0], confidence=0.8), *PAIRS[1:]],
        "weight": [replace(PAIRS[0], weight=2.0), *PAIRS[1:]],
        "ids": [replace(PAIRS[0], chosen_ids=(1, 2)), *PAIRS[1:]],
        "finish": [replace(PAIRS[0], chosen_finish="length"), *PAIRS[1:]],
        "swapped": [replace(PAIRS[0], chosen="no", rejected="yes"), *PAIRS[1:]],
        "fewer": PAIRS[1:],
    }
    hashes = {write_snapshot(tmp_path / name, pairs).sha256 for name, pairs in changes.items()}
    hashes.add(write_snapshot(tmp_path / "split", PAIRS, split=Split(seed=9)).sha256)
    assert len(hashes | {original}) == len(changes) + 2


def test_the_hash_of_a_snapshot_never_changes_between_releases(tmp_path: Path) -> None:
    assert write_snapshot(tmp_path / "s", PAIRS[:3], split=Split(0, 0.0)).sha256[:16] == "5d03dcba5493e9b9"


@settings(max_examples=40, deadline=None)
@given(records=st.lists(verdicts(), min_size=1, max_size=12), seed=st.integers(0, 99))
def test_what_is_written_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, records: list[VerdictRecord], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("snapshots") / "s"
    pairs = {one.id: one for one in preference_pairs(records, DropReport())}
    split = Split(seed, 0.3)
    try:
        manifest = write_snapshot(folder, pairs.values(), split=split)
    except EmptySnapshot:
        return
    train, test = list(read_pairs(folder)), list(read_pairs(folder, "test.jsonl"))
    assert {one.id: one.as_dict() for one in train + test} == {key: one.as_dict() for key, one in pairs.items()}
    assert (manifest.train.pairs, manifest.test.pairs) == (len(train), len(test))
    assert not {folded_hash(one.prompt) for one in train} & {folded_hash(one.prompt) for one in test}
    assert verify_snapshot(folder) == manifest == read_manifest(folder)


def test_near_duplicates_of_a_prompt_are_on_the_same_side(tmp_path: Path) -> None:
    variants = [pair(text) for one in PAIRS for text in (one.prompt[0]["content"], one.prompt[0]["content"].upper())]
    manifest = write_snapshot(tmp_path / "s", variants, split=Split(0, 0.4))
    sides = [
        {folded_hash(one.prompt) for one in read_pairs(tmp_path / "s", f"{side}.jsonl")} for side in ("train", "test")
    ]
    assert not sides[0] & sides[1]
    assert (manifest.train.prompts, manifest.test.prompts) == (len(sides[0]), len(sides[1]))
    assert manifest.train.prompts + manifest.test.prompts == 60
    assert manifest.train.pairs + manifest.test.pairs == 120
    assert 0.2 < manifest.test.prompts / 60 < 0.6


def test_a_prompt_stays_on_its_side_while_the_campaign_grows(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "early", PAIRS[:30], split=Split(0, 0.3))
    write_snapshot(tmp_path / "late", PAIRS, split=Split(0, 0.3))
    early, late = ({one.id for one in read_pairs(tmp_path / name, "test.jsonl")} for name in ("early", "late"))
    assert early
    assert early == late & {one.id for one in PAIRS[:30]}


def test_of_duplicates_the_surest_stays_and_the_others_are_counted(tmp_path: Path) -> None:
    twice = [pair("Why?", confidence=0.6), pair("Why?", confidence=0.9), pair("Why?", confidence=0.7)]
    manifest = write_snapshot(tmp_path / "s", twice, split=Split(0, 0.0))
    assert [one.confidence for one in read_pairs(tmp_path / "s")] == [0.9]
    assert manifest.dropped == {"duplicate": 2}


def test_the_manifest_carries_what_the_caller_gave_and_what_was_left_out(tmp_path: Path) -> None:
    report = DropReport()
    settled = VerdictRecord(PAIRS[0].prompt, CompletionText("yes"), CompletionText("no"), "a")
    records = [settled, replace(settled, winner="tie"), replace(settled, winner=None)]
    write_snapshot(
        tmp_path / "s", preference_pairs(records, report), split=Split(4, 0.0), meta={"guideline": 2}, report=report
    )
    manifest = json.loads((tmp_path / "s" / "manifest.json").read_text())
    assert manifest["format"] == "chosen-snapshot/1"
    assert manifest["meta"] == {"guideline": 2}
    assert manifest["dropped"] == {"tie": 1, "unsettled": 1, "duplicate": 0}
    assert manifest["split"] == {"by": "prompt", "seed": 4, "test_share": 0.0}
    assert manifest["files"]["train.jsonl"]["pairs"] == 1


def test_writing_the_same_again_changes_nothing_and_other_content_is_refused(tmp_path: Path) -> None:
    first = write_snapshot(tmp_path / "s", PAIRS)
    before = contents(tmp_path / "s")
    assert write_snapshot(tmp_path / "s", reversed(PAIRS)) == first
    with pytest.raises(SnapshotExists, match="another snapshot"):
        write_snapshot(tmp_path / "s", PAIRS[:40])
    assert contents(tmp_path / "s") == before
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


def test_a_failure_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    def failing() -> Iterator[PreferencePair]:
        yield from PAIRS
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError, match="went away"):
        write_snapshot(tmp_path / "s", failing(), run_bytes=1000)
    with pytest.raises(EmptySnapshot):
        write_snapshot(tmp_path / "s", [])
    with pytest.raises(EmptySnapshot):
        write_snapshot(tmp_path / "s", PAIRS, split=Split(0, 1.0))
    with pytest.raises(TypeError):
        write_snapshot(tmp_path / "s", PAIRS, meta={"when": object()})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["train.jsonl", "test.jsonl", "manifest.json"])
def test_a_changed_or_missing_file_is_noticed(tmp_path: Path, name: str) -> None:
    write_snapshot(tmp_path / "s", PAIRS, split=Split(0, 0.3))
    path = tmp_path / "s" / name
    path.write_bytes(path.read_bytes().replace(b"0.75", b"0.85").replace(b'"test_share"', b'"share"'))
    with pytest.raises(SnapshotDamaged):
        verify_snapshot(tmp_path / "s")
    path.unlink()
    with pytest.raises(SnapshotDamaged):
        verify_snapshot(tmp_path / "s")


def test_a_line_of_a_snapshot_is_what_the_engine_expects() -> None:
    one = replace(PAIRS[0], id="p", prompt_ids=(1,), chosen_ids=(2, 0), chosen_finish="stop", confidence=1)
    assert one.canonical_json() == (
        b'{"chosen":"yes","chosen_finish":"stop","chosen_ids":[2,0],"confidence":1.0,"id":"p",'
        b'"prompt":[{"content":"Question 0?","role":"user"}],"prompt_ids":[1],"rejected":"no",'
        b'"rejected_finish":null,"rejected_ids":null,"weight":1.0}'
    )
    assert PreferencePair.from_dict(json.loads(one.canonical_json())) == replace(one, prompt=list(one.prompt))


@pytest.mark.parametrize(
    "change",
    [{"chosen": " "}, {"rejected": "yes\n"}, {"confidence": 0.4}, {"confidence": float("nan")}, {"weight": -1.0}],
)
def test_a_pair_that_teaches_nothing_cannot_be_made(change: dict[str, object]) -> None:
    with pytest.raises(InvalidPair):
        replace(PAIRS[0], **change)  # type: ignore[arg-type]
    with pytest.raises(InvalidSplit):
        Split(0, 2.0)


@given(lines=st.lists(st.binary(max_size=8).map(lambda line: line.replace(b"\n", b"") + b"\n"), max_size=40))
@settings(deadline=None)
def test_sorting_on_disk_is_sorting(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]) -> None:
    folder = tmp_path_factory.mktemp("runs")
    assert list(sorted_lines(lines, folder, run_bytes=20)) == sorted(lines)


def test_memory_does_not_grow_with_the_snapshot(tmp_path: Path) -> None:
    def peak(pairs: int) -> int:
        source = (pair(f"Question {number}?", chosen="word " * 100) for number in range(pairs))
        tracemalloc.start()
        try:
            write_snapshot(tmp_path / str(pairs), source, run_bytes=200_000)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(6000) < peak(600) + (1 << 20)
