"""User accounts, of people, simulated annotators and outside annotators, and their API tokens."""

import hashlib
import secrets

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """A person's permissions everywhere. A Membership gives those within a campaign."""

    ANNOTATOR = "annotator", _("Annotator")  # judges in campaigns that they are a member of
    LEAD = "lead", _("Lead")  # creates campaigns; may lead those that they are a member of
    ADMIN = "admin", _("Admin")  # everything, everywhere, and the Django admin


class Scope(models.TextChoices):
    """The uses of a token, within the permissions of its owner. Every view of the API requires one of them."""

    READ = "read", _("Read everything that its owner can see")
    JUDGE = "judge", _("Take assignments, judge, undo, settle conflicts")
    IMPORT = "import", _("Import prompts and comparisons")
    EXPORT = "export", _("Export verdicts and the event log")
    CAMPAIGNS = "campaigns", _("Create and change campaigns, guidelines and webhooks")
    PEOPLE = "people", _("Accounts, members, tokens, and the owner's data")
    TRAIN = "train", _("Generate candidates, train, promote, roll back")


def new_pseudonym() -> str:
    """A random name, for exports and statistics."""
    return f"annotator-{secrets.token_hex(4)}"


class User(AbstractUser):
    """A person, a simulated annotator, or an outside annotator. Only people can sign in.

    A simulated annotator never counts as human. An outside annotator is somebody whom an imported file names, or
    somebody without a name there: known in one campaign, a member of none, and never the same as a user of that name.
    """

    role = models.CharField(max_length=16, choices=Role.choices, default=Role.ANNOTATOR)
    pseudonym = models.CharField(max_length=40, unique=True, default=new_pseudonym)
    is_simulated = models.BooleanField(default=False, help_text="Judges by a rule, and is not counted as a person.")
    must_change_password = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether somebody else set the password: its owner chooses another one before any other page opens.",
    )
    outside_campaign = models.ForeignKey(
        "labeling.Campaign",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="outside_annotators",
        help_text="Of an outside annotator: the campaign with the imported judgments; null: not one.",
    )
    outside_name = models.CharField(
        max_length=150, blank=True, default="", db_default="", help_text="The name in the imported file; empty: none."
    )

    def get_absolute_url(self) -> str:
        """The page about this account, for Django's admin."""
        return reverse("account", args=[self.username])

    @property
    def is_outside(self) -> bool:
        """Whether this is an outside annotator, whose judgments were imported."""
        return self.outside_campaign_id is not None

    @property
    def handle(self) -> str:
        """The name by which pages and addresses call the account. The user name of an outside annotator is made up."""
        return self.pseudonym if self.is_outside else self.username

    @property
    def is_lead(self) -> bool:
        """Whether this person may lead campaigns: leads and admins."""
        return self.role in (Role.LEAD, Role.ADMIN)

    @property
    def is_admin(self) -> bool:
        return self.role == Role.ADMIN


class ApiToken(models.Model):
    """A key for the REST API. Only its SHA-256 is stored; the key itself is shown once, at its creation."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(
        models.CharField(max_length=32, choices=Scope.choices), default=list, help_text="Its permitted uses."
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text="When it stops working; null: never.")
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    @staticmethod
    def new_key(secret: str | None = None) -> str:
        """A random key of 256 bits, or one made of a secret. Its prefix lets secret scanners recognise it."""
        return f"chosen_{secret or secrets.token_urlsafe(32)}"

    @staticmethod
    def hash_key(key: str) -> str:
        """The form in which a key is stored and looked up. A plain hash is enough for 256 random bits."""
        return hashlib.sha256(key.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"
