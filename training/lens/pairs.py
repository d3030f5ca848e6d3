"""One preference pair as the engine reads it, from wherever it comes: a comparison, a snapshot, or what somebody typed.

A JSON object: prompt, chosen, rejected, and where they are known the token ids and how the completions ended.
"""

import json
import re
from pathlib import Path
from typing import Any

from labeling.exchange import TEST, TRAIN, Message
from labeling.models import Comparison, Completion, Verdict
from training.models import ModelVersion, Snapshot

Pair = dict[str, Any]

# Quotes inside a text are escaped, so this is nowhere but at the field itself.
_ID = re.compile(rb'"id":"([^"\\]*)"')


def pair_of_texts(prompt: list[Message], chosen: str, rejected: str) -> Pair:
    """A pair somebody wrote."""
    return {"id": "pair", "prompt": prompt, "chosen": chosen, "rejected": rejected}


def pair_of_comparison(comparison: Comparison) -> Pair:
    """A comparison's pair, the winner first; without a preference a counts as chosen. `names` says which is which."""
    verdict = Verdict.objects.filter(comparison=comparison).first()
    a, b = comparison.completion_a, comparison.completion_b
    settled = verdict is not None and verdict.winner in ("a", "b")
    chosen, rejected = (b, a) if verdict is not None and verdict.winner == "b" else (a, b)
    pair = pair_of_texts(comparison.prompt.messages, chosen.text, rejected.text)
    pair["names"] = ["Chosen", "Rejected"] if settled else ["A", "B"]
    pair["written_by"] = sorted({a.model_version, b.model_version})
    if a.prompt_token_ids is not None and a.prompt_token_ids == b.prompt_token_ids:
        pair["prompt_ids"] = a.prompt_token_ids
    return pair | _stored("chosen", chosen) | _stored("rejected", rejected)


def readable_by(version: ModelVersion, pair: Pair) -> Pair:
    """The pair as a version reads it. Token ids mean something to the models that wrote them and to those made from the
    same base; to others the texts are what there is. The pairs of a snapshot are read as they were trained on."""
    if "written_by" not in pair:
        return pair
    writers = ModelVersion.objects.filter(name__in=pair["written_by"], base_dir=version.base_dir)
    if writers.count() == len(pair["written_by"]):
        return pair
    return {name: value for name, value in pair.items() if not name.endswith("_ids")}


def pair_of_snapshot(snapshot: Snapshot, identity: str) -> Pair | None:
    """A pair that a run learned from or was measured on, by its id; None if the snapshot has none of that id."""
    found = pairs_of_snapshot(snapshot, {identity})
    return found.get(identity)


def pairs_of_snapshot(snapshot: Snapshot, identities: set[str]) -> dict[str, Pair]:
    """Some pairs of a snapshot, by id. Reads its files to the end at most once."""
    found: dict[str, Pair] = {}
    for name in (TRAIN, TEST):
        path = Path(snapshot.directory) / name
        if path.is_file() and len(found) < len(identities):
            found |= _read(path, identities - found.keys())
    return found


def _read(path: Path, identities: set[str]) -> dict[str, Pair]:
    """Only the lines that are wanted are taken apart: a snapshot may have a hundred thousand."""
    found: dict[str, Pair] = {}
    with path.open("rb") as lines:
        for line in lines:
            named = _ID.search(line)
            if named is not None and (identity := named.group(1).decode()) in identities:
                found[identity] = json.loads(line)
                if len(found) == len(identities):
                    break
    return found


def _stored(side: str, completion: Completion) -> Pair:
    stored: Pair = {f"{side}_finish": completion.finish_reason or None}
    if completion.token_ids is not None:
        stored[f"{side}_ids"] = completion.token_ids
    return stored
