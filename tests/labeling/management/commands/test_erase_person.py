"""export_person and erase_person, on the command line."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from labeling.actions.people import create_token
from labeling.models import Erasure
from tests.people import NOON, Stage, stage


@pytest.fixture
def scene() -> Stage:
    """Alice and Bob have judged two comparisons each, with comments; Alice has a token and a session."""
    scene = stage(comparisons=2, overlap=2)
    for user, winners in ((scene.alice, "ab"), (scene.bob, "aa")):
        for winner in winners:
            scene.vote(scene.given(user), winner, comment="My name is Alice.")
    scene.alice.email = "alice@example.org"
    scene.alice.save()
    create_token(user=scene.alice, name="laptop", acting_user=scene.alice, now=NOON)
    return scene


def test_the_commands_export_and_erase(scene: Stage) -> None:
    out = StringIO()
    call_command("export_person", "alice", stdout=out)
    assert json.loads(out.getvalue())["account"]["email"] == "alice@example.org"
    out = StringIO()
    call_command("erase_person", "alice", stdout=out)
    assert json.loads(out.getvalue())["erased"] is False
    assert not Erasure.objects.exists()
    call_command("erase_person", "alice", "--yes", "--withdraw", stdout=StringIO())
    assert (Erasure.objects.get().person, Erasure.objects.get().withdrawn) == (scene.alice, 2)
