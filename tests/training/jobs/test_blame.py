"""Searching for doubtful pairs: the real engine as a child process, on a snapshot of the campaign."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from labeling.models import Campaign, Event, User
from tests.people import asks
from tests.training.conftest import NOW, add_written_pairs
from training.actions.blame import cancel_blame, start_blame
from training.actions.scratch import GRADIENTS
from training.actions.snapshots import take_snapshot
from training.errors import JobActive
from training.jobs.blame import BlameWork, run_blame_job
from training.lens.pairs import pair_of_texts
from training.models import BlameJob, JobStatus, ModelVersion, Snapshot

pytestmark = pytest.mark.django_db

QUERY = pair_of_texts(asks("what does the red cat see ?"), "the cat sees tea", "no tea")


@pytest.fixture
def snapshot(campaign: Campaign, base: ModelVersion) -> Snapshot:
    """Pairs whose first text is the better one."""
    add_written_pairs(campaign, preference="first")
    return take_snapshot(campaign=campaign, acting_user=None, now=NOW)


def test_a_search_puts_every_pair_in_order_and_keeps_its_gradients(
    snapshot: Snapshot, maya: User, var_dir: Path
) -> None:
    job = start_blame(snapshot=snapshot, query=QUERY, acting_user=maya, now=NOW)
    with pytest.raises(JobActive):
        start_blame(snapshot=snapshot, acting_user=maya, now=NOW)
    done = run_blame_job(job.pk)
    assert done is not None
    assert (done.status, done.error) == (JobStatus.FINISHED, "")
    result = done.result
    assert result is not None
    assert result["pairs"] == snapshot.train_pairs
    for order, column in (("doubtful", "doubt"), ("blamed", "blame")):
        values = [row[column] for row in result[order]]
        assert values == sorted(values, reverse=True)
    assert len(list((var_dir / GRADIENTS).glob("*/*.safetensors"))) > 0
    assert [event.verb for event in Event.objects.filter(verb__startswith="blame.").order_by("pk")] == [
        "blame.asked",
        "blame.finished",
    ]
    output = StringIO()
    call_command("blame", snapshot.content_hash[:12], "--here", "--json", stdout=output)
    again = json.loads(output.getvalue())["result"]  # without a query
    assert (again["pairs"], again["blamed"]) == (result["pairs"], [])


def test_a_search_is_cancelled_queued_or_running(snapshot: Snapshot, maya: User) -> None:
    job = cancel_blame(job=start_blame(snapshot=snapshot, acting_user=maya, now=NOW), acting_user=maya, now=NOW)
    assert job.status == JobStatus.CANCELLED
    running = start_blame(snapshot=snapshot, acting_user=maya, now=NOW)
    from training import claims

    claim = claims.claim(BlameJob, running.pk, now=NOW)
    assert claim is not None
    assert cancel_blame(job=running, acting_user=maya, now=NOW).status == JobStatus.CANCELLING
    with claims.ending(claim, lambda: NOW, gives_up_on=()):
        BlameWork(claim, lambda: NOW).work()
    running.refresh_from_db()
    assert running.status == JobStatus.CANCELLED


def test_a_damaged_snapshot_fails_with_its_reason(snapshot: Snapshot) -> None:
    job = start_blame(snapshot=snapshot, acting_user=None, now=NOW)
    (Path(snapshot.directory) / "train.jsonl").write_text("")
    done = run_blame_job(job.pk)
    assert done is not None
    assert done.status == JobStatus.FAILED
    assert str(done.error)
