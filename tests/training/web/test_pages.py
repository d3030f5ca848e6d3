"""The pages of training as forms: what they show, what they start, what they say when something is wrong."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import Stage, stage
from training.models import Deployment, GenerationJob, JobStatus, ModelVersion, RetrainingRule, Run
from training.versions import files

PATH = "/campaigns/sums/"


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions here are rows without files."""
    monkeypatch.setattr(files, "check_version", lambda version: None)


def quiet(on_stage: Stage) -> ModelVersion:
    """The campaign after two rounds, with nothing under way. Returns what serves."""
    furnished = furnish(on_stage)
    GenerationJob.objects.update(status=JobStatus.FINISHED)
    Run.objects.filter(status=JobStatus.RUNNING).update(status=JobStatus.CANCELLED)
    return furnished.one


def said(client: Client, path: str = PATH) -> str:
    return client.get(path).content.decode()


def button(page: str, test_id: str) -> str:
    """The tag of a button."""
    start = page.rindex("<button", 0, page.index(f'data-testid="{test_id}"'))
    return page[start : page.index(">", start)]


# --- What to do next ---


def test_a_campaign_without_prompts_is_told_to_import_some(visiting: Visiting) -> None:
    on_stage = stage()
    page = said(visiting(on_stage.maya))
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
    assert maya.get(PATH).context["next_step"] == "train"
    assert "Train on 3 pairs" in said(maya)


def test_a_new_version_waits_for_a_decision_once(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    maya = visiting(on_stage.maya)
    assert maya.get(PATH).context["candidate"].name == "sums-v2"
    maya.post("/versions/sums-v2/promote/")
    maya.post("/serving/rollback/")
    assert maya.get(PATH).context["candidate"] is None  # somebody has decided


# --- Starting things ---


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
    assert "Pairs for each prompt: Ensure this value is greater than or equal to 1." in answer.content.decode()
    assert GenerationJob.objects.count() == 1


def test_a_second_job_is_refused_with_the_reason(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    form = {"strategy": "two_seeds", "pairs_per_prompt": "1"}
    answer = visiting(on_stage.maya).post(f"{PATH}generate/", form, follow=True)
    assert "Candidate pairs are being written already" in answer.content.decode()


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
    assert f"Run {run.pk} is on its way" in answer.content.decode()


def test_jobs_are_cancelled_and_go_on(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    furnished = furnish(on_stage)
    maya = visiting(on_stage.maya)
    maya.post(f"/generation/{furnished.writing.pk}/cancel/")
    maya.post(f"/runs/{furnished.running.pk}/cancel/")
    assert GenerationJob.objects.get().status == JobStatus.CANCELLING
    assert Run.objects.get(pk=furnished.running.pk).status == JobStatus.CANCELLING
    GenerationJob.objects.update(status=JobStatus.CANCELLED)
    maya.post(f"/generation/{furnished.writing.pk}/resume/")
    assert GenerationJob.objects.get().status == JobStatus.QUEUED


# --- Serving ---


def test_promotion_and_rollback_change_what_serves(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    maya = visiting(on_stage.maya)
    maya.post("/versions/sums-v2/promote/")
    assert Deployment.objects.get(is_current=True).version.name == "sums-v2"
    assert "sums-v2</b>" in said(maya, "/versions/")
    answer = maya.post("/serving/rollback/", follow=True)
    assert "sums-v1 serves again" in answer.content.decode()


def test_a_version_shows_where_it_comes_from(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    page = said(visiting(on_stage.maya), "/versions/sums-v2/")
    assert page.index(">base<") < page.index(">sums-v1<") < page.index("<b>sums-v2</b>")
    assert "79.2 %" in page
    assert "02ab02ab" in page  # the snapshot


# --- The rule ---


def test_a_rule_is_kept(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    maya = visiting(on_stage.maya)
    form = {"enabled": "on", "min_fresh_verdicts": "50", "cron": "0 3 * * *", "max_accuracy_drop": "0.01"}
    maya.post(f"{PATH}retraining/", form)
    rule = RetrainingRule.objects.get()
    assert (rule.enabled, rule.min_fresh_verdicts, rule.cron, rule.auto_promote) == (
        True,
        50,
        "0 3 * * *",
        False,
    )
    assert 'value="0 3 * * *"' in said(maya)


def test_a_time_nobody_can_read_is_explained(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    form = {"min_fresh_verdicts": "50", "cron": "at three", "max_accuracy_drop": "0"}
    answer = visiting(on_stage.maya).post(f"{PATH}retraining/", form, follow=True)
    assert "five fields" in answer.content.decode()
    assert RetrainingRule.objects.count() == 0


# --- Agreement ---


def test_agreement_is_shown_with_its_interval_and_published_figures(visiting: Visiting) -> None:
    on_stage = stage(comparisons=12, overlap=2)
    for number in range(12):
        for user in (on_stage.alice, on_stage.bob):
            winner = "b" if user == on_stage.bob and number % 4 == 0 else "ab"[number % 2]
            on_stage.vote(on_stage.given(user), winner)
    page = said(visiting(on_stage.maya))
    assert "InstructGPT" in page
    assert "12 comparisons" in page
    rows = {row.key: row for row in visiting(on_stage.maya).get(PATH).context["agreement"]}
    assert rows["with-ties"].estimate.low < rows["with-ties"].estimate.value < rows["with-ties"].estimate.high


def test_with_one_judgment_each_the_page_says_why_there_is_no_agreement(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    on_stage.settle(["a"])
    assert "Every comparison is judged once" in said(visiting(on_stage.maya))


# --- The forecast ---


def test_the_loop_says_when_labeling_will_be_done(visiting: Visiting) -> None:
    on_stage = stage(comparisons=8)
    now = timezone.now()
    on_stage.now = now - timedelta(days=4)
    for _ in range(4):
        on_stage.vote(on_stage.given(on_stage.alice), "a")
        on_stage.wait(86_400)
    page = said(visiting(on_stage.maya))
    assert 'data-testid="forecast"' in page
    assert "4 days</b>" in page


def test_nobody_at_work_means_no_forecast_but_the_reason(visiting: Visiting) -> None:
    assert "no pace to go by" in said(visiting(stage(comparisons=3).maya))
