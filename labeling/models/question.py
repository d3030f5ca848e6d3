"""Annotators' questions about pairs, their answers, and the answers that everybody in a campaign can read."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from labeling.models.annotator import User
from labeling.models.campaign import Campaign
from labeling.models.comparison import Assignment


class Question(models.Model):
    """A question of an annotator about a pair that they hold or held."""

    class Status(models.TextChoices):
        OPEN = "open", pgettext_lazy("question", "Open")  # waits for a lead
        ANSWERED = "answered", _("Answered")
        CLOSED = "closed", _("Closed")  # without an answer

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="questions", db_index=False)
    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, related_name="questions", help_text="The pair as the asker saw it."
    )
    asker = models.ForeignKey(User, on_delete=models.PROTECT, related_name="questions", db_index=False)
    text = models.TextField(blank=True, help_text="Empty after the asker was erased.")
    asked_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.OPEN)
    answer = models.TextField(blank=True)
    decided_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The lead who answered or closed it.",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True, help_text="When the asker opened the answer last.")

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(status="open", decided_at__isnull=True) | ~Q(status="open") & Q(decided_at__isnull=False),
                name="question_open_iff_undecided",
            ),
        )
        indexes = (
            models.Index(fields=["campaign", "status", "-id"], name="question_campaign_status"),
            models.Index(fields=["asker", "campaign", "-id"], name="question_asker"),
        )

    @property
    def is_unread(self) -> bool:
        """Whether the asker has not opened the answer, or the fact that there is none, yet."""
        return self.decided_at is not None and (self.read_at is None or self.read_at < self.decided_at)

    def __str__(self) -> str:
        return f"question {self.pk}"


class FaqEntry(models.Model):
    """A question with its answer that all members of a campaign read beside the guidelines."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="faq_entries")
    question = models.OneToOneField(
        Question, null=True, blank=True, on_delete=models.PROTECT, related_name="faq_entry", help_text="Its origin."
    )
    text = models.TextField(help_text="The question in the lead's words, without anything about the asker.")
    answer = models.TextField()
    published_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "FAQ entries"

    def __str__(self) -> str:
        return f"FAQ entry {self.pk}"
