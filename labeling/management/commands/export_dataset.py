"""Writes a data set with its card: `manage.py export_dataset CAMPAIGN --out DIR --license cc-by-4.0 --consent TEXT`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.actions.datasets import LICENCES, DatasetOrder, write_dataset
from labeling.exchange import DATASET_DIALECTS
from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from labeling.management.export_arguments import add_export_arguments, filter_of, options_of
from labeling.management.hub import hub_token, push


class Command(BaseCommand):
    help = (
        "Write a folder that `datasets.load_dataset` opens: a file for each side of the split, a card and Croissant "
        "metadata. With --push it is also uploaded to a hub; the token is HF_TOKEN, or that of `hf auth login`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("campaign", help="slug of the campaign")
        parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder; it must not exist")
        parser.add_argument("--dialect", choices=list(DATASET_DIALECTS), default="trl", help="format of the file")
        parser.add_argument("--license", choices=LICENCES, required=True, help="of the texts and labels")
        parser.add_argument("--consent", required=True, help="how the annotators, and the people in the texts, agreed")
        parser.add_argument("--language", default="en", help="code of the language; default: en")
        parser.add_argument("--title", default="", help="default: the campaign's name")
        parser.add_argument("--extras", action="store_true", help="columns beside the pair: id, confidence, tags ...")
        parser.add_argument("--push", metavar="OWNER/NAME", help="upload it to this data set of the hub")
        parser.add_argument("--public", action="store_true", help="with --push: everybody may see it")
        add_export_arguments(parser)
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        campaign, user, out = campaign_named(options["campaign"]), acting_user(options["acting_user"]), options["out"]
        token = hub_token() if options["push"] else ""
        try:
            with domain_errors():
                order = DatasetOrder(
                    licence=options["license"],
                    consent=options["consent"],
                    title=options["title"],
                    language=options["language"],
                    dialect=options["dialect"],
                    options=options_of(options, user),
                    where=filter_of(options),
                )
                facts = write_dataset(campaign=campaign, order=order, folder=out, acting_user=user, now=timezone.now())
        except OSError as error:
            raise CommandError(str(error)) from error
        rows = ", ".join(f"{file.rows} {file.name}" for file in facts.files)
        self.stdout.write(f"{out}: {rows} rows, with README.md and croissant.json.")
        if options["push"]:
            self.stdout.write(push(out, options["push"], token, kind="dataset", is_public=options["public"]))
