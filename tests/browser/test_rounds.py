"""A lead follows a round that stopped, tries it again by keyboard, and sets the plan that makes the next one wait."""

from decimal import Decimal

from playwright.sync_api import expect

from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import furnish
from tests.people import NOON, Stage
from tests.training.gates_by_people import voted, voting_gate
from training.actions.round_plans import save_round_plan
from training.actions.schedule import consider_retraining
from training.models import Deployment, EvaluationJob, RetrainingRule, Round, Run

STOPPED = "The disk is full: free some space, then resume it."


def test_a_stopped_round_is_tried_again_and_the_next_one_says_why_it_waits(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    furnished = furnish(on_stage)
    Run.objects.filter(pk=furnished.running.pk).update(status="failed", error=STOPPED, finished_at=NOON)
    rule = RetrainingRule.objects.create(
        campaign=on_stage.campaign, enabled=True, min_fresh_verdicts=500, updated_at=NOON
    )
    page = sign_in(on_stage.maya, path="/campaigns/sums/")
    page.get_by_test_id("tab-rounds").click()
    expect(page.get_by_test_id("rounds").get_by_role("row")).to_have_count(5)
    page.get_by_role("link", name="Round 3").click()
    train = page.get_by_test_id("phase-train")
    expect(train).to_contain_text(STOPPED)
    train.get_by_test_id("retry-train").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("messages")).to_contain_text("continues from its last checkpoint")
    expect(page.get_by_test_id("phase-train")).not_to_contain_text(STOPPED)

    page.get_by_role("link", name="Rounds", exact=True).first.click()
    page.get_by_label("Quiet hours from").fill("00:00")
    page.get_by_label("Quiet hours until").fill("23:59")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_test_id("save-plan").click()
    expect(page.get_by_test_id("messages")).to_contain_text("The plan of the rounds was saved")
    consider_retraining(rule=rule, now=NOON)
    page.get_by_role("link", name="Round 4").click()
    expect(page.get_by_test_id("phase-label")).to_contain_text("quiet hours until 23:59 (Europe/Berlin)")
    picture(page, "round-waiting")


def test_a_round_shows_its_target_and_its_cost_on_a_phone_too(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    furnished = furnish(on_stage)
    Deployment.objects.filter(is_current=True).update(is_current=False)
    Deployment.objects.create(version=furnished.two, kind="promotion", by=on_stage.maya, at=NOON)
    Round.objects.filter(pk=furnished.round.pk).update(outcome="promoted")
    EvaluationJob.objects.create(
        version=furnished.two, campaign=on_stage.campaign, status="finished", reason="Better.", created_at=NOON
    )
    voted(voting_gate(on_stage.campaign, furnished.two, furnished.base), on_stage.alice, ["candidate"] * 3)
    rates = {"human_hour": Decimal(24), "machine_hour": Decimal(3), "currency": "EUR"}
    plan = {**rates, "target": 0.65, "watch_pairs": 50}
    save_round_plan(campaign=on_stage.campaign, values=plan, acting_user=on_stage.maya, now=NOON)
    path = f"/rounds/{furnished.round.pk}/"
    for name, viewport in (("wide", {"width": 1440, "height": 900}), ("phone", PHONE)):
        page = sign_in(on_stage.maya, path=path, viewport=viewport)
        expect(page.get_by_test_id("target")).to_contain_text("no gates by people lead from the version to the base")
        expect(page.get_by_test_id("cost")).to_contain_text("EUR")
        expect(page.get_by_test_id("phase-gate")).to_contain_text("The gate by people is open: 3 votes so far.")
        assert no_sideways_scrolling(page)
        picture(page, f"round-{name}")
