"""Judges that choose between the answers of two suite runs: a model on a server, and our own rewards."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from common.errors import NotAllowed
from labeling.models import Campaign, Comparison, User, Verdict
from tests.training.conftest import NOW, judge_all
from tests.training.generation.test_loading import write_adapter
from tests.training.jobs.scripted import Scripted
from tests.training.suites import finished_run, scenario, small_suite
from training.actions.suite_follow_ups import compare_by_people
from training.actions.suite_runs import Choosing, ask_judge
from training.errors import CannotCompareRuns, WrongSettings
from training.evaluation.pair_judges import choices_between, pair_judges_of
from training.evaluation.suite_results import checked_comparison
from training.generation import GenerationRequest
from training.jobs import pair_judging
from training.jobs.suites import run_suite_job
from training.models import JobStatus, ModelVersion, SuiteRun
from training.versions import files
from training.versions.retention import needed

pytestmark = pytest.mark.django_db

Runs = tuple[SuiteRun, SuiteRun]


@pytest.fixture
def runs(campaign: Campaign, base: ModelVersion, settings: Any) -> Runs:
    """Two runs of one version on a suite of 22 scenarios, whose answers differ; and a judge."""
    suite = small_suite(campaign, *(scenario(f"calm-{number}") for number in range(22)))
    earlier = finished_run(suite, base, {}, otherwise="a long and earlier answer")
    later = finished_run(suite, base, {}, otherwise="later")
    settings.JUDGE_URLS, settings.JUDGE_MODEL = ["http://127.0.0.1:9/v1"], "tiny-base"
    return earlier, later


def prefers_later(request: GenerationRequest, _: int) -> str:
    text = request.messages[-1]["content"]
    place = 1 if text.index("\nlater\n") < text.index("a long and earlier") else 2
    return f"1. Shorter.\nChoice: {place}"


def chosen(runs: Runs, judge: Scripted | None = None, **by: Any) -> SuiteRun:
    before, after = runs
    ask_judge(run=after, acting_user=None, now=NOW, choosing=Choosing(before, **by))
    source = judge or Scripted(prefers_later)
    done = run_suite_job(after.pk, clock=lambda: NOW, judge_of=lambda: source.source(after.version))
    assert done is not None
    assert (done.status, str(done.error)) == (JobStatus.FINISHED, "")
    return done


def test_a_judge_chooses_in_both_orders_and_is_not_asked_twice(runs: Runs) -> None:
    judge = Scripted(prefers_later)
    chosen(runs, judge)
    assert len(judge.asked) == 44
    (found,) = choices_between(checked_comparison(*runs))
    assert (found.judge, found.later, found.earlier, found.none, found.trust.flips) == ("tiny-base", 22, 0, 0, 0)
    assert not found.trust.counts  # nobody has said whether people choose so
    again = Scripted(prefers_later)
    chosen(runs, again)
    assert not again.asked


def test_each_choice_can_be_read_page_by_page_and_as_a_file(runs: Runs, maya_calls: APIClient, maya: User) -> None:
    before, after = runs
    address = f"/api/v1/suite-runs/{after.pk}/compare/{before.pk}/choices/"
    assert maya_calls.get(address).json()["results"] == []
    chosen(runs)
    first = maya_calls.get(address, {"page_size": 20}).json()
    assert first["results"][0] == {
        "scenario": "calm-0",
        "tag": "helpful",
        "choices": [
            {
                "judge": "tiny-base",
                "chosen": "later",
                "in_order": "later",
                "swapped": "later",
                "flipped": False,
                "critique": first["results"][0]["choices"][0]["critique"],
            }
        ],
    }
    assert "1. Shorter." in first["results"][0]["choices"][0]["critique"]
    second = maya_calls.get(first["next"]).json()
    assert (len(first["results"]), len(second["results"]), second["next"]) == (20, 2, None)
    backwards = f"/api/v1/suite-runs/{before.pk}/compare/{after.pk}/choices/"
    assert maya_calls.get(backwards).json()["results"] == []  # nobody asked about them in this order

    client = Client()
    client.force_login(maya)
    file = client.get(f"/suite-runs/{after.pk}/compare/{before.pk}/choices.csv")
    lines = b"".join(file.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "scenario,tag,judge,chosen,in_order,swapped,flipped,critique"
    assert sum(line.startswith("calm-") for line in lines) == 22


def test_a_judge_that_favours_what_stands_first_chooses_nothing(runs: Runs) -> None:
    chosen(runs, Scripted(lambda request, _: "Choice: 1"))
    (found,) = choices_between(checked_comparison(*runs))
    assert (found.later, found.earlier, found.none, found.trust.flip_rate) == (0, 0, 22, 1.0)


def test_choices_count_once_people_have_chosen_the_same(
    runs: Runs, campaign: Campaign, maya: User, alice: User
) -> None:
    chosen(runs)
    before, after = runs
    scenarios = list(after.results.values_list("scenario", flat=True))
    compare_by_people(before=before, after=after, scenarios=scenarios, acting_user=maya, now=NOW)
    marked = Comparison.objects.filter(metadata__chosen_by_judges={"tiny-base": "after"})
    assert marked.count() == 22
    assert not Verdict.objects.exists()  # a mark is no vote
    judge_all(campaign, alice, limit=19)  # she prefers the shorter text
    figures = pair_judges_of(campaign)["tiny-base"]
    assert (figures.compared, figures.counts) == (19, False)
    judge_all(campaign, alice, limit=1)
    figures = pair_judges_of(campaign)["tiny-base"]
    assert (figures.compared, figures.agreeing, figures.counts) == (20, 20, True)


def test_the_agreement_of_simulated_annotators_is_none(runs: Runs, campaign: Campaign, maya: User, alice: User) -> None:
    chosen(runs)
    scenarios = list(runs[1].results.values_list("scenario", flat=True))
    compare_by_people(before=runs[0], after=runs[1], scenarios=scenarios, acting_user=maya, now=NOW)
    User.objects.filter(pk=alice.pk).update(is_simulated=True)
    judge_all(campaign, alice)
    assert pair_judges_of(campaign)["tiny-base"].compared == 0


def test_the_reward_of_a_version_chooses(runs: Runs, trained: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    def score_pairs(version: ModelVersion, pairs: Any, **options: Any) -> list[dict[str, Any]]:
        assert (version, options["reference"]) == (trained, trained.parent)
        return [{"id": one.id, "chosen_reward": 1.0, "rejected_reward": float(at > 1)} for at, one in enumerate(pairs)]

    monkeypatch.setattr(pair_judging, "score_pairs", score_pairs)  # test_rewards runs the engine itself
    chosen(runs, version=trained)
    (found,) = choices_between(checked_comparison(*runs))
    assert (found.judge, found.later, found.earlier, found.none) == (f"reward of {trained.name}", 2, 0, 20)


def test_the_files_of_a_version_whose_reward_chooses_stay(runs: Runs, trained: ModelVersion) -> None:
    ask_judge(run=runs[1], acting_user=None, now=NOW, choosing=Choosing(runs[0], trained))
    assert needed()[trained.pk] == f"suite run {runs[1].pk} uses it"


def test_a_judge_that_cannot_be_asked_is_refused(runs: Runs, base: ModelVersion, alice: User, settings: Any) -> None:
    before, after = runs
    with pytest.raises(NotAllowed):
        ask_judge(run=after, acting_user=alice, now=NOW, choosing=Choosing(before))
    with pytest.raises(CannotCompareRuns):
        ask_judge(run=after, acting_user=None, now=NOW, choosing=Choosing(after))
    with pytest.raises(WrongSettings, match="no implicit reward"):
        ask_judge(run=after, acting_user=None, now=NOW, choosing=Choosing(before, base))
    with pytest.raises(WrongSettings, match="no reward model"):
        ask_judge(run=after, acting_user=None, now=NOW, choosing=Choosing(before, model="none"))
    settings.JUDGE_URLS = []
    with pytest.raises(WrongSettings, match="set JUDGE_URL"):
        ask_judge(run=after, acting_user=None, now=NOW, choosing=Choosing(before))
    assert SuiteRun.objects.filter(status=JobStatus.FINISHED).count() == 2


@pytest.mark.slow
def test_the_engine_itself_computes_the_rewards(runs: Runs, base: ModelVersion, var_dir: Path) -> None:
    folder = write_adapter(Path(base.base_dir), var_dir / "adapter")
    judge = ModelVersion.objects.create(
        name="judge",
        base_dir=base.base_dir,
        adapter_dir=str(folder),
        content_hash=files.content_hash(folder),
        parent=base,
        lineage={"base_hash": base.content_hash},
        created_at=NOW,
    )
    chosen(runs, version=judge)
    (found,) = choices_between(checked_comparison(*runs))
    assert found.later + found.earlier + found.none == 22
    assert found.trust.flips == 0
