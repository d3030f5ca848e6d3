"""Gates, by figures and by people, and the way back."""

from tests.browser.forms.entry import Entry
from tests.browser.forms.world import World
from tests.people import pair
from tests.training.gates_by_people import hold, voted, voting_gate
from training.actions.versions import promote, register_base_version
from training.models import GenerationJob, PeopleGate

CAMPAIGN = "/campaigns/sums/"


def promoted(world: World) -> None:
    """Two base versions with files, of which the second serves."""
    for name in ("tiny-base", "other-base"):
        version = register_base_version(
            name=name, directory=world.model_folder(name), acting_user=None, now=world.stage.now
        )
        promote(version=version, acting_user=None, now=world.stage.now)


def _held(world: World) -> None:
    """Half of many prompts are held for gates."""
    _no_open_gate()
    world.stage.add([pair(number) for number in range(500, 540)])
    hold(world.stage.campaign)


def _no_open_gate() -> None:
    PeopleGate.objects.filter(status__in=PeopleGate.OPEN).update(status="cancelled")


def _unwritten(world: World) -> dict[str, object]:
    """A gate whose texts could not be written."""
    gate = _gate(world)
    GenerationJob.objects.filter(pk=gate.job_id).update(status="failed")
    PeopleGate.objects.filter(pk=gate.pk).update(status="writing")
    return {"gate": gate.pk}


def _voting(world: World) -> dict[str, object]:
    """A gate in which people vote."""
    return {"gate": _gate(world).pk}


def _decided(world: World) -> dict[str, object]:
    """A gate that people have passed."""
    voter = world.newcomer()  # before the gate, which takes its people from the campaign
    return {"gate": voted(_gate(world), voter, ["candidate"] * 3).pk}


def _gate(world: World) -> PeopleGate:
    _no_open_gate()
    return voting_gate(world.stage.campaign, world.furnished.two, world.furnished.one, error=0.4)


ENTRIES = (
    Entry(
        form="training/gate.html",
        path=CAMPAIGN + "gate/",
        fill={"pairs_limit": "30", "accuracy_use": True, "accuracy_limit": "60", "kl_per_token_use": False},
        sees="applies from now on",
        wrong={"pairs_limit": "1"},
        complaint="greater than or equal to 10",
    ),
    Entry(
        form="training/people_gates.html",
        path=CAMPAIGN + "people-gates/",
        fill={"share": "20"},
        sees="are held for gates by people",
        wrong={"share": "80"},
        complaint="less than or equal to 50",
    ),
    Entry(
        form="training/people_gate_open.html",
        path="/versions/sums-v2/people-gate/",
        arrange=_held,
        fill={"error": "10"},
        press="Open gate",
        sees="Both versions are writing",
        wrong={"worth": "40"},
        complaint="greater than or equal to 50.5",
    ),
    Entry(
        form="training/people_gate/writing.html",
        path="/people-gates/{gate}/",
        arrange=_unwritten,
        press="Resume writing",
        lands="/people-gates/",
        never_refused="It has no fields.",
    ),
    Entry(
        form="training/people_gate/acts.html",
        path="/people-gates/{gate}/",
        arrange=_voting,
        press="Cancel gate",
        sees="it decides nothing",
    ),
    Entry(
        form="training/people_gate/acts.html#2",
        path="/people-gates/{gate}/",
        arrange=_decided,
        press="Train on these votes",
        sees="joined the training pool",
    ),
    Entry(
        form="training/parts/rollback.html",
        path="/versions/",
        arrange=promoted,
        press="Roll back",
        sees="tiny-base serves again",
    ),
)
