"""People (and, marked as such, simulated annotators) and the tokens they call the API with."""

import hashlib
import secrets

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do everywhere. Who takes part in which campaign is a Membership."""

    ANNOTATOR = "annotator", _("Annotator")  # judges in the campaigns they are a member of
    LEAD = "lead", _("Lead")  # creates campaigns; runs those they are a member of
    ADMIN = "admin", _("Admin")  # everything, everywhere, and the Django admin


class Scope(models.TextChoices):
    """What a token may be used for, of all that its owner may do. Every view of the API names the one it wants."""

    READ = "read", _("See what its owner may see")
    JUDGE = "judge", _("Take assignments, judge them, take judgments back, settle conflicts")
    IMPORT = "import", _("Bring prompts and comparisons in")
    EXPORT = "export", _("Take verdicts and the event log out")
    CAMPAIGNS = "campaigns", _("Make and change campaigns, guidelines and webhooks")
    PEOPLE = "people", _("Accounts, members, tokens, and what is held about its owner")
    TRAIN = "train", _("Write candidates, train, promote, roll back")


def new_pseudonym() -> str:
    """A name that says nothing about the person: what exports and statistics show."""
    return f"annotator-{secrets.token_hex(4)}"


class User(AbstractUser):
    """Someone who signs in, or a simulated annotator (never counted as human, cannot sign in)."""

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.ANNOTATOR)
    pseudonym = models.CharField(max_length=40, unique=True, default=new_pseudonym)
    is_simulated = models.BooleanField(default=False, help_text="Judges by a stated rule; never in a human figure.")

    def get_absolute_url(self) -> str:
        """The page about this account: Django's admin leads there."""
        return reverse("account", args=[self.username])

    @property
    def is_lead(self) -> bool:
        """Whether this person may run campaigns (leads and admins)."""
        return self.role in (Role.LEAD, Role.ADMIN)

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN


class ApiToken(models.Model):
    """A key for the REST API. Only its SHA-256 is kept: the key itself is shown once, when it is made."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(
        models.CharField(max_length=32, choices=Scope.choices), default=list, help_text="What it may be used for."
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text="From then on it opens nothing; null: never.")
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    @staticmethod
    def new_key(secret: str | None = None) -> str:
        """A fresh key of 256 bits, or one of this secret. The prefix lets secret scanners recognise it."""
        return f"chosen_{secret or secrets.token_urlsafe(32)}"

    @staticmethod
    def hash_key(key: str) -> str:
        """How a key is stored and looked up. A plain hash is enough for 256 random bits."""
        return hashlib.sha256(key.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"
