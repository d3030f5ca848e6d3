"""Counts the comparisons that an export drops, by reason."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256

from labeling.exchange.hashing import messages_hash, pair_id
from labeling.exchange.records import PreferencePair, VerdictRecord

REASONS = {
    "unsettled": "has no verdict yet",
    "tie": "is a tie",
    "both_bad": "has two bad completions",
    "empty": "has an empty completion",
    "identical": "has two identical completions",
    "duplicate": "is a duplicate",
    "not_expressible": "cannot be written in this dialect",
}
"""The reasons for dropping a comparison, by code. Each one completes the sentence "it ..."."""


class DropReport:
    """How many records were written, and how many were dropped for each reason. It fills while the export is read."""

    def __init__(self) -> None:
        self.kept = 0
        self.dropped: Counter[str] = Counter()

    def drop(self, reason: str) -> None:
        if reason not in REASONS:
            raise KeyError(reason)
        self.dropped[reason] += 1

    @property
    def total(self) -> int:
        return self.kept + self.dropped.total()

    def as_dict(self) -> dict[str, int | dict[str, int]]:
        """The counts as JSON values, with every reason, even those that never applied."""
        return {
            "total": self.total,
            "kept": self.kept,
            "dropped": {reason: self.dropped[reason] for reason in REASONS},
        }


def screen(
    verdicts: Iterable[VerdictRecord],
    report: DropReport,
    *,
    winners: Iterable[str] = ("a", "b"),
    expressible: Callable[[VerdictRecord], bool] = lambda _: True,
) -> Iterator[VerdictRecord]:
    """Yields the records that can be written, and counts the others in `report`.

    winners: the verdicts that the dialect can express. Duplicates (same prompt, completions and winner) are noticed
    only among consecutive records with the same prompt: if records are sorted by prompt, all are found, in constant
    memory.
    """
    wanted = frozenset(winners)
    current, seen = "", set[bytes]()
    last: object = None
    for record in verdicts:
        if reason := _unfit(record, wanted):
            report.drop(reason)
            continue
        if not expressible(record):
            report.drop("not_expressible")
            continue
        if record.prompt is not last:  # the same object need not be hashed again
            last, prompt = record.prompt, messages_hash(record.prompt)
            if prompt != current:
                current, seen = prompt, set()
        content = _content(record)
        if content in seen:
            report.drop("duplicate")
            continue
        seen.add(content)
        report.kept += 1
        yield record


def preference_pairs(verdicts: Iterable[VerdictRecord], report: DropReport) -> Iterator[PreferencePair]:
    """The preference pairs of all verdicts that yield one, counting the others in `report`."""
    return map(preference_pair, screen(verdicts, report))


def preference_pair(record: VerdictRecord) -> PreferencePair:
    """The winner of a comparison as chosen, the other one as rejected. Raises InvalidPair when neither won."""
    chosen, rejected = record.chosen, record.rejected
    return PreferencePair(
        id=record.id or pair_id(record.prompt, chosen.text, rejected.text),
        prompt=record.prompt,
        chosen=chosen.text,
        rejected=rejected.text,
        confidence=record.confidence,
        weight=record.weight,
        prompt_ids=record.prompt_ids,
        chosen_ids=chosen.token_ids,
        rejected_ids=rejected.token_ids,
        chosen_finish=chosen.finish_reason,
        rejected_finish=rejected.finish_reason,
    )


def _unfit(record: VerdictRecord, wanted: frozenset[str]) -> str | None:
    if record.winner is None:
        return "unsettled"
    if record.winner not in wanted:
        return record.winner  # "tie" and "both_bad" are reasons of the same name
    if not record.a.text.strip() or not record.b.text.strip():
        return "empty"
    if record.a.text.strip() == record.b.text.strip():
        return "identical"
    return None


def _content(record: VerdictRecord) -> bytes:
    first, second = (record.b, record.a) if record.winner == "b" else (record.a, record.b)
    settled = "won" if record.winner in {"a", "b"} else record.winner
    return sha256(f"{settled}\x00{first.text}\x00{second.text}".encode()).digest()
