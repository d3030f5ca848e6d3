"""The retraining rule, as programs use it."""

import pytest

from tests.clients import Calling
from tests.people import Stage

pytestmark = pytest.mark.django_db


def test_the_rule_is_saved_and_shown(scene: Stage, calling: Calling) -> None:
    maya = calling(scene.maya)
    address = "/api/v1/campaigns/sums/retraining/"
    assert maya.get(address).json()["enabled"] is False

    wanted = {"enabled": True, "min_fresh_verdicts": 30, "cron": "15 3 * * 1", "auto_promote": True}
    saved = maya.put(address, wanted, format="json")

    assert saved.status_code == 200
    assert {name: saved.json()[name] for name in wanted} == wanted
    assert {name: maya.get(address).json()[name] for name in wanted} == wanted
    refused = maya.put(address, {**wanted, "cron": "at night"}, format="json")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/wrong-schedule")
    assert maya.get(address).json()["cron"] == "15 3 * * 1"
