"""The command that declares groups and prints their agreement."""

import json

import pytest
from django.core.management.base import CommandError

from labeling.models import Grouping
from tests.labeling.management.running import run
from tests.people import stage


def test_groups_are_declared_printed_and_removed() -> None:
    scene = stage(comparisons=2, overlap=2)
    for user in (scene.alice, scene.bob):
        scene.vote(scene.given(user), "a")
    groups = ("--group", "North=alice", "--group", "South=bob, maya")
    out, _err = run("groups", "sums", "--grouping", "Region", *groups)
    assert "South (2 members, 1 votes): undefined" in out
    printed = json.loads(run("groups", "sums", "--json")[0])
    assert printed["between"][0]["agreement"]["value"] == 1.0
    run("groups", "sums", "--grouping", "Region", "--remove")
    assert not Grouping.objects.exists()


def test_what_cannot_be_declared_is_refused() -> None:
    stage()
    with pytest.raises(CommandError, match="NAME=PEOPLE"):
        run("groups", "sums", "--grouping", "Region", "--group", "North")
    with pytest.raises(CommandError, match="no user called zoe"):
        run("groups", "sums", "--grouping", "Region", "--group", "North=zoe")
    with pytest.raises(CommandError, match="Name the grouping"):
        run("groups", "sums", "--remove")
