"""The pages of rounds."""

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.browser.furnished import furnish
from tests.markup import shown_in
from tests.people import NOON, stage
from tests.training.web.pages import page_of
from training.actions.retraining import resume_retraining, save_retraining_rule
from training.actions.round_plans import save_round_plan
from training.models import EvaluationJob, GenerationJob, ModelVersion, RetrainingRule, Round, RoundPlan, Run


def test_the_list_says_where_each_round_is(client: Client) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    client.force_login(on_stage.maya)
    page = page_of(client, "/campaigns/sums/rounds/")
    assert page.count("Round 3") == 1
    assert "Not promoted" in page
    assert "sums-v2" in page


def test_a_waiting_round_says_for_what(client: Client) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    outcome = "Waiting: quiet hours until 07:00 (UTC)."
    RetrainingRule.objects.create(campaign=on_stage.campaign, enabled=True, outcome=outcome, updated_at=NOON)
    client.force_login(on_stage.maya)
    assert outcome in page_of(client, f"/rounds/{Round.objects.get(number=4).pk}/")


def test_a_stopped_phase_has_a_button_that_tries_again(client: Client) -> None:
    on_stage = stage(comparisons=3)
    furnished = furnish(on_stage)
    Run.objects.filter(pk=furnished.running.pk).update(status="failed", error="The disk is full.")
    third = Round.objects.get(number=3)
    client.force_login(on_stage.maya)
    page = page_of(client, f"/rounds/{third.pk}/")
    assert "The disk is full." in page
    assert f'action="/runs/{furnished.running.pk}/resume/"' in page
    client.post(f"/runs/{furnished.running.pk}/resume/", {"back": f"/rounds/{third.pk}/"})
    assert Run.objects.get(pk=furnished.running.pk).status == "queued"


def test_the_plan_keeps_what_was_typed(client: Client) -> None:
    on_stage = stage(comparisons=3)
    save_round_plan(campaign=on_stage.campaign, values={"target": 0.7}, acting_user=on_stage.maya, now=NOON)
    client.force_login(on_stage.maya)
    sent = {
        "start_from": "newest",
        "min_agreement": "72.5",
        "quiet_from": "22:00",
        "quiet_until": "06:30",
        "time_zone": "Europe/Berlin",
        "machine_hour": "3.20",
        "currency": "EUR",
        "budget_money": "100",
        "budget_period": "total",
        "target": "65",
        "target_by": "evaluation",
    }
    refused = client.post("/campaigns/sums/rounds/plan/", {**sent, "currency": ""})
    assert "Name the currency" in refused.content.decode()
    assert 'value="72.5"' in refused.content.decode()
    assert client.post("/campaigns/sums/rounds/plan/", sent).status_code == 302
    plan = RoundPlan.objects.get()
    assert (plan.min_agreement, plan.quiet_until, plan.machine_hour) == (0.725, time(6, 30), Decimal("3.20"))
    assert (plan.target, plan.target_by, plan.generates) == (0.65, "evaluation", False)


def test_a_plan_that_another_lead_saved_meanwhile_is_not_overwritten_unseen(client: Client) -> None:
    on_stage = stage()
    save_round_plan(campaign=on_stage.campaign, values={"target": 0.7}, acting_user=on_stage.maya, now=NOON)
    client.force_login(on_stage.maya)
    sent = {"start_from": "newest", "budget_period": "total", "target_by": "evaluation", "target": "80"}
    sent["shown"] = shown_in(page_of(client, "/campaigns/sums/rounds/"))
    later = NOON + timedelta(seconds=1)
    save_round_plan(campaign=on_stage.campaign, values={"target": 0.9}, acting_user=on_stage.ada, now=later)
    refused = client.post("/campaigns/sums/rounds/plan/", sent)
    assert "Somebody saved these settings meanwhile" in refused.content.decode()
    assert refused.context["form"].errors["target"] == ["Somebody changed this meanwhile. It is now: 90."]
    assert RoundPlan.objects.get().target == 0.9
    again = client.post("/campaigns/sums/rounds/plan/", sent | {"shown": shown_in(refused.content.decode())})
    assert (again.status_code, RoundPlan.objects.get().target) == (302, 0.8)


def test_a_rule_of_retraining_that_another_lead_saved_meanwhile_is_not_overwritten_unseen(client: Client) -> None:
    on_stage = stage()
    save_retraining_rule(campaign=on_stage.campaign, min_fresh_verdicts=7, acting_user=on_stage.maya, now=NOON)
    client.force_login(on_stage.maya)
    sent = {"enabled": "on", "kind": "enough", "min_fresh_verdicts": "8", "shown": shown_in(page_of(client))}
    later = NOON + timedelta(seconds=1)
    theirs: dict[str, Any] = {"min_fresh_verdicts": 9, "cron": "30 3 * * *"}
    save_retraining_rule(campaign=on_stage.campaign, **theirs, acting_user=on_stage.ada, now=later)
    refused = client.post("/campaigns/sums/retraining/", sent)
    assert "Somebody saved these settings meanwhile" in refused.content.decode()
    errors = refused.context["rule_form"].errors
    assert errors["kind"] == ["Somebody changed this meanwhile. It is now: Every day, 03:30."]
    assert errors["min_fresh_verdicts"] == ["Somebody changed this meanwhile. It is now: 9."]
    assert RetrainingRule.objects.get().min_fresh_verdicts == 9


