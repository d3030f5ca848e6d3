"""Answers kept for retries: what a call with an Idempotency-Key came to."""

from django.db import models

from labeling.models.annotator import User


class KeptReply(models.Model):
    """The answer to one call that made something. Written in the transaction of the act itself: both or neither."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    key_hash = models.CharField(max_length=64, help_text="SHA-256 of the key: keys also make secrets.")
    request_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of method, address and body.")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True, help_text="JSON; a secret in it is left out and made again from the key.")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key_hash"], name="kept_reply_once"),)

    def __str__(self) -> str:
        return f"reply {self.pk} to {self.user}"
