"""The result of a search for doubtful pairs: the pairs in order, and the people and sources behind them."""

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext

from labeling.exchange import PreferencePair
from labeling.models import Campaign, Comparison, ImportBatch
from labeling.queries.names import names_by_pseudonym
from labeling.stats import chance_of_as_many, holm
from training.models import BlameJob, PeopleGate, PeopleGatePair, Snapshot
from training.queries.lineage import judgments_behind
from training.queries.snapshots import comparisons_of, read_side

KEPT = 60
"""Pairs of each order that a result keeps."""
WORST = 0.1
"""The share of the pairs that counts as the worst."""
AT_ONCE = 500
FEWEST = 5
"""A group of fewer pairs says nothing."""
KINDS = ("annotator", "guidelines", "source", "batch", "tag", "model")
MAY_LACK = ("batch", "tag")
"""Kinds whose pairs may have none: those without make a group of their own, with an empty key."""


@dataclass(frozen=True, slots=True)
class FoundPair:
    """One pair of a result. doubt: from 0 to 1.

    blame: how much better the query would stand without it, as a share of what the pair most to blame did; at most 0:
    not at all. None: there is no query.
    """

    pair: PreferencePair
    comparison: Comparison | None
    doubt: float
    blame: float | None

    @property
    def is_out(self) -> bool:
        """Whether its comparison is set aside already, or counts nowhere for another reason."""
        return self.comparison is not None and self.comparison.status in Comparison.OUT


@dataclass(frozen=True, slots=True)
class Group:
    """The pairs of one annotator, of one version of the guidelines, of one source, import or tag, or written by one
    model.

    worst: how many of them are among the worst of all. stands_out: whether chance alone would hardly put so many of its
    pairs there, all groups of the result considered.
    """

    name: str
    key: str
    pairs: int
    worst: int
    stands_out: bool = False

    @property
    def share(self) -> float:
        """The share of its pairs that is among the worst."""
        return self.worst / self.pairs


