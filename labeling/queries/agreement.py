"""Agreement between the annotators of a campaign, from votes counted in the database."""

from django.db import connection
from django.db.models import Count, F, Q, QuerySet

from labeling.models import Campaign, Choice, Comparison, Judgment, User
from labeling.stats import AgreementReport, agreement_report

Pattern = tuple[int, ...]

# Counted from judgments, because the counts on comparisons do not tell whose votes they are.
SOME_PATTERNS = """
SELECT a, tie, b, count(*) FROM (
    SELECT count(*) FILTER (WHERE judgment.choice = 'a') AS a,
        count(*) FILTER (WHERE judgment.choice IN ('tie', 'both_bad')) AS tie,
        count(*) FILTER (WHERE judgment.choice = 'b') AS b
    FROM labeling_judgment judgment
    JOIN labeling_user annotator ON annotator.id = judgment.annotator_id
        AND (%(simulated)s OR NOT annotator.is_simulated)
        AND (%(imported)s OR annotator.outside_campaign_id IS NULL)
    JOIN labeling_comparison comparison ON comparison.id = judgment.comparison_id
        AND comparison.status NOT IN ('flagged', 'retired', 'gold', 'practice')
    WHERE judgment.campaign_id = %(campaign)s AND judgment.kind = 'normal'
        AND judgment.superseded_at IS NULL AND judgment.choice <> 'skip'
    GROUP BY judgment.comparison_id
) votes GROUP BY a, tie, b
"""


def agreement(
    campaign: Campaign, *, include_simulated: bool = False, include_imported: bool = False
) -> AgreementReport:
    """Agreement with 95 % intervals, by default without simulated annotators and imported judgments."""
    return agreement_report(
        vote_patterns(campaign, include_simulated=include_simulated, include_imported=include_imported)
    )


def vote_patterns(
    campaign: Campaign, *, include_simulated: bool = False, include_imported: bool = False
) -> dict[Pattern, int]:
    """How many comparisons have each pattern of votes over (a, tie or both bad, b), without those that have none."""
    include_simulated = include_simulated or not has_simulated_annotators(campaign)
    include_imported = include_imported or not imported_judgments(campaign)
    if include_simulated and include_imported:
        return _all_patterns(campaign)
    with connection.cursor() as cursor:
        values = {"campaign": campaign.pk, "simulated": include_simulated, "imported": include_imported}
        cursor.execute(SOME_PATTERNS, values)
        return {(a, tie, b): count for a, tie, b, count in cursor.fetchall()}


def has_simulated_annotators(campaign: Campaign) -> bool:
    """Whether simulated annotators have judged in this campaign: figures that include them say so."""
    # Looks up the judgments of the few simulated annotators, not the annotators of the many judgments.
    simulated = User.objects.filter(is_simulated=True, memberships__campaign=campaign).values_list("pk", flat=True)
    return _votes(campaign).filter(annotator__in=list(simulated)).exists()


def imported_judgments(campaign: Campaign) -> int:
    """The number of current votes of outside annotators."""
    outside = list(campaign.outside_annotators.values_list("pk", flat=True))
    return _votes(campaign).filter(annotator__in=outside).count() if outside else 0


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


def _votes(campaign: Campaign) -> QuerySet[Judgment]:
    return Judgment.objects.filter(~Q(choice=Choice.SKIP), campaign=campaign, superseded_at=None)
