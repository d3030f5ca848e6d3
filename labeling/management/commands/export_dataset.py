"""Writes a data set with its card: `manage.py export_dataset CAMPAIGN --out DIR --license cc-by-4.0 --consent TEXT`."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from labeling.actions.datasets import LICENCES, DatasetOrder, write_dataset
from labeling.exchange import DATASET_DIALECTS
from labeling.management.base import acting_user, add_acting_user, campaign_named, domain_errors
from labeling.management.export_arguments import add_export_arguments, filter_of, options_of


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
        token = _token() if options["push"] else ""
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
            self.stdout.write(_push(out, options["push"], token, is_public=options["public"]))


def _token() -> str:
    """The hub's token. Raises CommandError."""
    from huggingface_hub import get_token

    token = get_token()
    if not token:
        raise CommandError("--push needs a token of the hub: set HF_TOKEN, or run `hf auth login`.")
    return str(token)


def _push(folder: Path, name: str, token: str, *, is_public: bool) -> str:
    """Uploads the folder; returns its address. Raises CommandError."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.errors import HTTPError as HubError  # type: ignore[attr-defined]

    api = HfApi(token=token, endpoint=os.environ.get("HF_ENDPOINT") or None)
    try:
        made = api.create_repo(name, repo_type="dataset", private=not is_public, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=folder, repo_type="dataset", commit_message="Export of Chosen")
    except (HubError, HFValidationError, OSError) as error:
        raise CommandError(f"The folder is written, but was not uploaded: {error}") from error
    return str(made)
