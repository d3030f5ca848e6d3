"""The first page: one's own campaigns, each with its next step."""

from typing import Any

from labeling.actions.campaigns import change_campaign
from labeling.models import Campaign
from tests.clients import Visiting, text_of
from tests.labeling.practising import QUALIFICATION, go_through, mark
from tests.people import person, stage


def test_somebody_in_no_campaign_is_told_what_to_do(visiting: Visiting) -> None:
    assert "A lead can add you" in text_of(visiting(person("charlie")), "/")
    assert "Create campaign" in text_of(visiting(person("maya", "lead")), "/")


def test_home_shows_ones_own_campaigns_and_no_others(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    assert "Sums" in text_of(visiting(on_stage.alice), "/")
    assert "Sums" not in text_of(visiting(on_stage.charlie), "/")


def test_home_counts_what_one_has_judged(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    on_stage.settle(["a", "b"])
    page = text_of(visiting(on_stage.alice), "/")
    assert "<b>2</b> judged by you" in page
    assert "Continue judging" in page


def test_somebody_who_has_to_qualify_is_led_there_instead_of_to_judging(visiting: Visiting) -> None:
    on_stage = stage(comparisons=5)
    on_stage.settle(["a"])
    mark(on_stage, 2, QUALIFICATION)
    rules: dict[str, Any] = {"qualification_pairs": 2, "qualification_right": 2}
    change_campaign(campaign=on_stage.campaign, acting_user=on_stage.maya, now=on_stage.now, **rules)
    page = text_of(visiting(on_stage.alice), "/")
    assert "Continue judging" not in page
    assert 'href="/campaigns/sums/start/"' in page
    go_through(on_stage, on_stage.alice, QUALIFICATION, right=2)
    assert "Continue judging" in text_of(visiting(on_stage.alice), "/")


def test_after_the_last_attempt_no_page_offers_to_judge(visiting: Visiting) -> None:
    on_stage = stage(comparisons=5)
    mark(on_stage, 2, QUALIFICATION)
    rules: dict[str, Any] = {"qualification_pairs": 2, "qualification_right": 2, "qualification_attempts": 1}
    change_campaign(campaign=on_stage.campaign, acting_user=on_stage.maya, now=on_stage.now, **rules)
    alice = visiting(on_stage.alice)
    assert 'data-testid="prepare-sums">Qualify</a>' in text_of(alice, "/")
    assert 'data-testid="next-act">Qualify</a>' in text_of(alice, "/campaigns/sums/judgments/")
    go_through(on_stage, on_stage.alice, QUALIFICATION, right=0)
    for path in (
        "/",
        "/campaigns/sums/judgments/",
        "/campaigns/sums/judgments/questions/",
        "/campaigns/sums/guidelines/",
    ):
        page = text_of(alice, path)
        assert "You have no attempt left to qualify." in page, path
        assert "/campaigns/sums/start/" not in page, path


def test_a_count_that_hides_gold_says_that_it_is_about(visiting: Visiting) -> None:
    on_stage = stage(comparisons=30, gold_rate=0.1)
    on_stage.settle("a" * 22)
    assert "about <b>20</b> of 30" in text_of(visiting(on_stage.alice), "/")
    assert "<b>22</b> of 30" in text_of(visiting(on_stage.maya), "/")


def test_an_archived_campaign_is_out_of_sight_but_its_leads_find_it(visiting: Visiting) -> None:
    on_stage = stage(comparisons=1)
    Campaign.objects.update(status="archived")
    assert "Sums" not in text_of(visiting(on_stage.alice), "/")
    listed, _, folded = text_of(visiting(on_stage.maya), "/").partition('data-testid="archived"')
    assert ("Sums" in listed, "Sums" in folded) == (False, True)


def test_an_expert_finds_the_way_to_the_conflicts(visiting: Visiting) -> None:
    on_stage = stage(comparisons=1)
    on_stage.join(on_stage.bob, role="expert")
    assert "adjudicate-sums" in text_of(visiting(on_stage.bob), "/")
    assert "adjudicate-sums" not in text_of(visiting(on_stage.alice), "/")
