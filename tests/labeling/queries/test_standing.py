"""What an annotator must do before anything is assigned to them."""

from datetime import timedelta
from typing import Any

import pytest

from labeling.actions.campaigns import change_campaign, write_guidelines
from labeling.models import Membership, User
from labeling.queries.standing import next_step, standing_of, standings
from tests.labeling.practising import PRACTICE, QUALIFICATION, go_through, mark, read
from tests.people import Stage, person, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def scene() -> Stage:
    """Guidelines, a pair to practise on, and a qualification."""
    made = stage(comparisons=8, guidelines_first=True)
    write_guidelines(campaign=made.campaign, text="Be kind.", acting_user=made.maya, now=made.now)
    mark(made, 1)
    mark(made, 2, QUALIFICATION)
    rules: Any = {"qualification_pairs": 2, "qualification_right": 1}
    change_campaign(campaign=made.campaign, acting_user=made.maya, now=made.now, **rules)
    made.reload()
    return made


def step(scene: Stage, user: User) -> str | None:
    return next_step(Membership.objects.get(campaign=scene.campaign, user=user))


def demand(scene: Stage, what: str) -> None:
    """Maya publishes new guidelines that demand this."""
    scene.wait(60)
    text = f"Be kind, since {scene.now}."
    write_guidelines(campaign=scene.campaign, text=text, demand=what, acting_user=scene.maya, now=scene.now)
    scene.wait(60)
    scene.reload()


def go_all_the_way(scene: Stage, user: User) -> None:
    read(scene, user)
    go_through(scene, user, PRACTICE, right=1)
    go_through(scene, user, QUALIFICATION, right=1)


def test_the_steps_follow_one_another(scene: Stage) -> None:
    assert step(scene, scene.alice) == "read"
    read(scene, scene.alice)
    assert step(scene, scene.alice) == "practise"
    go_through(scene, scene.alice, PRACTICE, right=0)
    assert step(scene, scene.alice) == "qualify"
    go_through(scene, scene.alice, QUALIFICATION, right=1)
    assert step(scene, scene.alice) is None
    assert step(scene, scene.bob) == "read"


@pytest.mark.parametrize(
    ("what", "steps"),
    [
        ("nothing", []),
        ("read", ["read"]),
        ("practise", ["read", "practise"]),
        ("qualify", ["read", "practise", "qualify"]),
    ],
)
def test_new_guidelines_demand_what_the_lead_says_and_no_more(scene: Stage, what: str, steps: list[str]) -> None:
    go_all_the_way(scene, scene.alice)
    demand(scene, what)
    met = []
    while (one := step(scene, scene.alice)) is not None:
        met.append(str(one))
        if one == "read":
            read(scene, scene.alice)
        else:
            use = PRACTICE if one == "practise" else QUALIFICATION
            go_through(scene, scene.alice, use, right=1)
    assert met == steps


def test_a_small_change_needs_no_second_reading_and_newcomers_read_it(scene: Stage) -> None:
    read(scene, scene.alice)
    demand(scene, "nothing")
    assert step(scene, scene.alice) == "practise"
    assert step(scene, scene.bob) == "read"
    read(scene, scene.bob)
    assert step(scene, scene.bob) == "practise"


def test_leads_admins_and_simulated_annotators_are_not_held_up(scene: Stage) -> None:
    robot = person("robot", is_simulated=True)
    scene.join(robot, scene.root)
    assert [step(scene, user) for user in (scene.maya, scene.root, robot)] == [None] * 3


def test_practice_is_for_newcomers_unless_a_lead_demands_it(scene: Stage) -> None:
    Membership.objects.filter(user=scene.alice).update(judged=5, read_version=1)
    assert step(scene, scene.alice) == "qualify"
    demand(scene, "practise")
    read(scene, scene.alice)
    assert step(scene, scene.alice) == "practise"


def test_a_campaign_that_asks_for_nothing_holds_nobody_up(scene: Stage) -> None:
    plain = stage_without_onboarding(scene)
    assert next_step(plain) is None


def stage_without_onboarding(scene: Stage) -> Membership:
    """Alice's membership once all of it is switched off."""
    rules: Any = {"guidelines_first": False, "qualification_pairs": 0}
    change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=scene.now, **rules)
    member = Membership.objects.select_related("campaign", "user").get(campaign=scene.campaign, user=scene.alice)
    member.campaign.practice_pairs = 0
    return member


def test_standings_cost_the_same_for_any_number_of_members(scene: Stage, django_assert_num_queries: Any) -> None:
    go_all_the_way(scene, scene.alice)
    scene.crowd(12)
    members = Membership.objects.filter(campaign=scene.campaign).select_related("user")
    with django_assert_num_queries(3):
        listed = standings(scene.campaign, members)
    alices = next(one for one in listed if one.member.user_id == scene.alice.pk)
    assert (alices.step, alices.attempts, alices.attempts_left) == (None, 1, 2)
    assert alices.last is not None
    assert (alices.last.right, alices.last.total) == (1, 2)


def test_a_stranger_has_no_standing_and_what_is_told_holds_no_answers(scene: Stage) -> None:
    assert standing_of(scene.campaign, scene.charlie) is None
    standing = standing_of(scene.campaign, scene.alice)
    assert standing is not None
    assert not {"winner", "explanation", "answers"} & set(standing.as_dict())


def test_time_of_a_step_is_the_start_of_its_round(scene: Stage) -> None:
    read(scene, scene.alice)
    finished = go_through(scene, scene.alice, PRACTICE, right=1)
    member = Membership.objects.get(campaign=scene.campaign, user=scene.alice)
    assert member.practised_at == finished.started_at
    assert scene.now - finished.started_at < timedelta(seconds=1)
