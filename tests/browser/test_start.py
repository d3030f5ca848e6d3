"""From an invitation to the first judgment that counts: guidelines, practice with feedback, qualification, a retry."""

import re
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, expect

from labeling.actions.campaigns import change_campaign, write_guidelines
from labeling.actions.invitations import create_invitation
from labeling.actions.practice import make_practice
from labeling.models import Judgment, Membership, PracticeAnswer, PracticePair
from tests.browser.annotating import PATH, judged, press
from tests.browser.conftest import PHONE, Picture, SignIn
from tests.labeling.practising import PRACTICE, QUALIFICATION, go_through, mark
from tests.people import PASSWORD, Stage

START = "/campaigns/sums/start/"


def prepare(on_stage: Stage) -> None:
    """Guidelines, two pairs to practise on, and a qualification: two right of two, in two attempts."""
    on_stage.now = timezone.now()
    write_guidelines(
        campaign=on_stage.campaign, text="Prefer the **true** one.", acting_user=on_stage.maya, now=on_stage.now
    )
    mark(on_stage, 2, PRACTICE)
    mark(on_stage, 4, QUALIFICATION)
    on_stage.campaign = change_campaign(
        campaign=on_stage.campaign,
        guidelines_first=True,
        qualification_pairs=2,
        qualification_right=2,
        qualification_attempts=2,
        acting_user=on_stage.maya,
        now=on_stage.now,
    )


def open_answer(user: str) -> PracticeAnswer:
    """The pair that the user sees."""
    answers = PracticeAnswer.objects.filter(annotator__username=user, choice="", round__finished_at=None)
    return answers.select_related("comparison").order_by("position")[0]


def answer(page: Page, user: str, *, is_right: bool) -> PracticeAnswer:
    """Answers by key. Before that, nothing on the page tells the known answer."""
    expect(page.get_by_test_id("practising")).to_be_visible()
    expect(page.locator("[data-do=focus]")).to_be_visible()  # the script runs
    pair = open_answer(user)
    known = PracticePair.objects.get(comparison=pair.comparison)
    html = page.content()
    assert "feedback" not in html
    assert known.explanation not in html
    press_left = (known.winner == pair.left) == is_right
    page.keyboard.press("ArrowLeft" if press_left else "ArrowRight")
    return pair


