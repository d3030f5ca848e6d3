"""Imports of files into a campaign: streamed; good records are kept, the others are named by line and reason."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.utils.translation import gettext_lazy

from common.errors import Invalid
from labeling.access import require_lead
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft, unfit
from labeling.actions.comparisons import add_comparisons
from labeling.actions.prompts import PromptDraft, add_prompts, unfit_messages
from labeling.exchange import (
    AUTO,
    ByteStream,
    CompletionText,
    ExchangeError,
    ImportedComparison,
    ImportedPrompt,
    PromptForm,
    Rejected,
    read_comparisons,
    read_prompts,
)
from labeling.models import Campaign, User

BATCH_RECORDS = 500
BATCH_CHARACTERS = 8_000_000
"""A batch is written when it reaches either limit, so that huge records do not pile up in memory."""

MOST_NAMED = 10_000
"""The number of rejected records that a report names; it counts all of them."""

REASONS = {
    "empty": "A completion is empty.",
    "identical": "Both completions are the same.",
    "not_storable": "A completion holds a character that cannot be stored.",
    "no_answer": "Gold needs a known verdict: a preference, or a field 'gold'.",
    "not_a_prompt": "The prompt does not end with a message of the user.",
}


class UnreadableFile(Invalid):
    """The raiser says where reading stopped."""

    type = "unreadable-file"
    sentence = gettext_lazy(
        "The file cannot be read: it is not JSON, has no known dialect, or holds too large a record."
    )


@dataclass(slots=True)
class ImportReport:
    """The result of an import.

    duplicates: records that the campaign had already. settled, gold: how many of the new ones have a verdict, or are
    gold. rejected: the first MOST_NAMED of `rejected_count`. refused: nothing was kept because a record was rejected,
    as the caller asked.
    """

    created: int = 0
    duplicates: int = 0
    settled: int = 0
    gold: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    rejected_count: int = 0
    refused: bool = False

    def reject(self, one: Rejected) -> None:
        """Counts a rejected record, and names it while there is room."""
        self.rejected_count += 1
        if len(self.rejected) < MOST_NAMED:
            self.rejected.append(one)

    def as_dict(self) -> dict[str, Any]:
        return {
            "created": self.created,
            "duplicates": self.duplicates,
            "settled": self.settled,
            "gold": self.gold,
            "rejected_count": self.rejected_count,
            "rejected": [one.as_dict() for one in self.rejected],
            "refused": self.refused,
        }


@dataclass(frozen=True, slots=True)
class ImportSettings:
    """How a file of comparisons is read.

    dialect: a name in `labeling.exchange.READERS`, or auto. refuse_all: one bad record, and nothing is kept.
    keep_preferences: preferences in the file become verdicts; otherwise annotators judge the comparisons. as_gold: all
    become gold, with the file's preferences as their known verdicts; otherwise only records with a field `gold` do
    (chosen, rejected, first, second, tie or both_bad).
    """

    dialect: str = AUTO
    refuse_all: bool = False
    keep_preferences: bool = False
    as_gold: bool = False


DEFAULT_SETTINGS = ImportSettings()


def import_comparisons(
    *,
    campaign: Campaign,
    stream: ByteStream,
    settings: ImportSettings = DEFAULT_SETTINGS,
    source: str = "import",
    acting_user: User | None,
    now: datetime,
) -> ImportReport:
    """Adds the comparisons of a file to a campaign. The same file again adds nothing and counts duplicates.

    source: at most 120 characters. Raises NotAllowed, and UnreadableFile if no record can be read.
    """
    require_lead(acting_user, campaign)

    def draft(record: ImportedComparison) -> ComparisonDraft:
        return ComparisonDraft(
            prompt=record.prompt,
            first=_completion(record.first),
            second=_completion(record.second),
            preference=record.preference if settings.keep_preferences else None,
            external_id=record.external_id,
            gold=record.gold or (record.preference if settings.as_gold else None),
        )

    def add(drafts: list[ComparisonDraft], report: ImportReport) -> None:
        added = add_comparisons(campaign=campaign, drafts=drafts, source=source, acting_user=acting_user, now=now)
        report.created += added.created
        report.duplicates += added.duplicates
        report.settled += added.settled
        report.gold += added.gold

    def size(one: ComparisonDraft) -> int:
        return len(one.first.text) + len(one.second.text)

    def reason(one: ComparisonDraft) -> str | None:
        code = unfit(one) or ("no_answer" if settings.as_gold and one.gold is None else "")
        return REASONS.get(code)

    loading = _Loading(draft, reason, size, add)
    return loading.run(lambda: read_comparisons(stream, dialect=settings.dialect), refuse_all=settings.refuse_all)


def import_prompts(
    *,
    campaign: Campaign,
    stream: ByteStream,
    form: PromptForm = "auto",
    acting_user: User | None,
    now: datetime,
    refuse_all: bool = False,
) -> ImportReport:
    """Adds the prompts of a file to a campaign, likewise.

    form: json, text (one prompt per line), or auto. refuse_all: one bad record, and nothing is kept.
    """
    require_lead(acting_user, campaign)

    def draft(record: ImportedPrompt) -> PromptDraft:
        return PromptDraft(record.messages, record.external_id, record.tags)

    def add(drafts: list[PromptDraft], report: ImportReport) -> None:
        added = add_prompts(campaign=campaign, prompts=drafts, acting_user=acting_user, now=now)
        report.created += added.created
        report.duplicates += added.existing

    def size(one: PromptDraft) -> int:
        return sum(len(message["content"]) for message in one.messages)

    loading = _Loading(draft, lambda one: unfit_messages(one.messages), size, add)
    return loading.run(lambda: read_prompts(stream, form=form), refuse_all=refuse_all)


Record = TypeVar("Record", ImportedComparison, ImportedPrompt)
Draft = TypeVar("Draft", ComparisonDraft, PromptDraft)


class _Refused(Exception):
    """Rolls everything back: a record was rejected, and the caller wants all or nothing."""


@dataclass(frozen=True, slots=True)
class _Loading(Generic[Record, Draft]):
    """Turns records into rows, batch by batch. reason: why a draft is rejected; None: it is not."""

    draft: Callable[[Record], Draft]
    reason: Callable[[Draft], str | None]
    size: Callable[[Draft], int]
    add: Callable[[list[Draft], ImportReport], None]

    def run(self, read: Callable[[], Iterator[Record | Rejected]], *, refuse_all: bool) -> ImportReport:
        report = ImportReport()
        if not refuse_all:
            self._load(read, report)
            return report
        try:
            with transaction.atomic():
                self._load(read, report)
                if report.rejected_count:
                    raise _Refused
        except _Refused:
            report.created = report.duplicates = report.settled = report.gold = 0
            report.refused = True
        return report

    def _load(self, read: Callable[[], Iterator[Record | Rejected]], report: ImportReport) -> None:
        batch: list[Draft] = []
        characters, last = 0, (0, 0)
        try:
            for record in read():
                last = record.line, record.record
                if isinstance(record, Rejected):
                    report.reject(record)
                    continue
                draft = self.draft(record)
                if reason := self.reason(draft):
                    report.reject(Rejected(*last, code="unfit", reason=reason, excerpt=""))
                    continue
                batch.append(draft)
                characters += self.size(draft)
                if len(batch) >= BATCH_RECORDS or characters >= BATCH_CHARACTERS:
                    self.add(batch, report)
                    batch, characters = [], 0
        except ExchangeError as error:
            if last == (0, 0):
                raise UnreadableFile(str(error)) from error
            # The file breaks off here. The records before this line are kept.
            report.reject(Rejected(*last, code="unreadable", reason=f"After this line: {error}", excerpt=""))
        if batch:
            self.add(batch, report)


def _completion(text: CompletionText) -> CompletionDraft:
    return CompletionDraft(
        text.text, model_version=text.model, token_ids=text.token_ids, finish_reason=text.finish_reason
    )
