"""Near-duplicate prompts, by MinHash.

Two prompts are near-duplicates if the Jaccard similarity of their shingles (five characters each, of the folded text)
reaches a threshold. It is estimated from 128 hash values (standard deviation at most 0.045). Candidates share one of 32
bands of four values (A. Broder, 1997; Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, chapter 3).
"""

import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

import numpy as np
import rensa
from numpy.typing import NDArray

from labeling.exchange.hashing import messages_hash
from labeling.exchange.records import Message

HASHES, ROWS = 128, 4
SHINGLE = 5
BATCH = 1000
SHOWN_CHARACTERS, SHOWN_BYTES = 80, 320
EXAMPLES = 20
SEED = 1
Signatures = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """A prompt and the earlier one that it repeats, by the beginnings of their last messages. similarity: estimated."""

    earlier: str
    later: str
    similarity: float


@dataclass(slots=True)
class NearDuplicates:
    """The prompts that repeat an earlier one, by hash, and the first examples."""

    repeated: set[bytes] = field(default_factory=set)
    examples: list[Likeness] = field(default_factory=list)

    def holds(self, prompt: Sequence[Message]) -> bool:
        """Whether the prompt repeats an earlier one."""
        return bool(self.repeated) and _name(prompt) in self.repeated


def near_duplicates(prompts: Iterable[Sequence[Message]], *, similarity: float) -> NearDuplicates:
    """The prompts of which an earlier one is a near-duplicate. Each prompt is given once.

    similarity: the threshold, 0.5..1. Signatures and texts for examples are on disk; memory grows by about 300 bytes
    for each prompt. Costs about 0.3 ms for a prompt of 500 characters.
    """
    result, names = NearDuplicates(), bytearray()
    with tempfile.TemporaryFile() as file, tempfile.TemporaryFile() as texts:
        for batch in _batches(prompts):
            names += b"".join(_name(prompt) for prompt in batch)
            _signatures([_shingles(prompt) for prompt in batch]).tofile(file)
            texts.write(b"".join(_beginning(prompt) for prompt in batch))
        count = len(names) // 16
        if count < 2:
            return result
        file.flush()
        signatures = np.memmap(file, dtype=np.uint32, mode="r", shape=(count, HASHES))
        earlier = _earlier(signatures, similarity)
        for later in np.flatnonzero(earlier < np.arange(count)).tolist():
            result.repeated.add(bytes(names[16 * later : 16 * later + 16]))
            if len(result.examples) < EXAMPLES:
                one = int(earlier[later])
                likeness = float(np.mean(signatures[one] == signatures[later]))
                result.examples.append(Likeness(_read(texts, one), _read(texts, later), likeness))
    return result


def _earlier(signatures: Signatures, similarity: float) -> NDArray[np.int32]:
    """For each prompt the first near-duplicate that it was compared with; itself: none. Shape (prompts,)."""
    count = len(signatures)
    earlier = np.arange(count, dtype=np.int32)
    for start in range(0, HASHES, ROWS):
        band = np.ascontiguousarray(signatures[:, start : start + ROWS])
        keys = band.view(np.dtype((np.void, band.itemsize * ROWS))).ravel()
        _values, first, place = np.unique(keys, return_index=True, return_inverse=True)
        candidates = first[place].astype(np.int32)
        later = np.flatnonzero((candidates < np.arange(count)) & (candidates < earlier))
        for part in np.array_split(later, len(later) // BATCH + 1):
            alike = np.mean(signatures[part] == signatures[candidates[part]], axis=1) >= similarity
            earlier[part[alike]] = candidates[part[alike]]
    return earlier


def _batches(prompts: Iterable[Sequence[Message]]) -> Iterator[list[Sequence[Message]]]:
    waiting = iter(prompts)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _signatures(shingles: list[list[str]]) -> Signatures:
    """Shape (prompts, HASHES)."""
    return np.array(
        rensa.RMinHash.digests_from_token_sets(shingles, num_perm=HASHES, seed=SEED), dtype=np.uint32
    ).reshape(-1, HASHES)


def _shingles(prompt: Sequence[Message]) -> list[str]:
    """All five characters in a row of the folded text, without the system message; a shorter text is one shingle."""
    text = "\n".join(message["content"] for message in prompt if message["role"] != "system")
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return [folded[start : start + SHINGLE] for start in range(max(1, len(folded) - SHINGLE + 1))]


def _name(prompt: Sequence[Message]) -> bytes:
    return bytes.fromhex(messages_hash(prompt)[:32])


def _beginning(prompt: Sequence[Message]) -> bytes:
    """The beginning of the last message, as SHOWN_BYTES bytes."""
    return str(prompt[-1]["content"])[:SHOWN_CHARACTERS].encode().ljust(SHOWN_BYTES, b"\0")


def _read(texts: IO[bytes], number: int) -> str:
    texts.seek(number * SHOWN_BYTES)
    return texts.read(SHOWN_BYTES).rstrip(b"\0").decode()
