"""All statistics of a slice of a campaign, and the ranking of its model versions.

The counts from the database are cached until something happens in the campaign. Counts that took longer than a second
are used for ten times as long as they took, whatever happens. So counting takes at most a tenth of the time, and
`counted_at` says how old the counts are. Those that a worker made of a large campaign are in a row (KeptCounts).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext_noop

from labeling.models import Campaign, KeptCounts
from labeling.queries.counts import SliceCounts, Stretches, count_slice
from labeling.queries.counts_json import as_json, from_json
from labeling.queries.slices import Slice
from labeling.stats import (
    AgreementReport,
    AnnotatorErrors,
    AnnotatorPairAgreement,
    Drift,
    Estimate,
    LengthBias,
    Pattern,
    Ranking,
    RetestReport,
    Speed,
    accuracy_ceiling,
    agreement_report,
    annotator_errors,
    annotator_pair_agreement,
    drift,
    krippendorff_alpha,
    label_noise,
    leave_one_out,
    length_bias,
    position_bias,
    proportion,
    ranking,
    retest_report,
    speed,
)
from labeling.tally import read_tally

KEPT_SECONDS = 24 * 3600
WORTH_KEEPING_SECONDS = 1.0
PATIENCE = 10
NO_GOLD = gettext_noop("No gold has been judged yet.")
NO_STRENGTHS = gettext_noop("No judgment with a strength has been made yet.")
DAYS_SHOWN = 60
"""Agreement is shown by day, or by week if there are more days than this."""


@dataclass(frozen=True, slots=True)
class AnnotatorStatistics:
    """One annotator, by pseudonym.

    left: the share of their preferences that are for the left side. gold: their accuracy on gold. accuracy, confusion:
    by Dawid-Skene; confusion is P(chose | true) over (a, tie, b), empty: unknown.
    """

    annotator: str
    is_simulated: bool
    is_outside: bool
    votes: int
    left: Estimate
    seconds: Estimate
    gold: Estimate
    accuracy: Estimate
    confusion: list[list[float]]


@dataclass(frozen=True, slots=True)
class Noise:
    """Label noise: how often a preference is for the worse completion, from agreement and by Dawid-Skene.

    ceiling_one, ceiling_three: the accuracy that a perfect reward model reaches on single judgments, and on majorities
    of three, if the noise is `from_agreement`.
    """

    from_agreement: Estimate
    by_dawid_skene: Estimate
    ceiling_one: Estimate
    ceiling_three: Estimate


@dataclass(frozen=True, slots=True)
class Statistics:
    """All figures of a slice, each with its interval and the number of comparisons and votes behind it.

    simulated, imported: the simulated and the outside annotators among those counted. annotators and pairs go by
    pseudonym.
    """

    counted_at: datetime
    simulated: list[str]
    imported: list[str]
    agreement: AgreementReport
    alpha_ordinal: Estimate
    leave_one_out: Estimate
    noise: Noise
    position: Estimate
    length: LengthBias
    retests: RetestReport
    gold: Estimate
    speed: Speed
    annotators: list[AnnotatorStatistics]
    pairs: list[AnnotatorPairAgreement]
    by_day: Drift
    by_stretch: Drift

    def as_dict(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return dict(plain(self))


@dataclass(frozen=True, slots=True)
class Counted:
    """The counts of a slice. stamp: names the state of the campaign. seconds: how long counting took."""

    stamp: tuple[int, int]
    seconds: float
    counts: SliceCounts
    errors: AnnotatorErrors


def statistics(campaign: Campaign, part: Slice | None = None, *, recount: bool = False, now: datetime) -> Statistics:
    """All figures of a slice. part: None: people's own judgments. recount: not from the cache. Raises Invalid."""
    return figures_of(counted_now(campaign, part or Slice(), now, recount=recount))


def figures_of(counted: Counted) -> Statistics:
    """All figures that counts yield."""
    counts, errors = counted.counts, counted.errors
    agreed = agreement_report(counts.patterns)
    noise = label_noise(agreed.percent_without_ties)
    return Statistics(
        counted_at=counts.at,
        simulated=counts.simulated,
        imported=counts.imported,
        agreement=agreed,
        alpha_ordinal=_alpha_ordinal(counts),
        leave_one_out=leave_one_out(counts.patterns),
        noise=Noise(noise, errors.noise, accuracy_ceiling(noise), accuracy_ceiling(noise, 3)),
        position=_position(counts),
        length=length_bias(counts.lengths),
        retests=retest_report(counts.retests),
        gold=_gold(counts.gold.values()),
        speed=speed(_added(counts.seconds.values())),
        annotators=_annotators(counts, errors),
        pairs=annotator_pair_agreement(counts.pairs),
        by_day=drift(_days(counts.days)),
        by_stretch=drift(counts.parts),
    )


def ranking_of(counted: Counted, *, length_controlled: bool = False) -> Ranking:
    """The ranking that counts yield."""
    matches = counted.counts.matches
    if not length_controlled:
        of_any_length: Counter[tuple[str, str, float, int, int, int]] = Counter()
        for (one, other, _, a, tie, b), number in matches.items():
            of_any_length[one, other, 0.0, a, tie, b] += number
        matches = of_any_length
    return ranking(matches, length_controlled=length_controlled)


