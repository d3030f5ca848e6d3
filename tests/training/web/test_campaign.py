"""A campaign's page for its lead: what comes next, what it starts, what it says when something is wrong."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from common.sentences import Sentence
from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import NOON, stage
from tests.training.web.pages import PATH, page_of, quiet
from training.models import Gate, GateDecision, GenerationJob, JobStatus, ModelVersion, RetrainingRule, Run
from training.versions import files


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions here are rows without files."""
    monkeypatch.setattr(files, "check_version", lambda version: None)


def test_a_campaign_without_prompts_is_told_to_import_some(visiting: Visiting) -> None:
    on_stage = stage()
    page = page_of(visiting(on_stage.maya))
    assert "Import prompts" in page
    assert "No run yet" in page
    assert "No version serves yet" in page


def test_a_draft_with_comparisons_is_told_to_start_labeling(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3, status="draft")
    assert visiting(on_stage.maya).get(PATH).context["next_step"] == "start"


def test_an_active_campaign_is_told_to_label_then_to_train(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    maya = visiting(on_stage.maya)
    assert maya.get(PATH).context["next_step"] == "label"
    on_stage.settle(["a", "b", "a"])
    assert maya.get(PATH).context["next_step"] == "generate"  # a run on so few pairs could show nothing
    page = page_of(maya)
    assert "Train on 3 pairs" in page
    assert "A run needs at least 5 preference pairs: 2 more." in page


def test_a_new_version_waits_for_a_decision_once(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    maya = visiting(on_stage.maya)
    assert maya.get(PATH).context["candidate"].name == "sums-v2"
    maya.post("/versions/sums-v2/promote/")
    maya.post("/serving/rollback/")
    assert maya.get(PATH).context["candidate"] is None  # somebody has decided


def test_candidates_are_asked_for_as_filled_in(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    serving = quiet(on_stage)
    form = {"strategy": "two_seeds", "pairs_per_prompt": "2", "temperature": "0.7", "max_tokens": "64"}
    visiting(on_stage.maya).post(f"{PATH}generate/", form)
    job = GenerationJob.objects.latest("pk")
    assert job.status == JobStatus.QUEUED
    assert job.total == 3 * 2 * 2
    assert (job.settings["temperature"], job.settings["max_tokens"]) == (0.7, 64)
    assert [version.name for version in job.versions.all()] == [serving.name]


def test_why_pairs_are_missing_is_said(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    furnished = furnish(on_stage)
    job = GenerationJob.objects.latest("pk")
    prompts = on_stage.campaign.prompts.order_by("pk")
    both = {"version_first": furnished.one, "version_second": furnished.one, "seed_first": 1, "seed_second": 2}
    fates = (("failed", "The server was <slow>."), ("failed", "The server was <slow>."), ("waiting", "Too busy (429)."))
    for prompt, (status, reason) in zip(prompts, fates, strict=True):
        job.items.create(prompt=prompt, number=90, status=status, reason=reason, **both)
    page = " ".join(visiting(on_stage.maya).get(PATH).content.decode().split())
    assert '<b class="number">2</b> pairs: The server was &lt;slow&gt;.' in page
    assert '<b class="number">1</b> pair, being retried: Too busy (429).' in page


def test_two_versions_are_compared_when_named(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    base, two = ModelVersion.objects.get(name="base"), ModelVersion.objects.get(name="sums-v2")
    form = {"strategy": "two_versions", "pairs_per_prompt": "1", "version": two.pk, "other_version": base.pk}
    visiting(on_stage.maya).post(f"{PATH}generate/", form)
    assert {version.name for version in GenerationJob.objects.latest("pk").versions.all()} == {"base", "sums-v2"}


def test_a_wrong_setting_is_named_and_nothing_starts(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    form = {"strategy": "two_seeds", "pairs_per_prompt": "0"}
    answer = visiting(on_stage.maya).post(f"{PATH}generate/", form, follow=True)
    assert "Ensure this value is greater than or equal to 1." in answer.content.decode()
    assert GenerationJob.objects.count() == 1


def test_a_second_job_is_refused_with_the_reason(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    form = {"strategy": "two_seeds", "pairs_per_prompt": "1"}
    answer = visiting(on_stage.maya).post(f"{PATH}generate/", form, follow=True)
    assert "Candidate pairs are already being written" in answer.content.decode()


def test_training_without_enough_labels_says_what_to_do(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    answer = visiting(on_stage.maya).post(f"{PATH}train/", {}, follow=True)
    assert "Judge more comparisons" in answer.content.decode()
    assert Run.objects.filter(status=JobStatus.QUEUED).count() == 0


def test_training_starts_with_what_was_changed(visiting: Visiting, settings: object, tmp_path: object) -> None:
    settings.VAR_DIR = tmp_path  # type: ignore[attr-defined]
    on_stage = stage(comparisons=40)
    quiet(on_stage)
    on_stage.settle(["a", "b"] * 20)
    answer = visiting(on_stage.maya).post(f"{PATH}train/", {"epochs": "1", "beta": "0.1"}, follow=True)
    run = Run.objects.latest("pk")
    assert run.config == {"epochs": 1}  # 0.1 is the engine's own
    assert run.parent.name == "sums-v1"
    assert f"Run {run.pk} has been queued" in answer.content.decode()


def test_a_rule_is_kept(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    maya = visiting(on_stage.maya)
    form = {"enabled": "on", "min_fresh_verdicts": "50", "kind": "daily", "at": "03:00"}
    maya.post(f"{PATH}retraining/", form)
    rule = RetrainingRule.objects.get()
    assert (rule.enabled, rule.min_fresh_verdicts, rule.cron, rule.auto_promote) == (
        True,
        50,
        "0 3 * * *",
        False,
    )
    page = page_of(maya)
    assert '<option value="daily" selected>' in page
    assert 'value="03:00"' in page
    assert ", 03:00 (UTC), if there are 50 fresh verdicts" in page


def test_a_time_nobody_can_read_is_explained(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    form = {"min_fresh_verdicts": "50", "kind": "cron", "cron": "at three"}
    answer = visiting(on_stage.maya).post(f"{PATH}retraining/", form, follow=True)
    assert "five fields" in answer.content.decode()
    assert RetrainingRule.objects.count() == 0


def test_agreement_is_shown_with_its_interval_and_published_figures(visiting: Visiting) -> None:
    on_stage = stage(comparisons=12, overlap=2)
    for number in range(12):
        for user in (on_stage.alice, on_stage.bob):
            winner = "b" if user == on_stage.bob and number % 4 == 0 else "ab"[number % 2]
            on_stage.vote(on_stage.given(user), winner)
    page = page_of(visiting(on_stage.maya))
    assert "InstructGPT" in page
    assert "12 comparisons" in page
    rows = {row.key: row for row in visiting(on_stage.maya).get(PATH).context["agreement"].rows}
    assert rows["with-ties"].estimate.low < rows["with-ties"].estimate.value < rows["with-ties"].estimate.high


def test_with_one_judgment_each_the_page_says_why_there_is_no_agreement(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    on_stage.settle(["a"])
    assert "Every comparison is judged once" in page_of(visiting(on_stage.maya))


def test_without_agreement_of_people_the_page_leads_to_that_of_simulated_annotators(visiting: Visiting) -> None:
    on_stage = stage(comparisons=12, overlap=2)
    maya = visiting(on_stage.maya)
    assert "It appears once two people" in page_of(maya)
    programs = on_stage.crowd(2, is_simulated=True)
    for number in range(12):
        for program in programs:
            on_stage.vote(on_stage.given(program), "ab"[number % 2])
    page = page_of(maya)
    assert "It appears once two people" not in page
    (path,) = re.findall(r'<a href="([^"]+)">statistics with simulated annotators</a>', page)
    answer = maya.get(path)
    assert answer.context["form"]["include_simulated"].value()
    assert answer.context["found"].simulated


def test_the_loop_says_when_labeling_will_be_done(visiting: Visiting) -> None:
    on_stage = stage(comparisons=8)
    now = timezone.now()
    on_stage.now = now - timedelta(days=4)
    for _ in range(4):
        on_stage.vote(on_stage.given(on_stage.alice), "a")
        on_stage.wait(86_400)
    page = page_of(visiting(on_stage.maya))
    assert 'data-testid="forecast"' in page
    assert "4 days</b>" in page


def test_nobody_at_work_means_no_forecast_but_the_reason(visiting: Visiting) -> None:
    assert "there is no pace" in page_of(visiting(stage(comparisons=3).maya))


def test_what_went_wrong_is_told_in_the_readers_language(visiting: Visiting) -> None:
    on_stage = stage(comparisons=1)
    serving = quiet(on_stage)
    asleep = Sentence("Waiting: %(fresh)s fresh verdicts of %(needed)s.", {"fresh": 3, "needed": 20})
    RetrainingRule.objects.create(campaign=on_stage.campaign, outcome=asleep, considered_at=NOON, updated_at=NOON)
    missing = {"name": serving.name, "folder": "/nowhere"}
    text = "The folder of %(name)s is missing: %(folder)s. Restore it, or promote another version."
    GenerationJob.objects.update(status=JobStatus.FAILED, error=Sentence(text, missing))
    run = Run.objects.latest("pk")
    gate = Gate.objects.get(campaign=on_stage.campaign)
    version = ModelVersion.objects.latest("pk")
    reason = Sentence("Waiting: a run is active.")
    GateDecision.objects.create(
        gate=gate,
        run=run,
        version=version,
        is_automatic=True,
        outcome="held_back",
        figures={},
        results=[],
        at=NOON,
        reason=reason,
    )
    run.error = Sentence("CUDA out of memory")  # the engine's own words
    run.status = JobStatus.FAILED
    run.save()
    maya = visiting(on_stage.maya)

    english = page_of(maya)
    assert "Waiting: 3 fresh verdicts of 20." in english
    assert f"The folder of {serving.name} is missing: /nowhere." in english
    german = maya.get(PATH, headers={"Accept-Language": "de"}).content.decode()
    assert '<span lang="de">Wartet: 3 von 20 neuen Entscheidungen.</span>' in german
    assert f"Der Ordner von {serving.name} fehlt: /nowhere." in german
    page = maya.get(f"/runs/{run.pk}/", headers={"Accept-Language": "de"}).content.decode()
    assert '<span lang="de">Wartet: Ein Lauf ist noch nicht zu Ende.</span>' in page
    assert 'lang="en" data-testid="run-error">CUDA out of memory<' in page
    body = maya.get(f"/api/v1/runs/{run.pk}/").json()
    assert (body["error"], body["gate"]["reason"]) == ("CUDA out of memory", "Waiting: a run is active.")
