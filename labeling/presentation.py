"""An assignment as pages and the API show it: text made safe, in the order of the display, and nothing that tells which
model wrote what."""

from typing import Any

from labeling.models import Assignment, Completion
from labeling.rendering import render_markdown


def present_assignment(assignment: Assignment) -> dict[str, Any]:
    """The assignment as JSON values."""
    comparison, campaign = assignment.comparison, assignment.campaign
    sides = {"a": comparison.completion_a, "b": comparison.completion_b}
    guidelines = assignment.guideline_version
    return {
        "id": assignment.pk,
        "expires_at": assignment.expires_at.isoformat(),
        "prompt": [_message(message) for message in comparison.prompt.messages],
        "left": _completion(sides[assignment.left]),
        "right": _completion(sides[assignment.right]),
        "guideline_version": guidelines.number if guidelines else None,
        "allow_tie": campaign.allow_tie,
        "allow_both_bad": campaign.allow_both_bad,
        "scale": str(campaign.scale),
    }


def _message(message: dict[str, str]) -> dict[str, str]:
    return {"role": message["role"], "html": render_markdown(message["content"]), "text": message["content"]}


def _completion(completion: Completion) -> dict[str, str]:
    return {"html": render_markdown(completion.text), "text": completion.text}
