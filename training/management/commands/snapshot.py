"""Snapshots: `manage.py snapshot` lists them; with a hash it describes, checks, exports or compares one."""

import json
import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeling.management.base import domain_errors
from training.access import SHORTEST_HASH
from training.models import Snapshot
from training.queries.snapshots import changes_between, verified


class Command(BaseCommand):
    help = "List snapshots, or describe, check, export or compare one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("hash", nargs="?", help=f"the beginning of its hash, at least {SHORTEST_HASH} digits")
        parser.add_argument("--campaign", metavar="SLUG", help="list, or look for the hash in, this campaign only")
        parser.add_argument("--check", action="store_true", help="compare every byte with the manifest")
        parser.add_argument("--out", type=Path, metavar="DIR", help="copy its files into a new folder")
        parser.add_argument("--since", metavar="HASH", help="count what changed since another snapshot")

    def handle(self, *args: Any, **options: Any) -> None:
        with domain_errors():
            if options["hash"] is None:
                self._list(options["campaign"])
            else:
                self._one(snapshot_named(options["hash"], options["campaign"]), options)

    def _list(self, slug: str | None) -> None:
        rows = Snapshot.objects.select_related("campaign").order_by("pk")
        for row in rows.filter(campaign__slug=slug) if slug else rows:
            versions = ", ".join(row.runs.exclude(version=None).values_list("version__name", flat=True)) or "-"
            self.stdout.write(
                f"{row.content_hash[:12]}  {row.created_at:%Y-%m-%d %H:%M}  {row.campaign.slug}  "
                f"{row.train_pairs} + {row.test_pairs} pairs  versions: {versions}"
            )

    def _one(self, row: Snapshot, options: dict[str, Any]) -> None:
        if options["check"]:
            verified(row)
            self.stdout.write(f"{row.content_hash}: every byte is as it was hashed.")
        if options["out"]:
            verified(row)
            try:
                shutil.copytree(row.folder, options["out"])
            except OSError as error:
                raise CommandError(f"{options['out']} cannot be written: {error}") from error
            self.stdout.write(f"{options['out']}: train.jsonl, test.jsonl and manifest.json.")
        if options["since"]:
            changes = changes_between(snapshot_named(options["since"], options["campaign"]), row)
            self.stdout.write(json.dumps({"same": changes.same, **changes.counts}))
        if not (options["check"] or options["out"] or options["since"]):
            self.stdout.write(json.dumps(row.manifest, indent=2))


def snapshot_named(name: str, campaign: str | None = None) -> Snapshot:
    """The newest snapshot whose hash begins so, in this campaign if one is named. Raises CommandError."""
    rows = Snapshot.objects.filter(content_hash__startswith=name).select_related("campaign").order_by("-pk")
    row = (rows.filter(campaign__slug=campaign) if campaign else rows).first()
    if row is None or len(name) < SHORTEST_HASH:
        raise CommandError(f"There is no snapshot {name!r}. `manage.py snapshot` lists them.")
    return row
