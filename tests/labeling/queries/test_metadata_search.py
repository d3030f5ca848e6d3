"""Prompts and comparisons are found by the fields of their imported records."""

import pytest

from labeling.models import Campaign, Comparison, Completion, Prompt
from labeling.queries import metadata_search
from labeling.queries.lists import ComparisonFilter, PromptFilter, filtered_comparisons, filtered_prompts
from tests.people import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    """Four comparisons, oldest first: with metadata of prompt, comparison, completion, and none."""
    scene = stage(comparisons=4)
    prompt, own, text = Comparison.objects.order_by("pk")[:3]
    Prompt.objects.filter(pk=prompt.prompt_id).update(metadata={"source": "forum", "year": 2024, "tags": ["x", "y"]})
    Comparison.objects.filter(pk=own.pk).update(metadata={"scores": {"help": 0.5}, "a.b": "dot", "ok": True})
    Completion.objects.filter(pk=text.completion_a_id).update(metadata={"source": "web", "note": None, "year": "2024"})
    return scene.campaign


@pytest.mark.parametrize("few", [1000, 0])
@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ("source=forum", [0]),
        ("source", [0, 2]),
        ("year=2024", [0, 2]),
        ("tags=y", [0]),
        ("scores.help=0.5", [1]),
        ("scores.help", [1]),
        ("a.b=dot", [1]),
        ("a.b", [1]),
        ("ok=true", [1]),
        ("note=null", [2]),
        ("source=", []),
        ("source = forum ", [0]),
        ("nothing=at=all", []),
        ("%=_", []),
    ],
)
def test_a_field_is_found_wherever_it_stands(
    campaign: Campaign, search: str, numbers: list[int], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata_search, "FEW", few)
    all_of_them = list(Comparison.objects.order_by("pk"))
    found = filtered_comparisons(campaign, ComparisonFilter(metadata=search)).order_by("pk")
    assert [all_of_them.index(one) for one in found] == numbers
    prompts = set(filtered_prompts(campaign, PromptFilter(metadata=search)))
    assert prompts == {all_of_them[number].prompt for number in numbers if number != 1}


def test_a_value_that_the_database_cannot_hold_finds_only_texts(campaign: Campaign) -> None:
    Prompt.objects.filter(metadata__year=2024).update(metadata={"year": "NaN"})
    for value in ("Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "[" * 100_000):
        for key in ("year", "scores.help"):
            assert not filtered_comparisons(campaign, ComparisonFilter(metadata=f"{key}={value}")).exists()
            assert not filtered_prompts(campaign, PromptFilter(metadata=f"{key}={value}")).exists()
    assert filtered_comparisons(campaign, ComparisonFilter(metadata="year=NaN")).count() == 1


def test_any_key_can_be_searched_for(campaign: Campaign) -> None:
    for search in (".", "..", "a..b", ".=1", "=", "=1", "a__lt.b"):
        assert not filtered_comparisons(campaign, ComparisonFilter(metadata=search)).exists()
    Prompt.objects.filter(metadata__year=2024).update(metadata={"in": {"lt": {"contains": 1}}})
    assert filtered_comparisons(campaign, ComparisonFilter(metadata="in.lt.contains")).count() == 1
    assert filtered_comparisons(campaign, ComparisonFilter(metadata="in.lt.contains=1")).count() == 1
