"""Judging, adjudicating, and what becomes of a comparison afterwards."""

from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from labeling.actions.curation import retire_comparison
from labeling.judging.acts import judge
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from tests.browser.annotating import PATH, press
from tests.browser.busy import CRITERIA
from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World


def _has_arrived(page: Page) -> None:
    """No judgment is on its way to the server any longer."""
    expect(page.get_by_test_id("judging")).to_have_attribute("data-waiting", "0")


def _can_undo(page: Page) -> None:
    """The judgment was made, and the server has it. Nothing could be undone before."""
    expect(page.get_by_test_id("undo")).to_be_enabled()
    _has_arrived(page)


def _press_edit(page: Page, form: Locator) -> None:
    form.get_by_role("radio", name="Left").check()
    form.get_by_role("radio", name="Much").check()
    form.get_by_test_id("edited").fill("A better text than both.")
    form.get_by_test_id("save-edit").click()


def _open_edit(page: Page) -> None:
    press(page, "e")


def _open_help(page: Page) -> None:
    press(page, "?")


def _close_help(page: Page, form: Locator) -> None:
    page.locator("#help form").get_by_role("button").click()
    expect(page.locator("#help")).to_be_hidden()


def _edits_allowed(world: World) -> None:
    """Alice's next pair asks no criterion."""
    world.change(criteria=[], allow_edit=True)


def _criteria_asked(world: World) -> None:
    world.change(criteria=CRITERIA)


def _conflict(world: World) -> None:
    """Two annotators disagree about a comparison, whatever was decided before."""
    stage = world.stage
    world.change(criteria=[])
    world.add_pair()
    for user, winner in ((world.newcomer(), "a"), (world.newcomer(), "b")):
        stage.vote(world.given(user), winner, strength=1)


def _flag(world: World) -> None:
    """An annotator flags a comparison."""
    world.add_pair()
    world.stage.judge(world.given(world.newcomer()), "skip", flag="harm")


def _settled(world: World) -> dict[str, object]:
    return {"settled": world.settled().pk}


def _retired(world: World) -> dict[str, object]:
    one, stage = world.settled(), world.stage
    retire_comparison(comparison=one, reason="To be restored.", acting_user=stage.maya, now=stage.now)
    return {"retired": one.pk}


def _bob_judged(world: World) -> dict[str, object]:
    """Bob has just judged a pair."""
    world.change(criteria=[], allow_edit=True)
    world.add_pair()
    held = next_assignments(campaign=world.stage.campaign, acting_user=world.stage.bob, now=timezone.now()).next
    assert held is not None
    draft = JudgmentDraft("left", world.stage.key(), strength=1)
    judge(assignment=held, draft=draft, acting_user=world.stage.bob, now=timezone.now())
    return {"judged": held.pk}


COMPARISON = "/campaigns/sums/comparisons/{settled}/"
MY_JUDGMENTS = "/campaigns/sums/judgments/"
MY_JUDGMENT = MY_JUDGMENTS + "{judged}/"

ENTRIES = (
    Entry(
        form="labeling/annotate/choices.html",
        path=PATH,
        by="alice",
        arrange=_criteria_asked,
        fill={"criterion-helpful": "left", "comment": "Both say the same."},
        press="Tie",
        check=_can_undo,
        wrong={"criterion-helpful": None},
        complaint="Choose left, right or tie for helpful as well",
    ),
    Entry(form="labeling/annotate/undo.html", path=PATH, by="alice", sees="undone"),
    Entry(
        form="labeling/annotate/dialog_close.html",
        path=PATH,
        by="alice",
        opens=_open_help,
        act=_close_help,
        needs_scripts=True,
    ),
    Entry(
        form="labeling/annotate/edit_dialog.html",
        path=PATH,
        by="alice",
        arrange=_edits_allowed,
        opens=_open_edit,
        act=_press_edit,
        sees="Left is much better.",
        check=_has_arrived,
        needs_scripts=True,
        never_refused="The dialog stays open until the text has changed (test_annotate).",
    ),
    Entry(
        form="labeling/my_judgments.html",
        path=MY_JUDGMENTS,
        by="alice",
        fill={"text": "zebra", "choice": "left", "since": "2026-01-01", "commented": True},
        sees="No matching judgment",
        lands="text=zebra",
        wrong={"text": "zebra " * 50},
        complaint="at most 200 characters",
    ),
    Entry(
        form="labeling/my_judgment/change.html",
        path=MY_JUDGMENT,
        by="bob",
        arrange=_bob_judged,
        fill={"choice": "right", "strength": "2", "comment": "The left one is wrong."},
        sees="Judgment changed",
        wrong={"choice": "tie", "edit": "It is what it is."},
        complaint="This goes with left or right only",
    ),
    Entry(
        form="labeling/my_judgment/change.html#2",
        path=MY_JUDGMENT,
        by="bob",
        arrange=_bob_judged,
        sees="Judgment undone",
        lands="/annotate/",
    ),
    Entry(
        form="labeling/adjudication.html",
        path="/campaigns/sums/adjudication/",
        arrange=_conflict,
        fill={"winner": "b", "reason": "The shorter one is true."},
        sees="Decision saved",
        wrong={"reason": " "},
        complaint="This field is required",
    ),
    Entry(
        form="labeling/flags.html",
        path="/campaigns/sums/flags/",
        arrange=_flag,
        fill={"reason": "It harms nobody."},
        press="Return to annotators",
        sees="back with annotators",
        wrong={"reason": " "},
        complaint="This field is required",
    ),
    Entry(
        form="labeling/comparison/relabel.html",
        path=COMPARISON,
        arrange=_settled,
        fill={"more": "3", "reason": "The two texts are hard to tell apart."},
        sees="3 more judgments are requested",
        wrong={"more": "99"},
        complaint="less than or equal to 50",
    ),
    Entry(
        form="labeling/comparison/retire.html",
        path=COMPARISON,
        arrange=_settled,
        fill={"reason": "Both texts are cut."},
        sees="The comparison is retired",
        wrong={"reason": "  "},
        complaint="This field is required",
    ),
    Entry(
        form="labeling/comparison/restore.html",
        path="/campaigns/sums/comparisons/{retired}/",
        arrange=_retired,
        sees="The comparison is restored",
    ),
)
