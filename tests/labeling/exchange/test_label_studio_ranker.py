"""Label Studio's Ranker template: each annotator puts items in an order."""

import io
from typing import Any, Literal

import pytest

from labeling.exchange import ImportedComparison, ReadLimits, Rejected, read_comparisons
from tests.labeling.exchange.builders import as_lines, message, read

TEXTS = {"llm_1": "Wars.", "llm_2": "Several wars.", "llm_3": "A fire."}
DATA = {
    "prompt": "How did the library end?",
    "items": [{"id": name, "title": name.upper(), "body": text} for name, text in TEXTS.items()],
}


def annotation(person: int, ranker: Any) -> dict[str, Any]:
    result = {"from_name": "rank", "to_name": "results", "type": "ranker", "value": {"ranker": ranker}}
    return {"completed_by": person, "was_cancelled": False, "lead_time": 12.5, "result": [result]}


def task(*annotations: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {"id": 7, "data": DATA | data, "annotations": list(annotations)}


def found(one: dict[str, Any], ranking: Literal["best-worst", "all", "neighbours"] = "all") -> list[ImportedComparison]:
    entries = list(read_comparisons(io.BytesIO(as_lines([one])), limits=ReadLimits(ranking=ranking)))
    assert all(isinstance(entry, ImportedComparison) for entry in entries), entries
    return [entry for entry in entries if isinstance(entry, ImportedComparison)]


def sides(comparisons: list[ImportedComparison]) -> list[tuple[str, str]]:
    return [(one.first.text, one.second.text) for one in comparisons]


@pytest.mark.parametrize("ranker", [["llm_3", "llm_1", "llm_2"], {"rank": ["llm_3", "llm_1", "llm_2"]}])
def test_an_order_becomes_comparisons_by_choice(ranker: Any) -> None:
    one = task(annotation(1, ranker))
    assert sides(found(one, "best-worst")) == [("A fire.", "Several wars.")]
    assert sides(found(one, "neighbours")) == [("A fire.", "Wars."), ("Wars.", "Several wars.")]
    assert len(found(one, "all")) == 3
    [first, *_] = found(one)
    assert (first.votes[0].seconds, first.votes[0].metadata) == (None, {"lead_time": 12.5})  # of all three
    assert (first.dialect, first.prompt) == ("labelstudio-ranker", [message("user", "How did the library end?")])
    assert (first.external_id, first.metadata, first.fields) == ("7", {}, ("id", "data", "annotations"))
    assert first.first.metadata == {"id": "llm_3", "title": "LLM_3"}


def test_each_annotator_has_an_opinion_on_each_pair() -> None:
    both = task(annotation(1, ["llm_1", "llm_2", "llm_3"]), annotation(2, ["llm_3", "llm_1", "llm_2"]))
    votes = {sides([one])[0]: [(v.annotator, v.choice) for v in one.votes] for one in found(both)}
    assert votes["Wars.", "Several wars."] == [("1", "first"), ("2", "first")]
    assert votes["Wars.", "A fire."] == [("1", "first"), ("2", "second")]


def test_items_in_different_buckets_have_no_order() -> None:
    buckets = {"_": ["llm_3"], "relevant": ["llm_2", "llm_1"], "biased": []}
    [one] = found(task(annotation(1, buckets)))
    assert sides([one]) == [("Several wars.", "Wars.")]
    assert one.votes[0].metadata["results"][0]["value"] == {"ranker": buckets}  # their names say something


def test_an_annotation_without_an_order_is_kept_without_its_author() -> None:
    skipped = annotation(2, []) | {"was_cancelled": True, "result": []}
    [one] = found(task(annotation(1, ["llm_1", "llm_2"]), skipped), "best-worst")
    assert [vote.annotator for vote in one.votes] == ["1"]
    assert one.metadata["annotations"] == [{"was_cancelled": True, "lead_time": 12.5}]


def test_an_order_that_its_annotator_cancelled_is_no_opinion() -> None:
    cancelled = annotation(2, ["llm_2", "llm_1"]) | {"was_cancelled": True}
    [one] = found(task(annotation(1, ["llm_1", "llm_2"]), cancelled))
    assert [(vote.annotator, vote.choice) for vote in one.votes] == [("1", "first")]
    [kept] = one.metadata["annotations"]
    assert (kept["was_cancelled"], kept["result"][0]["value"]) == (True, {"ranker": ["llm_2", "llm_1"]})
    [refused] = read([task(cancelled)])
    assert isinstance(refused, Rejected)
    assert "No annotation orders two of the items" in str(refused.reason)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (task(annotation(1, ["llm_1", "llm_9"])), "names an item twice, or one that is none"),
        (task(annotation(1, ["llm_1", "llm_1"])), "names an item twice, or one that is none"),
        (task(annotation(1, {"good": ["llm_1"], "bad": ["llm_2"]})), "No annotation orders two of the items"),
        (task(), "No annotation orders two of the items"),
        (task(annotation(1, ["1", "2"]), items=[{"id": 1, "body": "a"}, {"id": "1", "body": "b"}]), "same id"),
    ],
)
def test_a_task_that_says_nothing_about_two_items_is_refused_with_its_reason(one: dict[str, Any], said: str) -> None:
    [refused] = read([one])
    assert isinstance(refused, Rejected)
    assert said in str(refused.reason)
