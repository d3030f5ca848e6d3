"""The promotion gate: whether the version of a scheduled run may serve without a person."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from common.errors import DomainError
from common.sentences import Sentence, sentence_of
from labeling.events.record import record
from training.actions.versions import promote
from training.models import ModelVersion, RetrainingRule, Run

ACCURACY_FELL = gettext_noop(
    "Held back: held-out accuracy fell to %(accuracy)s; its parent has %(parent_accuracy)s on the same %(pairs)s pairs."
)
ACCURACY_HELD = gettext_noop(
    "Held-out accuracy did not fall: %(accuracy)s; its parent has %(parent_accuracy)s on the same %(pairs)s pairs."
)


@dataclass(frozen=True)
class GateMeasurement:
    """Held-out reward accuracy of a run's new version and of its parent, on the same pairs, against their base.

    The run's own accuracy cannot be compared with the parent's: its reference is the parent, which ties with itself on
    every pair. Against their common base, both are the share of test pairs that a version's implicit reward orders as
    the annotators did. The base against itself ties on every pair: 0.5.
    """

    accuracy: float
    parent_accuracy: float
    pairs: int

    def did_not_fall(self, max_drop: float) -> bool:
        """Whether the new accuracy is at least the parent's, less the drop that the rule allows."""
        return self.accuracy >= self.parent_accuracy - max_drop - 1e-12


def decide_promotion(*, run: Run, version: ModelVersion, measured: GateMeasurement, now: datetime) -> dict[str, Any]:
    """Promotes a scheduled run's version if its accuracy did not fall and its parent still serves.

    Stores the decision, once: a second call changes nothing. Returns `run.gate`.
    """
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.gate is not None:
            return dict(locked.gate)
        rule = RetrainingRule.objects.get(campaign=run.campaign)
        figures = asdict(measured)
        promoted, reason = False, Sentence(ACCURACY_FELL, figures)
        if not rule.auto_promote:
            reason = Sentence(gettext_noop("Held back: automatic promotion has been switched off."))
        elif measured.did_not_fall(rule.max_accuracy_drop):
            promoted, reason = _promote_by_rule(run, version, Sentence(ACCURACY_HELD, figures), now=now)
        gate = {**figures, "max_drop": rule.max_accuracy_drop, "promoted": promoted}
        return _store_decision(locked, gate, reason, now=now)


def hold_back(*, run: Run, reason: Sentence, now: datetime) -> dict[str, Any]:
    """Stores the decision that a person decides about a scheduled run's version. Returns `run.gate`."""
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.gate is not None:
            return dict(locked.gate)
        return _store_decision(locked, {"promoted": False}, reason, now=now)


def _store_decision(run: Run, gate: dict[str, Any], reason: Sentence, *, now: datetime) -> dict[str, Any]:
    run.gate = {**gate, "reason": reason.as_json()}
    run.save(update_fields=["gate"])
    after = {**gate, "reason": reason}
    record("run.gate_decided", run, acting_user=None, now=now, campaign=run.campaign, after=after)
    return run.gate


def _promote_by_rule(run: Run, version: ModelVersion, reason: Sentence, *, now: datetime) -> tuple[bool, Sentence]:
    try:
        promote(version=version, acting_user=None, now=now, expected=run.parent, reason=reason)
    except DomainError as error:
        return False, Sentence(gettext_noop("Held back: %(reason)s"), {"reason": sentence_of(error)})
    return True, reason
