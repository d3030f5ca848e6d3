"""E-mails about accounts that are to be sent."""

from django.db import models

from labeling.models.annotator import User


class MailRequest(models.Model):
    """An e-mail about an account. It is written when a worker sends it, so its links are as fresh as they can be.

    A request to reset a password names an address only: whether an account has it is found out by the worker, so that
    the page takes the same time for every address.
    """

    class Kind(models.TextChoices):
        RESET = "reset"
        CONFIRM = "confirm"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    address = models.EmailField()
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="+", help_text="null: not looked up."
    )
    site = models.CharField(max_length=300, help_text="The beginning of the links: https://chosen.example.")
    language = models.CharField(max_length=10)
    requested_at = models.DateTimeField(db_index=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.kind} mail {self.pk}"
