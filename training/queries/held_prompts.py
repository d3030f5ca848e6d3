"""The prompts of a campaign that are held for its gates by people, and those of them that a gate may use."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection

from labeling.exchange import Message, folded_hash, is_held_out
from labeling.models import Campaign, Prompt
from training.models import HeldPrompts, ModelVersion, PeopleGate, PeopleGatePair, Snapshot, SnapshotPart
from training.queries.splits import split_in

IsHeld = Callable[[Sequence[Message]], bool]

# A prompt is compared by its last turn of a user and by its whole conversation without system messages, both without
# case, spaces and punctuation. A text of punctuation alone is taken as it is.
LEARNED = """
WITH learned AS (
    SELECT DISTINCT c.prompt_id, p.snapshot_id FROM training_snapshotpart p
    JOIN labeling_comparison c ON c.id >= p.number * %(span)s AND c.id < (p.number + 1) * %(span)s
    WHERE p.snapshot_id = ANY(%(snapshots)s) AND get_bit(p.bits, c.id %% %(span)s) = 1
), folded AS (
    SELECT r.id, string_agg(t.text, E'\\n' ORDER BY t.place) AS whole,
        (array_agg(t.text ORDER BY t.place DESC) FILTER (WHERE t.role = 'user'))[1] AS last_turn
    FROM labeling_prompt r
    CROSS JOIN LATERAL (
        SELECT said.place, said.turn ->> 'role' AS role, COALESCE(
            NULLIF(regexp_replace(lower(said.turn ->> 'content'), '[[:space:][:punct:]]+', '', 'g'), ''),
            said.turn ->> 'content', ''
        ) AS text
        FROM jsonb_array_elements(r.messages) WITH ORDINALITY AS said (turn, place)
    ) t
    WHERE t.role <> 'system' AND (r.id = ANY(%(prompts)s) OR r.id IN (SELECT prompt_id FROM learned))
    GROUP BY r.id
)
SELECT DISTINCT held.id, learned.prompt_id, learned.snapshot_id FROM folded AS held
JOIN folded AS other ON other.whole = held.whole OR other.last_turn = held.last_turn
JOIN learned ON learned.prompt_id = other.id
WHERE held.id = ANY(%(prompts)s)
"""


def held_share(campaign: Campaign) -> float:
    """The share of the prompts that is held; 0: none."""
    row = HeldPrompts.objects.filter(campaign=campaign).first()
    return row.share if row else 0.0


def held_of(campaign: Campaign) -> IsHeld | None:
    """Whether a prompt is held, as a function; None: the campaign holds none.

    The hash of the prompt decides, as in the split of snapshots. A prompt whose votes joined the training pool is held
    no longer.
    """
    share = held_share(campaign)
    if not share:
        return None
    joined = PeopleGatePair.objects.filter(gate__campaign=campaign, joined=True).select_related("prompt")
    released = {folded_hash(pair.prompt.messages) for pair in joined}

    def is_held(messages: Sequence[Message]) -> bool:
        held = is_held_out(messages, seed=HeldPrompts.SEED, test_share=share)
        return held and folded_hash(messages) not in released

    return is_held


def not_held(campaign: Campaign) -> list[Prompt] | None:
    """The prompts in use that are not held, in a stable order; None: the campaign holds none."""
    is_held = held_of(campaign)
    if is_held is None:
        return None
    return [prompt for prompt in _in_use(campaign) if not is_held(prompt.messages)]


def held_prompts(campaign: Campaign) -> list[Prompt]:
    """The prompts in use that are held."""
    is_held = held_of(campaign)
    return [] if is_held is None else [prompt for prompt in _in_use(campaign) if is_held(prompt.messages)]


def usable_prompts(campaign: Campaign, versions: Iterable[ModelVersion]) -> list[Prompt]:
    """The held prompts that none of these versions and their ancestors has learned from, in any campaign.

    The same question under another system message, or in another conversation, is the same prompt.
    """
    held = {prompt.pk: prompt for prompt in held_prompts(campaign)}
    runs = {one.run_id for version in versions for one in version.line() if one.run_id}
    snapshots = {one.pk: one for one in Snapshot.objects.filter(runs__in=runs)}
    if not held or not snapshots:
        return list(held.values())
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"snapshots": list(snapshots), "prompts": list(held), "span": SnapshotPart.SPAN}
        cursor.execute(LEARNED, values)
        found = cursor.fetchall()
    learned = Prompt.objects.in_bulk({other for _prompt, other, _snapshot in found})
    for prompt, other, snapshot in found:
        if not _was_tested(learned[other], snapshots[snapshot]):
            held.pop(prompt, None)
    return list(held.values())


def simulated_votes_joined(campaign: Campaign) -> bool:
    """Whether votes of simulated people joined the training pool from a gate by people."""
    joined = PeopleGate.objects.filter(campaign=campaign, joined_at__isnull=False)
    return joined.filter(figures__simulated__gt=0).exists()


def _was_tested(prompt: Prompt, snapshot: Snapshot) -> bool:
    """Whether the prompt was on the test side of a snapshot that holds it, from which nothing is learned."""
    split = split_in(snapshot)
    return split.holds_out(prompt.messages)


def _in_use(campaign: Campaign) -> list[Prompt]:
    return list(Prompt.objects.filter(campaign=campaign, retired_at=None).order_by("pk"))
