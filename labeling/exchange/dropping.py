"""Counts the comparisons that an export drops, by reason."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import replace
from hashlib import sha256

from labeling.exchange.hashing import messages_hash, pair_id
from labeling.exchange.pairs import PreferencePair
from labeling.exchange.records import JsonObject, VerdictRecord

REASONS = {
    "unsettled": "has no verdict yet",
    "conflict": "is in conflict",
    "tie": "is a tie",
    "both_bad": "has two bad completions",
    "empty": "has an empty completion",
    "identical": "has two identical completions",
    "duplicate": "is a duplicate",
    "not_expressible": "cannot be written in this dialect",
    "near_duplicate": "has a prompt much like an earlier one",
    "contaminated": "contains a prompt of the evaluation",
}
"""The reasons for dropping a comparison, by code. Each one completes the sentence "it ..."."""


class DropReport:
    """Counts of an export, which fill while it is read.

    kept, dropped: comparisons, dropped ones by reason. edited, dropped_edited: the pairs of improved texts, which are
    no comparisons of their own. judgments, dropped_judgments: in dialects that list them; the dropped ones by choice,
    or under "comparison" if their comparison was dropped. escaped: changed cells of a table for spreadsheets. found:
    comparisons that cleaning found, dropped or not, by reason; examples of them. redacted: places, by kind.
    """

    def __init__(self) -> None:
        self.kept = self.edited = self.dropped_edited = self.judgments = self.escaped = 0
        self.dropped: Counter[str] = Counter()
        self.dropped_judgments: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.examples: dict[str, list[JsonObject]] = {}
        self.redacted: Counter[str] = Counter()

    def find(self, reason: str, record: VerdictRecord) -> None:
        """Counts a comparison that cleaning found."""
        self.found[reason] += not record.is_edit

    def drop(self, reason: str) -> None:
        if reason not in REASONS:
            raise KeyError(reason)
        self.dropped[reason] += 1

    def keep(self, record: VerdictRecord) -> None:
        """Counts a record that is written."""
        if record.is_edit:
            self.edited += 1
        else:
            self.kept += 1
        self.judgments += len(record.votes)

    def leave_out(self, record: VerdictRecord, reason: str) -> None:
        """Counts a record that is not written."""
        if record.is_edit:
            self.dropped_edited += 1
        else:
            self.drop(reason)
        if record.votes:
            self.dropped_judgments["comparison"] += len(record.votes)

    @property
    def total(self) -> int:
        return self.kept + self.dropped.total()

    def as_dict(self) -> JsonObject:
        """The counts as JSON values, with every reason, even those that never applied."""
        return {
            "total": self.total,
            "kept": self.kept,
            "dropped": {reason: self.dropped[reason] for reason in REASONS},
            "edited": self.edited,
            "dropped_edited": self.dropped_edited,
            "judgments": self.judgments,
            "dropped_judgments": dict(sorted(self.dropped_judgments.items())),
            "escaped": self.escaped,
            "found": dict(sorted(self.found.items())),
            "examples": self.examples,
            "redacted": dict(sorted(self.redacted.items())),
        }


def screen(
    verdicts: Iterable[VerdictRecord],
    report: DropReport,
    *,
    winners: Iterable[str | None] = ("a", "b"),
    expressible: Callable[[VerdictRecord], bool] = lambda _: True,
) -> Iterator[VerdictRecord]:
    """Yields the records that can be written, and counts the others in `report`.

    winners: the verdicts that the dialect can express; None among them: comparisons without one. Duplicates (same
    prompt, completions and winner) are noticed only among consecutive records with the same prompt: if records are
    sorted by prompt, all are found, in constant memory.
    """
    wanted = frozenset(winners)
    current, seen = "", set[bytes]()
    last: object = None
    for record in verdicts:
        reason = _unfit(record, wanted)
        if reason is None and not expressible(record):
            reason = "not_expressible"
        if reason is not None:
            report.leave_out(record, reason)
            continue
        if record.prompt is not last:  # the same object need not be hashed again
            last, prompt = record.prompt, messages_hash(record.prompt)
            if prompt != current:
                current, seen = prompt, set()
        content = _content(record)
        if content in seen:
            report.leave_out(record, "duplicate")
            continue
        seen.add(content)
        report.keep(record)
        yield record


def with_choices(
    verdicts: Iterable[VerdictRecord], choices: Container[str], report: DropReport
) -> Iterator[VerdictRecord]:
    """The records with the votes that a dialect can express; the others are counted in `report`."""
    for record in verdicts:
        votes = tuple(vote for vote in record.votes if vote.choice in choices)
        if len(votes) < len(record.votes):
            report.dropped_judgments.update(vote.choice for vote in record.votes if vote.choice not in choices)
            record = replace(record, votes=votes)
        yield record


def preference_pairs(verdicts: Iterable[VerdictRecord], report: DropReport) -> Iterator[PreferencePair]:
    """The preference pairs of all verdicts that yield one, counting the others in `report`."""
    return map(preference_pair, screen(verdicts, report))


def preference_pair(record: VerdictRecord) -> PreferencePair:
    """The winner of a comparison as chosen, the other one as rejected. Raises InvalidPair when neither won."""
    chosen, rejected = record.chosen, record.rejected
    return PreferencePair(
        id=record.id or pair_id(record.prompt, chosen.identity, rejected.identity),
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
        chosen_turns=chosen.turns,
        rejected_turns=rejected.turns,
    )


def _unfit(record: VerdictRecord, wanted: frozenset[str | None]) -> str | None:
    if record.winner not in wanted or not record.prompt:  # without a prompt it is only to be counted
        if record.winner is None:
            return "conflict" if record.status == "conflict" else "unsettled"
        return record.winner  # "tie" and "both_bad" are reasons of the same name
    if not record.a.text.strip() or not record.b.text.strip():
        return "empty"
    if record.a.text.strip() == record.b.text.strip():
        return "identical"
    return None


def _content(record: VerdictRecord) -> bytes:
    first, second = (record.b, record.a) if record.winner == "b" else (record.a, record.b)
    settled = "won" if record.winner in {"a", "b"} else record.winner
    return sha256(f"{settled}\x00{first.identity}\x00{second.identity}".encode()).digest()
