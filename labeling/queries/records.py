"""Comparisons, judgments and events of a campaign, narrowed to what somebody asks for; in no order yet."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from labeling.exchange import Message, messages_hash, pair_hash
from labeling.models import Campaign, Comparison, Event, Judgment, User, Verdict
from labeling.queries.verdicts import standing_verdicts

Row = TypeVar("Row", bound=Model)

TOKENS = ("token_ids", "prompt_token_ids", "sampling")
"""Columns of completions that are long and that nobody is shown."""

TextPair = tuple[Sequence[Message], str, str]


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


def comparisons_of(campaign: Campaign, pairs: Iterable[TextPair]) -> list[Comparison | None]:
    """The campaign's comparison of each prompt and two texts, in whatever order these are; None where there is none."""
    names = [pair_hash(messages_hash(prompt), one, other) for prompt, one, other in pairs]
    found = {one.pair_hash: one for one in campaign.comparisons.filter(pair_hash__in=set(names))}
    return [found.get(name) for name in names]


def filtered_verdicts(
    campaign: Campaign,
    *,
    winner: str | None = None,
    settled_by: str | None = None,
    confidence_at_most: float | None = None,
    model_version: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Verdict]:
    """Verdicts that count, with their comparisons' texts. model_version: one that wrote either completion."""
    found = _between(standing_verdicts(campaign), "settled_at", since, until)
    given = {"winner": winner, "settled_by": settled_by, "confidence__lte": confidence_at_most}
    found = found.filter(**{name: value for name, value in given.items() if value is not None})
    if model_version is not None:
        a, b = "comparison__completion_a__model_version", "comparison__completion_b__model_version"
        found = found.filter(Q(**{a: model_version}) | Q(**{b: model_version}))
    return found.select_related(
        "comparison__prompt", "comparison__completion_a", "comparison__completion_b", "settled_by_user"
    ).defer(*(f"comparison__completion_{side}__{name}" for side in "ab" for name in TOKENS))


def disagreements(campaign: Campaign, *, status: str | None = None, commented: bool = False) -> QuerySet[Comparison]:
    """Comparisons on which people did not say the same (a tie and "both bad" are the same: no preference).

    status: settled all the same, in conflict, or still open. commented: only where somebody said why.
    """
    preferred = Q(votes_a__gt=0), Q(votes_b__gt=0), Q(votes_tie__gt=0) | Q(votes_both_bad__gt=0)
    two = (preferred[0] & preferred[1]) | (preferred[0] & preferred[2]) | (preferred[1] & preferred[2])
    found = campaign.comparisons.exclude(status__in=Comparison.OUT).filter(two)
    if status is not None:
        found = found.filter(status=status)
    if commented:
        said = Judgment.objects.filter(comparison=OuterRef("pk"), superseded_at=None).exclude(comment="")
        found = found.filter(Exists(said))
    return found.select_related("campaign", "prompt", "completion_a", "completion_b", "verdict").defer(
        *(f"completion_{side}__{name}" for side in "ab" for name in TOKENS)
    )


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
