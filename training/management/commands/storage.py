"""The storage that machines share: `manage.py storage`, `storage --publish`, `storage --sweep`."""

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.storage import artifacts
from labeling.management.base import domain_errors
from training.jobs.stored_artifacts import publish_all, sweep_storage
from training.queries.artifacts import named_paths


class Command(BaseCommand):
    help = (
        "Show the storage that machines share (STORAGE_URL), store in it what lies on this machine, or remove from it "
        "what nothing needs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_mutually_exclusive_group()
        acts.add_argument("--publish", action="store_true", help="store everything that lies here and is missing there")
        acts.add_argument("--sweep", action="store_true", help="remove what nothing needs and is a day old")
        parser.add_argument("--dry-run", action="store_true", help="with --sweep: only count it")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if not artifacts.is_on():
            raise CommandError("There is no storage: set STORAGE_URL, such as s3://bucket/prefix.")
        if options["dry_run"] and not options["sweep"]:
            raise CommandError("--dry-run goes with --sweep.")
        with domain_errors():
            if options["publish"]:
                told, line = self._publish(options)
            elif options["sweep"]:
                told, line = self._sweep(dry_run=options["dry_run"])
            else:
                told, line = self._show()
        self.stdout.write(json.dumps(told) if options["json"] else line)

    def _publish(self, options: dict[str, Any]) -> tuple[dict[str, Any], str]:
        names = publish_all(lambda name: None if options["json"] else self.stdout.write(name))
        return {"published": names}, f"Stored: {len(names)} artifacts."

    def _sweep(self, *, dry_run: bool) -> tuple[dict[str, Any], str]:
        swept = sweep_storage(dry_run=dry_run)
        told = {"removed": not dry_run, "artifacts": swept.lists, "objects": swept.objects, "bytes": swept.size}
        verb = "Removable (without --dry-run)" if dry_run else "Removed"
        size = f"{swept.size / 1e6:.1f} MB"
        return told, f"{verb}: {len(swept.lists)} artifacts, {swept.objects} objects, {size}."

    def _show(self) -> tuple[dict[str, Any], str]:
        artifacts.room().answers()
        here = [path for path in named_paths() if artifacts.stored(path) is None]
        names = [str(artifacts.key_of(path)) for path in here]
        told = {"url": settings.STORAGE_URL, "artifacts": len(artifacts.room().keys()), "missing": names}
        lines = [f"{settings.STORAGE_URL} has {told['artifacts']} artifacts; {len(names)} are missing there.", *names]
        return told, "\n".join(lines)
