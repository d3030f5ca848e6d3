"""From the records of a file to drafts in batches. An import and its preview read a file in the same way."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Generic, TypeVar

from common.collecting import loaded_objects_set_aside
from common.phrases import Marked, Phrase, gettext_noop
from common.sentences import Sentence
from labeling.actions.coded_names import completion_with_codes, votes_with_codes, with_codes
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft, prompt_hash, unfit
from labeling.actions.import_notes import GUIDELINES
from labeling.actions.import_reports import EmptyFile, ImportReport, ImportSettings, UnreadableFile, why_unreadable
from labeling.actions.outside_annotators import opinion_author
from labeling.actions.prompts import PromptDraft, unfit_messages
from labeling.exchange import (
    ByteStream,
    CompletionText,
    ExchangeError,
    ImportedComparison,
    ImportedPrompt,
    ReadLimits,
    Rejected,
    as_asked,
    messages_hash,
    pair_hash,
    read_comparisons_apart,
    read_prompts,
)
from labeling.models import Campaign, ImportBatch

BATCH_RECORDS = 500
BATCH_CHARACTERS = 8_000_000
"""A batch ends when it reaches either limit, so that huge records do not pile up in memory."""

REASONS = {
    "empty": gettext_noop("A completion is empty."),
    "identical": gettext_noop("Both completions are the same."),
    "not_storable": gettext_noop("A completion holds a character that cannot be stored."),
    "no_answer": gettext_noop("Gold needs a known verdict: a preference, or a field 'gold'."),
    "not_a_prompt": gettext_noop("The prompt does not end with a message of the user or the result of a tool."),
}

FAULTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, AssertionError)
"""Errors that only a fault of our own raises while a file is read. They must not cost the report."""

log = logging.getLogger(__name__)

Record = TypeVar("Record", ImportedComparison, ImportedPrompt)
Draft = TypeVar("Draft", ComparisonDraft, PromptDraft)


@dataclass(frozen=True, slots=True)
class DraftBatch(Generic[Draft]):
    """Some drafts, and the line and record number of each."""

    drafts: list[Draft]
    places: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Intake(Generic[Record, Draft]):
    """How one kind of record becomes a draft.

    reason: why a draft is rejected; None: it is not. size: its characters. digest: equal for drafts that are the same
    prompt or comparison. note: the code of what people should know of a draft; empty: nothing.
    """

    read: Callable[[ByteStream], Iterator[Record | Rejected]]
    draft: Callable[[Record], Draft]
    reason: Callable[[Draft], Phrase | None]
    size: Callable[[Draft], int]
    digest: Callable[[Draft], str]
    note: Callable[[Draft], str] = lambda draft: ""

    def batches(
        self, stream: ByteStream, report: ImportReport, look: Callable[[Record, Draft], None]
    ) -> Iterator["DraftBatch[Draft]"]:
        """The drafts of the valid records, in batches. Rejected records go into the report.

        look: is called with each valid record, in order. Records are not kept: they may have much metadata. Raises
        UnreadableFile if no record can be read, and EmptyFile if there is none. A file that breaks off later is
        rejected from there on.
        """
        with ExitStack() as until_the_end:
            set_aside = cache(lambda: until_the_end.enter_context(loaded_objects_set_aside()))
            yield from self._batches(stream, report, look, set_aside)

    def _batches(
        self,
        stream: ByteStream,
        report: ImportReport,
        look: Callable[[Record, Draft], None],
        after_full: Callable[[], None],
    ) -> Iterator["DraftBatch[Draft]"]:
        batch, places = list[Draft](), list[tuple[int, int]]()
        characters, last, is_empty = 0, (0, 0), True
        try:
            for record in self.read(stream):
                is_empty = False
                last = record.line, record.record
                if isinstance(record, Rejected):
                    report.reject(record)
                    continue
                draft = self.draft(record)
                if reason := self.reason(draft):
                    report.reject(Rejected(*last, code="unfit", reason=reason, excerpt=""))
                    continue
                report.notes.take(record)
                if code := self.note(draft):
                    report.notes.add(code, 1)
                look(record, draft)
                batch.append(draft)
                places.append(last)
                characters += self.size(draft)
                if len(batch) >= BATCH_RECORDS or characters >= BATCH_CHARACTERS:
                    yield DraftBatch(batch, places)
                    batch, places, characters = [], [], 0
                    after_full()
        except (*FAULTS, ExchangeError) as error:
            if not isinstance(error, ExchangeError):
                log.exception("Reading stopped after line %s", last[0])
                error = ExchangeError(gettext_noop("The file has a shape that cannot be read."))
            if last == (0, 0):
                why, details = why_unreadable(error), Sentence.of(error.phrase)
                # The page folds what follows the first line.
                both = Sentence("%(why)s\n%(details)s", {"why": why, "details": details})
                raise UnreadableFile(why if why == details else both) from error
            # The file breaks off here. The records before this line are kept.
            reason = Phrase(gettext_noop("After this line: %(error)s"), error=error.phrase)
            report.reject(Rejected(*last, code="unreadable", reason=reason, excerpt=""))
        if is_empty and last == (0, 0):
            raise EmptyFile
        if batch:
            yield DraftBatch(batch, places)


def comparison_intake(
    settings: ImportSettings,
    remembered: Mapping[str, str] | None = None,
    also: Callable[[ComparisonDraft], Marked | None] = lambda draft: None,
) -> Intake[ImportedComparison, ComparisonDraft]:
    """The intake of files of comparisons.

    remembered: a mapping for files of no known dialect. also: a further reason to reject a draft.
    """

    def draft(record: ImportedComparison) -> ComparisonDraft:
        is_kept = settings.keep_preferences
        return ComparisonDraft(
            prompt=record.prompt,
            first=_completion(completion_with_codes(record.first)),
            second=_completion(completion_with_codes(record.second)),
            preference=record.preference if is_kept else None,
            certainty=record.certainty,
            confidence=record.confidence,
            votes=votes_with_codes(record.votes) if is_kept else (),
            decided=record.decided if is_kept else None,
            external_id=record.external_id,
            gold=record.gold or (record.preference if settings.as_gold else None),
            metadata=_metadata(record, is_kept=is_kept),
            tags=record.tags,
            prompt_metadata=with_codes(record.prompt_metadata) if record.prompt_metadata else None,
        )

    def reason(one: ComparisonDraft) -> Phrase | None:
        code = unfit(one) or ("no_answer" if settings.as_gold and one.gold is None else "")
        text = REASONS.get(code) or also(one)
        return Phrase(text) if text else None

    def note(one: ComparisonDraft) -> str:
        is_stated = one.preference or one.votes or one.decided or one.gold
        return "no_preference" if settings.keep_preferences and not is_stated else ""

    def digest(one: ComparisonDraft) -> str:
        return pair_hash(prompt_hash(one), one.first.identity, one.second.identity)

    return Intake(
        read=lambda stream: read_comparisons_apart(
            stream,
            dialect=settings.dialect,
            mapping=settings.mapping,
            remembered=remembered,
            limits=ReadLimits(ranking=settings.ranking),
        ),
        draft=draft,
        reason=reason,
        size=lambda one: len(one.first.text) + len(one.second.text),
        digest=digest,
        note=note,
    )


def prompt_intake(
    settings: ImportSettings, remembered: Mapping[str, str] | None = None
) -> Intake[ImportedPrompt, PromptDraft]:
    """The intake of files of prompts. remembered: a mapping for files whose records have no known prompt."""
    return Intake(
        read=lambda stream: read_prompts(stream, form=settings.form, mapping=settings.mapping, remembered=remembered),
        draft=lambda record: PromptDraft(
            record.messages, record.external_id, record.tags, metadata=with_codes(record.metadata) or None
        ),
        reason=lambda one: unfit_messages(one.messages),
        size=lambda one: sum(len(as_asked(message)) for message in one.messages),
        digest=lambda one: messages_hash(one.messages),
    )


def remembered_mapping(campaign: Campaign, kind: str) -> dict[str, str]:
    """The column mapping of the last import of this kind in the campaign that had one; empty: none had."""
    used = ImportBatch.objects.filter(campaign=campaign, kind=kind, status__in=ImportBatch.LISTED)
    mappings = used.filter(settings__mapping__prompt__isnull=False).order_by("-pk")
    return dict(mappings.values_list("settings__mapping", flat=True).first() or {})


def dialect_of(record: ImportedComparison | ImportedPrompt) -> str:
    """The format in which a record was read."""
    return record.dialect if isinstance(record, ImportedComparison) else record.form


def _completion(text: CompletionText) -> CompletionDraft:
    return CompletionDraft(
        text.text,
        model_version=text.model,
        token_ids=text.token_ids,
        finish_reason=text.finish_reason,
        metadata=text.metadata,
        turns=text.turns,
    )


def _metadata(record: ImportedComparison, *, is_kept: bool) -> dict[str, Any] | None:
    """The other fields of a record, and its opinions, unless these become judgments. Guidelines are the report's.

    Both name people by a code: names are kept only where they can be erased.
    """
    metadata = {name: value for name, value in record.metadata.items() if name != GUIDELINES}
    if record.votes and not is_kept:
        votes = (replace(vote, annotator=opinion_author(vote.annotator)) for vote in record.votes)
        metadata["opinions"] = [vote.as_dict() for vote in votes]
    return with_codes(metadata) or None
