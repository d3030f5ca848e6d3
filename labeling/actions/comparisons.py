"""Adding comparisons to a campaign: by an import, or by a generation job (here the loop closes)."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from labeling.access import require_may_change
from labeling.actions.blind_test_acts import ADD, refuse_in_blind_test
from labeling.actions.comparison_drafts import ComparisonDraft, check_draft, unfit
from labeling.actions.comparison_rows import ComparisonOrigin, OrderedDraft, in_canonical_order, write_comparisons
from labeling.actions.improved_pairs import improved_pairs
from labeling.actions.opinions import AddedOpinions, add_opinions, is_line_of_one
from labeling.events.record import record
from labeling.judging.queue import rewind_behind_commit
from labeling.models import Campaign, Comparison, ImportBatch, User
from labeling.tally import Tally, add_to_tally, tally_of_all

CHUNK = 500
OF_PROMPT = ("tags", "prompt_fields")
"""Fields of the prompt that the metadata of a pair may hold, if the prompt has others already."""


@dataclass(slots=True)
class AddedComparisons:
    """The result of adding drafts.

    comparisons: in the order of the drafts; of a duplicate the existing one, of a dropped draft None. created: how many
    are new, `settled` of them with a verdict and `gold` as gold. duplicates: drafts that brought nothing. unkept:
    drafts of existing pairs whose metadata was left out. judgments: how many of outside annotators are new.
    contradictions: votes that were left out because their annotator judged the pair otherwise before. created_ids: of
    the new ones, ascending. dropped: how many by reason (empty, identical, not_a_prompt, not_storable). new_prompts:
    how many prompts are new. totals: the change of the campaign's totals, prompts included. front: the first queue
    position that annotators must not have passed; infinity: they may have passed all.
    """

    comparisons: list[Comparison | None] = field(default_factory=list)
    created: int = 0
    duplicates: int = 0
    unkept: int = 0
    settled: int = 0
    gold: int = 0
    judgments: int = 0
    contradictions: int = 0
    erased_opinions: int = 0
    created_ids: list[int] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    new_prompts: int = 0
    totals: Tally = field(default_factory=Tally)
    front: float = math.inf

    def add_created(self, comparisons: Sequence[Comparison], order: str) -> None:
        """Counts new comparisons. order: of the campaign."""
        self.created += len(comparisons)
        self.created_ids += [one.pk for one in comparisons]
        self.settled += sum(one.status == Comparison.Status.SETTLED for one in comparisons)
        self.gold += sum(one.status == Comparison.Status.GOLD for one in comparisons)
        self.totals += tally_of_all(comparisons)
        jumps_queue = order == Campaign.Order.NEWEST
        self.front = min([self.front, *(one.position for one in comparisons if one.priority > 0 or jumps_queue)])

    def add_opinions(self, opinions: AddedOpinions) -> None:
        """Counts new judgments of outside annotators."""
        self.judgments += opinions.judgments
        self.contradictions += opinions.contradictions
        self.erased_opinions += opinions.erased
        self.settled += opinions.settled
        self.totals += opinions.totals

    def as_event(self) -> dict[str, Any]:
        """The counts as the event log holds them."""
        names = ("created", "duplicates", "settled", "gold", "judgments")
        return {name: getattr(self, name) for name in names} | {"dropped": dict(self.dropped)}


def add_comparisons(
    *,
    campaign: Campaign,
    drafts: Iterable[ComparisonDraft],
    source: str,
    batch: ImportBatch | None = None,
    are_fit: bool = False,
    is_part: bool = False,
    acting_user: User | None,
    now: datetime,
) -> AddedComparisons:
    """Adds comparisons to a campaign, all or none. The same two texts of one prompt again are a duplicate.

    source: what made them, at most 120 characters. batch: the import that brings them; None: none does.
    are_fit: whether the caller has left out those that are `unfit`. is_part: whether more follows in the caller's
    transaction, which then adds `totals` to the tally itself, last. Raises NotAllowed, Invalid.
    """
    added, origin = AddedComparisons(), ComparisonOrigin(source, acting_user, now, batch)
    with transaction.atomic():
        require_may_change(acting_user, campaign)
        if acting_user is not None or batch is not None:  # its gate adds its own as the system
            refuse_in_blind_test(campaign, ADD)
        # One at a time in a campaign: two imports of one file must not add everything twice.
        campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
        remaining = iter(drafts)
        while chunk := list(islice(remaining, CHUNK)):
            reasons = [None if are_fit else unfit(draft) for draft in chunk]
            _add_chunk(campaign, chunk, reasons, origin, added)
        if added.created or added.judgments:
            if added.front < math.inf:
                rewind_behind_commit(campaign, added.front)
            after = {"source": source} | added.as_event()
            record("comparisons.added", campaign, acting_user=acting_user, now=now, campaign=campaign, after=after)
        # A dropped comparison may have added its prompt all the same.
        added.totals += Tally(prompts=added.new_prompts)
        if not is_part:
            add_to_tally(campaign.pk, added.totals)
    return added


def _add_chunk(
    campaign: Campaign,
    chunk: list[ComparisonDraft],
    reasons: list[str | None],
    origin: ComparisonOrigin,
    added: AddedComparisons,
) -> None:
    """Adds some drafts. reasons: why one of them is unfit; None: it is not."""
    for draft in chunk:
        check_draft(draft, campaign)
    fit = [draft for draft, reason in zip(chunk, reasons, strict=True) if reason is None]
    ordered, new_prompts = in_canonical_order(campaign, fit, origin)
    by_hash, created, improved = _find_or_create(campaign, ordered, origin)
    remaining = iter([(by_hash | improved)[one.pair_hash] for one in ordered])
    added.comparisons += [None if reason else next(remaining) for reason in reasons]
    added.dropped.update(reason for reason in reasons if reason)
    added.new_prompts += new_prompts
    added.add_created(created, campaign.order)
    new_ids = {one.pk for one in created}
    ordered = [one for one in ordered if one.pair_hash not in improved]  # the others bring nothing
    comparisons = [by_hash[one.pair_hash] for one in ordered]
    opinions = add_opinions(campaign, ordered, comparisons, new_ids, origin)
    added.add_opinions(opinions)
    first = {one.pk: place for place, one in reversed(list(enumerate(comparisons)))}
    made = {first[key] for key in new_ids}
    added.duplicates += len(fit) - len(made | opinions.brought)
    for place, (one, comparison) in enumerate(zip(ordered, comparisons, strict=True)):
        if place not in made:
            in_vote = place in opinions.brought and is_line_of_one(one)
            added.unkept += _has_more(one, comparison, are_fields_kept=in_vote)


def _has_more(row: OrderedDraft, comparison: Comparison, *, are_fields_kept: bool) -> bool:
    """Whether a draft of an existing pair brings fields or tags that neither the pair nor its prompt has.

    are_fields_kept: whether its judgment has the fields.
    """
    stored = comparison.metadata or {}
    listed = stored.get("tags")
    known = [*row.prompt.tags, *(listed if isinstance(listed, list) else [])]
    if not all(tag in known for tag in row.draft.tags):
        return True
    mine, theirs = ({k: v for k, v in one.items() if k not in OF_PROMPT} for one in (row.draft.metadata or {}, stored))
    return bool(mine) and mine != theirs and not are_fields_kept


def _find_or_create(
    campaign: Campaign, ordered: list[OrderedDraft], origin: ComparisonOrigin
) -> tuple[dict[str, Comparison], list[Comparison], dict[str, Comparison]]:
    """The comparisons of these drafts by pair hash, which of them are new, and those that improved texts are of."""
    first_of_hash = {one.pair_hash: one for one in reversed(ordered)}
    old = [one.pair_hash for one in ordered if not one.is_new]  # a new prompt has no comparison yet
    existing = {one.pair_hash: one for one in campaign.comparisons.filter(pair_hash__in=old)}
    missing = [one for one in ordered if not one.is_new and one.pair_hash not in existing] if origin.batch else []
    improved = improved_pairs(campaign, [(one.pair_hash, one.draft) for one in missing])
    new = [
        one
        for one in ordered
        if one.pair_hash not in existing and one.pair_hash not in improved and first_of_hash[one.pair_hash] is one
    ]
    created = write_comparisons(campaign, new, origin)
    return existing | {one.pair_hash: one for one in created}, created, improved
