"""What the two import commands share."""

import json
import sys
from abc import abstractmethod
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.actions.imports import ImportReport
from labeling.exchange import ByteStream
from labeling.management.base import acting_user, add_acting_user, campaign_named, told
from labeling.models import Campaign, User


class ImportCommand(BaseCommand):
    """Reads a file into a campaign, names what was rejected, and says by its exit code whether anything was."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument("file", help="the file, plain or gzipped; - for standard input")
        parser.add_argument("--refuse-all", action="store_true", help="a single bad record, and nothing is kept")
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign = campaign_named(options["campaign"])
        user = acting_user(options["acting_user"])
        with told():
            report = self._read(campaign, user, options)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False))
        else:
            self._tell(report)
        if report.rejected_count:
            sys.exit(1)

    @abstractmethod
    def bring_in(
        self, campaign: Campaign, stream: ByteStream, user: User | None, options: dict[str, Any]
    ) -> ImportReport:
        """Calls the action."""

    def _read(self, campaign: Campaign, user: User | None, options: dict[str, Any]) -> ImportReport:
        if options["file"] == "-":
            return self.bring_in(campaign, sys.stdin.buffer, user, options)
        try:
            with Path(options["file"]).open("rb") as stream:
                return self.bring_in(campaign, stream, user, options)
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error

    def _tell(self, report: ImportReport) -> None:
        for one in report.rejected:
            self.stderr.write(f"line {one.line}: {one.reason}" + (f"  [{one.excerpt}]" if one.excerpt else ""))
        untold = report.rejected_count - len(report.rejected)
        if untold:
            self.stderr.write(f"... and {untold} more.")
        if report.refused:
            self.stdout.write(f"{report.rejected_count} rejected, so nothing was kept.")
            return
        settled = f", {report.settled} of them settled" if report.settled else ""
        gold = f", {report.gold} of them gold" if report.gold else ""
        there = f"{report.duplicates} were there already"
        self.stdout.write(f"{report.created} new{settled}{gold}; {there}; {report.rejected_count} rejected.")
