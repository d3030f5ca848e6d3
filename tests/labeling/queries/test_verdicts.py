"""Verdicts as exports and snapshots read them."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.curation import retire_comparison
from labeling.exchange import DropReport
from labeling.models import Comparison, Verdict
from labeling.queries.verdicts import count_pairs, verdict_records, winners
from tests.people import asks, pair, stage


def draft(first: CompletionDraft, second: CompletionDraft) -> ComparisonDraft:
    return ComparisonDraft(asks("One plus one?"), first, second, preference="first")


def test_a_preference_pair_carries_the_tokens_that_were_shown() -> None:
    scene = stage()
    chosen = CompletionDraft("Two.", "v1", 1, {}, [1, 2], [3, 0], "stop")
    rejected = CompletionDraft("Three", "v1", 2, {}, [1, 2], [4], "length")
    scene.add([draft(chosen, rejected)])
    (one,) = scene.pairs()
    assert (one.chosen, one.rejected) == ("Two.", "Three")
    assert (one.prompt_ids, one.chosen_ids, one.rejected_ids) == ((1, 2), (3, 0), (4,))
    assert (one.chosen_finish, one.rejected_finish) == ("stop", "length")
    assert one.confidence == 0.75


def test_imported_text_has_no_tokens_and_no_finish_reason() -> None:
    scene = stage()
    scene.add([draft(CompletionDraft("Two."), CompletionDraft("Three"))])
    (one,) = scene.pairs()
    assert (one.prompt_ids, one.chosen_ids, one.chosen_finish) == (None, None, None)


def test_a_prompt_that_two_models_tokenize_in_two_ways_is_trained_from_its_text() -> None:
    scene = stage()
    scene.add([draft(CompletionDraft("Two.", "v1", 1, {}, [1], [3]), CompletionDraft("Three", "w1", 1, {}, [9], [4]))])
    assert scene.pairs()[0].prompt_ids is None


def test_the_order_is_by_prompt_and_the_same_every_time() -> None:
    scene = stage()
    prompts = [asks("A?"), asks("B?"), asks("A?"), asks("B?")]
    scene.add(
        [
            ComparisonDraft(prompt, CompletionDraft(f"yes {number}"), CompletionDraft(f"no {number}"), "first")
            for number, prompt in enumerate(prompts)
        ]
    )
    read = [record.prompt[-1]["content"] for record in verdict_records(scene.campaign)]
    assert read == ["A?", "A?", "B?", "B?"]
    assert list(verdict_records(scene.campaign)) == list(verdict_records(scene.campaign))


def test_what_has_no_verdict_is_counted_and_what_is_retired_is_not() -> None:
    scene = stage(comparisons=4)
    scene.settle(["a", "tie"])
    Comparison.objects.filter(pk=Comparison.objects.filter(status="open").first().pk).update(status="retired")  # type: ignore[union-attr]
    report = DropReport()
    assert len(scene.pairs(report)) == 1
    assert (report.dropped["tie"], report.dropped["unsettled"], report.total) == (1, 1, 3)


def test_verdicts_are_read_batch_by_batch() -> None:
    scene = stage()
    scene.add([pair(number, preference="first") for number in range(700)])
    with CaptureQueriesContext(connection) as queries:
        read = iter(verdict_records(scene.campaign))
        next(read)
    assert len(queries) <= 3  # ids, rows, improved texts; the rest has not been asked for
    assert sum(1 for _ in read) == 699


def test_pairs_and_winners_are_counted_without_the_comparisons_that_are_out() -> None:
    scene = stage(comparisons=5)
    settled = scene.settle(["a", "b", "a", "tie"])
    assert count_pairs(scene.campaign) == 3
    assert winners(scene.campaign) == {"a": 2, "b": 1, "tie": 1, "conflict": 0, "open": 1}
    retire_comparison(comparison=settled[1], reason="Twice.", acting_user=scene.maya, now=scene.now)
    assert count_pairs(scene.campaign) == 2
    assert winners(scene.campaign) == {"a": 2, "tie": 1, "conflict": 0, "open": 1}
    since = Verdict.objects.get(comparison=settled[0]).settled_at
    assert count_pairs(scene.campaign, since=since - timedelta(seconds=1)) == 2
    assert count_pairs(scene.campaign, since=scene.now) == 0
