"""The playground: a lead asks versions for completions, and keeps them as a prompt or a comparison of a campaign.

A completion comes with a receipt: everything that made it, signed. A comparison is made from receipts, so that its
token ids and seeds are the model's own.
"""

import secrets
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings as django_settings
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid
from common.sentences import Sentence
from labeling.access import require_may_change
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import add_comparisons
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.exchange import Message, messages_hash
from labeling.models import Campaign, Comparison, Prompt, User
from training.access import require_version
from training.actions.planning import SEED_BITS
from training.errors import VersionDamaged, WrongSettings
from training.generation import (
    GeneratedCompletion,
    GenerationError,
    GenerationFailure,
    GenerationRequest,
    InvalidRequest,
    SamplingSettings,
)
from training.jobs.drafts import draft_as_json, draft_from_json, draft_of_generated
from training.jobs.sampler import SamplerDied, open_source
from training.models import ModelVersion
from training.queries.serving import training_now

SALT = "training.playground"
BUSY = gettext_lazy("The model is busy with another request: try again in a moment.")
RECEIPT_SECONDS = 24 * 3600
WAIT_SECONDS = 60.0
COMPLETION_SECONDS = 110.0  # together with WAIT_SECONDS less than a page waits for its response

# A completion keeps a thread of the web server. Of its many threads a few at a time do so, whoever asks.
AT_ONCE = 4
ROOM_SECONDS = 2.0
_a_few = threading.BoundedSemaphore(AT_ONCE)
# Without a server, a model is loaded for each completion: one at a time in each process of the web server.
_one_at_a_time = threading.BoundedSemaphore(1)


class NoCompletion(Conflict):
    type = "no-completion"
    sentence = gettext_lazy("The version cannot write a completion now.")


class WrongReceipt(Invalid):
    type = "wrong-receipt"
    sentence = gettext_lazy("This receipt belongs to another conversation, is too old, or is not one of ours.")


@dataclass(frozen=True)
class SignedCompletion:
    """A completion, the seconds that it took, and its receipt."""

    completion: GeneratedCompletion
    seconds: float
    receipt: str


def complete(
    *,
    version: ModelVersion,
    messages: Sequence[Message],
    acting_user: User | None,
    settings: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> SignedCompletion:
    """One completion of a conversation by a version. seed: None: a random one.

    Raises NoCompletion, WrongSettings, VersionDamaged, NotAllowed, NotFound.
    """
    require_version(acting_user, version)
    seed = secrets.randbits(SEED_BITS) if seed is None else seed
    try:
        request = GenerationRequest("playground", list(messages), seed, SamplingSettings(**(settings or {})))
    except (TypeError, ValueError, InvalidRequest) as error:
        raise WrongSettings(_("This request cannot be made: %(error)s") % {"error": error}) from error
    if training_now() is not None:
        raise NoCompletion(_("A training has this machine now; the model responds again when it ends."))
    started = time.monotonic()
    completion = _complete(version, request)
    seconds = time.monotonic() - started
    values = {"messages": messages_hash(messages), "completion": draft_as_json(draft_of_generated(completion))}
    return SignedCompletion(completion, seconds, signing.dumps(values, salt=SALT, compress=True))


def _complete(version: ModelVersion, request: GenerationRequest) -> GeneratedCompletion:
    if not _a_few.acquire(timeout=ROOM_SECONDS):
        raise NoCompletion(str(BUSY))
    try:
        return _write_completion(version, request)
    finally:
        _a_few.release()


def _write_completion(version: ModelVersion, request: GenerationRequest) -> GeneratedCompletion:
    alone = not django_settings.GENERATOR_URLS
    is_late = False

    def should_stop() -> bool:
        nonlocal is_late
        is_late = time.monotonic() > until
        return is_late

    if alone and not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
        raise NoCompletion(str(BUSY))
    until = time.monotonic() + COMPLETION_SECONDS
    try:
        with open_source(version) as source:
            outcome = next(iter(source.generate([request], should_stop=should_stop)), None)
    except VersionDamaged:
        raise
    except (GenerationError, SamplerDied) as error:
        raise NoCompletion(
            _("%(name)s cannot write a completion. %(error)s") % {"name": version.name, "error": error}
        ) from error
    finally:
        if alone:
            _one_at_a_time.release()
    if outcome is None and is_late:
        text = _("%(name)s took longer than %(seconds)s seconds: ask for fewer tokens.")
        raise NoCompletion(text % {"name": version.name, "seconds": f"{COMPLETION_SECONDS:g}"})
    if outcome is None or isinstance(outcome, GenerationFailure):
        raise NoCompletion(
            outcome.reason if outcome else _("%(name)s wrote no completion: try again.") % {"name": version.name}
        )
    return outcome


def keep_prompt(
    *, campaign: Campaign, messages: Sequence[Message], acting_user: User | None, now: datetime
) -> tuple[Prompt, bool]:
    """Adds the conversation to the campaign as a prompt; returns it and whether it is new.

    Raises Invalid, NotAllowed, NotFound.
    """
    draft = PromptDraft(messages, tags=("playground",))
    added = add_prompts(campaign=campaign, prompts=[draft], acting_user=acting_user, now=now)
    if added.prompts[0] is None:
        reason = Sentence.of(added.rejected[0][1])
        raise Invalid(_("This conversation cannot be a prompt. %(reason)s") % {"reason": reason})
    return added.prompts[0], bool(added.created)


def keep_comparison(
    *,
    campaign: Campaign,
    messages: Sequence[Message],
    receipts: Sequence[str],
    acting_user: User | None,
    now: datetime,
) -> tuple[Comparison, bool]:
    """Adds two completions of the conversation to the campaign as a comparison; returns it and whether it is new.

    Raises WrongReceipt, Invalid, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    first, second = (_redeem(receipt, messages) for receipt in receipts)
    draft = ComparisonDraft(messages, first, second)
    added = add_comparisons(campaign=campaign, drafts=[draft], source="playground", acting_user=acting_user, now=now)
    comparison = added.comparisons[0]
    if comparison is None:
        reason = next(iter(added.dropped), "")
        raise Invalid(
            {"identical": _("Both completions are the same."), "empty": _("A completion is empty.")}.get(
                reason, _("These two cannot be compared.")
            )
        )
    return comparison, bool(added.created)


def _redeem(receipt: str, messages: Sequence[Message]) -> CompletionDraft:
    """The completion that a receipt stands for. Raises WrongReceipt."""
    try:
        values = signing.loads(receipt, salt=SALT, max_age=RECEIPT_SECONDS)
    except signing.BadSignature as error:
        raise WrongReceipt(
            _("A completion can be kept only unchanged and within a day: ask the model again.")
        ) from error
    if values["messages"] != messages_hash(messages):
        raise WrongReceipt(_("This completion belongs to another conversation: ask the model again."))
    return draft_from_json(values["completion"])
