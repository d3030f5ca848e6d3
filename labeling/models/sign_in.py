"""Limits against guessing passwords, shared by all processes of the web server."""

from django.db import models

from labeling.models.annotator import User


class SignInBucket(models.Model):
    """The failures that are left before a wait: of a name, of a network, or of a name from a network."""

    name_hash = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of what is counted.")
    left = models.FloatField(help_text="Failures left; it refills within a minute.")
    at = models.DateTimeField(db_index=True, help_text="When `left` was counted.")

    def __str__(self) -> str:
        return f"{self.left} left"


class KnownPlace(models.Model):
    """A network from which a user has signed in. Its address is not kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="known_places", db_index=False)
    network_hash = models.CharField(max_length=64, help_text="A keyed hash of the network and the user.")
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "network_hash"], name="known_place_once"),)

    def __str__(self) -> str:
        return f"a place of {self.user}"
