"""Imports prompts into a campaign: `manage.py import_prompts CAMPAIGN FILE`."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from labeling.actions.imports import ImportReport, import_prompts
from labeling.exchange import ByteStream
from labeling.management.imports import ImportCommand
from labeling.models import Campaign, User


class Command(ImportCommand):
    help = (
        "Import prompts from a file (JSON lines, a JSON array, or text with one prompt per line) into a campaign. "
        "Good records are kept; the others are listed by line and reason, and the exit code is 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--form", choices=["auto", "json", "text"], default="auto")

    def import_file(
        self, campaign: Campaign, stream: ByteStream, user: User | None, options: dict[str, Any]
    ) -> ImportReport:
        return import_prompts(
            campaign=campaign,
            stream=stream,
            form=options["form"],
            acting_user=user,
            now=timezone.now(),
            refuse_all=options["refuse_all"],
        )
