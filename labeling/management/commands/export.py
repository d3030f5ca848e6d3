"""Exports the verdicts of a campaign: `manage.py export CAMPAIGN --dialect trl --out pairs.jsonl`."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.actions.exports import Export, export_campaign
from labeling.actions.unfit_options import refusal_of
from labeling.exchange import INCLUDES, LABEL_CONFIG, REASONS, WRITERS, DropReport, UnfitOption
from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from labeling.management.export_arguments import add_export_arguments, filter_of, options_of


class Command(BaseCommand):
    help = (
        "Write the verdicts of a campaign to a file, in constant memory. A report of dropped comparisons is written "
        "beside it (FILE.report.json) and to stderr; beside one for Label Studio, also its labeling interface."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument("--dialect", choices=list(WRITERS), default="trl", help="format of the file")
        parser.add_argument("--out", required=True, help="the file; - for standard output, without a report file")
        parser.add_argument(
            "--include",
            choices=INCLUDES,
            help="comparisons with a verdict; also judged ones without a verdict, such as conflicts; or all. "
            "Default: judged where the dialect lists judgments, else verdicts",
        )
        parser.add_argument("--extras", action="store_true", help="columns beside the pair: id, confidence, tags ...")
        parser.add_argument(
            "--spreadsheet",
            action="store_true",
            help="in CSV, an apostrophe precedes texts that a spreadsheet could take for formulas",
        )
        add_export_arguments(parser)
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        user = acting_user(options["acting_user"])
        with domain_errors():
            export = export_campaign(
                campaign=campaign,
                dialect=options["dialect"],
                options=options_of(options, user),
                where=filter_of(options),
                acting_user=user,
                now=timezone.now(),
            )
        try:
            _write(export, options["out"])
        except UnfitOption as error:
            raise CommandError(refusal_of(error).message) from error
        except OSError as error:
            raise CommandError(f"{options['out']} cannot be written: {error.strerror}.") from error
        self._print(export.report, options["out"])

    def _print(self, report: DropReport, out: str) -> None:
        self.stderr.write(f"{report.kept} of {report.total} comparisons written to {out}.")
        for reason, count in report.dropped.items():
            if count:
                self.stderr.write(f"  {count} dropped: it {REASONS[reason]}")
        if report.edited or report.dropped_edited:
            dropped = f", {report.dropped_edited} dropped" if report.dropped_edited else ""
            self.stderr.write(f"  besides, {report.edited} pairs with an improved text written{dropped}")
        if report.judgments:
            self.stderr.write(f"  {report.judgments} judgments written")
        for choice, count in sorted(report.dropped_judgments.items()):
            reason = "their comparison was dropped" if choice == "comparison" else f"the dialect has no {choice}"
            self.stderr.write(f"  {count} judgments dropped: {reason}")
        if report.escaped:
            self.stderr.write(f"  {report.escaped} cells begin with an apostrophe that is not part of the text")
        for reason in report.examples:
            self.stderr.write(f"  {report.found[reason]} found: it {REASONS[reason]}")
        for kind, count in sorted(report.redacted.items()):
            self.stderr.write(f"  {count} places redacted: {kind}")


def _write(export: Export, out: str) -> None:
    if out == "-":
        for piece in export.pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    target = Path(out)
    # Under another name until it is complete, so that nobody reads a part of it.
    partial = target.with_name(f".{target.name}.partial")
    try:
        with partial.open("wb") as file:
            for piece in export.pieces:
                file.write(piece)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    report = target.with_name(f"{target.name}.report.json")
    report.write_text(json.dumps({"dialect": export.writer.name, **export.report.as_dict()}, indent=2) + "\n")
    if export.writer.name == "labelstudio":
        target.with_name(f"{target.name}.config.xml").write_text(LABEL_CONFIG)
