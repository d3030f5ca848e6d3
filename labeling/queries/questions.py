"""Questions of annotators: those of a campaign, those of one annotator, and the published answers."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Count, F, Q, QuerySet

from labeling.models import Campaign, FaqEntry, Question, User
from labeling.queries.assignments import HIDDEN

UNREAD = Q(decided_at__isnull=False) & (Q(read_at=None) | Q(read_at__lt=F("decided_at")))
MOST_EARLIER = 10


def filtered_questions(campaign: Campaign, *, status: str | None = None) -> QuerySet[Question]:
    """Questions with their pairs and people, not yet ordered. status: open, answered or closed; None: any."""
    rows = Question.objects.filter(campaign=campaign)
    if status:
        rows = rows.filter(status=status)
    return _with_pairs(rows)


def own_questions(campaign: Campaign, user: User) -> QuerySet[Question]:
    """This user's questions in the campaign with their pairs, not yet ordered."""
    return _with_pairs(Question.objects.filter(campaign=campaign, asker=user))


def unread_answers(campaign: Campaign, user: User) -> int:
    """How many of this user's questions in the campaign were answered or closed since they looked last."""
    return Question.objects.filter(UNREAD, campaign=campaign, asker=user).count()


def unread_answer_counts(user: User) -> dict[int, int]:
    """The same for all campaigns, by the campaign's id; campaigns without any are left out."""
    unread = Question.objects.filter(UNREAD, asker=user).order_by()
    return dict(unread.values_list("campaign").annotate(number=Count("pk")))


def earlier_answers(questions: Collection[Question]) -> dict[int, list[Question]]:
    """For each of these questions of one campaign by its key: up to ten other answers about its pair, newest first."""
    pairs = {question.pk: question.assignment.comparison_id for question in questions}
    campaigns = {question.campaign_id for question in questions}
    answered = Question.objects.filter(
        assignment__comparison__in=set(pairs.values()), campaign__in=campaigns, status=Question.Status.ANSWERED
    )
    about: defaultdict[int, list[Question]] = defaultdict(list)
    for one in answered.select_related("asker", "campaign", "assignment").order_by("-pk"):
        about[one.assignment.comparison_id].append(one)
    return {key: [one for one in about[pair] if one.pk != key][:MOST_EARLIER] for key, pair in pairs.items()}


def faq_entries(campaign: Campaign) -> QuerySet[FaqEntry]:
    """The campaign's published answers, newest first."""
    return campaign.faq_entries.order_by("-published_at", "-pk")


def _with_pairs(rows: QuerySet[Question]) -> QuerySet[Question]:
    return rows.select_related(
        "asker",
        "decided_by",
        "faq_entry",
        "assignment__comparison__prompt",
        "assignment__comparison__completion_a",
        "assignment__comparison__completion_b",
    ).defer(*(f"assignment__{name}" for name in HIDDEN))
