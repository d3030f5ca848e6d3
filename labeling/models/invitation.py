"""Invitations: links to join a campaign."""

import hashlib
import secrets

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from labeling.models.annotator import User
from labeling.models.campaign import Campaign
from labeling.models.membership import Membership


class Invitation(models.Model):
    """A link to join a campaign in a role. Only the SHA-256 of its token is stored; the link is shown once."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=16, choices=Membership.Role.choices, default=Membership.Role.ANNOTATOR)
    note = models.CharField(max_length=120, blank=True, help_text="For whom it is. Only leads see this.")
    token_hash = models.CharField(max_length=64, unique=True)
    max_uses = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="Empty: any number of people."
    )
    uses = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(max_uses__isnull=True) | Q(uses__lte=F("max_uses")), name="invitation_not_used_too_often"
            ),
        )

    @staticmethod
    def new_token() -> str:
        """A random token of 256 bits."""
        return secrets.token_urlsafe(32)

    @staticmethod
    def hash_token(token: str) -> str:
        """The form in which a token is stored and looked up. A plain hash is enough for 256 random bits."""
        return hashlib.sha256(token.encode()).hexdigest()

    def __str__(self) -> str:
        return f"invitation {self.pk} to {self.campaign}"
