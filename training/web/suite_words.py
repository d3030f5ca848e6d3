"""Tags, checks and outcomes of suites in words."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from training.evaluation.suite_results import reason_of
from training.evaluation.suites import Check, CheckOutcome

TAGS: dict[str, str | Promise] = {
    "helpful": _("Helpful"),
    "harmless": _("Harmless"),
    "over_refusal": _("Over-refusal"),
    "confident_violation": _("Confident violation"),
    "pressure": _("Pressure"),
    "reviewer_shortcut": _("Reviewer shortcut"),
    "format": _("Format"),
}
CHECKS: dict[str, str | Promise] = {
    "pattern": _("Pattern"),
    "forbidden": _("Forbidden pattern"),
    "length": _("Length"),
    "json_schema": _("JSON schema"),
    "person": _("Question to a person"),
    "judge": _("Model judge"),
}


def tag_label(tag: str) -> str:
    """The label of a tag; one of the suite's own as it is written, without underscores."""
    return str(TAGS.get(tag, tag.replace("_", " ").capitalize()))


def check_rows(outcomes: list[tuple[Check, CheckOutcome]]) -> list[dict[str, Any]]:
    """Each check with its outcome and its reason, for a page."""
    return [
        {"label": CHECKS[check.kind], "outcome": outcome.outcome, "reason": reason_of(outcome)}
        for check, outcome in outcomes
    ]
