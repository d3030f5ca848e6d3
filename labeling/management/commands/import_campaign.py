"""Imports a whole campaign: `manage.py import_campaign FILE --as NAME`, after `export CAMPAIGN --dialect full`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.actions.campaign_imports import ImportedCampaign, import_campaign
from labeling.management.base import acting_user, add_acting_user, domain_errors


class Command(BaseCommand):
    help = (
        "Make the campaign that a file of the dialect full holds, with all judgments, or nothing. Its annotators "
        "become accounts that nobody can sign in to."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the file, plain or compressed")
        parser.add_argument("--name", help="of the campaign; default: the name in the file")
        parser.add_argument("--slug", help="of the campaign; default: made from the name")
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        lead = acting_user(options["acting_user"])
        if lead is None:
            raise CommandError("Say with --as who will lead the campaign.")
        try:
            with Path(options["file"]).open("rb") as stream, domain_errors():
                result = import_campaign(
                    stream=stream,
                    name=options["name"],
                    slug=options["slug"],
                    acting_user=lead,
                    now=timezone.now(),
                )
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be read: {error.strerror}.") from error
        self._print(result)

    def _print(self, result: ImportedCampaign) -> None:
        counts = ", ".join(f"{kind.removesuffix('s')}s: {count}" for kind, count in sorted(result.counts.items()))
        self.stdout.write(f"Campaign {result.campaign.slug}: {counts}.")
        for old, new in result.renamed.items():
            self.stdout.write(f"  {old} is somebody here: the imported judgments are those of {new}.")
