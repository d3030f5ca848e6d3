"""Members of a campaign, and the state of their work there."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from labeling.models.annotator import Role, User
from labeling.models.campaign import Campaign

QUEUE_START = -1e9
"""Before every queue position."""


class Membership(models.Model):
    """A person's membership in a campaign, and the state of their work there."""

    class Role(models.TextChoices):
        ANNOTATOR = "annotator", _("Annotator")  # judges
        EXPERT = "expert", _("Expert")  # judges, and adjudicates conflicts
        LEAD = "lead", _("Lead")  # leads the campaign

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.ANNOTATOR)
    cursor = models.FloatField(
        default=QUEUE_START,
        help_text="Queue position of the last comparison given out. The search for the next one starts here, so it "
        "does not walk over those judged already.",
    )
    left_balance = models.IntegerField(
        default=0, help_text="How often a was on the left, minus how often b was; kept near zero."
    )
    judged = models.PositiveIntegerField(
        default=0, help_text="Current judgments of this person, of every kind, without skips."
    )
    judged_on = models.DateField(null=True, blank=True, help_text="The day of judged_today.")
    judged_today = models.PositiveIntegerField(default=0)
    gold_right = models.PositiveIntegerField(default=0, help_text="How many of gold_total were correct.")
    gold_total = models.PositiveIntegerField(
        default=0,
        help_text="Judgments of gold since the last pause or warning was lifted, or since joining.",
    )
    warned_at = models.DateTimeField(null=True, blank=True, help_text="Since when the gold accuracy has been too low.")
    paused_at = models.DateTimeField(null=True, blank=True, help_text="Since when they have been paused.")
    read_version = models.PositiveIntegerField(
        default=0, db_default=0, help_text="The newest version of the guidelines that they have read; 0: none."
    )
    practised_at = models.DateTimeField(
        null=True, blank=True, help_text="The start of the practice round finished last."
    )
    qualified_at = models.DateTimeField(
        null=True, blank=True, help_text="The start of the attempt that qualified them."
    )
    passed_at = models.DateTimeField(
        null=True, blank=True, help_text="When a lead let them judge without practice and qualification."
    )
    restarted_at = models.DateTimeField(
        null=True, blank=True, help_text="When a lead made them start again: earlier practice and results do not count."
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["campaign", "user"], name="membership_once"),
            models.CheckConstraint(condition=Q(gold_right__lte=F("gold_total")), name="membership_gold_right_of_total"),
        )

    @property
    def leads(self) -> bool:
        """Whether the member may lead: not if an admin has made the account an annotator's meanwhile."""
        return self.role == self.Role.LEAD and self.user.is_lead

    def __str__(self) -> str:
        return f"{self.user} in {self.campaign}"


LEADING = Q(role=Membership.Role.LEAD, user__role__in=(Role.LEAD, Role.ADMIN), user__is_active=True)
"""Memberships that lead: an account that an admin has made an annotator's leads nothing, whatever they say."""