def test_a_rule_that_was_only_resumed_meanwhile_is_saved(client: Client) -> None:
    on_stage = stage()
    rule = save_retraining_rule(campaign=on_stage.campaign, acting_user=on_stage.maya, now=NOON)
    RetrainingRule.objects.update(paused_at=NOON)
    client.force_login(on_stage.maya)
    sent = {"enabled": "on", "kind": "enough", "min_fresh_verdicts": "8", "shown": shown_in(page_of(client))}
    resume_retraining(rule=rule, acting_user=on_stage.ada, now=NOON + timedelta(seconds=1))
    assert client.post("/campaigns/sums/retraining/", sent).status_code == 302


def test_the_same_plan_sent_twice_is_saved_once_and_a_first_plan_is_not_overwritten(client: Client) -> None:
    on_stage = stage()
    client.force_login(on_stage.maya)
    sent = {"start_from": "newest", "budget_period": "total", "target_by": "evaluation", "target": "80"}
    sent["shown"] = shown_in(page_of(client, "/campaigns/sums/rounds/"))
    assert [client.post("/campaigns/sums/rounds/plan/", sent).status_code for _ in range(2)] == [302, 302]
    assert client.post("/campaigns/sums/rounds/plan/", sent | {"target": "90"}).status_code == 200
    assert RoundPlan.objects.get().target == 0.8


def test_the_plan_says_how_much_of_the_budget_is_used(client: Client) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    GenerationJob.objects.update(started_at=NOON, finished_at=NOON + timedelta(hours=1), worked_seconds=3600)
    Run.objects.update(worked_seconds=0, claimed_at=None)
    client.force_login(on_stage.maya)
    assert 'data-testid="budget-used"' not in page_of(client, "/campaigns/sums/rounds/")
    values = {"budget_minutes": 600, "budget_money": Decimal(50), "machine_hour": Decimal(2), "currency": "EUR"}
    plan = values | {"budget_period": "total"}
    save_round_plan(campaign=on_stage.campaign, values=plan, acting_user=on_stage.maya, now=NOON)
    page = " ".join(page_of(client, "/campaigns/sums/rounds/").split())
    assert "Used so far: 2.00 of 50.00 EUR, 60 of 600 machine minutes" in page


def test_a_round_leads_to_those_beside_it(client: Client) -> None:
    on_stage = stage(comparisons=3)
    furnish(on_stage)
    first, second, third = Round.objects.filter(number__lte=3).order_by("number")
    client.force_login(on_stage.maya)
    links = page_of(client, f"/rounds/{second.pk}/").split('data-testid="neighbours"')[1]
    assert [f'href="/rounds/{one.pk}/"' in links for one in (first, second, third)] == [True, False, True]


def test_a_stale_plan_that_comes_back_for_another_reason_is_still_stale(client: Client) -> None:
    on_stage = stage()
    save_round_plan(campaign=on_stage.campaign, values={"target": 0.7}, acting_user=on_stage.maya, now=NOON)
    client.force_login(on_stage.maya)
    sent = {"start_from": "newest", "budget_period": "total", "target_by": "evaluation", "target": "20"}
    sent["shown"] = shown_in(page_of(client, "/campaigns/sums/rounds/"))
    later = NOON + timedelta(seconds=1)
    save_round_plan(campaign=on_stage.campaign, values={"target": 0.9}, acting_user=on_stage.ada, now=later)
    wrong = client.post("/campaigns/sums/rounds/plan/", sent).content.decode()
    assert "Somebody saved" not in wrong
    again = client.post("/campaigns/sums/rounds/plan/", sent | {"shown": shown_in(wrong), "target": "80"})
    assert "Somebody saved these settings meanwhile" in again.content.decode()


def more_rounds(first: Round, version: ModelVersion, count: int) -> None:
    """Rounds like one with a generation, a run, a version and an evaluation."""
    run, evaluated = version.run, {"campaign": first.campaign, "status": "finished", "created_at": NOON}
    assert run is not None
    for number in range(101, 101 + count):
        again = Round.objects.create(
            campaign=first.campaign, number=number, opened_at=NOON, collects=False, closed_at=NOON, outcome="promoted"
        )
        GenerationJob.objects.create(campaign=first.campaign, status="finished", round=again, created_at=NOON)
        run.pk, run.round, run.directory = None, again, f"/nowhere/{number}"
        run._state.adding = True
        run.save()
        version.pk, version.run, version.name = None, run, f"sums-v{number}"
        version._state.adding = True
        version.save()
        EvaluationJob.objects.create(version=version, **evaluated)


@pytest.mark.parametrize("address", ["/campaigns/sums/rounds/", "/api/v1/campaigns/sums/rounds/"])
def test_thirty_rounds_take_as_many_statements_as_one(client: Client, address: str) -> None:
    on_stage = stage(comparisons=3)
    furnished = furnish(on_stage)
    save_round_plan(campaign=on_stage.campaign, values={"target": 0.7}, acting_user=on_stage.maya, now=NOON)
    client.force_login(on_stage.maya)

    def statements() -> int:
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    few = statements()
    more_rounds(furnished.round, furnished.one, 30)
    assert statements() <= few


def test_more_than_twenty_rounds_are_on_pages(client: Client) -> None:
    on_stage = stage(comparisons=3)
    furnished = furnish(on_stage)
    more_rounds(furnished.round, furnished.one, 21)
    client.force_login(on_stage.maya)
    first = page_of(client, "/campaigns/sums/rounds/")
    assert ("Round 121" in first, "Round 102<" in first, "Round 101<" in first) == (True, True, False)
    assert "?before=102" in first
    second = page_of(client, "/campaigns/sums/rounds/?before=102")
    assert ("Round 101<" in second, "Round 102<" in second) == (True, False)
    assert "Show newest" in second