def result_of(snapshot: Snapshot, lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The part of the engine's lines that a search keeps: {pairs, doubtful, blamed, groups}.

    doubtful, blamed: [{id, doubt, blame}], the first KEPT; blamed is empty without a query. groups: for each of KINDS
    [[key, pairs, worst]]; the worst are those of `blamed` where there is a query.
    """
    rows = [{"id": line["id"], "doubt": line["doubt"], "blame": (line["blame"] or [None])[0]} for line in lines]
    doubtful = sorted(rows, key=lambda row: -row["doubt"])
    blamed = sorted((row for row in rows if row["blame"] is not None), key=lambda row: -row["blame"])
    worst = {row["id"] for row in (blamed or doubtful)[: _worst_of(len(rows))]}
    return {
        "pairs": len(rows),
        "doubtful": doubtful[:KEPT],
        "blamed": blamed[:KEPT],
        "groups": _groups(snapshot, {row["id"] for row in rows}, worst),
    }


def _worst_of(pairs: int) -> int:
    """How many of so many pairs are the worst."""
    return max(1, round(WORST * pairs))


def _groups(snapshot: Snapshot, known: set[str], worst: set[str]) -> dict[str, list[list[Any]]]:
    """Counts of pairs by what is behind them. known: the pairs that the engine could use."""
    is_worst: dict[int, bool] = {}
    pairs = (pair for pair in read_side(snapshot, "train") if pair.id in known)
    while some := list(itertools.islice(pairs, AT_ONCE)):
        for pair, comparison in zip(some, comparisons_of(snapshot, some), strict=True):
            if comparison is not None:
                is_worst[comparison] = pair.id in worst
    counts: dict[str, dict[str, list[int]]] = {kind: defaultdict(lambda: [0, 0]) for kind in KINDS}
    for kind, key, comparison in _behind(snapshot, is_worst):
        if (key or kind in MAY_LACK) and comparison in is_worst:
            count = counts[kind][key]
            count[0] += 1
            count[1] += is_worst[comparison]
    return {kind: [[key, *count] for key, count in sorted(found.items())] for kind, found in counts.items()}


def _behind(snapshot: Snapshot, known: Collection[int]) -> Iterable[tuple[str, str, int]]:
    """Kind, key and comparison of everything behind a snapshot's pairs, each once. known: their comparisons."""
    judgments = judgments_behind(snapshot).order_by()
    # An outvoted annotator made no label worse. The labels of a group are its own, whatever the campaign's verdict is.
    agreeing = judgments if snapshot.group_name else judgments.filter(choice=F("comparison__verdict__winner"))
    for kind, votes, column in (
        ("annotator", agreeing, "annotator__pseudonym"),
        ("guidelines", judgments, "guideline_version__number"),
    ):
        for comparison, key in votes.values_list("comparison_id", column).distinct().iterator():
            yield kind, "" if key is None else str(key), comparison
    rows = Comparison.objects.filter(campaign=snapshot.campaign, pk__in=list(known))
    for comparison, source, one, other, batch, tags in rows.values_list(
        "pk", "source", "completion_a__model_version", "completion_b__model_version", "batch_id", "prompt__tags"
    ).iterator():
        yield "source", source, comparison
        yield "batch", "" if batch is None else str(batch), comparison
        for tag in set(tags) or {""}:
            yield "tag", tag, comparison
        for name in {one, other}:
            yield "model", name, comparison


def lost_comparisons(snapshot: Snapshot, *, limit: int) -> list[tuple[int, str]]:
    """The comparisons that versions trained on the snapshot lost in decided gates by people: number and question."""
    lost = Q(candidate_is_a=True, comparison__verdict__winner="b") | Q(
        candidate_is_a=False, comparison__verdict__winner="a"
    )
    gates = {"gate__candidate__run__snapshot": snapshot, "gate__status__in": PeopleGate.DECIDED}
    rows = PeopleGatePair.objects.filter(lost, **gates).order_by("-pk").values_list("comparison_id", "prompt__messages")
    return [(number, messages[-1]["content"]) for number, messages in rows[:limit]]


def pairs_found(job: BlameJob, order: str, *, limit: int) -> list[FoundPair]:
    """The first pairs of a finished search. order: doubtful or blamed."""
    result = job.result or {}
    rows, worst = result.get(order, [])[:limit], (result.get("blamed") or [{"blame": 0.0}])[0]["blame"]
    wanted = {row["id"] for row in rows}
    pairs = {pair.id: pair for pair in read_side(job.snapshot, "train") if pair.id in wanted}
    rows = [row for row in rows if row["id"] in pairs]
    numbers = comparisons_of(job.snapshot, [pairs[row["id"]] for row in rows])
    comparisons = Comparison.objects.select_related("campaign").in_bulk([one for one in numbers if one is not None])
    return [
        FoundPair(pairs[row["id"]], comparisons.get(number or 0), row["doubt"], _share_of_worst(row["blame"], worst))
        for row, number in zip(rows, numbers, strict=True)
    ]


def _share_of_worst(blame: float | None, worst: float) -> float | None:
    return None if blame is None else blame / worst if worst > 0 else 0.0


def groups_found(job: BlameJob, campaign: Campaign) -> dict[str, list[Group]]:
    """The groups of FEWEST pairs and more, worst first; kinds with one group only are left out."""
    found: dict[str, list[Group]] = {}
    result = job.result or {}
    groups_of, total = result.get("groups") or {}, result.get("pairs", 0)
    counts = [
        (kind, key, pairs, worst)
        for kind in KINDS
        for key, pairs, worst in groups_of.get(kind, [])
        if len(groups_of[kind]) > 1 and pairs >= FEWEST
    ]
    chances = holm([chance_of_as_many(total, _worst_of(total), pairs, worst) for _, _, pairs, worst in counts])
    for kind in KINDS:
        rows = [(*row, chance) for row, chance in zip(counts, chances, strict=True) if row[0] == kind]
        names = _names(campaign, kind, [key for _, key, *_ in rows])
        groups = [Group(names.get(key, key), key, pairs, worst, chance < 0.05) for _, key, pairs, worst, chance in rows]
        if groups:
            found[kind] = sorted(groups, key=lambda one: (-one.share, one.name))
    return found


def _names(campaign: Campaign, kind: str, keys: Sequence[str]) -> dict[str, str]:
    """The names of groups whose keys are not their names."""
    if kind == "annotator":
        return names_by_pseudonym(campaign, keys)
    if kind == "batch":
        rows = ImportBatch.objects.filter(campaign=campaign, pk__in=[key for key in keys if key])
        return {"": gettext("Not imported")} | {str(one.pk): str(one) for one in rows}
    return {"": gettext("Without a tag")} if kind == "tag" else {}
