"""The practice pairs of a campaign, with how annotators answered them."""

from django.db.models import Count, Q, QuerySet

from labeling.models import Campaign, PracticePair


def practice_pairs(campaign: Campaign) -> QuerySet[PracticePair]:
    """The pairs in the order of their rounds, with their texts.

    Each has answers (how many were given, over all rounds) and right (how many of these were right).
    """
    answers = "comparison__practice_answers"
    return (
        PracticePair.objects.filter(campaign=campaign)
        .select_related("comparison__prompt", "comparison__completion_a", "comparison__completion_b", "set_by")
        .annotate(
            answers=Count(answers, filter=~Q(**{f"{answers}__choice": ""})),
            right=Count(answers, filter=Q(**{f"{answers}__is_right": True})),
        )
        .order_by("use", "set_at", "pk")
    )
