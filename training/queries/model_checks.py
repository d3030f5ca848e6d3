"""Faults that the serving model has with the texts of a campaign."""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from common.storage import artifacts
from common.storage.errors import StorageAway, StorageDamaged
from labeling.exchange import Message
from labeling.models import Campaign
from labeling.queries.model_checks import Check, ModelFault
from training.language_models.chat_templates import ChatTemplate, TemplateRefusal
from training.queries.serving import current_deployment

NEWEST = 200
"""Prompts that a campaign's page looks at."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class PromptFaults:
    """The faults that the serving model has with a campaign's newest prompts.

    looked_at: how many there are of them. counts, details: by code of labeling.queries.model_checks.FAULTS: how many
    prompts have it, and what the model says of the newest one.
    """

    looked_at: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    details: dict[str, str] = field(default_factory=dict)


def prompt_faults(campaign: Campaign) -> PromptFaults:
    """Looks at the newest prompts that are not retired; at none if nothing serves."""
    faults, check = PromptFaults(), check_of_serving_model(campaign)
    if check is None:
        return faults
    newest = campaign.prompts.filter(retired_at=None).order_by("-pk")
    for messages in newest.values_list("messages", flat=True)[:NEWEST]:
        faults.looked_at += 1
        for fault in check(messages, ()):
            faults.counts[fault.code] += 1
            faults.details.setdefault(fault.code, fault.detail)
    return faults


def check_of_serving_model(campaign: Campaign) -> Check | None:
    """A check by the chat template of the model that serves; None: nothing serves, or its folder cannot be read."""
    deployment = current_deployment()
    template = None if deployment is None else _template(Path(deployment.version.base_dir))
    if template is None:
        return None

    def check(prompt: Sequence[Message], texts: Sequence[str]) -> list[ModelFault]:
        faults = []
        try:
            if swallowed := template.swallowed(prompt):
                faults.append(ModelFault("template_swallows", prompt[swallowed[0]]["role"]))
            if template.ignores_tools(prompt):
                faults.append(ModelFault("template_without_tools", prompt[0]["tools"]))
        except TemplateRefusal as refusal:
            faults.append(ModelFault("template_refuses", str(refusal)))
        tokens = map(template.control_token, (*(message["content"] for message in prompt), *texts))
        if token := next(filter(None, tokens), ""):
            faults.append(ModelFault("model_tokens", token))
        return faults

    return check


_read_once = lru_cache(maxsize=8)(ChatTemplate.from_directory)
"""Base models are immutable. A folder that cannot be read is tried again: it may be on a disk that comes later."""


def _template(directory: Path) -> ChatTemplate | None:
    try:
        return _read_once(artifacts.fetch_texts(directory))
    except (OSError, ValueError, StorageAway, StorageDamaged) as error:
        log.warning("No chat template can be read from %s: %s", directory, error)
        return None
