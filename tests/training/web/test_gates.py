"""The page of a campaign's gate."""

from django.test import Client

from tests.people import NOON, stage
from tests.training.web.pages import page_of
from training.actions.gate import save_gate


def test_the_history_has_the_gates_before_the_one_in_force(client: Client) -> None:
    on_stage = stage()
    client.force_login(on_stage.maya)
    assert "History" not in page_of(client, "/campaigns/sums/gate/")
    for floor in (10, 20):
        rules = [{"figure": "pairs", "floor": floor}]
        save_gate(campaign=on_stage.campaign, rules=rules, acting_user=on_stage.maya, now=NOON)
    page, history = page_of(client, "/campaigns/sums/gate/").split('id="earlier-title"')
    assert "Gate 3" in page
    assert ["Gate 3" in history, "Gate 2" in history, "Gate 1" in history] == [False, True, True]


def test_the_limit_of_a_rule_that_is_off_stops_nobody_from_saving(client: Client) -> None:
    on_stage = stage()
    client.force_login(on_stage.maya)
    assert "novalidate" in page_of(client, "/campaigns/sums/gate/").split('data-testid="gate-form"')[1].split(">")[0]
    sent = {"shown": "1", "pairs_limit": "30", "accuracy_limit": "600"}
    refused = client.post("/campaigns/sums/gate/", {**sent, "accuracy_use": "on"})
    assert "less than or equal to 100" in refused.content.decode()
    saved = client.post("/campaigns/sums/gate/", sent, follow=True)
    assert "applies from now on" in saved.content.decode()
