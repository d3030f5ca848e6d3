"""The rules of a campaign: which there are, and what a set of them must keep to as a whole."""

from collections.abc import Mapping
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from common.errors import Invalid
from labeling.judging.drafts import MAX_CRITERIA, MAX_CRITERION_NAME, MAX_SKIP_REASON
from labeling.models import Campaign

RULES = (
    "name",
    "description",
    "overlap",
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
)
"""What a lead may set when making a campaign, and change later."""

MAX_DESCRIPTION = 300
MAX_SKIP_REASONS = 9  # each has a key of its own


def refuse_unknown(rules: Mapping[str, Any]) -> None:
    """Raises Invalid for what is no rule of a campaign."""
    unknown = sorted(set(rules) - set(RULES))
    if unknown:
        raise Invalid(
            _("A campaign has no rule %(unknown)s. Known are %(known)s.")
            % {"unknown": ", ".join(unknown), "known": ", ".join(RULES)},
            fields=dict.fromkeys(unknown, _("Unknown.")),
        )


def cleaned(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules with criteria and skip reasons in their stored form. Raises Invalid."""
    refuse_unknown(rules)
    made = dict(rules)
    if "criteria" in made:
        made["criteria"] = _criteria(made["criteria"])
    if "skip_reasons" in made:
        made["skip_reasons"] = _skip_reasons(made["skip_reasons"])
    return made


def check_together(campaign: Campaign) -> None:
    """Raises Invalid where rules contradict each other."""
    if campaign.max_overlap is not None and campaign.max_overlap < campaign.overlap:
        _refuse(
            "max_overlap",
            _("The most judgments cannot be fewer than the %(overlap)s that all get.") % {"overlap": campaign.overlap},
        )
    if campaign.quota is not None and campaign.quota_per_day is not None and campaign.quota_per_day > campaign.quota:
        _refuse(
            "quota_per_day", _("Nobody can judge more in a day than the %(quota)s in all.") % {"quota": campaign.quota}
        )


def _criteria(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list | tuple) or len(value) > MAX_CRITERIA:
        _refuse("criteria", _("The criteria are a list of at most %(most)s.") % {"most": MAX_CRITERIA})
    criteria = [_criterion(one) for one in value]
    names = [one["name"] for one in criteria]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        _refuse(
            "criteria",
            _("Each criterion has a name of its own; %(names)s stands there twice.") % {"names": ", ".join(twice)},
        )
    return criteria


def _criterion(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping) or not set(value) <= {"name", "description", "required"}:
        _refuse("criteria", _("A criterion has a name and, where wanted, a description and whether it is required."))
    name, description = value.get("name"), value.get("description", "")
    required = value.get("required", False)
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= MAX_CRITERION_NAME:
        _refuse("criteria", _("The name of a criterion has 1 to %(most)s characters.") % {"most": MAX_CRITERION_NAME})
    if not isinstance(description, str) or len(description) > MAX_DESCRIPTION:
        _refuse(
            "criteria", _("The description of a criterion has at most %(most)s characters.") % {"most": MAX_DESCRIPTION}
        )
    if not isinstance(required, bool):
        _refuse("criteria", _("Whether a criterion is required is true or false."))
    if "\x00" in name + description:
        _refuse("criteria", _("The text holds a character that cannot be stored (NUL)."))
    return {"name": name.strip(), "description": description.strip(), "required": required}


def _skip_reasons(value: Any) -> list[str]:
    is_list = isinstance(value, list | tuple) and all(isinstance(reason, str) for reason in value)
    if not is_list or len(value) > MAX_SKIP_REASONS:
        _refuse(
            "skip_reasons", _("The reasons to skip are a list of at most %(most)s texts.") % {"most": MAX_SKIP_REASONS}
        )
    reasons = [reason.strip() for reason in value if reason.strip()]
    if any(len(reason) > MAX_SKIP_REASON or "\x00" in reason for reason in reasons):
        _refuse("skip_reasons", _("A reason to skip has at most %(most)s characters.") % {"most": MAX_SKIP_REASON})
    if len(set(reasons)) < len(reasons):
        _refuse("skip_reasons", _("Each reason to skip stands there once."))
    return reasons


def _refuse(name: str, reason: str) -> NoReturn:
    raise Invalid(reason, fields={name: reason})
