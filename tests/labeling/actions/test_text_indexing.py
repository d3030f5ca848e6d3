"""Texts of an import are found at every moment: before, while and after they are put into the indexes."""

import io
import json

import pytest
from django.db import connection

from labeling.actions.imports import import_comparisons, import_prompts
from labeling.actions.text_indexing import index_texts
from labeling.models import Completion, Prompt
from labeling.queries.lists import ComparisonFilter, PromptFilter, filtered_comparisons, filtered_prompts
from labeling.queries.prompt_search import completions_with
from labeling.tasks import index_imported_texts
from tests.people import Stage, stage

pytestmark = pytest.mark.django_db


def imported(scene: Stage, count: int = 5) -> None:
    records = [
        {"prompt": f"Why is number {n} odd?", "chosen": f"Umbrella {n}.", "rejected": f"Zebra {n}."}
        for n in range(count)
    ]
    stream = io.BytesIO("\n".join(map(json.dumps, records)).encode())
    import_comparisons(campaign=scene.campaign, stream=stream, acting_user=scene.maya, now=scene.now)


def hits(scene: Stage, text: str) -> tuple[int, int, int]:
    """The numbers of prompts, comparisons and completions that a search finds."""
    prompts = filtered_prompts(scene.campaign, PromptFilter(text=text))
    comparisons = filtered_comparisons(scene.campaign, ComparisonFilter(text=text))
    return prompts.count(), comparisons.count(), completions_with(text).count()


def test_a_search_finds_the_same_texts_before_while_and_after_they_are_indexed() -> None:
    scene = stage(comparisons=2)
    imported(scene)
    for rows in (Prompt.objects.filter(pk=0), Prompt.objects.all()[:3], Completion.objects.all()[:7]):
        rows.model.objects.filter(pk__in=[row.pk for row in rows]).update(text_indexed=True)
        assert hits(scene, "number 3 ODD") == (1, 1, 0)
        assert hits(scene, "umbrella") == (0, 5, 5)
        assert hits(scene, "zebra 4") == (0, 1, 1)
    assert index_imported_texts() > 0
    assert not Prompt.objects.filter(text_indexed=False).exists()
    assert not Completion.objects.filter(text_indexed=False).exists()
    assert hits(scene, "umbrella") == (0, 5, 5)


def test_a_run_ends_with_its_time_and_the_next_one_goes_on() -> None:
    scene = stage(comparisons=0)
    imported(scene)
    assert index_texts(seconds=0) == 0
    assert index_texts(step=4) == 15
    assert index_texts() == 0


def test_only_imports_leave_texts_to_the_job() -> None:
    scene = stage(comparisons=3)
    assert not Completion.objects.filter(text_indexed=False).exists()
    import_prompts(campaign=scene.campaign, stream=io.BytesIO(b"Which one?"), acting_user=scene.maya, now=scene.now)
    assert Prompt.objects.filter(text_indexed=False).count() == 1


def test_a_completion_search_reads_both_indexes() -> None:
    imported(stage())
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = completions_with("umbrella").explain()
    assert "completion_text_search" in plan
    assert "completion_text_unindexed" in plan
