"""Replies kept for retries: the responses to calls with an Idempotency-Key."""

from django.db import models

from labeling.models.annotator import User


class KeptReply(models.Model):
    """The reply to one call, written in the transaction of its act: both or neither exist."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    key_hash = models.CharField(max_length=64, help_text="SHA-256 of the key, since secrets are made of keys.")
    salt = models.CharField(
        max_length=64, default="", db_default="", help_text="Random; the reply's secrets are made of it and the key."
    )
    request_hash = models.CharField(max_length=64, blank=True, help_text="SHA-256 of method, address and body.")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True, help_text="JSON without secrets; they are made of key and salt again.")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "key_hash"], name="kept_reply_once"),)

    def __str__(self) -> str:
        return f"reply {self.pk} to {self.user}"
