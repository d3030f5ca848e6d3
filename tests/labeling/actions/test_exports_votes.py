"""Votes in are votes out: every analysing format has the judgments, and yields the agreement, of the Quality page."""

import csv
import io
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from labeling.actions.exports import open_export
from labeling.actions.import_reports import ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.exchange import WriteOptions
from labeling.models import Assignment, Campaign, Comparison, Judgment
from labeling.queries.agreement import agreement, vote_patterns
from labeling.stats import agreement_report
from tests.people import Stage, stage

PAIRS, OPINIONS = 700, 4
CHOICES = ("a", "a", "a", "b", "b", "tie", "both_bad", "skip")
TEXTS = ("=1+1", "- a list", "x,y;\tz", "line\r\nbreak", "'quoted'", "🦉")

Cast = tuple[Any, str, int | None]
"""One vote as a file has it: the name of its pair, its choice, and its strength."""


def opinion(dice: random.Random, annotator: int, favourite: str) -> dict[str, Any]:
    choice = favourite if dice.random() < 0.55 else dice.choice(CHOICES)
    strength = {"strength": dice.choice([1, 2, 3])} if choice in ("a", "b") and dice.random() < 0.8 else {}
    return {"annotator": f"kim{annotator}", "choice": choice, **strength}


def rows(dice: random.Random) -> Iterator[dict[str, Any]]:
    for number in range(PAIRS):
        people = dice.sample(range(12), OPINIONS)
        favourite = dice.choice(["a", "b", "tie"])
        yield {
            "pair": f"p{number}",
            "prompt": json.dumps([{"role": "user", "content": f"{dice.choice(TEXTS)} {number}?"}]),
            "a": f"{dice.choice(TEXTS)} one {number}",
            "b": f"{dice.choice(TEXTS)} two {number}",
            "votes": json.dumps([opinion(dice, person, favourite) for person in people]),
        }


@pytest.fixture
def judged(db: None) -> Stage:
    """Some 3,000 judgments: opinions of outside annotators, and those of Alice and Bob, some of them undecided."""
    dice = random.Random(7)
    scene = stage(overlap=3, scale="strength")
    data = "".join(json.dumps(row) + "\n" for row in rows(dice)).encode()
    settings = ImportSettings(keep_preferences=True)
    report = import_comparisons(
        campaign=scene.campaign, stream=io.BytesIO(data), settings=settings, acting_user=scene.maya, now=scene.now
    )
    assert (report.created, report.rejected_count) == (PAIRS, 0)
    for person in (scene.alice, scene.bob):
        for _ in range(20):
            assignment = scene.next(person)
            if assignment is None:
                break
            choice = dice.choice(["a", "b", "tie", "skip"])
            details = {"strength": 2} if choice in ("a", "b") else {}
            scene.vote(assignment, choice, **details)
    Comparison.objects.filter(pk__in=list(Comparison.objects.values_list("pk", flat=True)[:5])).update(status="flagged")
    return scene


def of_table(table: Iterable[dict[str, Any]]) -> Iterator[Cast]:
    for row in table:
        votes = json.loads(row["votes"])
        yield from ((row["pair"], vote["choice"], vote.get("strength")) for vote in votes)
        counted = {choice: int(row[f"votes_{choice}"]) for choice in ("a", "b", "tie", "both_bad")}
        assert counted == {choice: sum(vote["choice"] == choice for vote in votes) for choice in counted}
        assert int(row["skips"]) == sum(vote["choice"] == "skip" for vote in votes)


def of_csv(data: bytes) -> Iterator[Cast]:
    return of_table(csv.DictReader(io.StringIO(data.decode(), newline="")))


def of_parquet(data: bytes) -> Iterator[Cast]:
    parquet = pytest.importorskip("pyarrow.parquet")
    return of_table(parquet.read_table(io.BytesIO(data)).to_pylist())


def lines(data: bytes) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in data.splitlines())


def of_full(data: bytes) -> Iterator[Cast]:
    for line in lines(data):
        if line["type"] == "comparison" and line["status"] not in Comparison.OUT:
            for one in line["assignments"]:
                for judgment in one["judgments"]:
                    if one["kind"] == "normal" and judgment["superseded_at"] is None:
                        yield line["pair"], judgment["choice"], judgment["strength"]


