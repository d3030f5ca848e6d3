"""Questions about pairs: asked by annotators, answered and published by leads."""

from django.utils import timezone
from playwright.sync_api import Page, expect

from labeling.judging.assignments import next_assignments
from tests.browser.annotating import PATH, ready
from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World


def _bob_holds_a_pair(world: World) -> dict[str, object]:
    """Bob has a comparison leased now."""
    world.add_pair()
    stage = world.stage
    held = next_assignments(campaign=stage.campaign, acting_user=stage.bob, now=timezone.now()).next
    assert held is not None
    return {"held": held.pk}


def _open_question(page: Page) -> None:
    ready(page)
    page.get_by_test_id("ask").click()


def _is_asked(page: Page) -> None:
    expect(page.get_by_test_id("asked")).to_be_visible()


ENTRIES = (
    Entry(
        form="labeling/annotate/ask_dialog.html",
        path=PATH,
        by="alice",
        opens=_open_question,
        fill={"question": "Do units count?"},
        check=_is_asked,
        needs_scripts=True,
    ),
    Entry(
        form="labeling/ask.html",
        path="/campaigns/sums/assignments/{held}/ask/",
        by="bob",
        arrange=_bob_holds_a_pair,
        fill={"text": "Do units count?"},
        sees="Question sent. Judge the pair anyway",
        wrong={"text": " "},
        complaint="This field is required",
    ),
    Entry(
        form="labeling/questions/answer.html",
        path="/campaigns/sums/questions/",
        fill={"answer": "The shorter one.", "publish": True, "publish_as": "Which of two true ones is better?"},
        press="Send answer",
        sees="Answer sent.",
        wrong={"publish_as": ""},
        complaint="Write the question as others read it",
    ),
    Entry(
        form="labeling/guidelines/withdraw.html",
        path="/campaigns/sums/guidelines/",
        sees="The answer is no longer published",
    ),
)
