"""Jobs and versions are found by those who may see them."""

import pytest

from common.errors import NotAllowed, NotFound
from tests.people import Stage, person
from tests.training.conftest import child_of
from training import access
from training.api.finding import find_job, find_version
from training.models import ModelVersion


@pytest.mark.django_db
def test_a_lead_finds_their_own_and_nobody_else_does(scene: Stage) -> None:
    child = child_of(ModelVersion.objects.get(), scene)
    assert find_version(scene.maya, child.name) == child
    assert find_job(access.visible_runs(scene.maya), child.run_id or 0, "There is no run %(number)s.") == child.run
    stranger = person("stranger", "lead")
    with pytest.raises(NotFound, match="There is no model version 'sums-v1'"):
        find_version(stranger, child.name)
    with pytest.raises(NotFound, match=f"There is no run {child.run_id}"):
        find_job(access.visible_runs(stranger), child.run_id or 0, "There is no run %(number)s.")
    with pytest.raises(NotAllowed):
        find_version(scene.alice, child.name)
