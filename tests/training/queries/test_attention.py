"""Items of training in the inbox."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.actions.erasure import erase_person
from labeling.queries.attention import attention
from tests.browser.furnished import furnish
from tests.people import stage
from training.actions.leaving_out import leave_out
from training.actions.snapshot_index import index_snapshot
from training.models import Deployment, JobStatus, Run

pytestmark = pytest.mark.django_db


def test_the_newest_version_waits_until_it_serves() -> None:
    scene = stage(comparisons=4)
    furnished = furnish(scene)
    furnished.two.created_at = scene.now.replace(hour=13)
    furnished.two.save(update_fields=["created_at"])
    waiting = [item for item in attention(scene.maya).items if item.page == "version"]
    assert [(item.sentence, item.arguments) for item in waiting] == [("sums-v2 waits for promotion", ("sums-v2",))]
    assert [item for item in attention(scene.charlie).items if item.page == "version"] == []
    Deployment.objects.filter(is_current=True).update(is_current=False)
    Deployment.objects.create(version=furnished.two, kind="promotion", at=scene.now.replace(hour=14))
    assert [item for item in attention(scene.maya).items if item.page == "version"] == []


def test_a_failed_run_waits_until_a_newer_one_was_started() -> None:
    scene = stage(comparisons=4)
    furnished = furnish(scene)
    newest = Run.objects.order_by("-pk")[0]
    Run.objects.exclude(pk=newest.pk).update(status=JobStatus.FAILED)
    assert [item for item in attention(scene.maya).items if item.page == "run"] == []
    Run.objects.filter(pk=newest.pk).update(status=JobStatus.FAILED, error="The disk is full.")
    (item,) = [item for item in attention(scene.maya).items if item.page == "run"]
    assert (item.sentence, item.detail) == (f"Run {newest.pk} failed", "The disk is full.")
    assert furnished.finished.pk != newest.pk


def test_an_erased_person_waits_until_a_lead_leaves_them_out() -> None:
    scene = stage(comparisons=4)
    scene.settle("ab")
    furnished = furnish(scene)
    snapshot = furnished.finished.snapshot
    judged = scene.alice.judgments.values_list("comparison", flat=True)
    index_snapshot(snapshot, judged, read_until=scene.now)
    waiting = [item for item in attention(scene.maya).items if item.page == "left_out"]
    assert waiting == []
    scene.wait(60)
    erase_person(person=scene.alice, confirmation="alice", acting_user=None, now=scene.now)
    (item,) = [item for item in attention(scene.maya).items if item.page == "left_out"]
    assert item.arguments == ("sums", scene.alice.pseudonym)
    with CaptureQueriesContext(connection) as queries:  # every page of a lead reads the inbox
        assert item in attention(scene.maya).items
    assert not [one for one in queries if "labeling_judgment j" in one["sql"]]
    assert [one for one in attention(scene.charlie).items if one.page == "left_out"] == []
    leave_out(campaign=scene.campaign, person=scene.alice, acting_user=scene.maya, now=scene.now)
    assert [item for item in attention(scene.maya).items if item.page == "left_out"] == []
