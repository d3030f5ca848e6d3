"""Unfinished campaigns: kept, made once, forgotten."""

import io
import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from common.errors import NotAllowed
from labeling.models import Campaign, User
from tests.training.conftest import NOW
from training.actions.draft_files import add_file
from training.actions.drafts import KEPT_FOR, create_from_draft, forget_drafts, save_draft
from training.models import CampaignDraft, DraftFile

pytestmark = pytest.mark.django_db
KEY = uuid.uuid4()


@pytest.fixture(autouse=True)
def _folder(settings: Settings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path


def draft_with_a_file(owner: User) -> CampaignDraft:
    draft = save_draft(key=KEY, values={"name": ["Recipes"]}, acting_user=owner, now=NOW)
    add_file(draft=draft, name="a.txt", size=4, stream=io.BytesIO(b"Why?"), now=NOW)
    return draft


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
    assert list(DraftFile.folder().iterdir()) == []


def test_expired_drafts_those_of_closed_accounts_and_stray_files_are_forgotten(
    maya: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    draft_with_a_file(maya)
    stray = DraftFile.folder() / uuid.uuid4().hex
    stray.write_bytes(b"x")
    os.utime(stray, (0, 0))
    assert forget_drafts(now=NOW + KEPT_FOR - timedelta(seconds=1)) == 0
    assert not stray.exists()
    assert DraftFile.objects.get().path.exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert forget_drafts(now=NOW + KEPT_FOR) == 1
    assert list(DraftFile.folder().iterdir()) == []
    draft_with_a_file(maya)
    maya.is_active = False
    maya.save()
    assert forget_drafts(now=NOW) == 1
