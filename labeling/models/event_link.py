"""The chain over the event log, by which a change of the past is found."""

from django.db import models


class EventLink(models.Model):
    """An event's place in the chain. The sealer writes it after the event's commit; a trigger refuses changes.

    No foreign key: of an event that somebody removed, the link is the trace.
    """

    number = models.BigIntegerField(primary_key=True, help_text="Its place in the chain: 1, 2, 3, ...")
    event_number = models.BigIntegerField(unique=True, help_text="The id of the event.")
    hash = models.CharField(max_length=64, help_text="SHA-256 of the previous hash and the event's content.")
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"
