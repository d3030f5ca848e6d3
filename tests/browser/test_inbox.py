"""Leads find what waits for them, and reach it in few clicks; the menu is whole on a phone."""

from pathlib import Path

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from labeling.actions.members import pause_member
from labeling.models import Event, NoticeChoice, Verdict
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.browser.furnished import furnish
from tests.people import Stage
from training.versions.files import content_hash


def disagree(scene: Stage, one: str = "alice", other: str = "bob") -> None:
    scene.vote(scene.given(getattr(scene, one)), "a")
    scene.vote(scene.given(getattr(scene, other)), "b")


@pytest.fixture
def busy_stage(on_stage: Stage, tmp_path: Path) -> Stage:
    """A conflict, a flag, a paused annotator, a version that waits for promotion, and a round that ended."""
    on_stage.campaign.overlap = 2
    on_stage.campaign.save(update_fields=["overlap"])
    on_stage.campaign.comparisons.update(overlap=2)
    disagree(on_stage)
    on_stage.judge(on_stage.given(on_stage.alice), "skip", flag="harm")
    pause_member(campaign=on_stage.campaign, user=on_stage.bob, acting_user=on_stage.maya, now=on_stage.now)
    furnished = furnish(on_stage)
    furnished.two.created_at = furnished.two.created_at.replace(hour=23)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"weights")
    furnished.two.adapter_dir, furnished.two.content_hash = str(tmp_path), content_hash(tmp_path)
    furnished.two.save(update_fields=["created_at", "adapter_dir", "content_hash"])
    return on_stage


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_menu_is_whole_on_a_phone(theme: str, busy_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    page = sign_in(busy_stage.maya, viewport=PHONE, color_scheme=theme)
    places = page.locator("#places")
    expect(places).to_be_hidden()
    page.get_by_test_id("menu").focus()
    page.keyboard.press("Enter")
    for name in ("Campaigns", "Inbox", "Versions", "Playground", "Lens", "Lab", "Account"):
        expect(places.get_by_role("link", name=name)).to_be_in_viewport(ratio=1)
    picture(page, f"menu-phone-{theme}")
    page.keyboard.press("Escape")
    expect(places).to_be_hidden()
    page.get_by_test_id("menu").click()
    places.get_by_role("link", name="Inbox").click()
    expect(page.get_by_test_id("inbox")).to_be_visible()
    assert no_sideways_scrolling(page)


def test_the_count_is_in_the_menu_and_on_the_campaigns_tabs(
    busy_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    page = sign_in(busy_stage.maya, viewport={"width": 1440, "height": 900})
    expect(page.locator("#places").get_by_role("link", name="Inbox")).to_contain_text("5")
    picture(page, "home-attention-wide-light")
    page.goto("/campaigns/sums/")
    expect(page.get_by_label("Campaign", exact=True).get_by_role("link", name="Quality")).to_contain_text("2")
    page.goto("/campaigns/sums/flags/")
    expect(page.get_by_test_id("tab-adjudication")).to_contain_text("1")
    picture(page, "flags-groups-wide-light")


def test_setting_aside_hides_an_item_until_it_is_brought_back(busy_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(busy_stage.maya, path="/inbox/")
    key = f"stopped-{busy_stage.campaign.pk}"
    page.get_by_test_id(f"aside-{key}").click()
    expect(page.get_by_test_id("inbox").get_by_test_id(f"item-{key}")).to_have_count(0)
    page.get_by_test_id("set-aside").locator("summary").click()
    page.get_by_test_id(f"back-{key}").click()
    expect(page.get_by_test_id("inbox").get_by_test_id(f"item-{key}")).to_be_visible()


def clicked(page: Page, *targets: str) -> int:
    """Clicks these, each by its test id or, where there is none, by the text of the link."""
    for target in targets:
        # Waits for whichever comes: the click before may still be leading to the next page.
        page.get_by_test_id(target).or_(page.get_by_role("link", name=target)).first.click()
    return len(targets)


def test_the_frequent_errands_take_few_clicks_from_sign_in(busy_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(busy_stage.maya)
    assert clicked(page, "invite-sums", "make-invitation") == 2
    expect(page.get_by_test_id("new-link")).to_be_visible()
    page.goto("/")
    assert clicked(page, "1 flagged comparison waits for review", "keep") == 2  # the reason is still to be written
    expect(page.get_by_test_id("decision")).to_be_visible()
    page.goto("/")
    with page.expect_download():
        assert clicked(page, "export-sums", "download-export") == 2
    expect(page.get_by_test_id("drop-report")).to_be_visible()
    page.get_by_label("Format").select_option("kto")
    expect(page.get_by_test_id("download-export")).to_be_hidden()  # the report is of another file
    page.goto("/")
    assert clicked(page, "sums-v2 waits for promotion", "promote-sums-v2", "confirm-promote") == 3
    expect(page.get_by_test_id("serves")).to_be_visible()


def test_a_conflict_is_settled_by_keys_alone(busy_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(busy_stage.ada, path="/campaigns/sums/adjudication/")
    page.keyboard.press("a")
    page.keyboard.press("b")  # another choice, not a letter of the reason
    expect(page.locator("[name=winner][value=b]")).to_be_checked()
    page.keyboard.press("c")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")  # letters are keys again
    page.keyboard.press("c")
    page.keyboard.type("Bob is right: b is a sum.")
    page.keyboard.press("Escape")  # the key that the button names works from anywhere on the page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("no-conflicts")).to_be_visible()
    verdict = Verdict.objects.get()
    assert (verdict.winner, verdict.reason) == ("b", "Bob is right: b is a sum.")


def test_a_flag_is_reviewed_by_keys_alone(busy_stage: Stage, sign_in: SignIn) -> None:
    page = sign_in(busy_stage.maya, path="/campaigns/sums/flags/")
    page.keyboard.press("k")
    expect(page.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("A made-up name.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("no-flags")).to_be_visible()
    assert Event.objects.filter(subject_type="comparison", after__reason="A made-up name.").exists()


def test_a_lead_settles_their_own_conflict_only_if_they_say_so(on_stage: Stage, sign_in: SignIn) -> None:
    on_stage.campaign.comparisons.update(overlap=2)
    disagree(on_stage, "maya", "bob")
    page = sign_in(on_stage.maya, path="/campaigns/sums/adjudication/")
    expect(page.get_by_test_id("own-conflict")).to_be_visible()
    page.get_by_label("A is better").check()
    page.get_by_label("Reason").fill("I am right.")
    page.get_by_test_id("decide").click()
    expect(page.get_by_role("alert")).to_contain_text("somebody else should settle it")
    expect(page.get_by_label("Reason")).to_have_value("I am right.")
    assert not Verdict.objects.exists()
    page.get_by_label("Settle it although I judged it").check()
    page.get_by_test_id("decide").click()
    expect(page.get_by_test_id("no-conflicts")).to_be_visible()
    assert Event.objects.get(verb="comparison.adjudicated").after["despite_own_judgment"] is True


def test_the_choice_of_e_mail_is_saved_and_a_refused_one_keeps_what_was_chosen(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    page = sign_in(on_stage.maya, path="/you/")
    notices = page.get_by_test_id("notices")
    notices.get_by_label("Once a day").check()
    notices.get_by_label("Hour").select_option("17")
    page.get_by_test_id("save-notices").click()
    expect(notices).to_contain_text("no e-mail address")
    expect(notices.get_by_label("Once a day")).to_be_checked()
    expect(notices.get_by_label("Hour")).to_have_value("17")
    picture(page, "notices-wide-light")
    on_stage.maya.email = "maya@example.org"
    on_stage.maya.save(update_fields=["email"])
    page.get_by_test_id("save-notices").click()
    expect(page.get_by_test_id("messages")).to_contain_text("saved")
    choice = NoticeChoice.objects.get()
    assert (choice.when, choice.hour, choice.language) == ("daily", 17, "en")
    assert mail.outbox == []
