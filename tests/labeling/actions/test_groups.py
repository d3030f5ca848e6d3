"""Declaring groups of annotators: who may be in them, what replaces what, and what the log keeps."""

from typing import Any

import pytest

from common.errors import Invalid, NotAllowed
from labeling.actions.erasure import erase_person
from labeling.actions.groups import GroupingNotFound, declare_grouping, people_named, remove_grouping
from labeling.models import Event, Grouping
from labeling.queries.groups import members_by_group
from tests.people import Stage, stage

pytestmark = pytest.mark.django_db


def declare(scene: Stage, groups: dict[str, list[Any]], name: str = "Region", **more: Any) -> Grouping:
    who = more.pop("acting_user", scene.maya)
    return declare_grouping(campaign=scene.campaign, name=name, groups=groups, acting_user=who, now=scene.now, **more)


def test_a_grouping_is_declared_replaced_and_removed_and_the_log_keeps_every_state() -> None:
    scene = stage()
    first = declare(scene, {"North": [scene.alice], "South": [scene.bob]})
    assert declare(scene, {"South": [scene.bob], "North": [scene.alice]}) == first  # the same groups: no event
    north = first.groups.get(name="North")
    declare(scene, {"North": [scene.alice, scene.bob]})
    assert first.groups.get() == north  # its versions hang on it
    assert members_by_group(first) == {"North": sorted([scene.alice.pseudonym, scene.bob.pseudonym])}
    remove_grouping(campaign=scene.campaign, name="Region", acting_user=scene.maya, now=scene.now)
    assert not Grouping.objects.exists()
    events = Event.objects.filter(verb__startswith="grouping.").order_by("pk")
    assert [one.verb for one in events] == ["grouping.declared", "grouping.changed", "grouping.removed"]
    assert events[0].after["groups"] == [f"North: {scene.alice.pseudonym}", f"South: {scene.bob.pseudonym}"]
    assert events[1].before["groups"] == events[0].after["groups"]
    with pytest.raises(GroupingNotFound):
        remove_grouping(campaign=scene.campaign, name="Region", acting_user=scene.maya, now=scene.now)


def test_nobody_is_in_two_groups_and_only_people_of_the_campaign_are_in_one() -> None:
    scene = stage()
    with pytest.raises(Invalid, match="alice is in two groups"):
        declare(scene, {"North": [scene.alice], "South": [scene.alice]})
    with pytest.raises(Invalid, match="charlie has no part in this campaign"):
        declare(scene, {"North": [scene.charlie]})
    with pytest.raises(Invalid, match="1 to 12 groups"):
        declare(scene, {"North": []})
    with pytest.raises(Invalid, match="no slash"):
        declare(scene, {"North/East": [scene.alice]})
    with pytest.raises(NotAllowed):
        declare(scene, {"North": [scene.alice]}, acting_user=scene.bob)
    assert not Grouping.objects.exists()
    declare(scene, {"North": [scene.alice], "South": [scene.bob]})
    declare(scene, {"Trained": [scene.alice, scene.bob]}, name="Training")  # another grouping is another question


def test_in_a_pseudonymous_campaign_groups_are_no_way_to_tell_who_is_who() -> None:
    scene = stage(pseudonymous=True)
    with pytest.raises(Invalid, match="at least 3 members"):
        declare(scene, {"North": [scene.alice, scene.bob]})
    declare(scene, {"North": [scene.alice, scene.bob, scene.ada]})
    assert Event.objects.get(verb="grouping.declared").after["groups"] == ["North: 3"]
    with pytest.raises(Invalid, match="There is no user called"):
        people_named(scene.campaign, {"North": [scene.alice.pseudonym]})
    assert people_named(scene.campaign, {"North": ["alice"]}) == {"North": [scene.alice]}


def test_an_erased_person_is_in_no_group() -> None:
    scene = stage()
    grouping = declare(scene, {"North": [scene.alice, scene.bob]})
    erase_person(person=scene.alice, confirmation="alice", acting_user=scene.root, now=scene.now)
    assert members_by_group(grouping) == {"North": [scene.bob.pseudonym]}


def test_a_group_keeps_its_row_by_its_people_and_not_by_its_name() -> None:
    scene = stage()
    one, two, three, four, five = scene.crowd(5)
    found = declare(scene, {"Group 1": [one, two, three], "Group 2": [four, five]}, was_found=True)
    rows = {row.name: row.pk for row in found.groups.all()}
    # A second search: their sizes have changed places, and so have their names.
    declare(scene, {"Group 1": [four, five, three], "Group 2": [one, two]}, was_found=True)
    assert {row.name: row.pk for row in found.groups.all()} == {"Group 1": rows["Group 2"], "Group 2": rows["Group 1"]}
    # A lead types a name over it.
    declare(scene, {"Terse": [four, five, three], "Group 2": [one, two]})
    assert found.groups.get(name="Terse").pk == rows["Group 2"]
    found.refresh_from_db()
    assert found.was_found
    # Other people under the same name are another group.
    declare(scene, {"Terse": [scene.alice, scene.bob], "Group 2": [one, two]})
    assert found.groups.get(name="Terse").pk not in rows.values()
    assert found.groups.get(name="Group 2").pk == rows["Group 1"]
