"""Agreement between the annotators of a campaign, from votes counted in the database."""

from django.db import connection
from django.db.models import Count, F, Q

from labeling.models import Campaign, Choice, Comparison, Judgment, User
from labeling.stats import AgreementReport, agreement_report

Pattern = tuple[int, ...]

# Counted from judgments, because the counts on comparisons do not tell simulated annotators from people.
HUMAN_PATTERNS = """
SELECT a, tie, b, count(*) FROM (
    SELECT count(*) FILTER (WHERE judgment.choice = 'a') AS a,
        count(*) FILTER (WHERE judgment.choice IN ('tie', 'both_bad')) AS tie,
        count(*) FILTER (WHERE judgment.choice = 'b') AS b
    FROM labeling_judgment judgment
    JOIN labeling_user annotator ON annotator.id = judgment.annotator_id AND NOT annotator.is_simulated
    JOIN labeling_comparison comparison ON comparison.id = judgment.comparison_id
        AND comparison.status NOT IN ('flagged', 'retired', 'gold', 'practice')
    WHERE judgment.campaign_id = %(campaign)s AND judgment.kind = 'normal'
        AND judgment.superseded_at IS NULL AND judgment.choice <> 'skip'
    GROUP BY judgment.comparison_id
) votes GROUP BY a, tie, b
"""


def agreement(campaign: Campaign, *, include_simulated: bool = False) -> AgreementReport:
    """Agreement with 95 % intervals, by default without simulated annotators."""
    return agreement_report(vote_patterns(campaign, include_simulated=include_simulated))


def vote_patterns(campaign: Campaign, *, include_simulated: bool = False) -> dict[Pattern, int]:
    """How many comparisons have each pattern of votes over (a, tie or both bad, b), without those that have none."""
    if include_simulated or not _has_simulated_votes(campaign):
        return _all_patterns(campaign)
    with connection.cursor() as cursor:
        cursor.execute(HUMAN_PATTERNS, {"campaign": campaign.pk})
        return {(a, tie, b): count for a, tie, b, count in cursor.fetchall()}


def has_simulated_annotators(campaign: Campaign) -> bool:
    """Whether simulated annotators have judged in this campaign: figures that include them say so."""
    return _has_simulated_votes(campaign)


def _all_patterns(campaign: Campaign) -> dict[Pattern, int]:
    rows = (
        Comparison.objects.filter(campaign=campaign, judged__gt=0)
        .exclude(status__in=Comparison.OUT)
        .annotate(neither=F("votes_tie") + F("votes_both_bad"))
        .order_by()
        .values_list("votes_a", "neither", "votes_b")
        .annotate(comparisons=Count("pk"))
    )
    return {(a, neither, b): count for a, neither, b, count in rows}


def _has_simulated_votes(campaign: Campaign) -> bool:
    # Looks up the judgments of the few simulated annotators, not the annotators of the many judgments.
    simulated = User.objects.filter(is_simulated=True, memberships__campaign=campaign).values_list("pk", flat=True)
    judged = Judgment.objects.filter(campaign=campaign, annotator__in=list(simulated))
    return judged.filter(~Q(choice=Choice.SKIP), superseded_at=None).exists()