def test_the_whole_way_from_an_invitation_to_judgments_that_count(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    prepare(on_stage)
    ends = timezone.now() + timedelta(days=3)
    _, token = create_invitation(
        campaign=on_stage.campaign, expires_at=ends, acting_user=on_stage.maya, now=timezone.now()
    )
    page = sign_in(None, path=f"/invitations/{token}/")
    page.get_by_label("User name").fill("dana")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account and join").click()

    expect(page).to_have_url(re.compile(f"{START}$"))
    expect(page.get_by_test_id("guidelines-text").locator("strong")).to_have_text("true")
    picture(page, "start-read")
    page.goto(PATH)  # there is no way around
    page.get_by_test_id("have-read").press("Enter")

    expect(page.get_by_test_id("stops").locator("[aria-current]")).to_have_text("Practice")
    picture(page, "start-practise")
    page.get_by_test_id("begin-practice").press("Enter")
    for position, is_right in ((1, True), (2, False)):
        expect(page.get_by_test_id("round")).to_contain_text(f"{position} of 2")
        picture(page, f"start-pair-{position}")
        pair = answer(page, "dana", is_right=is_right)
        feedback = page.get_by_test_id("feedback")
        expect(feedback.get_by_role("heading")).to_have_text("Correct" if is_right else "Not correct")
        expect(page.get_by_test_id("explanation")).to_have_text(f"Why {pair.comparison_id}.")
        known = "left" if PracticePair.objects.get(comparison=pair.comparison).winner == pair.left else "right"
        expect(feedback).to_have_attribute("data-known", known)
        picture(page, f"start-feedback-{position}")
        expect(page.get_by_test_id("next-pair")).to_be_focused()
        page.keyboard.press("Enter")
    expect(page.get_by_test_id("score")).to_contain_text("1 of 2 right")
    page.get_by_test_id("go-on").click()

    expect(page.get_by_test_id("attempts-left")).to_have_text("You have 2 attempts left.")
    picture(page, "start-qualify")
    page.get_by_test_id("begin-qualification").click()
    for is_right in (True, False):
        answer(page, "dana", is_right=is_right)
    result = page.get_by_test_id("result")
    expect(result).to_contain_text("1 of 2 right")
    expect(result).to_contain_text("2 are needed.")
    picture(page, "start-failed")
    page.goto(PATH)
    expect(page.get_by_test_id("attempts-left")).to_have_text("You have one attempt left.")
    page.get_by_test_id("begin-qualification").click()
    for _ in range(2):
        answer(page, "dana", is_right=True)
    expect(page.get_by_test_id("result")).to_contain_text("You have qualified")
    picture(page, "start-qualified")
    assert not Judgment.objects.exists()
    page.get_by_test_id("go-on").click()
    expect(page.get_by_test_id("judging")).to_be_visible()
    page.wait_for_load_state()  # the script takes keys
    press(page, "ArrowLeft")
    judged(page, 1)
    assert Judgment.objects.get().annotator.username == "dana"


def test_who_has_no_attempt_left_asks_a_lead_who_lets_them_pass(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    prepare(on_stage)
    member = Membership.objects.get(campaign=on_stage.campaign, user=on_stage.alice)
    member.read_version = 1
    member.save()
    go_through(on_stage, on_stage.alice, PRACTICE, right=2)
    for _ in range(2):
        go_through(on_stage, on_stage.alice, QUALIFICATION, right=0)
    alice = sign_in(on_stage.alice, path=PATH, viewport=PHONE, color_scheme="dark")
    expect(alice.get_by_test_id("ask-lead")).to_contain_text("maya")
    picture(alice, "start-stuck")
    maya = sign_in(on_stage.maya, path="/campaigns/sums/people/")
    standing = maya.get_by_test_id("standing-alice")
    expect(standing).to_contain_text("no attempt left")
    picture(maya, "people-standing")
    standing.get_by_role("button", name="Let pass").click()
    expect(standing).to_contain_text("passed by a lead")
    alice.goto(PATH)
    press(alice, "ArrowLeft")
    judged(alice, 1)
    standing.get_by_role("button", name="Withdraw pass").click()
    expect(standing).to_contain_text("no attempt left")
    standing.get_by_role("button", name="Start again").click()
    expect(standing).to_contain_text("Practise")
    standing.get_by_role("button", name="Undo restart").click()
    expect(standing).to_contain_text("no attempt left")


def test_guidelines_that_must_be_read_again_interrupt_the_work_and_keep_the_judgments(
    on_stage: Stage, sign_in: SignIn
) -> None:
    change_campaign(campaign=on_stage.campaign, guidelines_first=True, acting_user=on_stage.maya, now=on_stage.now)
    page = sign_in(on_stage.alice, path=PATH)
    press(page, "ArrowLeft")
    judged(page, 1)
    maya = sign_in(on_stage.maya, path="/campaigns/sums/guidelines/?edit")
    maya.get_by_label("Guidelines").last.fill("Prefer the true one.")
    maya.get_by_test_id("save-guidelines").click()
    expect(maya.get_by_test_id("guidelines-text")).to_be_visible()
    press(page, "ArrowLeft")
    expect(page.get_by_test_id("read-first")).to_be_visible()
    assert Judgment.objects.count() == 2
    page.get_by_test_id("have-read").click()
    judged(page, 2)
    maya.goto("/campaigns/sums/guidelines/?edit")
    maya.get_by_label("Guidelines").last.fill("Prefer the true and short one.")
    maya.get_by_test_id("save-guidelines").click()  # a small change, by default
    expect(maya.get_by_test_id("guidelines-text")).to_contain_text("short")
    press(page, "ArrowLeft")
    judged(page, 3)


def test_everything_works_without_javascript(on_stage: Stage, sign_in: SignIn) -> None:
    prepare(on_stage)
    page = sign_in(on_stage.alice, path=PATH, java_script_enabled=False)
    page.get_by_test_id("have-read").click()
    page.get_by_test_id("begin-practice").click()
    for _ in range(2):
        page.get_by_test_id("choose-left").click()
        expect(page.get_by_test_id("feedback")).to_be_visible()
        page.get_by_test_id("next-pair").click()
    expect(page.get_by_test_id("result")).to_be_visible()


def test_a_lead_marks_pairs_and_tries_them(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    comparison = on_stage.campaign.comparisons.order_by("pk")[0]
    page = sign_in(on_stage.maya, path=f"/campaigns/sums/comparisons/{comparison.pk}/")
    page.get_by_test_id("to-mark").click()
    page.get_by_label("Known answer").select_option("b")
    page.get_by_label("Explanation").fill("Because it is *so*.")
    picture(page, "practice-mark")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_test_id("pairs-practice")).to_contain_text("Because it is so.")
    line = '{"prompt": "Two?", "chosen": "Yes.", "rejected": "No.", "explanation": "It is."}\n{"prompt": "x"}\n'
    page.get_by_test_id("practice-import").get_by_label("File").set_input_files(
        {"name": "pairs.jsonl", "mimeType": "application/jsonl", "buffer": line.encode()}
    )
    page.get_by_test_id("practice-import").get_by_label("Use for").select_option(QUALIFICATION)
    page.get_by_role("button", name="Add pairs").click()
    expect(page.get_by_test_id("practice-refused")).to_contain_text("Line 2")
    expect(page.get_by_test_id("pairs-qualification")).to_contain_text("Two?")
    picture(page, "practice")
    page.get_by_test_id("try-practice").click()
    expect(page.get_by_test_id("practising")).to_be_visible()
    page.goto("/campaigns/sums/practice/")
    page.get_by_test_id("pairs-practice").get_by_role("button", name="Remove…").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_test_id("pairs-practice")).to_have_count(0)
    comparison.refresh_from_db()
    assert comparison.status == "open"


def test_practice_takes_criteria_and_strength_by_key_as_judging_does(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    rules: Any = {"scale": "strength", "criteria": [{"name": "Correct", "required": True}]}
    change_campaign(campaign=on_stage.campaign, acting_user=on_stage.maya, now=timezone.now(), **rules)
    one, other = on_stage.campaign.comparisons.order_by("pk")[:2]
    known: Any = {"winner": "a", "strength": 3, "criteria": {"Correct": "tie"}, "explanation": "It is true."}
    for comparison in (one, other):
        make_practice(comparison=comparison, acting_user=on_stage.maya, now=timezone.now(), **known)
    page = sign_in(on_stage.alice, path=START)
    page.get_by_test_id("begin-practice").click()
    expect(page.locator("[data-do=focus]")).to_be_visible()  # the script runs
    picture(page, "start-pair-criteria")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".is-missing")).to_contain_text("Answer this one first.")
    page.keyboard.press("4")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")  # again, quickly: clearly
    feedback = page.get_by_test_id("feedback")
    expect(feedback.get_by_test_id("detail")).to_have_count(2)
    answered = PracticeAnswer.objects.get(comparison=one)
    assert (answered.strength, answered.criteria) == (2, {"Correct": answered.left})
    assert answered.choice != answered.left
    picture(page, "start-feedback-criteria")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("round")).to_contain_text("2 of 2")
    page.get_by_test_id("criteria").get_by_text("Tie").click()
    page.get_by_test_id("choose-left-3").click()
    expect(feedback).to_be_visible()
    answered = PracticeAnswer.objects.get(comparison=other)
    assert (answered.choice, answered.strength, answered.criteria) == (answered.left, 3, {"Correct": "tie"})