def plain(value: Any) -> Any:
    """Dataclasses, lists and datetimes as JSON values."""
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def counted_now(campaign: Campaign, part: Slice, now: datetime, *, recount: bool = False) -> Counted:
    """The counts of a slice: kept ones, or new ones. recount: new ones. Raises Invalid."""
    key = f"statistics:{campaign.pk}:{part_key(part)}"
    cached: Counted | None = None if recount else cache.get(key)
    if cached is not None and is_current(campaign, cached, now):
        return cached
    kept = None if recount else was_kept(kept_row(campaign, part))
    counted = kept if kept is not None and is_current(campaign, kept, now) else count_now(campaign, part, now)
    cache.set(key, counted, KEPT_SECONDS)
    return counted


def part_key(part: Slice) -> str:
    """The name of a slice. Its texts may hold any character; the keys of a cache may not."""
    return hashlib.sha256(repr(part).encode()).hexdigest()


def slice_of(limits: Mapping[str, Any]) -> Slice:
    """The slice with these limits, whose times are texts."""
    times = {name: datetime.fromisoformat(limits[name]) for name in ("since", "until") if limits[name]}
    return Slice(**{**limits, **times})


def kept_row(campaign: Campaign, part: Slice) -> KeptCounts | None:
    """The row that keeps the counts of a slice."""
    return KeptCounts.objects.filter(campaign=campaign, part=part_key(part)).first()


def to_keep(counted: Counted) -> dict[str, Any]:
    """Counts as a row holds them."""
    parts = {"counts": as_json(counted.counts), "errors": as_json(counted.errors)}
    return {"stamp": list(counted.stamp), "seconds": counted.seconds, **parts}


def was_kept(row: KeptCounts | None) -> Counted | None:
    """The counts of a row; None: it has none, or those of another version of this program."""
    if row is None or row.counted is None:
        return None
    try:
        event, judgments = row.counted["stamp"]
        parts = from_json(row.counted["counts"]), from_json(row.counted["errors"])
        return Counted((event, judgments), row.counted["seconds"], *parts)
    except (LookupError, TypeError, ValueError):
        return None


def is_current(campaign: Campaign, counted: Counted, now: datetime) -> bool:
    """Whether nothing has happened in the campaign since, or counting takes so long that they are used for a while."""
    return counted.stamp == _stamp(campaign) or _is_fresh_enough(counted, now)


def count_now(campaign: Campaign, part: Slice, now: datetime) -> Counted:
    """Counts a slice. Raises Invalid."""
    stamp, began = _stamp(campaign), perf_counter()
    counts = count_slice(campaign, part, now, settings.TIME_ZONE)
    votes = counts.vote_sets
    errors = annotator_errors(
        votes.sets, votes.annotators, votes.choices, votes.weights, n_annotators=len(votes.people)
    )
    return Counted(stamp, perf_counter() - began, counts, errors)


def _stamp(campaign: Campaign) -> tuple[int, int]:
    """Changes whenever something happens in the campaign: each act leaves an event, each judgment is counted."""
    last = campaign.events.order_by("-at", "-pk").values_list("pk", flat=True).first()
    return last or 0, read_tally(campaign.pk).judgments


def _is_fresh_enough(cached: Counted, now: datetime) -> bool:
    age = (now - cached.counts.at).total_seconds()
    return cached.seconds > WORTH_KEEPING_SECONDS and age < PATIENCE * cached.seconds


def _annotators(counts: SliceCounts, errors: AnnotatorErrors) -> list[AnnotatorStatistics]:
    """The annotators, the busiest first."""
    numbers = {name: number for number, name in enumerate(counts.vote_sets.people)}
    simulated, imported = set(counts.simulated), set(counts.imported)
    return [
        AnnotatorStatistics(
            annotator=name,
            is_simulated=name in simulated,
            is_outside=name in imported,
            votes=votes,
            left=position_bias(*counts.sides[name]),
            seconds=speed(counts.seconds.get(name, {})).median,
            gold=_gold([counts.gold.get(name, (0, 0))]),
            accuracy=errors.accuracies[numbers[name]],
            confusion=errors.confusions[numbers[name]] if errors.confusions else [],
        )
        for name, votes in sorted(counts.votes.items(), key=lambda item: (-item[1], item[0]))
    ]


def _gold(counts: Iterable[tuple[int, int]]) -> Estimate:
    """The accuracy on gold. counts: correct judgments and all judgments, for each annotator."""
    correct = total = 0
    for correct_of_one, total_of_one in counts:
        correct, total = correct + correct_of_one, total + total_of_one
    return proportion(correct, total) if total else Estimate(None, None, None, 0, NO_GOLD)


def _alpha_ordinal(counts: SliceCounts) -> Estimate:
    tie = 3  # the middle of seven, from "b is much better" to "a is much better"
    if not any(votes for pattern in counts.strengths for place, votes in enumerate(pattern) if place != tie):
        return Estimate(None, None, None, 0, NO_STRENGTHS)
    return krippendorff_alpha(counts.strengths, metric="ordinal")


def _position(counts: SliceCounts) -> Estimate:
    sides = counts.sides.values()
    return position_bias(sum(left for left, _ in sides), sum(right for _, right in sides))


def _added(histograms: Iterable[Mapping[float, int]]) -> dict[float, int]:
    total: Counter[float] = Counter()
    for histogram in histograms:
        total.update(histogram)
    return dict(total)


def _days(days: Stretches) -> Stretches:
    """Patterns by day, or by the Monday of each week if there are many days."""
    if len(days) <= DAYS_SHOWN:
        return days
    weeks: dict[str, Counter[Pattern]] = {}
    for day, patterns in days.items():
        year, week, _ = date.fromisoformat(day).isocalendar()
        weeks.setdefault(date.fromisocalendar(year, week, 1).isoformat(), Counter()).update(patterns)
    return {week: dict(patterns) for week, patterns in weeks.items()}
