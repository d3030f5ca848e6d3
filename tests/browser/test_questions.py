"""Annotators ask about a pair without judging it, and leads answer, in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from labeling.actions.campaigns import write_guidelines
from labeling.actions.questions import answer_question, ask_question
from labeling.models import FaqEntry, Judgment, Question
from tests.browser.annotating import PATH, both_texts, ready
from tests.browser.conftest import PHONE, Picture, SignIn, no_sideways_scrolling
from tests.people import Stage


def ask(page: Page, text: str) -> None:
    ready(page)
    page.get_by_test_id("ask").click()
    page.get_by_test_id("question").fill(text)
    page.get_by_test_id("send-question").click()
    expect(page.get_by_test_id("asked")).to_be_visible()


def test_a_question_leaves_the_pair_to_be_judged(on_stage: Stage, alice_page: Page, picture: Picture) -> None:
    ready(alice_page)
    texts = both_texts(alice_page)
    alice_page.keyboard.press("q")
    expect(alice_page.get_by_test_id("question")).to_be_focused()
    expect(alice_page.get_by_test_id("question")).to_have_value("")
    picture(alice_page, "ask-dialog")
    alice_page.keyboard.press("Escape")
    ask(alice_page, "Do units count?")
    picture(alice_page, "ask-dialog-asked")
    alice_page.get_by_test_id("judge-anyway").click()
    ready(alice_page)
    assert both_texts(alice_page) == texts
    assert Question.objects.get().text == "Do units count?"
    assert not Judgment.objects.exists()


def test_a_pair_that_is_skipped_until_the_answer_comes_back_with_it(on_stage: Stage, alice_page: Page) -> None:
    ready(alice_page)
    texts = both_texts(alice_page)
    ask(alice_page, "Do units count?")
    alice_page.get_by_test_id("skip-for-now").click()
    expect(alice_page.get_by_test_id("saved")).to_contain_text("Skipped")
    ready(alice_page)
    assert both_texts(alice_page) != texts
    expect(alice_page.get_by_test_id("judging")).to_have_attribute("data-waiting", "0")
    answer_question(question=Question.objects.get(), answer="Yes.", acting_user=on_stage.maya, now=on_stage.now)
    assert not Judgment.objects.filter(superseded_at=None).exists()


def test_a_question_that_cannot_be_sent_stays_in_the_dialog(on_stage: Stage, alice_page: Page) -> None:
    ready(alice_page)
    alice_page.get_by_test_id("ask").click()
    alice_page.get_by_test_id("question").fill("Long thoughts.")
    alice_page.context.set_offline(True)
    alice_page.get_by_test_id("send-question").click()
    expect(alice_page.get_by_text("The server cannot be reached.")).to_be_visible()
    expect(alice_page.get_by_test_id("question")).to_have_value("Long thoughts.")
    alice_page.context.set_offline(False)
    alice_page.get_by_test_id("send-question").click()
    expect(alice_page.get_by_test_id("asked")).to_be_visible()
    assert Question.objects.count() == 1


@pytest.mark.parametrize("size", ["wide", "phone"])
def test_a_lead_answers_and_publishes_and_everybody_reads(
    size: str, on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    wishes = {"viewport": PHONE} if size == "phone" else {}
    held = on_stage.given(on_stage.alice)
    ask_question(assignment=held, text="Do units count?", acting_user=on_stage.alice, now=on_stage.now)
    maya = sign_in(on_stage.maya, **wishes)
    maya.get_by_role("link", name="1 question waits for an answer").click()
    expect(maya.get_by_test_id("question-text")).to_have_text("Do units count?")
    maya.get_by_label("Answer").fill("Yes: a wrong unit is a wrong answer.")
    maya.get_by_text("Publish for all annotators…").click()
    maya.get_by_label("Publish for all annotators", exact=True).check()
    maya.get_by_label("The question as others read it").fill("")
    picture(maya, f"questions-{size}")
    assert no_sideways_scrolling(maya)
    maya.get_by_test_id("send-answer").click()
    expect(maya.get_by_text("Write the question as others read it.")).to_be_visible()
    expect(maya.get_by_label("Answer")).to_have_value("Yes: a wrong unit is a wrong answer.")
    maya.get_by_label("The question as others read it").fill("Do units count?")
    maya.get_by_test_id("send-answer").click()
    expect(maya.get_by_test_id("messages")).to_contain_text("Answer sent.")
    alice = sign_in(on_stage.alice, path="/", **wishes)
    alice.get_by_role("link", name="1 answer to your questions").click()
    expect(alice.get_by_test_id("answer")).to_have_text("Yes: a wrong unit is a wrong answer.")
    picture(alice, f"my-questions-{size}")
    alice.get_by_role("link", name="Guidelines").click()
    expect(alice.get_by_test_id("faq")).to_contain_text("Do units count?")
    picture(alice, f"faq-{size}")
    maya.goto("/campaigns/sums/guidelines/")
    maya.get_by_role("button", name="Withdraw…").click()
    maya.get_by_test_id("withdraw").click()
    expect(maya.get_by_test_id("messages")).to_contain_text("no longer published")
    assert not FaqEntry.objects.exists()


def test_published_answers_are_beside_the_guidelines_where_people_judge(
    on_stage: Stage, sign_in: SignIn, picture: Picture
) -> None:
    write_guidelines(campaign=on_stage.campaign, text="Be *true*.", acting_user=on_stage.maya, now=on_stage.now)
    question = ask_question(
        assignment=on_stage.given(on_stage.bob), text="Units?", acting_user=on_stage.bob, now=on_stage.now
    )
    answer_question(
        question=question, answer="Yes.", publish_as="Do units count?", acting_user=on_stage.maya, now=on_stage.now
    )
    page = sign_in(on_stage.alice, path=PATH)
    ready(page)
    page.keyboard.press("g")
    expect(page.get_by_test_id("faq")).to_contain_text("Do units count?")
    picture(page, "guidelines-dialog-faq")


def test_a_question_is_closed_in_the_browser(on_stage: Stage, sign_in: SignIn) -> None:
    held = on_stage.given(on_stage.alice)
    ask_question(assignment=held, text="Why?", acting_user=on_stage.alice, now=on_stage.now)
    maya = sign_in(on_stage.maya, path="/campaigns/sums/questions/")
    maya.get_by_test_id("close-question").click()
    expect(maya.get_by_test_id("messages")).to_have_text("Question closed.")
    assert Question.objects.get().status == "closed"


def test_a_question_is_asked_without_scripts(on_stage: Stage, sign_in: SignIn, picture: Picture) -> None:
    page = sign_in(on_stage.alice, path=PATH, java_script_enabled=False)
    page.get_by_test_id("ask").click()
    expect(page).to_have_url(re.compile("/ask/$"))
    page.get_by_label("Your question").fill("Do units count?")
    picture(page, "ask-page")
    page.get_by_test_id("send-question").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Question sent.")
    assert Question.objects.get().asker == on_stage.alice
