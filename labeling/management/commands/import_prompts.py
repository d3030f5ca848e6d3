"""Imports prompts into a campaign: `manage.py import_prompts CAMPAIGN FILE`."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from labeling.actions.import_reports import ImportReport, ImportSettings, mapping_of
from labeling.actions.imports import import_prompts
from labeling.exchange import ByteStream
from labeling.management.imports import ImportCommand
from labeling.models import Campaign, ImportBatch, User


class Command(ImportCommand):
    help = (
        "Import prompts from a file (JSON lines, a JSON array, or text with one prompt per line) into a campaign. "
        "Good records are kept; the others are listed by line and reason, and the exit code is 1."
    )
    kind = ImportBatch.Kind.PROMPTS

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--form", choices=["auto", "json", "text"], default="auto", help="JSON, or one prompt a line"
        )

    def settings(self, options: dict[str, Any]) -> ImportSettings:
        return ImportSettings(
            form=options["form"], refuse_all=options["refuse_all"], mapping=mapping_of(options["map"])
        )

    def import_file(
        self, campaign: Campaign, stream: ByteStream, user: User | None, options: dict[str, Any]
    ) -> ImportReport:
        return import_prompts(
            campaign=campaign,
            stream=stream,
            settings=self.settings(options),
            file_name=self.file_name(options),
            acting_user=user,
            now=timezone.now(),
        )
