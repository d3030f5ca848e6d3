"""Snapshots: a frozen, ordered, split (by prompt) and hashed set of preference pairs, with a manifest.

    snapshot/
      train.jsonl     one preference pair per line, canonical JSON
      test.jsonl      held out: none of its prompts is in train.jsonl, nor one that differs from it only in case,
                      punctuation, spaces or the system message; other near-duplicates may be
      manifest.json   counts, split, what was dropped, metadata, hashes

The bytes of both pair files depend only on the pairs and the split, not on the order of the pairs, the time or the
machine. Within a file, pairs are ordered by content hash, so the order carries no meaning.
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange.dropping import DropReport
from labeling.exchange.errors import EmptySnapshot, InvalidSplit, SnapshotDamaged, SnapshotExists, said_by
from labeling.exchange.hashing import folded_hash, is_held_out, messages_hash, pair_id
from labeling.exchange.pairs import PreferencePair
from labeling.exchange.records import Message, canonical_json
from labeling.exchange.sorting import RUN_BYTES, sorted_lines

FORMAT = "chosen-snapshot/1"
TRAIN, TEST, MANIFEST = "train.jsonl", "test.jsonl", "manifest.json"


@dataclass(frozen=True, slots=True)
class Split:
    """How prompts are split. seed: another one gives another split. test_share: the mean share of prompts, 0..1.

    Each prompt is assigned independently (see `is_held_out`), so a small set may by chance have no held-out prompt.
    """

    seed: int = 0
    test_share: float = 0.2

    def __post_init__(self) -> None:
        if not 0 <= self.test_share <= 1:
            raise InvalidSplit(
                gettext_noop("A test share of %(share)s; it lies between 0 and 1."), share=str(self.test_share)
            )

    def holds_out(self, prompt: Sequence[Message]) -> bool:
        """Whether the prompt is on the test side."""
        return is_held_out(prompt, seed=self.seed, test_share=self.test_share)


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """One file of a snapshot. prompts: counted after folding near-duplicates. size: in bytes. sha256: of its bytes."""

    pairs: int
    prompts: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The description of a snapshot. sha256: the name of its content (see `snapshot_hash`)."""

    sha256: str
    train: SnapshotFile
    test: SnapshotFile
    split: Split
    dropped: dict[str, int] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "sha256": self.sha256,
            "files": {TRAIN: _file_dict(self.train), TEST: _file_dict(self.test)},
            "split": {"by": "prompt", "seed": self.split.seed, "test_share": self.split.test_share},
            "dropped": self.dropped,
            "meta": self.meta,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Manifest":
        """The manifest that `as_dict` described. Raises SnapshotDamaged if the values are not a manifest."""
        try:
            if values["format"] != FORMAT:
                raise SnapshotDamaged(
                    gettext_noop("The manifest has the format %(format)s; %(known)s is known."),
                    format=repr(values["format"]),
                    known=repr(FORMAT),
                )
            train, test = (SnapshotFile(**values["files"][name]) for name in (TRAIN, TEST))
            split = Split(values["split"]["seed"], values["split"]["test_share"])
            return cls(values["sha256"], train, test, split, values["dropped"], values["meta"])
        except (KeyError, TypeError) as error:
            raise SnapshotDamaged(
                gettext_noop("The manifest is incomplete: a field is missing, or has another form.")
            ) from error


def write_snapshot(
    folder: Path,
    pairs: Iterable[PreferencePair],
    *,
    split: Split | None = None,
    meta: Mapping[str, Any] | None = None,
    report: DropReport | None = None,
    run_bytes: int = RUN_BYTES,
) -> Manifest:
    """Writes a snapshot, atomically, and returns its manifest.

    pairs: in any order; they are sorted on disk, in bounded memory. Of pairs with the same prompt, chosen and rejected,
    the one with the highest confidence is kept; the others count as duplicates.
    meta: JSON values for the manifest. They are not part of the hash; without times among them, the bytes of the
    manifest are reproducible too.
    report: the drop report that `pairs` fills, if they come from `preference_pairs`.
    The same content again changes nothing and returns the existing manifest. Raises EmptySnapshot if no pair is left to
    train on, and SnapshotExists if the folder has other content.
    """
    work = folder.parent / f".{folder.name}.{secrets.token_hex(6)}"
    work.mkdir(parents=True)
    try:
        manifest = _write_files(work, pairs, split or Split(), meta or {}, report, run_bytes)
        return manifest if _publish(work, folder) else _existing(folder, manifest)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def count_split(pairs: Iterable[PreferencePair], split: Split) -> tuple[int, int]:
    """The pairs to train on and the held-out ones of a snapshot with this split. It is in memory: for few pairs."""
    keys = {_key(pair, split) for pair in pairs}
    unique = {(prompt, identity): side for _folded, prompt, identity, _confidence, side in keys}
    test = list(unique.values()).count("test")
    return len(unique) - test, test


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot. Raises SnapshotDamaged if it is missing or unreadable."""
    try:
        return Manifest.from_dict(json.loads((folder / MANIFEST).read_bytes()))
    except (OSError, ValueError) as error:
        raise SnapshotDamaged(
            gettext_noop("%(folder)s has no readable manifest: %(error)s"), folder=folder.name, error=said_by(error)
        ) from error


def read_pairs(folder: Path, name: str = TRAIN) -> Iterator[PreferencePair]:
    """The pairs of one file of a snapshot, in its order."""
    with (folder / name).open("rb") as file:
        for line in file:
            yield PreferencePair.from_dict(json.loads(line))


def verify_snapshot(folder: Path) -> Manifest:
    """Compares the files with the manifest, and returns it. Raises SnapshotDamaged if they differ."""
    manifest = read_manifest(folder)
    for name, described in ((TRAIN, manifest.train), (TEST, manifest.test)):
        try:
            with (folder / name).open("rb") as file:
                digest = _stream_hash(file)
        except OSError as error:
            raise SnapshotDamaged(gettext_noop("%(name)s is missing, or may not be read."), name=name) from error
        if digest != described.sha256:
            raise SnapshotDamaged(gettext_noop("%(name)s is not the file that its manifest describes."), name=name)
    if snapshot_hash(manifest.train.sha256, manifest.test.sha256) != manifest.sha256:
        raise SnapshotDamaged(gettext_noop("The manifest's own hash does not match its files."))
    return manifest


def snapshot_hash(train_sha256: str, test_sha256: str) -> str:
    """The name of a snapshot: SHA-256 over "train.jsonl HASH\\ntest.jsonl HASH\\n"."""
    return sha256(f"{TRAIN} {train_sha256}\n{TEST} {test_sha256}\n".encode()).hexdigest()


class _Output:
    """A file of a snapshot that is being written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("wb")
        self.hash = sha256()
        self.pairs = self.prompts = self.size = 0
        self.last_prompt = b""

    def add(self, folded: bytes, line: bytes) -> None:
        self.file.write(line)
        self.hash.update(line)
        self.pairs += 1
        self.size += len(line)
        self.prompts += folded != self.last_prompt
        self.last_prompt = folded

    def finish(self) -> SnapshotFile:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        return SnapshotFile(self.pairs, self.prompts, self.size, self.hash.hexdigest())


