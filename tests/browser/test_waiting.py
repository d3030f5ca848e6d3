"""Waiting jobs in the browser: each page says for what they wait, and says something else once that has changed."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from labeling.actions.campaigns import create_campaign
from tests.browser.conftest import Picture, SignIn
from tests.browser.furnished import Furnished, furnish
from tests.people import NOON, Stage
from training.models import GenerationJob, JobStatus, LensJob, Run, Worker
from training.workers import report

SLUG = "sums"


@pytest.fixture
def furnished(on_stage: Stage) -> Furnished:
    """Run 3 learns, and the generation of another campaign has its worker: Maya's generation waits for it."""
    furnished = furnish(on_stage)
    now = timezone.now()
    for queue in ("generate", "train", "lens"):
        report(f"worker-{queue}@here", {queue}, places=1, now=now + timedelta(hours=1))
    other = GenerationJob.objects.create(
        campaign=create_campaign(name="Elsewhere", acting_user=on_stage.root, now=NOON),
        strategy="two_seeds",
        status=JobStatus.RUNNING,
        done=60,
        total=600,
        rate=1.0,
        heartbeat_at=now,
        created_at=now,
    )
    GenerationJob.objects.exclude(pk=other.pk).update(
        status=JobStatus.QUEUED, done=0, rate=None, created_at=now - timedelta(minutes=2), enqueued_at=now
    )
    return furnished


@pytest.mark.parametrize("width", [390, 1440])
def test_a_lead_reads_for_what_a_generation_waits(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn, picture: Picture, width: int
) -> None:
    page = sign_in(on_stage.maya, path=f"/campaigns/{SLUG}/", viewport={"width": width, "height": 1000})
    wait = page.get_by_test_id("generation-wait")
    expect(wait).to_have_text("Waits for a generation of another campaign: about 9 minutes left.")
    picture(page, f"waiting-campaign-{width}")
    page.goto("/")
    expect(page.get_by_test_id(f"work-{SLUG}").first).to_contain_text("another campaign: about 9 minutes left")
    picture(page, f"waiting-home-{width}")
    page.goto(f"/campaigns/{SLUG}/")
    GenerationJob.objects.filter(campaign=on_stage.campaign).update(
        error="Not beside Run 3: 3.1 GiB are free, about 4.5 GiB are needed.", held_back_at=timezone.now()
    )
    expect(wait).to_contain_text("3.1 GiB are free")
    picture(page, f"waiting-memory-{width}")
    GenerationJob.objects.filter(campaign=on_stage.campaign).update(status=JobStatus.RUNNING, error="", done=2)
    expect(wait).to_be_hidden()


def test_an_annotator_reads_when_new_pairs_come(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn, picture: Picture
) -> None:
    on_stage.campaign.comparisons.all().delete()
    page = sign_in(on_stage.alice, path=f"/campaigns/{SLUG}/annotate/")
    coming = page.get_by_test_id("coming")
    expect(coming).to_have_text("New pairs will be written when the model is free: about 9 minutes.")
    picture(page, "waiting-annotator")
    GenerationJob.objects.filter(campaign=on_stage.campaign).update(
        status=JobStatus.RUNNING, done=0, total=240, rate=1.0
    )
    expect(coming).to_have_text("New pairs are being written: about 4 minutes.", timeout=15_000)


def test_a_run_and_the_lens_say_that_no_worker_is_running(
    on_stage: Stage, furnished: Furnished, sign_in: SignIn, picture: Picture
) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    Run.objects.filter(pk=furnished.running.pk).update(status=JobStatus.QUEUED, done=0, created_at=long_ago)
    Worker.objects.all().delete()
    page = sign_in(on_stage.maya, path=f"/runs/{furnished.running.pk}/")
    expect(page.get_by_test_id("run-wait")).to_contain_text("No worker is running for this job. Start worker-train")
    picture(page, "waiting-run")
    job = LensJob.objects.create(
        version=furnished.base,
        pair={"prompt": [{"role": "user", "content": "What is red?"}], "chosen": "A", "rejected": "B"},
        created_by=on_stage.maya,
        created_at=long_ago,
    )
    page.goto(f"/lens/{job.pk}/")
    expect(page.get_by_test_id("lens-wait")).to_contain_text("Start worker-lens")
    picture(page, "waiting-lens")
