"""Comparisons brought into a campaign: by an import, or by a generation job (this is where the loop closes)."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count, islice
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext

from common.database.copying import copy_in
from common.errors import Invalid
from labeling.access import require_lead
from labeling.actions.prompts import PromptDraft, ensure_prompts, unfit_messages, unstorable
from labeling.events.record import record
from labeling.exchange import Message, is_canonical, messages_hash, pair_hash, text_hash
from labeling.models import Campaign, Comparison, Completion, Gold, Prompt, User, Verdict
from labeling.stats import majority
from labeling.tally import Tally, add_to_tally, tally_of

BATCH = 500
STEP = 2.0**-31
"""Between two that came in one after the other: exact in a float beside any priority, and room for two billion."""
FINISH_REASONS = ("stop", "length", "")
PREFERENCES = ("first", "second", "tie", "both_bad")


@dataclass(frozen=True, slots=True)
class CompletionDraft:
    """One text with everything that made it. token_ids: with EOS if and only if it ended by itself; None: not known.

    finish_reason: stop, length, or None where it is not known. logprob_sum: nats.
    """

    text: str
    model_version: str = ""
    seed: int | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    prompt_token_ids: Sequence[int] | None = None
    token_ids: Sequence[int] | None = None
    finish_reason: str | None = None
    logprob_sum: float | None = None
    server: str = ""


@dataclass(frozen=True, slots=True)
class ComparisonDraft:
    """Two completions of one prompt, to be compared. prompt: one of the campaign's, or messages.

    preference: first, second, tie or both_bad where it is known already: then the comparison comes with a verdict and
    nobody is asked. None: it is to be judged. gold: likewise, where it is known what annotators should say: they are
    asked, and measured by it. priority: higher is given first.
    """

    prompt: Prompt | Sequence[Message]
    first: CompletionDraft
    second: CompletionDraft
    preference: str | None = None
    external_id: str = ""
    priority: int = 0
    gold: str | None = None


@dataclass(slots=True)
class AddedComparisons:
    """comparisons: in the order of the drafts; None where one was dropped; of a duplicate the one that was there.

    settled: how many of the created came with a verdict. gold: how many of them are gold. dropped: how many by reason
    (empty, identical, not_a_prompt, not_storable). new_prompts: how many came with them. totals: what the created add
    to the campaign's. front: a walk along the queue that has passed this place must look again.
    """

    comparisons: list[Comparison | None] = field(default_factory=list)
    created: int = 0
    duplicates: int = 0
    settled: int = 0
    gold: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    new_prompts: int = 0
    totals: Tally = field(default_factory=Tally)
    front: float = math.inf


def add_comparisons(
    *,
    campaign: Campaign,
    drafts: Iterable[ComparisonDraft],
    source: str,
    acting_user: User | None,
    now: datetime,
) -> AddedComparisons:
    """Brings comparisons into a campaign, all or nothing; the same two texts again are found, not added.

    source: what made them, at most 120 characters. Raises NotAllowed, Invalid.
    """
    added = AddedComparisons()
    with transaction.atomic():
        require_lead(acting_user, campaign)
        # One at a time in a campaign: two imports of one file must not add everything twice.
        campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        waiting = iter(drafts)
        while batch := list(islice(waiting, BATCH)):
            _add_batch(campaign, batch, source, acting_user, now, added)
        if added.created:
            _show_urgent_ones(campaign, added)
            after = {
                "created": added.created,
                "duplicates": added.duplicates,
                "source": source,
                "settled": added.settled,
                "gold": added.gold,
            }
            after |= {"dropped": dict(added.dropped)}
            record("comparisons.added", campaign, acting_user=acting_user, now=now, campaign=campaign, after=after)
        # A comparison that was dropped may have brought its prompt all the same.
        add_to_tally(campaign.pk, added.totals + Tally(prompts=added.new_prompts))
    return added


def queue_position(priority: int, order: str = Campaign.Order.RANDOM, number: int = 0) -> float:
    """Where a new comparison stands in the queue: among those of its priority, before all of a lower one.

    number: greater than those of all that came in before it; for all orders but the random one.
    """
    along = number * STEP
    within = {Campaign.Order.IMPORTED: along, Campaign.Order.NEWEST: 1 - along}
    return within.get(Campaign.Order(order), random.random()) - priority


def unfit(draft: ComparisonDraft) -> str | None:
    """Why nothing could be learned from these two texts, as a code; None: they are fit to be compared."""
    texts = (draft.first.text, draft.second.text)
    if any(not text.strip() for text in texts):
        return "empty"
    if texts[0].strip() == texts[1].strip():
        return "identical"
    if any(unstorable(text) for text in texts):
        return "not_storable"
    if not isinstance(draft.prompt, Prompt) and unfit_messages(draft.prompt):
        return "not_a_prompt"
    return None


@dataclass(frozen=True, slots=True)
class _Placed:
    """A draft with its prompt and its completions in canonical order."""

    draft: ComparisonDraft
    prompt: Prompt
    a: CompletionDraft
    b: CompletionDraft
    pair_hash: str

    @property
    def winner(self) -> str | None:
        """The known preference in terms of a and b; gold has no verdict."""
        return None if self.draft.gold else self._canonical(self.draft.preference)

    @property
    def gold(self) -> str | None:
        """What annotators should say, in terms of a and b."""
        return self._canonical(self.draft.gold)

    @property
    def status(self) -> Comparison.Status:
        if self.draft.gold:
            return Comparison.Status.GOLD
        return Comparison.Status.SETTLED if self.winner else Comparison.Status.OPEN

    def _canonical(self, preference: str | None) -> str | None:
        if preference in (None, "tie", "both_bad"):
            return preference
        return "a" if (preference == "first") == (self.a is self.draft.first) else "b"


def _add_batch(
    campaign: Campaign,
    batch: list[ComparisonDraft],
    source: str,
    acting_user: User | None,
    now: datetime,
    added: AddedComparisons,
) -> None:
    for draft in batch:
        _check(draft, campaign)
    reasons = [unfit(draft) for draft in batch]
    fit = [draft for draft, reason in zip(batch, reasons, strict=True) if reason is None]
    placed = iter(_place(campaign, fit, now, added))
    rows: list[_Placed | None] = [None if reason else next(placed) for reason in reasons]
    wanted = {row.pair_hash: row for row in reversed([row for row in rows if row])}
    known = {one.pair_hash: one for one in campaign.comparisons.filter(pair_hash__in=wanted)}
    fresh = [row for row in rows if row and row.pair_hash not in known and wanted[row.pair_hash] is row]
    created = _create(campaign, fresh, source, acting_user, now)
    known |= {comparison.pair_hash: comparison for comparison in created}
    added.dropped.update(reason for reason in reasons if reason)
    added.created += len(created)
    added.duplicates += len(fit) - len(created)
    added.comparisons += [known[row.pair_hash] if row else None for row in rows]
    added.settled += sum(comparison.status == Comparison.Status.SETTLED for comparison in created)
    added.gold += sum(comparison.status == Comparison.Status.GOLD for comparison in created)
    added.totals = sum((tally_of(comparison) for comparison in created), added.totals)
    comes_first = campaign.order == Campaign.Order.NEWEST
    urgent = [one.position for one in created if one.priority > 0 or comes_first]
    added.front = min([added.front, *urgent])


def _show_urgent_ones(campaign: Campaign, added: AddedComparisons) -> None:
    """Turns back those who have walked past where the new ones that come first stand."""
    if added.front < math.inf:
        turn_back(campaign, added.front)


def turn_back(campaign: Campaign, position: float) -> None:
    """Lets everybody who has walked past a place in the queue come by it next."""
    before = math.nextafter(position, -math.inf)
    campaign.memberships.filter(cursor__gt=position).update(cursor=before)


def _check(draft: ComparisonDraft, campaign: Campaign) -> None:
    for known in (draft.preference, draft.gold):
        if known is not None and known not in PREFERENCES:
            raise Invalid(
                gettext("There is no preference %(known)s. Known are %(all)s.")
                % {"known": repr(known), "all": ", ".join(PREFERENCES)}
            )
    if any((one.finish_reason or "") not in FINISH_REASONS for one in (draft.first, draft.second)):
        raise Invalid(gettext("A finish reason is stop, length, or not known."))
    if isinstance(draft.prompt, Prompt) and draft.prompt.campaign_id != campaign.pk:
        raise Invalid(gettext("A prompt of another campaign cannot be compared in this one."))


def _place(campaign: Campaign, drafts: list[ComparisonDraft], now: datetime, added: AddedComparisons) -> list[_Placed]:
    new = [PromptDraft(draft.prompt) for draft in drafts if not isinstance(draft.prompt, Prompt)]
    prompts, created = ensure_prompts(campaign, new, now)
    added.new_prompts += created
    placed = []
    for draft in drafts:
        prompt = draft.prompt if isinstance(draft.prompt, Prompt) else prompts[messages_hash(draft.prompt)]
        in_order = is_canonical(draft.first.text, draft.second.text, prompt_hash=prompt.messages_hash)
        a, b = (draft.first, draft.second) if in_order else (draft.second, draft.first)
        placed.append(_Placed(draft, prompt, a, b, pair_hash(prompt.messages_hash, a.text, b.text)))
    return placed


def _create(
    campaign: Campaign, rows: list[_Placed], source: str, acting_user: User | None, now: datetime
) -> list[Comparison]:
    # Grows with every comparison anywhere, so from one batch of this campaign to the next; to count would not scale.
    numbers = count(Comparison.objects.aggregate(last=Max("pk", default=0))["last"])
    completions = _completions([(row.prompt, text) for row in rows for text in (row.a, row.b)], now)
    comparisons = [
        Comparison(
            campaign=campaign,
            prompt=row.prompt,
            completion_a=completions[_identity(row.prompt, row.a)],
            completion_b=completions[_identity(row.prompt, row.b)],
            pair_hash=row.pair_hash,
            external_id=row.draft.external_id,
            status=row.status,
            overlap=campaign.overlap,
            priority=row.draft.priority,
            position=queue_position(row.draft.priority, campaign.order, next(numbers)),
            source=source[:120],
            added_by=acting_user,
            created_at=now,
        )
        for row in rows
    ]
    copy_in(comparisons)
    Verdict.objects.bulk_create(
        _imported_verdict(comparison, row.winner, now)
        for comparison, row in zip(comparisons, rows, strict=True)
        if row.winner
    )
    Gold.objects.bulk_create(
        Gold(comparison=comparison, winner=row.gold, set_by=acting_user, set_at=now)
        for comparison, row in zip(comparisons, rows, strict=True)
        if row.gold
    )
    return comparisons


def _imported_verdict(comparison: Comparison, winner: str, now: datetime) -> Verdict:
    # Somebody, somewhere, said so once: as much confidence as one vote gives.
    return Verdict(
        comparison=comparison,
        campaign=comparison.campaign,
        winner=winner,
        confidence=majority({winner: 1}).confidence,
        settled_by=Verdict.SettledBy.IMPORT,
        settled_at=now,
    )


Identity = tuple[int, str, str, int | None]


def _identity(prompt: Prompt, draft: CompletionDraft) -> Identity:
    return prompt.pk, text_hash(draft.text), draft.model_version, draft.seed


def _completions(drafts: list[tuple[Prompt, CompletionDraft]], now: datetime) -> dict[Identity, Completion]:
    """The completions of these drafts: those that are there already, and new ones for the others."""
    wanted = {_identity(prompt, draft): (prompt, draft) for prompt, draft in drafts}
    # By the unique key, look-up by look-up: for two IN lists the planner may read the whole table.
    there = Completion.objects.raw(
        "SELECT found.* FROM unnest(%s::bigint[], %s::text[]) AS wanted (prompt, hash) CROSS JOIN LATERAL ("
        "SELECT id, prompt_id, text_hash, model_version, seed FROM labeling_completion "
        "WHERE prompt_id = wanted.prompt AND text_hash = wanted.hash OFFSET 0) AS found",
        [[key[0] for key in wanted], [key[1] for key in wanted]],
    )
    found = {(one.prompt_id, one.text_hash, one.model_version, one.seed): one for one in there}
    missing = [_completion(prompt, draft, now) for key, (prompt, draft) in wanted.items() if key not in found]
    copy_in(missing)
    for one in missing:
        found[one.prompt_id, one.text_hash, one.model_version, one.seed] = one
    return found


def _completion(prompt: Prompt, draft: CompletionDraft, now: datetime) -> Completion:
    return Completion(
        prompt=prompt,
        text=draft.text,
        text_hash=text_hash(draft.text),
        model_version=draft.model_version,
        seed=draft.seed,
        sampling=dict(draft.sampling),
        prompt_token_ids=None if draft.prompt_token_ids is None else list(draft.prompt_token_ids),
        token_ids=None if draft.token_ids is None else list(draft.token_ids),
        finish_reason=draft.finish_reason or Completion.FinishReason.UNKNOWN,
        logprob_sum=draft.logprob_sum,
        server=draft.server,
        created_at=now,
    )
