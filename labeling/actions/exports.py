"""Exports of a campaign's verdicts. They only read, but data leaves the server, so the event log says who took it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from common.errors import Invalid
from common.sentences import sentence_of
from labeling.access import require_lead
from labeling.actions.unfit_options import refusal_of
from labeling.events.record import record
from labeling.exchange import (
    DropReport,
    Include,
    Message,
    UnfitOption,
    UnknownDialect,
    VerdictRecord,
    WriteOptions,
    Writer,
    cleaned,
    writer,
)
from labeling.models import Campaign, Comparison, Prompt, User
from labeling.queries.judged_by import require_group
from labeling.queries.lists import ComparisonFilter, filtered_comparisons
from labeling.queries.splits import split_of
from labeling.queries.verdicts import HAS_JUDGMENTS, verdict_records
from labeling.queries.whole_campaign import campaign_lines

USUAL = WriteOptions()


@dataclass(frozen=True, slots=True)
class Export:
    """An export in progress. pieces: the bytes of the file. report: what is dropped; complete after the last piece."""

    writer: Writer
    filename: str
    pieces: Iterator[bytes]
    report: DropReport


def export_campaign(
    *,
    campaign: Campaign,
    dialect: str,
    options: WriteOptions = USUAL,
    only: QuerySet[Comparison] | None = None,
    where: ComparisonFilter | None = None,
    acting_user: User | None,
    now: datetime,
) -> Export:
    """The judgments and verdicts of a campaign in a dialect, streamed in constant memory. Raises NotAllowed, Invalid.

    only: the comparisons to export; None: all. where: those of them that match.
    """
    require_lead(acting_user, campaign)
    export = open_export(campaign, dialect, options, matching(campaign, only, where))
    record(
        "campaign.exported",
        campaign,
        acting_user=acting_user,
        now=now,
        campaign=campaign,
        after={"dialect": export.writer.name}
        | ({"include": options.include} if options.include else {})
        | ({"extras": True} if options.extras else {})
        | ({"spreadsheet": True} if options.spreadsheet else {})
        | ({} if only is None else {"selected": True})
        | ({} if where is None else {"filter": where.as_json()})
        | ({"side": options.side} if options.side else {})
        | _cleaned(options),
    )
    return export


def drop_report(
    *,
    campaign: Campaign,
    dialect: str,
    options: WriteOptions = USUAL,
    where: ComparisonFilter | None = None,
    acting_user: User | None,
) -> DropReport:
    """The report of an export: what it keeps and drops, and why. Costs as much as the export itself.

    Raises NotAllowed, Invalid.
    """
    require_lead(acting_user, campaign)
    export = open_export(campaign, dialect, options, matching(campaign, None, where))
    try:
        for _ in export.pieces:
            pass
    except UnfitOption as error:
        raise refusal_of(error) from error
    return export.report


def open_export(
    campaign: Campaign,
    dialect: str,
    options: WriteOptions = USUAL,
    only: QuerySet[Comparison] | None = None,
    *,
    is_one_of_two: bool = False,
) -> Export:
    """The export, without a check of permissions. Raises Invalid for a dialect or a choice that is not possible.

    is_one_of_two: the other side of the split is exported too, so near-duplicates are looked for on both.
    """
    report = DropReport()
    try:
        selected = writer(dialect)
        options = replace(options, split=split_of(campaign))
        include = selected.include(options)
        rows: Iterator[Any]
        if selected.is_whole:
            rows = _lines_of_side(campaign_lines(campaign, only, is_part=options.side is not None), options)
        else:
            records = verdict_records(campaign, tokens=False, votes=selected.wants_votes, include=include, only=only)
            of_side = _of_side(records, options)
            compared = _written(campaign, only, selected, include)
            sides = replace(options, side=None) if is_one_of_two else options
            rows = cleaned(of_side, options.cleaning, report, lambda: _prompts(campaign, compared, sides))
        pieces = selected.write(rows, report, options)
    except UnknownDialect as error:
        raise Invalid.of("dialect", sentence_of(error)) from error
    except UnfitOption as error:
        raise refusal_of(error) from error
    name = f"{campaign.slug}-{selected.name}" + ("-for-spreadsheets" if options.spreadsheet else "")
    return Export(selected, f"{name}.{selected.extension}", pieces, report)


def matching(
    campaign: Campaign, only: QuerySet[Comparison] | None, where: ComparisonFilter | None
) -> QuerySet[Comparison] | None:
    """Those of some comparisons (None: all) that match a filter (None: any). Raises Invalid for an unknown group."""
    if where is None:
        return only
    require_group(campaign, where)
    rows = filtered_comparisons(campaign, where)
    return rows if only is None else rows.filter(pk__in=only.order_by().values("pk"))


def _cleaned(options: WriteOptions) -> dict[str, Any]:
    """How the file was cleaned, for the event log."""
    cleaning = options.cleaning
    redacted = [*cleaning.redaction.kinds, *cleaning.redaction.patterns]
    return (
        ({"near_duplicates": cleaning.near_duplicates} if cleaning.near_duplicates else {})
        | ({"contaminated": cleaning.contaminated} if cleaning.contaminated else {})
        | ({"redacted": redacted} if redacted else {})
    )


def _written(
    campaign: Campaign, only: QuerySet[Comparison] | None, selected: Writer, include: Include
) -> QuerySet[Comparison]:
    """The comparisons that a dialect writes, as far as their verdicts decide it."""
    verdicts = Q(verdict__winner__in=[winner for winner in selected.winners if winner])
    undecided = {"verdicts": None, "judged": Q(HAS_JUDGMENTS, verdict=None), "all": Q(verdict=None)}[include]
    rows = (campaign.comparisons.all() if only is None else only).exclude(status__in=Comparison.OUT)
    return rows.filter(verdicts if undecided is None else verdicts | undecided)


def _prompts(
    campaign: Campaign, comparisons: QuerySet[Comparison], options: WriteOptions
) -> Iterator[Sequence[Message]]:
    """The prompts of comparisons on the wanted side, in the order in which they came."""
    prompts = Prompt.objects.filter(campaign=campaign, pk__in=comparisons.order_by().values("prompt")).order_by("pk")
    for messages in prompts.values_list("messages", flat=True).iterator(chunk_size=1000):
        if _is_on_side(messages, options):
            yield messages


def _is_on_side(prompt: Sequence[Message], options: WriteOptions) -> bool:
    """Whether a prompt is on the wanted side. Records without a prompt stand for comparisons that are only counted."""
    if options.side is None or not prompt:
        return options.side is None
    held_out = options.split.holds_out(prompt)
    return held_out == (options.side == "test")


def _of_side(verdicts: Iterable[VerdictRecord], options: WriteOptions) -> Iterator[VerdictRecord]:
    """The verdicts on the wanted side. Where prompts are redacted, each keeps its side."""
    last, held_out = None, False
    for verdict in verdicts:
        if not _is_on_side(verdict.prompt, options):
            continue
        if not (options.cleaning.redaction and verdict.prompt):
            yield verdict
            continue
        if verdict.prompt is not last:  # the same object need not be hashed again
            last = verdict.prompt
            held_out = options.split.holds_out(last)
        yield replace(verdict, is_held_out=held_out)


def _lines_of_side(lines: Iterable[dict[str, Any]], options: WriteOptions) -> Iterator[dict[str, Any]]:
    """The lines of a whole campaign, with the prompts of one side and their comparisons."""
    if options.side is None:
        yield from lines
        return
    others: set[bytes] = set()
    for line in lines:
        if line["type"] == "prompt" and not _is_on_side(line["messages"], options):
            others.add(bytes.fromhex(line["hash"]))
        elif line["type"] != "comparison" or bytes.fromhex(line["prompt"]) not in others:
            yield line
