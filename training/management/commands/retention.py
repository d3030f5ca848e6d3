"""Lists removable files of versions and runs, and removes them: `manage.py retention --apply`."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from labeling.management.base import acting_user, add_acting_user, domain_errors
from training.actions.retention import tidy
from training.versions.retention import KEEP_NEWEST, Removable, removable


class Command(BaseCommand):
    help = (
        "List adapters and checkpoints that nothing needs. Versions stay if they serve, if a rollback would return to "
        "them, if active jobs use them, or if they are parents of these."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--apply", action="store_true", help="remove them")
        parser.add_argument(
            "--keep-newest",
            type=int,
            default=KEEP_NEWEST,
            help="how many of the newest versions of each campaign stay in any case",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        add_acting_user(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        keep = options["keep_newest"]
        if options["apply"]:
            with domain_errors():
                folders = tidy(keep_newest=keep, acting_user=acting_user(options["acting_user"]), now=timezone.now())
        else:
            folders = removable(keep_newest=keep)
        total = sum(one.bytes for one in folders)
        if options["json"]:
            listed = [{"what": one.description, "folder": str(one.folder), "bytes": one.bytes} for one in folders]
            self.stdout.write(json.dumps({"removed": options["apply"], "bytes": total, "folders": listed}))
            return
        for one in folders:
            self.stdout.write(_line(one))
        verb = "Removed" if options["apply"] else "Removable (use --apply)"
        self.stdout.write(f"{verb}: {len(folders)} folders, {total / 1e6:.1f} MB.")


def _line(one: Removable) -> str:
    return f"{one.bytes / 1e6:9.1f} MB  {one.description}  {one.folder}"
