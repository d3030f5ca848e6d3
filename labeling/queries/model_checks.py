"""Faults that the campaign's model has with prompts and texts, found when they are imported: before anybody labels.

Labeling knows no models. The app that trains registers its look-up here when it starts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.exchange import Message
from labeling.models import Campaign


@dataclass(frozen=True, slots=True)
class ModelFault:
    """A reason why the model cannot use a record. code: in FAULTS. detail: the template's reason, or the token."""

    code: str
    detail: str


FAULTS: dict[str, Promise] = {
    "template_refuses": _("Records whose prompt the model's chat template refuses"),
    "template_swallows": _("Records whose prompt has a message that the model's chat template leaves out"),
    "template_without_tools": _("Records whose prompt offers tools that the model's chat template leaves out"),
    "model_tokens": _("Records with a control token of the model in a text"),
}
"""The faults by code, in words."""

Check = Callable[[Sequence[Message], Sequence[str]], list[ModelFault]]
"""From a prompt and the texts of its completions to what is wrong with them, at most one of each kind."""

Lookup = Callable[[Campaign], Check | None]
_LOOKUPS: list[Lookup] = []


def register_model_check(lookup: Lookup) -> None:
    """Registers a function that returns the check of a campaign's model; None: no model can be asked."""
    if lookup not in _LOOKUPS:
        _LOOKUPS.append(lookup)


def model_check(campaign: Campaign) -> Check | None:
    """The check of the model that writes the campaign's candidates; None: there is no such model."""
    return next((check for lookup in _LOOKUPS if (check := lookup(campaign)) is not None), None)
