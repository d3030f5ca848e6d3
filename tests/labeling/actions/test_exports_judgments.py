"""Judgments in the files of an export: all of them, so that agreement computed from a file is that of the page."""

import csv
import io
import json
import random
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable

import krippendorff
import numpy as np
import pytest

from labeling.actions.exports import export_campaign
from labeling.models import Judgment
from labeling.queries.agreement import agreement
from tests.people import Stage, pair, stage

Votes = dict[str, dict[str, str]]
"""The choices by comparison and annotator."""


def from_table(rows: list[dict[str, str]]) -> Votes:
    return {row["pair"]: {vote["annotator"]: vote["choice"] for vote in json.loads(row["votes"])} for row in rows}


def from_csv(data: bytes) -> Votes:
    return from_table(list(csv.DictReader(io.StringIO(data.decode(), newline=""))))


def from_parquet(data: bytes) -> Votes:
    from pyarrow import parquet

    return from_table(parquet.read_table(io.BytesIO(data)).to_pylist())


def from_arena(data: bytes) -> Votes:
    choices = {"model_a": "a", "model_b": "b", "tie": "tie", "tie (bothbad)": "both_bad"}
    votes: Votes = defaultdict(dict)
    for row in json.loads(data):
        votes[row["question_id"]][row["judge"]] = choices[row["winner"]]
    return votes


def from_labelstudio(data: bytes) -> Votes:
    votes: Votes = defaultdict(dict)
    for task in json.loads(data):
        for number, one in enumerate(task["annotations"]):
            values = [result["value"] for result in one["result"] if result["type"] in ("pairwise", "choices")]
            choice = {"left": "a", "right": "b"}.get(values[0].get("selected", ""), "") if values else "skip"
            votes[task["id"]][str(number)] = choice or values[0]["choices"][0]
    return votes


READINGS: dict[str, Callable[[bytes], Votes]] = {
    "csv": from_csv,
    "parquet": from_parquet,
    "arena": from_arena,
    "labelstudio": from_labelstudio,
}


def judged() -> Stage:
    """Two judgments of each comparison, at random, with strengths and skips: a good part of them are in conflict."""
    dice = random.Random(5)
    scene = stage(comparisons=130, overlap=2, scale="strength")
    carol = scene.crowd(1)[0]
    for annotator in (scene.alice, scene.bob, carol):
        while assignment := scene.next(annotator):
            choice = dice.choices(["a", "b", "tie", "both_bad", "skip"], [8, 4, 2, 1, 1])[0]
            if choice == "skip":
                scene.vote(assignment, "skip", skip_reason="It is upsetting")
            else:
                scene.vote(assignment, choice, strength=dice.choice([1, 2, 3]) if choice in "ab" else None)
    return scene


def exported(scene: Stage, dialect: str) -> bytes:
    export = export_campaign(campaign=scene.campaign, dialect=dialect, acting_user=scene.maya, now=scene.now)
    return b"".join(export.pieces)


def alpha(votes: Votes) -> float:
    """Krippendorff's alpha by the library, of nominal data: a tie and both bad are the same."""
    units = [[{"a": 0, "b": 2}.get(choice, 1) for choice in of.values() if choice != "skip"] for of in votes.values()]
    counts = np.array([[unit.count(value) for value in range(3)] for unit in units])
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


def test_agreement_computed_from_a_file_is_that_of_the_page() -> None:
    scene = judged()
    current = Judgment.objects.filter(campaign=scene.campaign, superseded_at=None)
    wanted = Counter(current.values_list("choice", flat=True))
    assert min(scene.campaign.comparisons.filter(status="conflict").count(), wanted["skip"]) > 10
    report = agreement(scene.campaign)
    for dialect, reading in READINGS.items():
        votes = reading(exported(scene, dialect))
        counted = Counter(choice for of in votes.values() for choice in of.values())
        held = {choice: count for choice, count in wanted.items() if choice != "skip" or dialect != "arena"}
        assert counted == held, dialect
        assert alpha(votes) == pytest.approx(report.alpha_nominal.value), dialect


def test_pairs_for_training_leave_conflicts_out_and_count_them() -> None:
    scene = judged()
    export = export_campaign(campaign=scene.campaign, dialect="trl", acting_user=scene.maya, now=scene.now)
    rows = b"".join(export.pieces).splitlines()
    statuses = Counter(scene.campaign.comparisons.values_list("status", flat=True))
    assert (export.report.dropped["conflict"], export.report.dropped["unsettled"]) == (
        statuses["conflict"],
        statuses["open"],
    )
    assert (export.report.total, export.report.kept) == (scene.campaign.comparisons.count(), len(rows))


@pytest.mark.long
def test_the_memory_of_a_whole_campaign_does_not_grow_with_it() -> None:
    scene = stage()
    peaks = []
    for numbers in (range(1000), range(1000, 3000)):
        scene.add([pair(number, preference="first") for number in numbers])
        export = export_campaign(campaign=scene.campaign, dialect="full", acting_user=scene.maya, now=scene.now)
        tracemalloc.start()
        size = sum(len(piece) for piece in export.pieces)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert size > 1_000_000
    assert peaks[1] < peaks[0] * 1.3, peaks
