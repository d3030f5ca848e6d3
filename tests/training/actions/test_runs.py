"""Starting runs."""

import pytest
from django.test import Client

from labeling.models import Campaign
from tests.people import stage
from tests.training.conftest import NOW, add_written_pairs
from training.actions.runs import RunSpec, start_run, with_noise
from training.errors import WrongSettings
from training.models import ModelVersion, Run
from training.queries.label_noise import MeasuredNoise

pytestmark = pytest.mark.django_db


def test_a_whole_model_is_not_trained_here(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first")
    with pytest.raises(WrongSettings, match="Versions are adapters here"):
        start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config={"tuning": "full"}))
    assert not Run.objects.exists()


def test_a_run_takes_the_measured_share_of_wrong_labels_unless_its_settings_name_one() -> None:
    noise = MeasuredNoise(0.12, 0.08, 0.17, "agreement", 40)
    assert with_noise({"beta": 0.2}, noise) == {"beta": 0.2, "loss": "em", "measured_noise": 0.12}
    assert with_noise({"measured_noise": 0.0}, noise) == {"measured_noise": 0.0}
    assert with_noise({"loss": "sigmoid"}, noise) == {"loss": "sigmoid"}
    assert with_noise({"loss": "robust"}, noise) == {"loss": "robust", "label_noise": 0.12}
    assert with_noise({"loss": "robust", "label_noise": 0.3}, noise) == {"loss": "robust", "label_noise": 0.3}
    assert with_noise({}, MeasuredNoise(0.06, 0.03, 0.1, "gold", 20)) == {}  # perhaps fewer than are worth doubting
    assert with_noise({}, None) == {}


def test_the_share_stands_with_the_run_and_on_its_page(base: ModelVersion, client: Client) -> None:
    made = stage(comparisons=60, overlap=2)
    for number in range(60):
        made.vote(made.given(made.alice), "a")
        made.vote(made.given(made.bob), "b" if number < 28 else "a")
    run = start_run(campaign=made.campaign, acting_user=made.maya, now=made.now)
    assert run.noise is not None
    assert run.noise["source"] == "agreement"
    assert run.noise["low"] > 0.05
    assert run.config == {"loss": "em", "measured_noise": run.noise["value"]}
    client.force_login(made.maya)
    page = " ".join(client.get(f"/runs/{run.pk}/").content.decode().split())
    assert "from 60 pairs with two votes." in page
    assert "The run doubts labels that the model contradicts." in page


def test_a_beta_that_its_loss_cannot_work_with_is_refused(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first")
    spec = RunSpec(config={"loss": "ipo", "beta": 0.1})
    with pytest.raises(WrongSettings, match=r"beta=0\.1 does not suit loss=ipo .* leave it out for 2\.5"):
        start_run(campaign=campaign, acting_user=None, now=NOW, spec=spec)
    assert not Run.objects.exists()