def of_arena(data: bytes) -> Iterator[Cast]:
    names = {"model_a": "a", "model_b": "b", "tie": "tie", "tie (bothbad)": "both_bad"}
    return ((one["question_id"], names[one["winner"]], None) for one in records(data))


def of_labelstudio(data: bytes) -> Iterator[Cast]:
    for task in records(data):
        for one in task["annotations"]:
            answers = {answer["from_name"]: answer["value"] for answer in one["result"]}
            choice = "skip" if one["was_cancelled"] else ""
            if "comparison" in answers:
                choice = {"left": "a", "right": "b"}[answers["comparison"]["selected"]]
            elif "neither" in answers:
                (choice,) = answers["neither"]["choices"]
            yield task["meta"]["chosen"]["pair"], choice, answers.get("strength", {}).get("rating")


def of_alpacaeval(data: bytes) -> Iterator[Cast]:
    for row in records(data):
        size = row["preference"] - 1.5
        choice = "tie" if not size else "a" if size < 0 else "b"
        yield (row["instruction"], row["output_1"], row["output_2"]), choice, None


def records(data: bytes) -> list[dict[str, Any]]:
    text = data.decode()
    loaded: list[dict[str, Any]] = json.loads(text) if text.lstrip().startswith("[") else list(lines(data))
    return loaded


def patterns(cast: Iterable[Cast]) -> Counter[tuple[int, int, int]]:
    """How many comparisons have each pattern of votes over (a, neither, b)."""
    by_pair: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for pair, choice, _ in cast:
        if choice != "skip":
            by_pair[pair][{"a": 0, "b": 2}.get(choice, 1)] += 1
    return Counter((a, neither, b) for a, neither, b in by_pair.values())


def nominal_alpha(counts: Counter[tuple[int, int, int]]) -> float:
    """Krippendorff's alpha by its definition, over units of two votes or more."""
    units = [(pattern, number) for pattern, number in counts.items() if sum(pattern) > 1]
    totals = [sum(pattern[value] * number for pattern, number in units) for value in range(3)]
    votes = sum(totals)
    observed = sum(
        number * sum(pattern[one] * (sum(pattern) - pattern[one]) for one in range(3)) / (sum(pattern) - 1)
        for pattern, number in units
    )
    expected = sum(total * (votes - total) for total in totals) / (votes - 1)
    return 1 - observed / expected


READERS: dict[str, Callable[[bytes], Iterator[Cast]]] = {
    "full": of_full,
    "csv": of_csv,
    "parquet": of_parquet,
    "arena": of_arena,
    "labelstudio": of_labelstudio,
}


def exported(campaign: Campaign, dialect: str) -> bytes:
    options = WriteOptions() if dialect == "full" else WriteOptions(include="judged")
    return b"".join(open_export(campaign, dialect, options).pieces)


def test_counts_and_alpha_from_every_export_equal_those_of_the_page(judged: Stage) -> None:
    campaign = judged.campaign
    here = Judgment.objects.filter(campaign=campaign, superseded_at=None, kind=Assignment.Kind.NORMAL).exclude(
        comparison__status__in=Comparison.OUT
    )
    choices = Counter(here.values_list("choice", flat=True))
    strengths = Counter(one for one in here.values_list("strength", flat=True) if one)
    assert choices.total() > 2_700
    assert min(choices[choice] for choice in ("a", "b", "tie", "both_bad", "skip")) > 50
    assert {"conflict", "settled"} <= set(campaign.comparisons.values_list("status", flat=True))
    page = agreement(campaign, include_imported=True)
    expected = Counter(vote_patterns(campaign, include_imported=True))

    for dialect, read in READERS.items():
        cast = list(read(exported(campaign, dialect)))
        counted = Counter(choice for _, choice, _ in cast)
        if dialect == "arena":  # a battle has a winner and no strength
            assert counted == choices - Counter(skip=choices["skip"]), dialect
        else:
            assert counted == choices, dialect
            assert Counter(strength for _, _, strength in cast if strength) == strengths, dialect
        assert patterns(cast) == expected, dialect
        assert agreement_report(patterns(cast)) == page, dialect
        assert nominal_alpha(patterns(cast)) == pytest.approx(page.alpha_nominal.value), dialect

    alpaca = Counter(choice for _, choice, _ in of_alpacaeval(exported(campaign, "alpacaeval")))
    assert alpaca == {choice: choices[choice] for choice in ("a", "b", "tie")}  # its scale has no "both bad"