def _write_files(
    work: Path,
    pairs: Iterable[PreferencePair],
    split: Split,
    meta: Mapping[str, Any],
    report: DropReport | None,
    run_bytes: int,
) -> Manifest:
    runs = work / "runs"
    runs.mkdir()
    outputs = {b"train": _Output(work / TRAIN), b"test": _Output(work / TEST)}
    last, duplicates = b"", 0
    try:
        for line in sorted_lines((_keyed(pair, split) for pair in pairs), runs, run_bytes=run_bytes):
            key, content = line.split(b"\t", 1)
            folded, prompt, identity, _, side = key.split(b" ")
            if (content_key := prompt + identity) == last:
                duplicates += 1
                continue
            last = content_key
            outputs[side].add(folded, content)
    finally:
        train, test = (output.finish() for output in outputs.values())
    if not train.pairs:
        raise EmptySnapshot(gettext_noop("No preference pair is left to train on."))
    shutil.rmtree(runs)
    dropped = dict(report.dropped) if report else {}
    dropped["duplicate"] = dropped.get("duplicate", 0) + duplicates
    manifest = Manifest(snapshot_hash(train.sha256, test.sha256), train, test, split, dropped, dict(meta))
    (work / MANIFEST).write_bytes(_pretty(manifest.as_dict()))
    return manifest


def _keyed(pair: PreferencePair, split: Split) -> bytes:
    """The line of a pair, after its key."""
    return " ".join(_key(pair, split)).encode() + b"\t" + pair.canonical_json() + b"\n"


def _key(pair: PreferencePair, split: Split) -> tuple[str, str, str, str, str]:
    """A key that groups near-duplicate prompts, then prompts, then pairs. Its end: "train" or "test"."""
    held_out = split.holds_out(pair.prompt)
    return (
        folded_hash(pair.prompt),
        messages_hash(pair.prompt),
        pair_id(pair.prompt, *pair.identities),
        f"{1 - pair.confidence:.9f}",  # of equal pairs, the one with the highest confidence comes first and is kept
        "test" if held_out else "train",
    )


def _publish(work: Path, folder: Path) -> bool:
    """Renames the finished folder to its final name. False: there is one of this name already."""
    try:
        work.rename(folder)
    except OSError:
        if folder.exists():
            return False
        raise
    _sync_folder(folder)
    _sync_folder(folder.parent)
    return True


def _existing(folder: Path, manifest: Manifest) -> Manifest:
    existing = read_manifest(folder)
    if existing.sha256 != manifest.sha256:
        raise SnapshotExists(
            gettext_noop("%(folder)s contains another snapshot (%(sha256)s)."),
            folder=folder.name,
            sha256=existing.sha256[:12],
        )
    return existing


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stream_hash(file: Any) -> str:
    digest = sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _file_dict(file: SnapshotFile) -> dict[str, int | str]:
    return {"pairs": file.pairs, "prompts": file.prompts, "size": file.size, "sha256": file.sha256}


def _pretty(value: object) -> bytes:
    # canonical_json refuses values that are not plain JSON.
    canonical_json(value)
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


__all__ = [
    "FORMAT",
    "MANIFEST",
    "TEST",
    "TRAIN",
    "Manifest",
    "SnapshotFile",
    "Split",
    "read_manifest",
    "read_pairs",
    "snapshot_hash",
    "verify_snapshot",
    "write_snapshot",
]
