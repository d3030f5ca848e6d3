"""The backups that were made: when, and what was in them. The archives themselves lie elsewhere."""

from django.db import models


class Backup(models.Model):
    """A completed backup. Its row is written after the archive, so no archive knows of itself."""

    at = models.DateTimeField(db_index=True, help_text="The moment that the archive shows.")
    files = models.PositiveIntegerField(help_text="How many files are in it, besides the database.")
    size = models.PositiveBigIntegerField(help_text="Bytes of what is in it.")
    is_encrypted = models.BooleanField(help_text="Whether it was encrypted.")

    def __str__(self) -> str:
        return f"Backup {self.at:%Y-%m-%d %H:%M}"
