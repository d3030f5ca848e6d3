"""An assignment as pages and the API show it: safe HTML, in the order of the display.

Gold and retests look like all others, and a blind campaign does not show which model wrote a completion.
"""

from collections.abc import Collection, Sequence
from typing import Any

from labeling.judging.conversations import completion_html, shown_messages
from labeling.models import Assignment, Campaign, Comparison, Completion


def present_assignment(assignment: Assignment) -> dict[str, Any]:
    """An assignment as JSON values."""
    campaign = assignment.campaign
    guidelines = assignment.guideline_version
    return {
        "id": assignment.pk,
        "expires_at": assignment.expires_at.isoformat(),
        **present_pair(assignment.comparison, campaign, left=assignment.left),
        "guideline_version": guidelines.number if guidelines else None,
        "allow_tie": campaign.allow_tie,
        "allow_both_bad": campaign.allow_both_bad,
        "allow_skip": campaign.allow_skip,
        "allow_flag": campaign.allow_flag,
        "allow_edit": campaign.allow_edit and not has_turns(assignment.comparison),
        "skip_reasons": campaign.skip_reasons,
        "scale": str(campaign.scale),
        "criteria": campaign.criteria,
    }


def present_pair(comparison: Comparison, campaign: Campaign, *, left: str) -> dict[str, Any]:
    """The prompt and the completions of a comparison as JSON values. left: the completion on the left, a or b."""
    sides = {"a": comparison.completion_a, "b": comparison.completion_b}
    return {
        "prompt": shown_messages(comparison.prompt.messages),
        "left": _completion(sides[left], campaign),
        "right": _completion(sides["b" if left == "a" else "a"], campaign),
    }


def has_turns(comparison: Comparison) -> bool:
    """Whether a completion has several turns or calls tools. Such texts cannot be edited."""
    return any(one.turns for one in (comparison.completion_a, comparison.completion_b))


def present_held(held: Sequence[Assignment], have: Collection[int]) -> dict[str, Any]:
    """The assignments that an annotator holds, in order, as JSON values.

    have: ids of those whose contents the client has already. next and following leave these out; held lists all.
    """
    fresh = [present_assignment(assignment) for assignment in held if assignment.pk not in have]
    return {"next": next(iter(fresh), None), "following": fresh[1:], "held": [_lease(each) for each in held]}


def _lease(assignment: Assignment) -> dict[str, Any]:
    guidelines = assignment.guideline_version
    return {
        "id": assignment.pk,
        "expires_at": assignment.expires_at.isoformat(),
        "guideline_version": guidelines.number if guidelines else None,
    }


def _completion(completion: Completion, campaign: Campaign) -> dict[str, str | bool | None]:
    return {
        "html": completion_html(completion),
        "text": completion.text,
        "model": None if campaign.blind else completion.model_version,
        "is_cut": completion.is_cut,
    }
