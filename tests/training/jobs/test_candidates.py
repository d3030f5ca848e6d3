"""The candidates of one pair: what is missing, what is kept, and what becomes of them."""

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW, TINY_SETTINGS
from tests.training.jobs.scripted import written
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec
from training.generation import GenerationFailure, SamplingSettings
from training.jobs.candidates import MAX_TRIES, Candidates, Status, slots_of
from training.models import GenerationItem, GenerationJob, ModelVersion

pytestmark = pytest.mark.django_db

SETTINGS = SamplingSettings(max_tokens=12, temperature=1.0)
BOTH = {"first": SETTINGS, "second": SETTINGS}


def candidates_of(campaign: Campaign, **options: object) -> Candidates:
    """Those of the first item of a new job."""
    spec = GenerationSpec(settings=TINY_SETTINGS, seed=3, **options)  # type: ignore[arg-type]
    start_generation(campaign=campaign, acting_user=None, now=NOW, spec=spec)
    return stored(GenerationJob.objects.get())


def stored(job: GenerationJob) -> Candidates:
    item = job.items.select_related("prompt", "imported").order_by("pk")[0]
    return Candidates(job, item, slots_of(job))


def write(candidates: Candidates, slot: str, text: str) -> None:
    candidates.take(slot, written(candidates.request(slot, BOTH), text))


def test_a_pair_is_complete_with_its_second_text(campaign: Campaign, base: ModelVersion) -> None:
    candidates = candidates_of(campaign)
    assert candidates.missing(base.pk) == ["first", "second"]
    write(candidates, "first", "a red cat")
    assert (candidates.progress, candidates.missing(base.pk), candidates.is_complete) == (1, ["second"], False)
    candidates.item.save()

    again = stored(candidates.job)  # the next worker
    write(again, "second", "one blue dog barks")
    assert (again.progress, again.is_complete, again.is_waiting) == (2, True, True)
    assert (again.diversity["pairs"], again.diversity["ended"]) == (1, 1.0)
    draft = again.comparison_draft()
    assert (draft.first.text, draft.second.text, draft.first.token_ids) == ("a red cat", "one blue dog barks", [3, 4])
    again.mark_added(None)
    assert (again.item.status, again.item.first) == (Status.DROPPED, None)
    assert again.item.reason == "This comparison already exists."


def test_equal_texts_are_drawn_again_once_with_another_seed(campaign: Campaign, base: ModelVersion) -> None:
    candidates = candidates_of(campaign)
    seed = candidates.item.seed_second
    write(candidates, "first", "a red cat")
    write(candidates, "second", "a red cat")
    assert candidates.missing(base.pk) == ["second"]
    assert candidates.item.seed_second != seed
    write(candidates, "second", "a red cat")
    assert (candidates.item.status, candidates.item.reason) == (Status.DROPPED, "Both texts were the same.")


def test_a_failure_is_retried_a_few_times(campaign: Campaign, base: ModelVersion) -> None:
    candidates = candidates_of(campaign)
    busy = GenerationFailure("1:first", "The server is busy.", retryable=True)
    assert [candidates.take_failure(busy) for _ in range(MAX_TRIES)] == [True] * (MAX_TRIES - 1) + [False]
    assert (candidates.item.status, candidates.item.reason) == (Status.FAILED, "The server is busy.")
    write(candidates, "second", "too late")
    assert candidates.item.second is None, "the other text is of no use"


def test_the_best_and_the_worst_carry_their_rank(campaign: Campaign, base: ModelVersion) -> None:
    version = ModelVersion.objects.create(
        name="judge", base_dir=base.base_dir, adapter_dir="/judge", content_hash="x", parent=base, created_at=NOW
    )
    candidates = candidates_of(campaign, strategy="best_worst", candidates=3, versions=[base], reward_version=version)
    for slot, text in zip("012", ("a red cat", "one blue dog barks", "  "), strict=True):
        write(candidates, slot, text)
    assert candidates.item.status == Status.DRAWN
    candidates.choose({"0": -1.0, "1": 2.0, "2": 9.0}, "a judge")
    draft = candidates.comparison_draft()
    assert (draft.first.text, draft.second.text) == ("one blue dog barks", "a red cat"), "an empty text is never chosen"
    assert draft.first.sampling["selected"] == {"rank": "best", "of": 3, "reward": 2.0, "by": "a judge"}
    assert draft.second.sampling["selected"]["rank"] == "worst"


def test_an_imported_text_that_is_gone_drops_the_pair(campaign: Campaign, base: ModelVersion) -> None:
    candidates = candidates_of(campaign)
    GenerationJob.objects.update(strategy="imported")
    imported = stored(GenerationJob.objects.get())
    assert imported.slots == ("first",)
    write(imported, "first", "a red cat")
    assert (imported.item.status, imported.item.reason) == (Status.DROPPED, "The imported text was deleted.")
    assert GenerationItem.objects.get(pk=candidates.item.pk).status == Status.WAITING, "nothing is written here"
