"""The rules of a campaign: their names, and the stored form of those that are lists.

Ranges, and rules that contradict each other, are checked by the model (`Campaign.clean`).
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Invalid
from labeling.judging.drafts import MAX_CRITERIA, MAX_CRITERION_NAME, MAX_SKIP_REASON
from labeling.models import Campaign

RULES = (
    "name",
    "description",
    "overlap",
    "overlap_share",
    "max_overlap",
    "scale",
    "criteria",
    "allow_tie",
    "allow_both_bad",
    "allow_skip",
    "skip_reasons",
    "allow_flag",
    "allow_edit",
    "blind",
    "pseudonymous",
    "order",
    "may_judge_own",
    "quota",
    "quota_per_day",
    "prefetch",
    "lease_seconds",
    "undo_seconds",
    "verdict_rule",
    "verdict_threshold",
    "gold_rate",
    "gold_action",
    "gold_threshold",
    "gold_minimum",
    "retest_rate",
    "retest_after",
    "guidelines_first",
    "qualification_pairs",
    "qualification_right",
    "qualification_attempts",
)
"""The columns of a campaign that a lead sets when creating it and may change later."""

FIXED_IN_BLIND_TESTS = frozenset(
    ("overlap", "overlap_share", "max_overlap", "blind", "order", "undo_seconds", "allow_edit", "verdict_rule")
)
"""Settings that stay as they are in a blind test. The number of votes on a pair must not depend on the votes, and a
vote that was looked at is final."""

MAX_DESCRIPTION = 300
MAX_SKIP_REASONS = 9  # each has a digit key on the annotator's page


def rules_of(campaign: Campaign) -> dict[str, Any]:
    """The rules of a campaign as they are stored."""
    return {rule: getattr(campaign, rule) for rule in RULES}


def cleaned(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the rules with criteria and skip reasons in their stored form. Raises Invalid."""
    if unknown := sorted(set(rules) - set(RULES)):
        raise Invalid(
            _("A campaign has no rule %(unknown)s. Its rules: %(known)s.")
            % {"unknown": ", ".join(unknown), "known": ", ".join(RULES)},
            fields=dict.fromkeys(unknown, _("Unknown.")),
        )
    stored = dict(rules)
    if "criteria" in stored:
        stored["criteria"] = _criteria(stored["criteria"])
    if "skip_reasons" in stored:
        stored["skip_reasons"] = _skip_reasons(stored["skip_reasons"])
    return stored


def _criteria(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list | tuple) or len(value) > MAX_CRITERIA:
        raise Invalid.of("criteria", _("Criteria are a list of at most %(most)s.") % {"most": MAX_CRITERIA})
    criteria = [_criterion(one) for one in value]
    names = [one["name"] for one in criteria]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        text = _("Two criteria have the same name: %(names)s.")
        raise Invalid.of("criteria", text % {"names": ", ".join(twice)})
    return criteria


def _criterion(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not set(value) <= {"name", "description", "required"}:
        text = _("A criterion has a name and may have a description and say whether it is required.")
        raise Invalid.of("criteria", text)
    name, description = value.get("name"), value.get("description", "")
    required = value.get("required", False)
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= MAX_CRITERION_NAME:
        text = _("The name of a criterion has 1 to %(most)s characters.")
        raise Invalid.of("criteria", text % {"most": MAX_CRITERION_NAME})
    if not isinstance(description, str) or len(description) > MAX_DESCRIPTION:
        text = _("The description of a criterion has at most %(most)s characters.")
        raise Invalid.of("criteria", text % {"most": MAX_DESCRIPTION})
    if not isinstance(required, bool):
        raise Invalid.of("criteria", _("A criterion is required or not: true or false."))
    if "\x00" in name + description:
        raise Invalid.of("criteria", _("The text holds a character that cannot be stored (NUL)."))
    return {"name": name.strip(), "description": description.strip(), "required": required}


def _skip_reasons(value: Any) -> list[str]:
    is_list = isinstance(value, list | tuple) and all(isinstance(reason, str) for reason in value)
    if not is_list or len(value) > MAX_SKIP_REASONS:
        text = _("Skip reasons are a list of at most %(most)s texts.")
        raise Invalid.of("skip_reasons", text % {"most": MAX_SKIP_REASONS})
    reasons = [reason.strip() for reason in value if reason.strip()]
    if any(len(reason) > MAX_SKIP_REASON or "\x00" in reason for reason in reasons):
        text = _("A skip reason has at most %(most)s characters.")
        raise Invalid.of("skip_reasons", text % {"most": MAX_SKIP_REASON})
    if len(set(reasons)) < len(reasons):
        raise Invalid.of("skip_reasons", _("Two skip reasons are the same."))
    return reasons
