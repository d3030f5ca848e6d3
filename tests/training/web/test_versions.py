"""The page of all versions, and what serves."""

import pytest

from tests.clients import Visiting
from tests.people import stage
from tests.training.web.pages import page_of, quiet
from training.models import Deployment
from training.versions import files


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions here are rows without files."""
    monkeypatch.setattr(files, "check_version", lambda version: None)


def test_promotion_and_rollback_change_what_serves(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    quiet(on_stage)
    maya = visiting(on_stage.maya)
    maya.post("/versions/sums-v2/promote/")
    assert Deployment.objects.get(is_current=True).version.name == "sums-v2"
    assert "sums-v2</b>" in page_of(maya, "/versions/")
    answer = maya.post("/serving/rollback/", follow=True)
    assert "sums-v1 serves again" in answer.content.decode()
