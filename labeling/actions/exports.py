"""Exports of a campaign's verdicts. They only read, but data leaves the server, so the event log says who took it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from common.errors import Invalid
from labeling.access import require_lead
from labeling.events.record import record
from labeling.exchange import DropReport, UnfitOption, UnknownDialect, WriteOptions, Writer, writer
from labeling.models import Campaign, Comparison, User
from labeling.queries.splits import split_of
from labeling.queries.verdicts import verdict_records
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
    acting_user: User | None,
    now: datetime,
) -> Export:
    """The judgments and verdicts of a campaign in a dialect, streamed in constant memory. Raises NotAllowed, Invalid.

    only: the comparisons to export; None: all.
    """
    require_lead(acting_user, campaign)
    export = open_export(campaign, dialect, options, only)
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
        | ({} if only is None else {"selected": True}),
    )
    return export


def drop_report(
    *, campaign: Campaign, dialect: str, options: WriteOptions = USUAL, acting_user: User | None
) -> DropReport:
    """The report of an export: what it keeps and drops, and why. Costs as much as the export itself."""
    require_lead(acting_user, campaign)
    export = open_export(campaign, dialect, options)
    for _ in export.pieces:
        pass
    return export.report


def open_export(
    campaign: Campaign, dialect: str, options: WriteOptions = USUAL, only: QuerySet[Comparison] | None = None
) -> Export:
    """The export, without a check of permissions. Raises Invalid for a dialect or a choice that is not possible."""
    report = DropReport()
    try:
        selected = writer(dialect)
        options = replace(options, split=split_of(campaign))
        include = selected.include(options)
        rows: Iterator[Any] = (
            campaign_lines(campaign, only)
            if selected.is_whole
            else verdict_records(campaign, tokens=False, votes=selected.wants_votes, include=include, only=only)
        )
        pieces = selected.write(rows, report, options)
    except UnknownDialect as error:
        raise Invalid.of("dialect", str(error)) from error
    except UnfitOption as error:
        raise Invalid.of(error.option, str(error)) from error
    name = f"{campaign.slug}-{selected.name}" + ("-for-spreadsheets" if options.spreadsheet else "")
    return Export(selected, f"{name}.{selected.extension}", pieces, report)
