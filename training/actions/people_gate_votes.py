"""The votes of a gate by people, as labels to train on: only if a lead says so, once the gate has decided."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from labeling.access import require_lead
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft, draft_of_stored
from labeling.actions.comparisons import add_comparisons
from labeling.events.record import record
from labeling.models import Comparison, User
from training.errors import NothingToJoin
from training.models import GenerationItem, PeopleGate, PeopleGatePair


def joinable_pairs(gate: PeopleGate) -> list[PeopleGatePair]:
    """The settled pairs of a decided gate on prompts that no other gate tests with, in their order.

    A later gate's prompts are its test set: learned from, they could no longer test. A pair that joined stays out.
    """
    if not gate.is_decided:
        return []
    others = PeopleGatePair.objects.filter(gate__campaign=gate.campaign_id, gate__pk__gt=gate.pk)
    unfinished = PeopleGate.objects.filter(campaign=gate.campaign_id, status=PeopleGate.Status.WRITING)
    tested = set(others.values_list("prompt__messages_hash", flat=True))
    for later in unfinished.exclude(pk=gate.pk):
        tested |= set(later.blind_test.prompts.values_list("messages_hash", flat=True))
    related = ("comparison__completion_a", "comparison__completion_b", "comparison__verdict", "prompt")
    settled = gate.pairs.filter(comparison__status=Comparison.Status.SETTLED, joined=False).select_related(*related)
    return [pair for pair in settled.order_by("pk") if pair.prompt.messages_hash not in tested]


def join_votes(*, gate: PeopleGate, acting_user: User | None, now: datetime) -> int:
    """Adds the pairs of a decided gate to its campaign, with the verdicts of its votes; returns how many.

    Their prompts are held no longer, so that snapshots take them, and no later gate tests with them.
    Raises NothingToJoin, NotAllowed, NotFound.
    """
    require_lead(acting_user, gate.campaign)
    with transaction.atomic():
        rows = PeopleGate.objects.select_related("campaign", "candidate", "serving")
        locked = rows.select_for_update(of=("self",)).get(pk=gate.pk)
        pairs = joinable_pairs(locked)
        if not pairs:
            raise NothingToJoin
        written = GenerationItem.objects.filter(
            job=locked.job_id, comparison__in=[pair.comparison_id for pair in pairs]
        )
        items = {item.comparison_id: item for item in written.exclude(first=None)}
        add_comparisons(
            campaign=locked.campaign,
            drafts=[_draft(locked, pair, items.get(pair.comparison_id)) for pair in pairs],
            source=f"gate by people {locked.pk}",
            acting_user=acting_user,
            now=now,
        )
        locked.pairs.filter(pk__in=[pair.pk for pair in pairs]).update(joined=True)
        locked.joined_at = now
        locked.save(update_fields=["joined_at"])
        record(
            "gate.people_joined",
            locked,
            acting_user=acting_user,
            now=now,
            campaign=locked.campaign,
            after={"version": locked.candidate.name, "comparisons": len(pairs)},
        )
    return len(pairs)


def _draft(gate: PeopleGate, pair: PeopleGatePair, item: GenerationItem | None) -> ComparisonDraft:
    """The pair with the names of its versions and its verdict; the candidate's text is the first.

    item: has of both texts what the blind test does not store.
    """
    a, b = (draft_of_stored(text) for text in (pair.comparison.completion_a, pair.comparison.completion_b))
    candidate, serving = (a, b) if pair.candidate_is_a else (b, a)
    if item is not None:
        candidate, serving = _as_written(candidate, item.first), _as_written(serving, item.second)
    verdict = pair.comparison.verdict
    preference = str(verdict.winner)
    if preference in ("a", "b"):
        preference = "first" if (preference == "a") == pair.candidate_is_a else "second"
    return ComparisonDraft(
        prompt=pair.prompt,
        first=replace(candidate, model_version=gate.candidate.name),
        second=replace(serving, model_version=gate.serving.name),
        preference=preference,
        confidence=verdict.confidence,
        metadata={"gate_by_people": gate.pk},
    )


def _as_written(stored: CompletionDraft, written: Mapping[str, Any] | None) -> CompletionDraft:
    hidden = {name: written[name] for name in ("seed", "logprob_sum", "server")} if written else {}
    return replace(stored, **hidden)
