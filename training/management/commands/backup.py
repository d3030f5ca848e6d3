"""Backs up the database and the files: `manage.py backup chosen.backup`."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from labeling.management.base import domain_errors
from training.actions.backups import record_backup
from training.backups import encryption
from training.backups.errors import BackupFailed
from training.backups.making import Made, make_backup


class Command(BaseCommand):
    help = "Write one archive of the database and of all files, while people go on working."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the archive, which must not exist yet")
        parser.add_argument("--recipient", default="", metavar="AGE1...", help="encrypt it for this public key of age")
        parser.add_argument("--new-key", action="store_true", help="write a new secret key to FILE instead of a backup")
        parser.add_argument("--without-base-models", action="store_true", help="leave out base models, which are large")

    def handle(self, *args: Any, file: Path, recipient: str, new_key: bool, **options: Any) -> None:
        if new_key:
            self._write_key(file)
            return
        now = timezone.now()
        try:
            with domain_errors():
                made = make_backup(file, now=now, recipient=recipient, with_bases=not options["without_base_models"])
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        self._record(made, is_encrypted=bool(recipient), now=now)
        self.stdout.write(f"{file}: the database and {made.files} files, {made.size / 2**20:.1f} MiB.")
        self._require_whole(made)

    def _require_whole(self, made: Made) -> None:
        """The archive stays: the rest of it can be restored. Raises CommandError if a file is missing."""
        for name in made.gone:
            self.stderr.write(f"{name} went while the backup ran, and is not in it.")
        if made.gone:
            raise CommandError(f"Files that are not in the backup: {len(made.gone)}. Make another one.")

    def _record(self, made: Made, *, is_encrypted: bool, now: datetime) -> None:
        """The archive is complete whatever becomes of its row, such as in a database that is not migrated yet."""
        try:
            record_backup(files=made.files, size=made.size, is_encrypted=is_encrypted, acting_user=None, now=now)
        except DatabaseError as error:
            self.stderr.write(f"The backup is complete, and the page /status/ will not know of it: {error}")

    def _write_key(self, file: Path) -> None:
        try:
            public = encryption.new_key(file)
        except FileExistsError as error:
            raise CommandError(f"{file} is there already. Name another file: a key replaces none.") from error
        self.stdout.write(f"{file} holds the secret key. Keep it apart from the backups: without it they stay closed.")
        self.stdout.write(f"Back up with --recipient {public}")
