"""Erasures: records of people who asked to be forgotten. Only such a row allows blanking comments."""

from django.db import models

from labeling.models.annotator import User


class Erasure(models.Model):
    """The record that a person's account was made anonymous. A trigger refuses to change or delete it.

    With it, the database allows blanking the comments and skip reasons of the person's judgments; without it, no change
    of a judgment. So every blanking has its record.
    """

    person = models.OneToOneField(User, on_delete=models.PROTECT, related_name="erasure")
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", help_text="null: a command.")
    at = models.DateTimeField()
    judgments = models.PositiveIntegerField(help_text="The person's judgments, kept under the pseudonym.")
    withdrawn = models.PositiveIntegerField(
        default=0, help_text="How many judgments were withdrawn: all that counted, or none."
    )
    comments = models.PositiveIntegerField(help_text="Comments that were blanked.")
    questions = models.PositiveIntegerField(default=0, db_default=0, help_text="Questions that were blanked.")
    tokens = models.PositiveIntegerField(help_text="Tokens that were deleted.")
    outside_key = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        help_text="Of an outside annotator: a keyed hash of the name in imported files, by which they stay recognised.",
    )
    model_versions = models.JSONField(default=list, help_text="Names of model versions trained on the judgments.")

    def __str__(self) -> str:
        return f"erasure of {self.person.pseudonym}"
