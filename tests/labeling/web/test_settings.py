"""The settings page: rules are changed and kept, and a status follows the one before."""

from labeling.models import Campaign
from tests.clients import Visiting
from tests.markup import shown_in
from tests.people import stage


def test_rules_are_changed_and_kept(visiting: Visiting) -> None:
    on_stage = stage()
    path = f"/campaigns/{on_stage.campaign.slug}/settings/"
    form = {"name": "Sums and more", "overlap": 3, "verdict_rule": "unanimity", "scale": "strength"}
    visiting(on_stage.maya).post(path, {**form, "lease_seconds": "10", "undo_seconds": "1.5"})
    campaign = on_stage.reload()
    assert (campaign.lease_seconds, campaign.undo_seconds) == (600, 90)  # the form takes minutes
    assert (campaign.name, campaign.overlap, campaign.scale, campaign.allow_tie) == (
        "Sums and more",
        3,
        "strength",
        False,
    )


def test_a_status_that_cannot_follow_is_explained(visiting: Visiting) -> None:
    on_stage = stage()
    answer = visiting(on_stage.maya).post(
        f"/campaigns/{on_stage.campaign.slug}/status/", {"status": "archived"}, follow=True
    )
    assert "cannot become archived" in answer.content.decode()
    assert on_stage.reload().status == "active"


def test_every_rule_can_be_set_on_the_settings_page_and_says_what_it_does(visiting: Visiting) -> None:
    scene = stage()
    client = visiting(scene.maya)
    page = client.get("/campaigns/sums/settings/").content.decode()
    assert page.count('id="id_') >= 27
    form = {
        "name": "Sums", "overlap": 2, "max_overlap": 4, "criteria": "helpful*: Which one helps?\nhonest", "quota": 50,
        "skip_reasons": "Too hard\nBroken", "order": "newest", "prefetch": 2, "gold_rate": 10, "retest_rate": 5,
        "verdict_rule": "dawid_skene", "verdict_threshold": 80, "gold_action": "pause", "allow_tie": "on",
    }  # fmt: skip
    assert client.post("/campaigns/sums/settings/", form).status_code == 302
    campaign = Campaign.objects.get()
    assert campaign.criteria == [
        {"name": "helpful", "description": "Which one helps?", "required": True},
        {"name": "honest", "description": "", "required": False},
    ]
    assert (campaign.skip_reasons, campaign.order, campaign.prefetch) == (["Too hard", "Broken"], "newest", 2)
    assert (campaign.verdict_rule, campaign.gold_action, campaign.quota) == ("dawid_skene", "pause", 50)
    assert (campaign.gold_rate, campaign.retest_rate, campaign.verdict_threshold) == (0.1, 0.05, 0.8)
    assert (campaign.allow_skip, campaign.blind, campaign.lease_seconds) == (False, False, 1800)
    refused = client.post("/campaigns/sums/settings/", form | {"max_overlap": 1}).content.decode()
    assert "cannot be below the 2 judgments" in refused


def test_a_lead_is_told_which_rules_another_changed_meanwhile_and_may_replace_them(visiting: Visiting) -> None:
    scene = stage()
    path, maya, ada = "/campaigns/sums/settings/", visiting(scene.maya), visiting(scene.ada)
    pages = [client.get(path).content.decode() for client in (maya, ada)]
    form = {"name": "Sums", "overlap": 2, "verdict_rule": "majority", "scale": "choice"}
    theirs = form | {"overlap": 3, "verdict_rule": "dawid_skene", "gold_rate": 10}
    assert maya.post(path, theirs | {"shown": shown_in(pages[0])}).status_code == 302
    assert maya.post(path, theirs | {"shown": shown_in(pages[0])}).status_code == 302  # sent twice
    refused = ada.post(path, form | {"shown": shown_in(pages[1]), "name": "Totals"})
    assert refused.context["form"].non_field_errors() == [
        "Somebody saved these settings meanwhile. Look at them; saving again puts yours in their place."
    ]
    changed = {name: errors[0] for name, errors in refused.context["form"].errors.items() if name != "__all__"}
    assert changed["overlap"] == "Somebody changed this meanwhile. It is now: 3."
    assert changed["verdict_rule"].endswith("It is now: Dawid-Skene.")
    assert changed["gold_rate"].endswith("It is now: 10.")
    assert "name" not in changed
    assert scene.reload().overlap == 3
    again = form | {"shown": shown_in(refused.content.decode()), "name": "Totals"}
    assert ada.post(path, again).status_code == 302
    assert (scene.reload().overlap, scene.reload().name) == (2, "Totals")


def test_a_stale_page_of_settings_that_comes_back_for_another_reason_is_still_stale(visiting: Visiting) -> None:
    scene = stage()
    path, ada = "/campaigns/sums/settings/", visiting(scene.ada)
    form = {"name": "Sums", "overlap": 2, "verdict_rule": "majority", "scale": "choice"}
    form["shown"] = shown_in(ada.get(path).content.decode())
    visiting(scene.maya).post(path, form | {"shown": "", "overlap": 3})
    wrong = ada.post(path, form | {"max_overlap": "1"}).content.decode()
    assert "Somebody saved" not in wrong
    again = ada.post(path, form | {"shown": shown_in(wrong), "name": "Totals"})
    assert "Somebody saved these settings meanwhile" in again.content.decode()
    assert scene.reload().overlap == 3
