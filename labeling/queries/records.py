"""Filtered comparisons, verdicts, judgments and events of a campaign, not yet ordered."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from labeling.exchange import Message, messages_hash, pair_hash
from labeling.models import DIFFERING, Campaign, Comparison, Event, Judgment, User, Verdict
from labeling.queries.names import told_events, with_actor_names
from labeling.queries.prompt_search import prompts_with
from labeling.queries.verdicts import standing_verdicts

Row = TypeVar("Row", bound=Model)

TOKENS = ("token_ids", "prompt_token_ids", "sampling")
"""Columns of completions that are long and appear on no page."""

TextPair = tuple[Sequence[Message], str, str]


def comparisons_of(campaign: Campaign, pairs: Iterable[TextPair]) -> list[Comparison | None]:
    """The campaign's comparison for each prompt and two texts, in either order; None: there is none."""
    hashes = [pair_hash(messages_hash(prompt), one, other) for prompt, one, other in pairs]
    by_hash = {one.pair_hash: one for one in campaign.comparisons.filter(pair_hash__in=set(hashes))}
    return [by_hash.get(digest) for digest in hashes]


def filtered_verdicts(
    campaign: Campaign,
    *,
    text: str | None = None,
    winner: str | None = None,
    settled_by: str | None = None,
    confidence_at_most: float | None = None,
    model_version: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Verdict]:
    """Verdicts that count, with the texts of their comparisons.

    text: part of a turn of the prompt, in any case. model_version: it wrote one of the completions.
    """
    rows = _between(standing_verdicts(campaign), "settled_at", since, until)
    wanted = {"winner": winner, "settled_by": settled_by, "confidence__lte": confidence_at_most}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    if text:
        rows = rows.filter(comparison__prompt__in=prompts_with(text))
    if model_version is not None:
        a, b = "comparison__completion_a__model_version", "comparison__completion_b__model_version"
        rows = rows.filter(Q(**{a: model_version}) | Q(**{b: model_version}))
    return rows.select_related(
        "comparison__prompt", "comparison__completion_a", "comparison__completion_b", "settled_by_user"
    ).defer(*(f"comparison__completion_{side}__{name}" for side in "ab" for name in TOKENS))


def disagreements(campaign: Campaign, *, status: str | None = None, commented: bool = False) -> QuerySet[Comparison]:
    """Comparisons whose judgments differ. A tie and "both bad" are the same: no preference.

    status: settled, conflict or open; None: any. commented: only those with a comment.
    """
    rows = campaign.comparisons.exclude(status__in=Comparison.OUT).filter(DIFFERING)
    if status is not None:
        rows = rows.filter(status=status)
    if commented:
        comments = Judgment.objects.filter(comparison=OuterRef("pk"), superseded_at=None).exclude(comment="")
        rows = rows.filter(Exists(comments))
    return rows.select_related("campaign", "prompt", "completion_a", "completion_b", "verdict").defer(
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
    """Judgments with their annotators. superseded: True: undone or changed ones; False: current ones; None: both."""
    rows = _between(campaign.judgments.all(), "created_at", since, until)
    wanted = {"comparison": comparison, "choice": choice, "kind": kind}
    rows = rows.filter(**{name: value for name, value in wanted.items() if value is not None})
    if annotator is not None:
        rows = rows.filter(annotator__in=_with_pseudonym(annotator))
    if superseded is not None:
        rows = rows.filter(superseded_at__isnull=not superseded)
    return rows.select_related("annotator", "guideline_version")


def filtered_events(
    campaign: Campaign | None,
    *,
    slug: str | None = None,
    actor: str | None = None,
    verb: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Event]:
    """Events with their actors and `actor_name`.

    campaign: None: those of all campaigns and of none, with their campaigns. slug: of these only this campaign's.
    actor: a pseudonym, or a user name, which finds no act that a pseudonymous campaign shows under the pseudonym. Of
    all campaigns exactly the name that is shown, and also the events about this account.
    """
    rows = Event.objects.all() if campaign is None else campaign.events.all()
    rows = with_actor_names(told_events(_between(rows, "at", since, until), campaign), campaign)
    if slug is not None:
        rows = rows.filter(campaign_id__in=list(Campaign.objects.filter(slug=slug).values_list("pk", flat=True)))
    if actor is not None:
        people = User.objects.filter(Q(username=actor) | Q(pseudonym=actor))
        if campaign is None:  # numbers rather than subqueries, which no index serves beside an OR
            ids = list(people.values_list("pk", flat=True))
            rows = rows.filter(Q(actor__in=ids, actor_name=actor) | _about_account(actor))
        else:
            rows = rows.filter(actor__in=people)
            rows = rows.filter(Q(actor_name=actor) | Q(actor__pseudonym=actor, actor_name__isnull=False))
    if verb is not None:
        rows = rows.filter(verb=verb)
        if not verb.startswith("judgment."):
            rows = rows.exclude(subject_type="judgment")  # as in the index of the others
        if campaign is None and verb.startswith(OF_ACCOUNTS):
            rows = rows.filter(campaign=None)  # the beginning of that index
    return rows.select_related("actor") if campaign else rows.select_related("actor", "campaign")


OF_ACCOUNTS = ("person.", "token.", "user.")
"""The beginnings of verbs that no campaign has."""


def _about_account(username: str) -> Q:
    """Events about the account of this name; of none if it is shown by its pseudonym."""
    ids = User.objects.filter(username=username, is_active=True).values_list("pk", flat=True)
    return Q(subject_type="user", campaign=None, subject_id__in=[str(pk) for pk in ids])


def _with_pseudonym(pseudonym: str) -> QuerySet[User]:
    return User.objects.filter(pseudonym=pseudonym)


def _between(rows: QuerySet[Row], moment: str, since: datetime | None, until: datetime | None) -> QuerySet[Row]:
    if since is not None:
        rows = rows.filter(**{f"{moment}__gte": since})
    if until is not None:
        rows = rows.filter(**{f"{moment}__lt": until})
    return rows
