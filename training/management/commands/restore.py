"""Fills an empty installation from a backup: `manage.py restore chosen.backup`."""

import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from training.backups.errors import BackupFailed
from training.backups.restoring import check_backup, restore_backup


class Command(BaseCommand):
    help = "Fill an empty installation from an archive of `manage.py backup`."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the archive")
        parser.add_argument("--key", type=Path, metavar="FILE", help="the secret key of an encrypted archive")
        parser.add_argument("--check", action="store_true", help="only check every byte of the archive")

    def handle(self, *args: Any, file: Path, key: Path | None, check: bool, **options: Any) -> None:
        try:
            if check:
                with tempfile.TemporaryDirectory() as folder:
                    about = check_backup(file, Path(folder), key_file=key)
                self.stdout.write(f"{file} is whole: version {about['product']}, made at {about['made_at']}.")
                return
            restored = restore_backup(file, key_file=key)
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        about = restored.about
        self.stdout.write(
            f"Restored what was backed up at {about['made_at']}: the database and {restored.files} files."
        )
        for sentence in restored.damaged:
            self.stderr.write(sentence)
        for folder in restored.strange:
            self.stderr.write(f"No model version has the folder {folder}. Remove it if nobody needs it.")
        if restored.damaged:
            raise CommandError(
                f"{len(restored.damaged)} model versions lack their files: see above. The rest is there."
            )
