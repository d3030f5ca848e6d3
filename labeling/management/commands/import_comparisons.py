"""Imports comparisons into a campaign: `manage.py import_comparisons CAMPAIGN FILE`."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from labeling.actions.import_reports import RANKINGS, ImportReport, ImportSettings, mapping_of
from labeling.actions.imports import import_comparisons
from labeling.exchange import AUTO, READERS, ByteStream
from labeling.management.imports import ImportCommand
from labeling.models import Campaign, ImportBatch, User


class Command(ImportCommand):
    help = (
        "Import comparisons from a file into a campaign. Good records are kept; the others are listed by line and "
        "reason, and the exit code is 1. The same file again adds nothing."
    )
    kind = ImportBatch.Kind.COMPARISONS

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--dialect", choices=[AUTO, *READERS], default=AUTO, help="format of the file")
        parser.add_argument(
            "--keep-preferences",
            action="store_true",
            help="opinions of named or several annotators become imported judgments, other preferences verdicts; "
            "otherwise annotators judge the comparisons",
        )
        parser.add_argument(
            "--use-guidelines",
            action="store_true",
            help="guidelines in the file become those of the campaign, if it has none; needs --as",
        )
        parser.add_argument(
            "--as-gold",
            action="store_true",
            help="all become gold: the preferences in the file measure annotators",
        )

        parser.add_argument(
            "--ranking",
            choices=RANKINGS,
            default="best-worst",
            help="the comparisons that a ranking of several completions becomes",
        )

    def settings(self, options: dict[str, Any]) -> ImportSettings:
        return ImportSettings(
            dialect=options["dialect"],
            refuse_all=options["refuse_all"],
            keep_preferences=options["keep_preferences"],
            use_guidelines=options["use_guidelines"],
            as_gold=options["as_gold"],
            ranking=options["ranking"],
            mapping=mapping_of(options["map"]),
        )

    def import_file(
        self, campaign: Campaign, stream: ByteStream, user: User | None, options: dict[str, Any]
    ) -> ImportReport:
        return import_comparisons(
            campaign=campaign,
            stream=stream,
            settings=self.settings(options),
            file_name=self.file_name(options),
            source=f"import {options['file']}"[:120],
            acting_user=user,
            now=timezone.now(),
        )
