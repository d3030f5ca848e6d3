"""Acts on the inbox: setting items aside, and the watch over agreement."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext

from common.errors import NotFound
from labeling.events.record import record
from labeling.models import AgreementWatch, AttentionDismissal, Campaign, User
from labeling.queries.attention import attention
from labeling.queries.statistics import statistics

FEWEST_COMPARISONS = 30
"""In the first and last third together. With fewer, an interval rests on a handful of comparisons."""


@transaction.atomic
def set_aside(*, key: str, acting_user: User, now: datetime) -> AttentionDismissal:
    """Hides an item from the person's own inbox until it counts more. It changes nothing for others, so the event log
    does not record it. Raises NotFound."""
    current = attention(acting_user)
    item = next((one for one in [*current.items, *current.set_aside] if one.key == key and one.can_be_set_aside), None)
    if item is None:
        raise NotFound(gettext("This item is no longer in your inbox."))
    dismissal, _ = AttentionDismissal.objects.update_or_create(
        user=acting_user, key=key, defaults={"count": item.count, "at": now}
    )
    return dismissal


def bring_back(*, key: str, acting_user: User) -> None:
    """Shows an item again that the person has set aside. Twice changes nothing."""
    AttentionDismissal.objects.filter(user=acting_user, key=key).delete()


def watch_agreement(*, now: datetime) -> int:
    """Compares the last third of each active campaign's judgments with the first. Returns how many campaigns fell.

    Agreement has fallen if the whole 95 % interval of the change is below zero. Counting uses the statistics' cache.
    """
    return sum(_watch(campaign, now) for campaign in Campaign.objects.filter(status=Campaign.Status.ACTIVE))


def _watch(campaign: Campaign, now: datetime) -> bool:
    drift = statistics(campaign, now=now).by_stretch
    change = drift.change
    third = max(1, len(drift.points) // 3)
    early, late = (
        _mean([(one.agreement.value, one.agreement.comparisons) for one in part])
        for part in (drift.points[:third], drift.points[-third:])
    )
    has_fallen = change.high is not None and change.high < 0 and change.comparisons >= FEWEST_COMPARISONS
    watch, _ = AgreementWatch.objects.get_or_create(campaign=campaign, defaults={"checked_at": now})
    watch.early, watch.late, watch.checked_at = early, late, now
    is_news = has_fallen and watch.fell_at is None
    watch.fell_at = (watch.fell_at or now) if has_fallen else None
    with transaction.atomic():
        watch.save(update_fields=["early", "late", "checked_at", "fell_at"])
        if is_news:
            after = {"agreement_early": early, "agreement_late": late}
            record("campaign.agreement_fell", campaign, acting_user=None, now=now, campaign=campaign, after=after)
    return has_fallen


def _mean(values: list[tuple[float | None, int]]) -> float | None:
    """The mean of the values that there are, weighted by their comparisons."""
    weighted = [(value, weight) for value, weight in values if value is not None]
    total = sum(weight for _, weight in weighted)
    return sum(value * weight for value, weight in weighted) / total if total else None
