"""Rules of automatic retraining."""

from django.core.validators import MinValueValidator
from django.db import models
from django_celery_beat.models import PeriodicTask

from common.sentences import SentenceField
from labeling.models import Campaign


class RetrainingRule(models.Model):
    """When a campaign retrains automatically. Its time is a django-celery-beat row."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="retraining_rule")
    enabled = models.BooleanField(default=False)
    min_fresh_verdicts = models.PositiveIntegerField(
        default=200,
        validators=[MinValueValidator(1)],
        help_text="Start only if at least this many verdicts are newer than the last run's snapshot.",
    )
    auto_promote = models.BooleanField(
        default=False, help_text="Promote without a person if the campaign's gate is met."
    )
    paused_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when it waits for a lead; null: it does not."
    )
    pause = SentenceField(help_text="Why it is paused.")
    periodic_task = models.OneToOneField(
        PeriodicTask, null=True, blank=True, on_delete=models.SET_NULL, related_name="retraining_rule"
    )
    considered_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was last checked whether a run should start."
    )
    outcome = SentenceField(help_text="The result of that check.")
    is_due = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whether its time has come, and it waits for something that passes: then it is checked every minute.",
    )
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "retraining rules"

    @property
    def cron(self) -> str:
        """The five cron fields of its time; empty: a run starts as soon as there are enough fresh verdicts."""
        if self.periodic_task is None or self.periodic_task.crontab is None:
            return ""
        time = self.periodic_task.crontab
        return f"{time.minute} {time.hour} {time.day_of_month} {time.month_of_year} {time.day_of_week}"

    def __str__(self) -> str:
        return f"retraining of {self.campaign}"
