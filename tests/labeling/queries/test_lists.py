"""Lists of prompts and comparisons: filters, order, pages, counts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from labeling.actions.bulk import BulkOrder, Selection, start_bulk_act
from labeling.actions.campaigns import create_campaign
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.models import Comparison, Prompt, Verdict
from labeling.queries.list_pages import page_of_comparisons, page_of_prompts
from labeling.queries.lists import (
    ComparisonFilter,
    PromptFilter,
    filtered_comparisons,
    filtered_prompts,
    fingerprint,
    limited_count,
)
from labeling.queries.prompt_search import prompts_with as prompts_with_text
from tests.people import Stage, asks, pair, stage

TEXTS = ["Why is the sky blue?", 'Say "hello"\nand a \\ backslash', "Ärger über Öl", "ما هي اللغة؟", "100 % of_it"]


def prompts_with(scene: Stage, **where: Any) -> set[str]:
    return {str(one.messages[-1]["content"]) for one in filtered_prompts(scene.campaign, PromptFilter(**where))}


def comparisons_with(scene: Stage, **where: Any) -> list[int]:
    rows = filtered_comparisons(scene.campaign, ComparisonFilter(**where))
    return [one.pk for one in page_of_comparisons(rows, order="oldest", after=None, size=1000)]


def texts_on_stage() -> Stage:
    scene = stage()
    drafts = [PromptDraft(asks(text), tags=("long", f"n{number}")) for number, text in enumerate(TEXTS)]
    add_prompts(campaign=scene.campaign, prompts=drafts, acting_user=scene.maya, now=scene.now)
    return scene


@pytest.mark.parametrize(
    ("search", "number"),
    [
        ("SKY blue", 0),
        ('say "HELLO"', 1),
        ('hello"\nand', 1),
        ("a \\ back", 1),
        ("ÄRGER ÜBER", 2),
        ("اللغة", 3),
        ("100 % of_it", 4),
    ],
)
def test_a_search_finds_a_part_of_a_prompt_in_any_case_and_script(search: str, number: int) -> None:
    assert prompts_with(texts_on_stage(), text=search) == {TEXTS[number]}


@pytest.mark.parametrize("search", ["role", "user", "content", "100_%", "nowhere"])
def test_a_search_does_not_find_what_is_no_text_of_the_prompt(search: str) -> None:
    assert prompts_with(texts_on_stage(), text=search) == set()


def test_prompts_are_filtered_by_tag_state_version_and_comparisons() -> None:
    scene = texts_on_stage()
    scene.add([pair(1)])
    assert prompts_with(scene, tag="n2") == {TEXTS[2]}
    assert prompts_with(scene, compared=True) == prompts_with(scene, model_version="base") == {"What is 1 plus one?"}
    assert prompts_with(scene, compared=False) == set(TEXTS)
    Prompt.objects.filter(tags__contains=["n0"]).update(retired_at=scene.now)
    assert prompts_with(scene, state="retired") == {TEXTS[0]}
    assert TEXTS[0] not in prompts_with(scene, state="active")


def test_comparisons_are_found_by_a_text_of_the_prompt_or_of_a_completion() -> None:
    scene = stage(comparisons=3)
    first, second, third = comparisons_with(scene)
    assert comparisons_with(scene, text="is 1 PLUS") == [second]
    assert comparisons_with(scene, text="it is 3.") == [third]
    assert comparisons_with(scene, text="nobody knows") == [first, second, third]


def test_comparisons_are_filtered_by_judgments_people_confidence_and_flags() -> None:
    scene = stage(comparisons=4, overlap=1)
    scene.settle(["a", "b"])
    judged = comparisons_with(scene, judged=True)
    assert len(judged) == 2
    assert comparisons_with(scene, status="settled") == judged
    assert comparisons_with(scene, annotator=scene.alice.pseudonym, judged=True) + comparisons_with(
        scene, annotator=scene.bob.pseudonym, judged=True
    )
    assert comparisons_with(scene, confidence_at_least=0.7, confidence_at_most=0.8) == judged
    assert comparisons_with(scene, confidence_at_least=0.9) == []
    assert comparisons_with(scene, flagged=True) == []
    assert comparisons_with(scene, since=scene.now + timedelta(days=1)) == []
    assert len(comparisons_with(scene, source="test")) == 4
    assert comparisons_with(scene, prompt=Comparison.objects.get(pk=judged[0]).prompt_id) == [judged[0]]


def test_pages_follow_each_other_without_a_gap_in_every_order() -> None:
    scene = stage(comparisons=25, overlap=1)
    settled = scene.settle(["a"] * 9)
    for place, comparison in enumerate(settled):
        Verdict.objects.filter(comparison=comparison).update(confidence=0.9 - 0.1 * (place // 2))
    with_verdict = list(Verdict.objects.order_by("confidence", "comparison").values_list("comparison", flat=True))
    without = list(Comparison.objects.filter(verdict=None).order_by("pk").values_list("pk", flat=True))
    rows = filtered_comparisons(scene.campaign, ComparisonFilter())
    for order, expected in (
        ("newest", sorted(Comparison.objects.values_list("pk", flat=True), reverse=True)),
        ("oldest", sorted(Comparison.objects.values_list("pk", flat=True))),
        (
            "queue",
            list(Comparison.objects.filter(status="open", taken=0).order_by("position").values_list("pk", flat=True)),
        ),
        ("least_certain", with_verdict + without),
        ("most_certain", with_verdict[::-1] + without),
        ("most_judged", list(Comparison.objects.order_by("-judged", "-pk").values_list("pk", flat=True))),
        ("least_judged", list(Comparison.objects.order_by("judged", "-pk").values_list("pk", flat=True))),
    ):
        keys: list[int] = []
        while page := page_of_comparisons(rows, order=order, after=keys[-1] if keys else None, size=7):
            keys += [one.pk for one in page]
        assert keys == expected, order
    prompts = filtered_prompts(scene.campaign, PromptFilter())
    first = page_of_prompts(prompts, order="newest", after=None, size=20)
    second = page_of_prompts(prompts, order="newest", after=first[-1].pk, size=20)
    assert len({one.pk for one in (*first, *second)}) == 25


def test_prompts_are_sorted_by_their_comparisons_page_by_page(django_assert_num_queries: Any) -> None:
    scene = texts_on_stage()
    scene.add([pair(number) for number in range(8)])
    one, two = Prompt.objects.filter(comparisons__isnull=False).order_by("pk")[:2]
    Comparison.objects.filter(pk__in=Comparison.objects.exclude(prompt__in=[one, two]).values("pk")[:4]).update(
        prompt=two
    )
    counted = {row.pk: row.comparisons.count() for row in Prompt.objects.all()}
    expected = sorted(counted, key=lambda key: (counted[key], -key))
    for order, keys in (
        ("least_compared", expected),
        ("most_compared", sorted(counted, key=lambda key: (-counted[key], -key))),
    ):
        rows = filtered_prompts(scene.campaign, PromptFilter())
        seen: list[int] = []
        while page := page_of_prompts(rows, order=order, after=seen[-1] if seen else None, size=3):
            seen += [row.pk for row in page]
        assert seen == keys, order
    assert counted[two.pk] == 5
    with django_assert_num_queries(3):
        page_of_prompts(filtered_prompts(scene.campaign, PromptFilter()), order="most_compared", after=two.pk, size=50)


def test_prompts_are_filtered_by_what_happened_to_one_of_their_comparisons() -> None:
    scene = stage(comparisons=4, overlap=1)
    (sure, unsure) = scene.settle(["a", "b"])
    Verdict.objects.filter(comparison=sure).update(confidence=0.95)
    flagged = scene.judge(scene.given(scene.alice), "skip", flag="harm").comparison

    def found(**where: Any) -> set[int]:
        return set(filtered_prompts(scene.campaign, PromptFilter(**where)).values_list("pk", flat=True))

    both = {sure.prompt_id, unsure.prompt_id}
    assert found(flagged=True) == {flagged.prompt_id}
    assert found(annotator=scene.alice.pseudonym) == both | {flagged.prompt_id}
    assert found(annotator=scene.bob.pseudonym) == set()
    assert found(group="people") == found(group="annotator") == both
    assert found(confidence_at_least=0.9) == {sure.prompt_id}
    assert found(confidence_at_most=0.9) == {unsure.prompt_id}
    assert len(found(source="test")) == 4
    # One comparison must have all of them: two of the prompt that have one each do not match together.
    Comparison.objects.filter(pk=flagged.pk).update(prompt=sure.prompt)
    assert found(flagged=True, confidence_at_least=0.9) == set()
    where = PromptFilter(flagged=True, confidence_at_least=0.9)
    assert PromptFilter.from_json(where.as_json()) == where


def test_a_count_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = stage(comparisons=9)
    rows = filtered_comparisons(scene.campaign, ComparisonFilter())
    assert limited_count(rows) == 9
    monkeypatch.setattr("labeling.queries.lists.MOST_COUNTED", 5)
    assert limited_count(rows) == 6


def test_a_filter_survives_json() -> None:
    scene = stage()
    where = ComparisonFilter(text="?", flagged=True, judged=False, since=scene.now, confidence_at_most=0.5, batch=3)
    assert ComparisonFilter.from_json(where.as_json()) == where
    assert ComparisonFilter().as_json() == {}


def test_the_rows_that_an_act_changed_can_be_listed() -> None:
    scene = stage(comparisons=3)
    first, second, _ = comparisons_with(scene)
    act = start_bulk_act(
        campaign=scene.campaign,
        selection=Selection("comparisons", ids=(first, second)),
        order=BulkOrder("retire", reason="Broken."),
        acting_user=scene.maya,
        now=scene.now,
    )
    assert comparisons_with(scene, act=act.pk) == [first, second]


def test_a_page_of_a_large_campaign_reads_an_index_and_not_the_table() -> None:
    scene = stage(comparisons=1)
    other = create_campaign(name="Large", acting_user=scene.maya, now=scene.now)
    drafts = [PromptDraft(asks(f"Question {number}?")) for number in range(2000)]
    add_prompts(campaign=other, prompts=drafts, acting_user=scene.maya, now=scene.now)
    replace(scene, campaign=other).add(300)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE labeling_prompt, labeling_comparison")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        rows = filtered_comparisons(scene.campaign, ComparisonFilter(status="open")).order_by("-pk")[:50]
        assert "comparison_status_newest" in rows.explain()
        certain = filtered_comparisons(scene.campaign, ComparisonFilter()).filter(verdict__campaign=F("campaign"))
        ordered = certain.order_by("verdict__confidence", "verdict__comparison_id").values_list("pk")[:50]
        assert "verdict_confidence" in ordered.explain()
        prompts = filtered_prompts(scene.campaign, PromptFilter()).order_by("-pk")[:50]
        assert "prompt_campaign" in prompts.explain()
        plan = prompts_with_text("blue sky").explain()
        assert "prompt_text_search" in plan
        assert "prompt_text_unindexed" in plan


def test_a_fingerprint_tells_other_rows_from_the_same_ones(db: None) -> None:
    rows = stage(comparisons=3).campaign.comparisons.all()
    first, second, third = rows.order_by("pk").values_list("pk", flat=True)[:3]
    assert fingerprint(rows.filter(pk__in=[first, second])) == fingerprint(rows.filter(pk__in=[second, first]))
    assert fingerprint(rows.filter(pk__in=[first, second])) != fingerprint(rows.filter(pk__in=[first, third]))
    assert (fingerprint(rows.none()).count, fingerprint(rows).count) == (0, rows.count())
