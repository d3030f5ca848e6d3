"""The pace of a campaign's judgments, day by day, and when it will be complete at that pace."""

from datetime import datetime, timedelta

from django.db.models import Count, ExpressionWrapper, F, IntegerField, Min, Q
from django.db.models.functions import Extract, Floor

from labeling.models import Assignment, Campaign, Choice, Judgment
from labeling.queries.progress import CampaignProgress
from labeling.stats import Forecast, forecast

DAYS = 14
EVERYBODY = Q()
DAY_SECONDS = 86_400


def judged_by_day(campaign: Campaign, *, now: datetime, only: Q = EVERYBODY) -> tuple[list[int], float]:
    """The votes of the last 24 hours, of the 24 hours before, and so on, back to the first vote or for DAYS.

    Also returns the share of the oldest day that lies after the first vote (1.0: all of it). Reads the votes of these
    days. only: of judgments; others are passed over.
    """
    votes = Judgment.objects.filter(
        only,
        campaign=campaign,
        kind=Assignment.Kind.NORMAL,
        superseded_at=None,
        created_at__gt=now - timedelta(days=DAYS),
        created_at__lte=now,
    ).exclude(choice=Choice.SKIP)
    age = Extract(now - F("created_at"), "epoch") / DAY_SECONDS
    day = ExpressionWrapper(Floor(age), output_field=IntegerField())
    rows = votes.annotate(day=day).values("day").annotate(votes=Count("pk"), first=Min("created_at")).order_by("day")
    by_day = {int(row["day"]): row for row in rows}
    if not by_day:
        return [], 1.0
    oldest = max(by_day)
    counts = [by_day[number]["votes"] if number in by_day else 0 for number in range(oldest + 1)]
    if Judgment.objects.filter(only, campaign=campaign, created_at__lte=now - timedelta(days=DAYS)).exists():
        return counts + [0] * (DAYS - len(counts)), 1.0
    part = (now - by_day[oldest]["first"]).total_seconds() / DAY_SECONDS - oldest
    return counts, min(1.0, max(0.0, part))


def completion_forecast(campaign: Campaign, progress: CampaignProgress, *, now: datetime) -> Forecast:
    """When the judgments that are still wanted will be complete."""
    counts, part = judged_by_day(campaign, now=now)
    return forecast(max(0, progress.judgments_wanted - progress.judgments), counts, part)
