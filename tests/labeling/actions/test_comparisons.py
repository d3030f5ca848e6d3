"""Comparisons brought into a campaign, by an import or by a generation job."""

from collections import Counter
from dataclasses import replace

import pytest

from common.errors import Invalid, NotAllowed
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import add_comparisons
from labeling.exchange import is_canonical, messages_hash
from labeling.models import Comparison, Completion, Event, Prompt, Verdict
from labeling.tally import count_tally, read_tally
from tests.people import asks, pair, stage


def test_all_that_made_a_completion_is_kept() -> None:
    scene = stage()
    first = CompletionDraft(
        "It is two.",
        model_version="v1",
        seed=7,
        sampling={"temperature": 0.9},
        prompt_token_ids=[1, 2, 3],
        token_ids=[4, 5, 2],
        finish_reason="stop",
        logprob_sum=-3.5,
        server="embedded",
    )
    second = CompletionDraft("It is three", model_version="v2", seed=8, token_ids=[9], finish_reason="length")
    scene.add([ComparisonDraft(asks("One plus one?"), first, second)])
    kept = Completion.objects.get(model_version="v1")
    assert (kept.text, kept.seed, kept.sampling, kept.server) == ("It is two.", 7, {"temperature": 0.9}, "embedded")
    assert (kept.prompt_token_ids, kept.token_ids) == ([1, 2, 3], [4, 5, 2])
    assert (kept.finish_reason, kept.logprob_sum) == ("stop", -3.5)
    assert Completion.objects.get(model_version="v2").finish_reason == "length"


def test_a_and_b_are_in_canonical_order_whichever_came_first() -> None:
    scene = stage()
    scene.add(12)
    sides = Counter[int | None]()
    for comparison in Comparison.objects.select_related("prompt", "completion_a", "completion_b"):
        a, b = comparison.completion_a, comparison.completion_b
        assert is_canonical(a.text, b.text, prompt_hash=comparison.prompt.messages_hash)
        sides[a.seed] += 1
    assert set(sides) == {1, 2}  # the first is not always a


def test_the_same_again_or_the_other_way_round_is_found_and_not_added() -> None:
    scene = stage()
    first = scene.add(3)
    turned = [ComparisonDraft(draft.prompt, draft.second, draft.first) for draft in map(pair, range(3))]
    again = scene.add([*map(pair, range(3)), *turned])
    assert (first.created, first.duplicates) == (3, 0)
    assert (again.created, again.duplicates) == (0, 6)
    pks = [comparison.pk for comparison in first.comparisons if comparison]
    assert [comparison.pk for comparison in again.comparisons if comparison] == pks * 2
    assert (Comparison.objects.count(), Prompt.objects.count(), Completion.objects.count()) == (3, 3, 6)


def test_the_same_two_texts_of_other_seeds_are_not_judged_again() -> None:
    scene = stage()
    draft = pair(1)
    scene.add([draft])
    added = scene.add([replace(draft, first=replace(draft.first, seed=9), second=replace(draft.second, seed=10))])
    assert (added.created, added.duplicates, Completion.objects.count()) == (0, 1, 2)


def test_a_completion_in_several_comparisons_is_there_once() -> None:
    scene = stage()
    texts = [CompletionDraft(text, model_version="v1", seed=number) for number, text in enumerate(("x", "y", "z"))]
    prompt = asks("Which letter?")
    scene.add([ComparisonDraft(prompt, texts[0], texts[1]), ComparisonDraft(prompt, texts[0], texts[2])])
    assert (Comparison.objects.count(), Completion.objects.count()) == (2, 3)


def test_duplicates_within_one_call_are_found_too() -> None:
    scene = stage()
    added = scene.add([pair(1), pair(1), pair(2)])
    assert (added.created, added.duplicates) == (2, 1)
    assert added.comparisons[0] == added.comparisons[1]


