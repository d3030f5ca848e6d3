"""The lens, the lab and the playground."""

import json
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.forms.entry import Entry
from tests.browser.forms.gates import promoted
from tests.browser.forms.world import World
from tests.browser.lens_and_lab import search_of
from tests.training.gates_by_people import hold
from tests.training.stub import stub
from training.actions.snapshots import take_snapshot
from training.models import BlameJob, LensJob

CAMPAIGN = "/campaigns/sums/"


def _surprising(world: World) -> None:
    """The finished run doubts some labels."""
    hold(world.stage.campaign, share=0.0)  # entries of gates hold half of the prompts
    run = world.furnished.finished
    snapshot = take_snapshot(campaign=world.stage.campaign, acting_user=None, now=world.stage.now)
    run.directory, run.snapshot = str(world.folder), snapshot
    run.save(update_fields=["directory", "snapshot"])
    world.write_margins(Path(snapshot.directory))


def _searched(world: World) -> dict[str, object]:
    """A search through a snapshot of the campaign is over."""
    hold(world.stage.campaign, share=0.0)
    BlameJob.objects.all().delete()
    run = world.furnished.finished
    run.snapshot = take_snapshot(campaign=world.stage.campaign, acting_user=None, now=world.stage.now)
    run.save(update_fields=["snapshot"])
    lines = (Path(run.snapshot.directory) / "train.jsonl").read_text().splitlines()
    rows = [{"id": json.loads(line)["id"], "doubt": 0.9, "blame": 0.2} for line in lines]
    search_of(world.stage, run.snapshot, result={"pairs": len(rows), "doubtful": rows, "blamed": rows, "groups": {}})
    return {"searched": run.snapshot.pk}


def _searching(world: World) -> dict[str, object]:
    """Another one is queued."""
    names = _searched(world)
    search_of(world.stage, world.furnished.finished.snapshot, status="queued", result=None)
    return names


def _answering(world: World) -> None:
    promoted(world)
    world.settings.GENERATOR_URLS = [world.open_parts.enter_context(stub()).address]


def _slide(page: Page, form: Locator) -> None:
    figure = page.locator("[data-calc=loss]")
    before = figure.inner_text()
    form.locator("#calc-chosen").focus()
    page.keyboard.press("ArrowRight")
    expect(figure).not_to_have_text(before)


def _walk(page: Page, form: Locator) -> None:
    figure = page.get_by_test_id("walk-ratios-chosen")
    before = figure.text_content() or ""
    form.locator("#walk-pc").fill("0.9")
    form.locator("#walk-pc").press("Enter")
    expect(figure).not_to_have_text(before)


def _no_lens_jobs(world: World) -> None:
    LensJob.objects.filter(status="queued").delete()


ENTRIES = (
    Entry(
        form="training/lens/form.html",
        path="/lens/",
        arrange=_no_lens_jobs,
        fill={"prompt": "What is two plus two?", "chosen": "Four.", "rejected": "Five.", "against": "parent"},
        lands=r"/lens/\d+/",
        wrong={"rejected": ""},
        complaint="This field is required",
    ),
    Entry(
        form="training/doubt/search.html",
        path="/snapshots/{searched}/doubt/",
        arrange=_searched,
        opens=lambda page: page.locator("[data-testid=search-form] summary").click(),
        fill={"prompt": "What is two plus two?", "better": "Four.", "worse": "Five."},
        sees="Queued",
        wrong={"worse": ""},
        complaint="Fill in the prompt and both completions",
    ),
    Entry(
        form="training/doubt/under_way.html",
        path="/snapshots/{searched}/doubt/",
        arrange=_searching,
        sees="It has been cancelled.",
        never_refused="Cancelling twice changes nothing.",
    ),
    Entry(
        form="training/doubt/pairs.html",
        path="/snapshots/{searched}/doubt/",
        arrange=_searched,
        fill={"comparison": True, "more": "3"},
        press="Send selected pairs again",
        sees="sent for relabeling",
        wrong={"more": "0"},
        complaint="greater than or equal to 1",
    ),
    Entry(
        form="training/surprises.html",
        path="/runs/{finished}/surprises/",
        arrange=_surprising,
        act=lambda page, form: page.locator("button[form=look]").first.click(),
        lands="/lens/.*pair=",
    ),
    Entry(
        form="training/surprises.html#2",
        path="/runs/{finished}/surprises/",
        arrange=_surprising,
        fill={"comparison": True, "more": "3"},
        press="Send selected pairs again",
        sees="sent for relabeling",
        wrong={"more": "99"},
        complaint="less than or equal to 50",
    ),
    Entry(
        form="training/lab/lesson.html",
        path="/lab/",
        fill={
            "prompt": "What is two plus two?",
            "one": "Four.",
            "other": "Five.",
            "better": "other",
            "watched": "Six.",
        },
        lands="session=",
        wrong={"learning_rate": "5"},
        complaint="less than or equal to 0.001",
    ),
    Entry(
        form="training/lab/session_steps.html",
        path="/lab/?session={session}",
        press="Train 1 step",
        sees="Steps trained: 8 of 9",
    ),
    Entry(form="training/lab/session.html", path="/lab/?session={session}", sees="The experiment has ended"),
    Entry(
        form="training/lab/calculator.html",
        path="/lab/",
        act=_slide,
        needs_scripts=True,
        never_sent=True,
        never_refused="It has sliders.",
    ),
    Entry(
        form="training/lab/walk.html",
        path="/lab/",
        act=_walk,
        needs_scripts=True,
        never_sent=True,
        never_refused="Its figures only change when a number can be used.",
    ),
    Entry(
        form="training/story/sentence.html",
        path="/story/",
        arrange=_no_lens_jobs,
        fill={"chosen": "That is a pity. Try again in a week."},
        lands=r"/lens/\d+/",
        never_refused="The page asks for a text; the form of the lens, which takes it, shows what is refused.",
    ),
    Entry(
        form="training/story/real_tug.html",
        path="/story/",
        fill={"better": "other"},
        lands="/lab/.session=",
        never_refused="It is a choice of two.",
    ),
    Entry(
        form="training/playground/ask.html",
        path="/playground/?campaign=sums",
        arrange=_answering,
        fill={"left": "tiny-base", "message": "What is two plus two?"},
        sees="Hello there.",
        needs_scripts=True,
        never_refused="A failed answer leaves the message in the form (test_playground).",
    ),
)
