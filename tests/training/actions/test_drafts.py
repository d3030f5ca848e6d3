"""Unfinished campaigns: kept, made once, forgotten."""

import io
import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from common.errors import NotAllowed
from labeling.actions.uploads import forget_uploads, keep_upload, opened_upload
from labeling.models import Campaign, KeptUpload, User
from tests.training.conftest import NOW
from training.actions.draft_files import add_file
from training.actions.drafts import KEPT_FOR, create_from_draft, forget_drafts, save_draft
from training.models import CampaignDraft

pytestmark = pytest.mark.django_db
KEY = uuid.uuid4()


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def draft_with_a_file(owner: User) -> CampaignDraft:
    draft = save_draft(key=KEY, values={"name": ["Recipes"]}, acting_user=owner, now=NOW)
    add_file(draft=draft, name="a.txt", size=4, stream=io.BytesIO(b"Why?"), now=NOW)
    return draft


def stored_files() -> list[Path]:
    return list((django_settings.VAR_DIR / "uploads").iterdir())


def test_files_are_kept_as_long_as_their_draft_whatever_sweeps(
    maya: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    draft = draft_with_a_file(maya)
    preview = keep_upload(stream=io.BytesIO(b"Why?"), name="a.txt", acting_user=maya, now=NOW)
    for path in stored_files():
        os.utime(path, (0, 0))
    with django_capture_on_commit_callbacks(execute=True):
        forget_drafts(now=NOW + timedelta(hours=2))
        assert len(stored_files()) == 2
        assert forget_uploads(now=NOW + timedelta(days=2)) == 1
    later = NOW + timedelta(days=5)
    save_draft(key=KEY, values={}, acting_user=maya, now=later)
    assert forget_uploads(now=later + KEPT_FOR - timedelta(seconds=1)) == 0
    with opened_upload(draft.files.get().upload, acting_user=maya) as file:
        assert file.read() == b"Why?"
    assert not KeptUpload.objects.filter(pk=preview.pk).exists()


def test_saving_again_changes_the_same_draft_and_keeps_it_longer(maya: User) -> None:
    save_draft(key=KEY, values={"name": ["Recipes"]}, acting_user=maya, now=NOW)
    draft = save_draft(key=KEY, values={"name": ["Meals"]}, acting_user=maya, now=NOW + timedelta(days=3))
    assert CampaignDraft.objects.get() == draft
    assert (draft.name, draft.expires_at) == ("Meals", NOW + timedelta(days=3) + KEPT_FOR)


def test_annotators_keep_no_drafts(alice: User) -> None:
    with pytest.raises(NotAllowed):
        save_draft(key=KEY, values={}, acting_user=alice, now=NOW)


def test_a_draft_becomes_one_campaign_and_its_files_go(
    maya: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    draft = draft_with_a_file(maya)
    with django_capture_on_commit_callbacks(execute=True):
        made = create_from_draft(draft=draft, rules={"name": "Recipes"}, acting_user=maya, now=NOW)
        assert made is not None
        assert create_from_draft(draft=draft, rules={"name": "Recipes"}, acting_user=maya, now=NOW) is None
    assert Campaign.objects.get() == made.campaign == draft.campaign
    assert not stored_files()


def test_expired_drafts_and_those_of_closed_accounts_are_forgotten(
    maya: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    draft_with_a_file(maya)
    assert forget_drafts(now=NOW + KEPT_FOR - timedelta(seconds=1)) == 0
    assert len(stored_files()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        assert forget_drafts(now=NOW + KEPT_FOR) == 1
    assert not stored_files()
    draft_with_a_file(maya)
    maya.is_active = False
    maya.save()
    assert forget_drafts(now=NOW) == 1