def test_what_nothing_could_be_learned_from_is_dropped_and_counted() -> None:
    scene = stage()
    good, text = pair(1), CompletionDraft("text")
    drafts = [
        ComparisonDraft(asks("?"), CompletionDraft("  \n"), text),
        ComparisonDraft(asks("?"), text, CompletionDraft(" text ")),
        ComparisonDraft(asks("?"), text, CompletionDraft("\x00")),
        ComparisonDraft(asks("?"), text, CompletionDraft("\ud800")),
        ComparisonDraft([{"role": "assistant", "content": "?"}], text, CompletionDraft("other")),
        ComparisonDraft([], text, CompletionDraft("other")),
        good,
    ]
    added = scene.add(drafts)
    assert added.dropped == Counter(empty=1, identical=1, not_storable=2, not_a_prompt=2)
    assert added.comparisons[:-1] == [None] * 6
    assert added.created == 1


def test_a_prompt_of_the_campaign_is_used_as_it_is_and_one_of_another_is_refused() -> None:
    scene = stage()
    scene.add(1)
    prompt = Prompt.objects.get()
    added = scene.add([ComparisonDraft(prompt, CompletionDraft("new"), CompletionDraft("newer"))])
    assert added.comparisons[0] is not None
    assert added.comparisons[0].prompt == prompt
    prompt.campaign_id = scene.campaign.pk + 1
    with pytest.raises(Invalid, match="another campaign"):
        scene.add([ComparisonDraft(prompt, CompletionDraft("x"), CompletionDraft("y"))])


@pytest.mark.parametrize("preference", ["first", "second", "tie", "both_bad"])
def test_a_known_preference_becomes_a_verdict_and_nobody_is_asked(preference: str) -> None:
    scene = stage()
    draft = pair(1, preference=preference)
    added = scene.add([draft])
    verdict = Verdict.objects.select_related("comparison__completion_a", "comparison__completion_b").get()
    assert (added.settled, verdict.settled_by, scene.next(scene.alice)) == (1, "import", None)
    if preference in ("first", "second"):
        winner = getattr(verdict.comparison, f"completion_{verdict.winner}")
        assert winner.text == getattr(draft, preference).text
    else:
        assert verdict.winner == preference
    assert verdict.confidence == 0.75  # as much as one vote gives
    assert read_tally(scene.campaign.pk) == count_tally(scene.campaign.pk)


def test_it_is_all_or_nothing() -> None:
    scene = stage()
    with pytest.raises(Invalid):
        scene.add([*map(pair, range(600)), pair(1, preference="maybe")])
    assert not Comparison.objects.exists()


def test_new_comparisons_take_the_overlap_of_the_campaign_and_a_random_place_in_the_queue() -> None:
    scene = stage(overlap=3)
    scene.add(50, source="generation 7")
    comparisons = Comparison.objects.order_by("pk")
    assert set(comparisons.values_list("overlap", "source")) == {(3, "generation 7")}
    positions = list(comparisons.values_list("position", flat=True))
    assert all(0 <= position < 1 for position in positions)
    assert positions != sorted(positions)


def test_many_come_in_with_few_statements(django_assert_max_num_queries: object) -> None:
    scene = stage()
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        scene.add(500)


def test_only_leads_and_the_system_itself_bring_comparisons_in() -> None:
    scene = stage()
    with pytest.raises(NotAllowed):
        add_comparisons(campaign=scene.campaign, drafts=[pair(1)], source="x", acting_user=scene.alice, now=scene.now)
    add_comparisons(campaign=scene.campaign, drafts=[pair(1)], source="x", acting_user=None, now=scene.now)
    event = Event.objects.get(verb="comparisons.added")
    assert (event.actor, event.after["created"], event.after["source"]) == (None, 1, "x")


def test_a_prompt_is_known_again_by_its_messages() -> None:
    scene = stage()
    scene.add([pair(1)])
    assert Prompt.objects.get().messages_hash == messages_hash(asks("What is 1 plus one?"))
