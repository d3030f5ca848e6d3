"""Practice and qualification: the pairs that a lead marks, and the steps of annotators before they judge."""

import json

from django.utils import timezone

from labeling.actions.campaigns import change_campaign
from labeling.actions.onboarding import start_round
from labeling.actions.practice import MAX_EXPLANATION
from labeling.models import Comparison, User
from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from tests.labeling.practising import PRACTICE, mark
from tests.people import person

PRACTICE_PAGE = "/campaigns/sums/practice/"
START = "/campaigns/sums/start/"


def _comparison_to_mark(world: World) -> dict[str, object]:
    """A new comparison that nobody holds."""
    world.add_pair()
    return {"unmarked": Comparison.objects.filter(campaign=world.stage.campaign, status="open").latest("pk").pk}


def _practice_file(world: World) -> dict[str, object]:
    path = world.folder / "practice.jsonl"
    record = {"prompt": "Is two even?", "chosen": "Yes.", "rejected": "No.", "explanation": "It is twice one."}
    path.write_text(json.dumps(record) + "\n")
    return {"practice_file": path}


def _marked_pair(world: World) -> None:
    """The campaign has a pair to practise on."""
    world.add_pair()
    mark(world.stage, 1, PRACTICE)


def _annotator_to_practise(world: World) -> None:
    """Somebody new has a practice round ahead."""
    _marked_pair(world)
    world.newcomer()


def _bob_practises(world: World) -> None:
    """Bob has a practice round under way, without criteria: his press is the whole answer."""
    world.change(criteria=[])
    _marked_pair(world)
    start_round(campaign=world.stage.campaign, use=PRACTICE, acting_user=world.stage.bob, now=timezone.now())


def _rosa_joins(world: World) -> None:
    """Rosa is new in the campaign and has done nothing yet."""
    _marked_pair(world)
    if not User.objects.filter(username="rosa").exists():
        world.stage.join(person("rosa"))


def _rosa_must_read(world: World) -> None:
    """Rosa has to read the guidelines first."""
    _rosa_joins(world)
    stage = world.stage
    change_campaign(campaign=stage.campaign, guidelines_first=True, acting_user=stage.maya, now=stage.now)


ENTRIES = (
    Entry(
        form="labeling/practice_mark.html",
        path=PRACTICE_PAGE + "{unmarked}/",
        arrange=_comparison_to_mark,
        fill={"winner": "b", "use": "practice", "explanation": "Because it is *so*."},
        sees="Saved.",
        wrong={"explanation": "so " * MAX_EXPLANATION},
        complaint="at most 10000 characters",
    ),
    Entry(
        form="labeling/practice/import.html",
        path=PRACTICE_PAGE,
        arrange=_practice_file,
        fill={"file": "{practice_file}", "use": "qualification", "dialect": "trl"},
        sees="1 pair marked",
        wrong={"file": None},
        complaint="This field is required",
    ),
    Entry(
        form="labeling/practice/remove.html",
        path=PRACTICE_PAGE,
        arrange=_marked_pair,
        press="Remove",
        sees="The comparison is out of practice",
    ),
    Entry(
        form="labeling/practice/pairs.html",
        path=PRACTICE_PAGE,
        arrange=_marked_pair,
        sees="does not count",
        lands="/start/$",
    ),
    Entry(
        form="labeling/people/standing.html",
        path="/campaigns/sums/people/",
        arrange=_annotator_to_practise,
        which=":has([value^=newcomer])",
        press="Let pass",
        sees="may judge without practice and qualification",
    ),
    Entry(
        form="labeling/practice/choices.html",
        path=START,
        by="bob",
        arrange=_bob_practises,
        press="Tie",
        sees="Known answer:",
    ),
    Entry(
        form="labeling/start/begin.html",
        path=START,
        by="rosa",
        arrange=_rosa_joins,
        sees="does not count",
    ),
    Entry(
        form="labeling/start/read.html",
        path=START,
        by="rosa",
        arrange=_rosa_must_read,
        sees="does not count",
    ),
)
