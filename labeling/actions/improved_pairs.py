"""The pairs of improved texts, which our own files of pairs have beside those of their comparisons: they are here."""

from collections.abc import Iterable

from labeling.actions.comparison_drafts import ComparisonDraft, prompt_hash
from labeling.exchange import pair_hash
from labeling.models import Assignment, Campaign, Comparison, Judgment


def improved_pairs(campaign: Campaign, drafts: Iterable[tuple[str, ComparisonDraft]]) -> dict[str, Comparison]:
    """Those of these drafts whose better text improves the other one, or its rival, in a judgment of the campaign.

    drafts: each with its pair hash. Returns the comparisons that were judged so, by pair hash. A pair of which a draft
    prefers the other text, or names annotators, is one of its own.
    """
    by_name: dict[str, list[ComparisonDraft]] = {}
    for name, draft in drafts:
        by_name.setdefault(name, []).append(draft)
    prompts = {prompt_hash(same[0]) for same in by_name.values()}
    improving = Judgment.objects.filter(
        campaign=campaign,
        comparison__prompt__campaign=campaign,
        comparison__prompt__messages_hash__in=prompts,
        superseded_at=None,
        kind=Assignment.Kind.NORMAL,
    ).exclude(edit="")
    found: dict[str, Comparison] = {}
    related = ("comparison__prompt", "comparison__completion_a", "comparison__completion_b")
    for judgment in improving.select_related(*related) if prompts else ():
        comparison, edit = judgment.comparison, judgment.edit
        for completion in (comparison.completion_a, comparison.completion_b):
            name = pair_hash(comparison.prompt.messages_hash, edit, completion.identity)
            if name in by_name and all(_prefers(draft, edit) for draft in by_name[name]):
                found[name] = comparison
    return found


def _prefers(draft: ComparisonDraft, text: str) -> bool:
    """Whether a draft says that this text is better, or says nothing."""
    side = "first" if draft.first.identity == text else "second"
    return draft.preference in (None, side) and not draft.votes and not draft.gold
