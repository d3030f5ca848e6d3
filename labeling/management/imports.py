"""The shared base of both import commands."""

import json
import sys
from abc import abstractmethod
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.actions.import_notes import NOTES, ImportNotes
from labeling.actions.import_reports import ImportReport, ImportSettings
from labeling.actions.previews import preview_import
from labeling.exchange import ByteStream, packed_folder
from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from labeling.models import Campaign, User


class ImportCommand(BaseCommand):
    """Imports a file into a campaign, and lists rejected records. Its exit code is 1 if there are any.

    kind: of ImportBatch.
    """

    kind: str

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument(
            "file",
            help="JSON, CSV, TSV, Parquet or Arrow, plain or packed; the folder of a data set; - for standard input",
        )
        parser.add_argument("--refuse-all", action="store_true", help="keep nothing if a record is bad")
        parser.add_argument("--dry-run", action="store_true", help="read and count the file, and keep nothing")
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
        parser.add_argument(
            "--map",
            default="",
            metavar="PART=COLUMN",
            help="the columns of the file, as in 'prompt=question a=one b=two preference=winner annotator=worker "
            "system=rules id=key', or 'prompt=question chosen=good rejected=bad'",
        )
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        user = acting_user(options["acting_user"])
        with domain_errors():
            report = self._read(campaign, user, options)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False))
        else:
            self._print(report)
        if report.rejected_count:
            sys.exit(1)

    @abstractmethod
    def settings(self, options: dict[str, Any]) -> ImportSettings:
        """How the file is read."""

    @abstractmethod
    def import_file(
        self, campaign: Campaign, stream: ByteStream, user: User | None, options: dict[str, Any]
    ) -> ImportReport:
        """Calls the action that imports the file."""

    def file_name(self, options: dict[str, Any]) -> str:
        """The name of the file for people; empty: standard input."""
        return "" if options["file"] == "-" else Path(options["file"]).name

    def _read(self, campaign: Campaign, user: User | None, options: dict[str, Any]) -> ImportReport:
        if options["file"] == "-":
            return self._take(campaign, sys.stdin.buffer, user, options)
        try:
            path = Path(options["file"])
            with packed_folder(path) if path.is_dir() else path.open("rb") as stream:
                return self._take(campaign, stream, user, options)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error

    def _take(self, campaign: Campaign, stream: ByteStream, user: User | None, options: dict[str, Any]) -> ImportReport:
        if not options["dry_run"]:
            return self.import_file(campaign, stream, user, options)
        settings = self.settings(options)
        return preview_import(
            campaign=campaign, kind=self.kind, stream=stream, settings=settings, acting_user=user
        ).report

    def _print(self, report: ImportReport) -> None:
        for one in report.rejected:
            place = f"line {one.line}" + (f", record {one.record}" if one.record != one.line else "")
            self.stderr.write(f"{place}: {one.reason}" + (f"  [{one.excerpt}]" if one.excerpt else ""))
        unlisted = report.rejected_count - len(report.rejected)
        if unlisted:
            self.stderr.write(f"... and {unlisted} more.")
        self._print_notes(report.notes)
        if report.refused:
            self.stdout.write(f"{report.rejected_count} rejected, so nothing was kept.")
            return
        settled = f", {report.settled} of them settled" if report.settled else ""
        gold = f", {report.gold} of them gold" if report.gold else ""
        judgments = f"; {report.judgments} judgments of outside annotators" if report.judgments else ""
        duplicates = f"{report.duplicates} duplicates"
        end = f"Batch {report.batch.pk}." if report.batch else "Dry run: nothing was kept."
        self.stdout.write(
            f"{report.created} new{settled}{gold}{judgments}; {duplicates}; {report.rejected_count} rejected. {end}"
        )

    def _print_notes(self, notes: ImportNotes) -> None:
        """Where each field went, and what else people should know."""
        for use, label in (("used", "Used"), ("metadata", "Kept as metadata"), ("refused", "Reason of refusals")):
            names = [f"{name} ({uses[use]})" for name, uses in notes.field_uses.items() if use in uses]
            if names:
                self.stdout.write(f"{label}: {', '.join(names)}.")
        for code, count in notes.counts.items():
            example = notes.examples.get(code)
            first = f" The first is record {example['record']}: {example['detail']}." if example else ""
            self.stdout.write(f"{NOTES.get(code, code)}: {count}.{first}")
        if notes.guidelines:
            self.stdout.write("The file holds guidelines; its batch keeps them.")
        for one in notes.contradictions:
            self.stderr.write(f"record {one['record']} contradicts record {one['earlier_record']}")
