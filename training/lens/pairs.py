"""The pairs that the lens looks at: a comparison, a pair of a snapshot, or texts that somebody wrote."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from django.utils.translation import gettext as _

from common.sentences import Sentence
from labeling.actions.prompts import unfit_messages, unstorable
from labeling.exchange import TEST, TRAIN, Message, PreferencePair, pair_id, preference_pair
from labeling.models import Campaign, Comparison
from labeling.queries.verdicts import comparison_record
from training.errors import WrongSettings
from training.models import ModelVersion, Snapshot

NO_PREFERENCE = 0.5
"""The confidence of a pair that nobody preferred either side of."""

# Quotes inside a text are escaped, so this is nowhere but at the field itself.
_ID = re.compile(rb'"id":"([^"\\]*)"')


@dataclass(frozen=True, slots=True)
class LensSubject:
    """A pair and where it comes from.

    comparison, campaign: what it was made of; None for texts that somebody wrote. is_preference: whether people prefer
    the chosen side; if not, the order of the sides means nothing. writers: the names of the model versions that wrote
    a comparison's completions.
    """

    pair: PreferencePair
    comparison: Comparison | None = None
    campaign: Campaign | None = None
    is_preference: bool = True
    writers: frozenset[str] = frozenset()


def pair_of_texts(prompt: list[Message], chosen: str, rejected: str) -> PreferencePair:
    """A pair that somebody wrote. Raises WrongSettings for texts that cannot be stored or compared."""
    unfit = unfit_messages(prompt)
    if unfit:
        raise WrongSettings(Sentence.of(unfit))
    texts = (chosen, rejected)
    if any(unstorable(text) for text in texts):
        raise WrongSettings(_("A completion holds a character that cannot be stored (NUL or half a surrogate pair)."))
    if not all(text.strip() for text in texts):
        raise WrongSettings(_("Both completions must not be empty."))
    if chosen.strip() == rejected.strip():
        raise WrongSettings(_("Both completions are the same: there is nothing to compare."))
    return PreferencePair(pair_id(prompt, chosen, rejected), prompt, chosen, rejected)


def subject_of_comparison(comparison: Comparison) -> LensSubject:
    """A comparison's pair; without a preference, completion a takes the place of the chosen one."""
    rows = Comparison.objects.select_related("campaign", "prompt", "completion_a", "completion_b")
    comparison = rows.get(pk=comparison.pk)
    record = comparison_record(comparison)
    is_preference = record.winner in ("a", "b")
    if not is_preference:
        record = replace(record, winner="a", confidence=NO_PREFERENCE)
    return LensSubject(
        preference_pair(record),
        comparison,
        comparison.campaign,
        is_preference,
        frozenset({record.a.model, record.b.model}),
    )


def readable_pair(subject: LensSubject, version: ModelVersion) -> PreferencePair:
    """The pair as a version reads it: with token ids only where they mean the same to it.

    They do where versions of the same base model wrote both completions. A snapshot's pair is read as it was trained
    on.
    """
    # Compared as they are read: rows of earlier releases hold the same places as full paths.
    writers = [one.base_dir for one in ModelVersion.objects.filter(name__in=subject.writers)]
    if len(writers) == len(subject.writers) and all(place == version.base_dir for place in writers):
        return subject.pair
    return replace(subject.pair, prompt_ids=None, chosen_ids=None, rejected_ids=None)


def pair_of_snapshot(snapshot: Snapshot, identity: str) -> PreferencePair | None:
    """A pair that a run learned from or was measured on, by its id; None if the snapshot has none of that id."""
    return pairs_of_snapshot(snapshot, {identity}).get(identity)


def pairs_of_snapshot(snapshot: Snapshot, identities: set[str]) -> dict[str, PreferencePair]:
    """Some pairs of a snapshot, by id. Reads each of its files at most once."""
    pairs: dict[str, PreferencePair] = {}
    for name in (TRAIN, TEST):
        path = snapshot.folder / name
        if path.is_file() and len(pairs) < len(identities):
            pairs |= _pairs_in(path, identities - pairs.keys())
    return pairs


def _pairs_in(path: Path, identities: set[str]) -> dict[str, PreferencePair]:
    """Parses only the lines that are wanted: a snapshot may have a hundred thousand."""
    pairs: dict[str, PreferencePair] = {}
    with path.open("rb") as lines:
        for line in lines:
            match = _ID.search(line)
            if match is not None and (identity := match.group(1).decode()) in identities:
                pairs[identity] = PreferencePair.from_dict(json.loads(line))
                if len(pairs) == len(identities):
                    break
    return pairs
