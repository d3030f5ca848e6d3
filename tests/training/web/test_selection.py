"""The page of the trial of what to label next: the finding, the arms, and what a lead changes."""

import pytest
from django.test import Client

from labeling.queries.attention import attention
from tests.browser.furnished import Furnished, furnish
from tests.browser.selection import choice_of, trial_of
from tests.people import Stage, stage
from training.models import SelectionJob, SelectionTrial, TrialArm

pytestmark = pytest.mark.django_db

PATH = "/campaigns/sums/selection/"


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=6)


@pytest.fixture
def furnished(scene: Stage) -> Furnished:
    return furnish(scene)


def page(scene: Stage, client: Client) -> str:
    client.force_login(scene.maya)
    answer = client.get(PATH)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_without_a_trial_it_says_what_one_does(scene: Stage, furnished: Furnished, client: Client) -> None:
    html = page(scene, client)
    assert "Pairs come in the order of the queue." in html
    assert 'data-testid="arms"' not in html
    assert 'data-testid="choose"' not in html


def test_it_says_what_each_way_is_worth_and_what_to_do_next(scene: Stage, furnished: Furnished, client: Client) -> None:
    trial_of(scene, furnished)
    html = page(scene, client)
    assert "At least one way pays" in html
    assert "+2.4 points (+0.6 points to +4.2 points)" in html
    assert "Switched off: worse than chance" in html
    assert "60.0 %" in html  # chance has the share of the one that was switched off
    TrialArm.objects.update(off_at=scene.now)
    assert "All ways are switched off" in page(scene, client)
    assert "since none has a proven gain" in page(scene, client)
    TrialArm.objects.update(standing="unmeasured", obstacle="labels")
    html = page(scene, client)
    assert "No way could be measured" in html
    assert "whether one pays is not known" in html
    assert "since none has a proven gain" not in html
    TrialArm.objects.update(off_at=None, standing="open")
    assert "It is not clear yet whether a way pays" in page(scene, client)


def test_a_lead_sets_shares_and_what_was_refused_stays_in_the_form(
    scene: Stage, furnished: Furnished, client: Client
) -> None:
    client.force_login(scene.maya)
    client.post(PATH + "set/", {"novelty": "30", "gap": "20", "enough": "120"})
    trial = SelectionTrial.objects.get()
    assert (trial.is_on, trial.enough) == (True, 120)
    assert {arm.name: arm.share for arm in trial.arms.all()} == {"novelty": 0.3, "gap": 0.2}
    refused = client.post(PATH + "set/", {"novelty": "50", "gap": "40", "enough": "120"}).content.decode()
    assert "Chance keeps at least 20 %" in refused
    assert 'value="40"' in refused
    client.post(PATH + "set/", {"enough": "120"})
    trial.refresh_from_db()
    assert not trial.is_on


def test_a_lead_has_the_next_pairs_chosen_and_cancels_it(scene: Stage, furnished: Furnished, client: Client) -> None:
    trial_of(scene, furnished)
    client.force_login(scene.maya)
    client.post(PATH + "choose/")
    assert SelectionJob.objects.get().status == "queued"
    assert 'data-testid="cancel-selection"' in page(scene, client)
    client.post(PATH + "cancel/")
    assert SelectionJob.objects.get().status == "cancelled"


def test_a_switched_off_way_is_in_the_inbox_until_other_shares_are_set(scene: Stage, furnished: Furnished) -> None:
    trial = trial_of(scene, furnished)
    choice_of(scene, furnished)
    (item,) = [item for item in attention(scene.maya).items if item.key.startswith("arm-")]
    assert "was switched off" in item.sentence
    assert item.page == "selection"
    assert not [item for item in attention(scene.alice).items if item.key.startswith("arm-")]
    trial.arms.filter(name="uncertainty").update(share=0.0)
    assert not [item for item in attention(scene.maya).items if item.key.startswith("arm-")]
