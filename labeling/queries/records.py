"""Comparisons, judgments and events of a campaign, narrowed to what somebody asks for; in no order yet."""

from datetime import datetime
from typing import TypeVar

from django.db.models import Model, Q, QuerySet

from labeling.models import Campaign, Comparison, Event, Judgment, User

Row = TypeVar("Row", bound=Model)


def filtered_comparisons(
    campaign: Campaign,
    *,
    status: str | None = None,
    source: str | None = None,
    external_id: str | None = None,
    annotator: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Comparison]:
    """Comparisons with their texts and verdicts. annotator: the pseudonym of somebody who judged them."""
    found = _between(campaign.comparisons.all(), "created_at", since, until)
    given = {"status": status, "source": source, "external_id": external_id}
    found = found.filter(**{name: value for name, value in given.items() if value is not None})
    if annotator is not None:
        judged = Judgment.objects.filter(campaign=campaign, superseded_at=None, annotator__in=_called(annotator))
        found = found.filter(pk__in=judged.values("comparison"))
    return found.select_related("prompt", "completion_a", "completion_b", "verdict", "gold")


def filtered_judgments(
    campaign: Campaign,
    *,
    annotator: str | None = None,
    comparison: int | None = None,
    choice: str | None = None,
    kind: str | None = None,
    superseded: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Judgment]:
    """Judgments with their annotators. superseded: those taken back, or those that count; None: both."""
    found = _between(campaign.judgments.all(), "created_at", since, until)
    given = {"comparison": comparison, "choice": choice, "kind": kind}
    found = found.filter(**{name: value for name, value in given.items() if value is not None})
    if annotator is not None:
        found = found.filter(annotator__in=_called(annotator))
    if superseded is not None:
        found = found.filter(superseded_at__isnull=not superseded)
    return found.select_related("annotator", "guideline_version")


def filtered_events(
    campaign: Campaign,
    *,
    actor: str | None = None,
    verb: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Event]:
    """Events with who did them. actor: a user name or a pseudonym."""
    found = _between(campaign.events.all(), "at", since, until)
    if actor is not None:
        found = found.filter(actor__in=User.objects.filter(Q(username=actor) | Q(pseudonym=actor)))
    if verb is not None:
        found = found.filter(verb=verb)
    return found.select_related("actor")


def _called(pseudonym: str) -> QuerySet[User]:
    return User.objects.filter(pseudonym=pseudonym)


def _between(rows: QuerySet[Row], moment: str, since: datetime | None, until: datetime | None) -> QuerySet[Row]:
    if since is not None:
        rows = rows.filter(**{f"{moment}__gte": since})
    if until is not None:
        rows = rows.filter(**{f"{moment}__lt": until})
    return rows
