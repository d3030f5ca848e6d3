"""Erasures: that somebody asked to be forgotten, and what followed. The row itself is what lets comments be blanked."""

from django.db import models

from labeling.models.annotator import User


class Erasure(models.Model):
    """One person's account made anonymous. A trigger refuses to change or delete it.

    While there is a row for a person, the database allows the comments and skip reasons of their judgments to be
    blanked, and nothing else about a judgment; without one it allows nothing. So every blanking has its record.
    """

    person = models.OneToOneField(User, on_delete=models.PROTECT, related_name="erasure")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", help_text="null: a command.")
    at = models.DateTimeField()
    judgments = models.PositiveIntegerField(help_text="Theirs, kept under the pseudonym.")
    withdrawn = models.PositiveIntegerField(
        default=0, help_text="Of those that counted, how many count no more: all of them, if that was asked for."
    )
    comments = models.PositiveIntegerField(help_text="Blanked.")
    tokens = models.PositiveIntegerField(help_text="Deleted.")
    model_versions = models.JSONField(default=list, help_text="Names of those trained on their judgments.")

    def __str__(self) -> str:
        return f"erasure of {self.person.pseudonym}"
