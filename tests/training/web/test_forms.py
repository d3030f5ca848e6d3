"""The forms of training: what they ask the actions for."""

import pytest
from django.http import QueryDict

from tests.browser.furnished import Furnished, furnish
from tests.people import stage
from training.actions.planning import GenerationSpec
from training.models import ModelVersion
from training.web.forms import GenerationForm
from training.web.run_form import RunForm


@pytest.fixture
def furnished() -> Furnished:
    return furnish(stage())


def spec_of(**values: object) -> GenerationSpec:
    sent = QueryDict(mutable=True)
    sent.update({"strategy": "two_seeds", "pairs_per_prompt": "1", **{name: str(one) for name, one in values.items()}})
    form = GenerationForm(sent, versions=ModelVersion.objects.all())
    assert form.is_valid(), form.errors
    return form.spec()


def test_an_empty_form_asks_for_the_defaults() -> None:
    assert spec_of() == GenerationSpec()
    assert spec_of(temperature="0.5", system_prompt="Be kind.").settings == {
        "temperature": 0.5,
        "system_prompt": "Be kind.",
    }


def test_a_second_version_is_the_parent_unless_named(furnished: Furnished) -> None:
    assert spec_of(version=furnished.two.pk).versions == [furnished.two]
    two = {"strategy": "two_versions", "version": furnished.two.pk}
    assert spec_of(**two).versions == [furnished.two, furnished.one]
    assert spec_of(**two, other_version=furnished.base.pk).versions == [furnished.two, furnished.base]


def test_only_the_settings_of_the_chosen_strategy_are_used(furnished: Furnished) -> None:
    others = {"other_temperature": "1.5", "other_system_prompt": "Be short.", "candidates": "5"}
    assert spec_of(**others) == GenerationSpec()
    assert spec_of(**others, strategy="two_temperatures").second_settings == {"temperature": 1.5}
    assert spec_of(**others, strategy="two_prompts").second_settings == {"system_prompt": "Be short."}
    ranked = spec_of(**others, strategy="best_worst", reward_version=furnished.one.pk)
    assert (ranked.candidates, ranked.reward_version) == (5, furnished.one)


def test_a_run_is_asked_for_with_what_differs_from_the_engines_defaults(furnished: Furnished) -> None:
    sent = QueryDict(mutable=True)
    sent.update({"parent": str(furnished.one.pk), "epochs": "3", "beta": "0.1"})
    form = RunForm(sent, versions=ModelVersion.objects.all())
    assert form.is_valid(), form.errors
    assert (form.spec().parent, form.spec().config) == (furnished.one, {"epochs": 3})
    sent.update({"loss": "ipo", "processes": "2"})
    sent["beta"] = ""
    form = RunForm(sent, versions=ModelVersion.objects.all())
    assert form.is_valid(), form.errors
    assert form.spec().config == {"epochs": 3, "loss": "ipo", "processes": 2}
    sent["loss"] = "sigmoid"  # the default, but somebody chose it
    form = RunForm(sent, versions=ModelVersion.objects.all())
    assert form.is_valid(), form.errors
    assert form.spec().config["loss"] == "sigmoid"
    sent["quantization"] = "nf4"
    form = RunForm(sent, versions=ModelVersion.objects.all())
    assert form.is_valid(), form.errors
    assert form.spec().config["quantization"] == "nf4"


def test_the_form_of_a_run_shows_every_loss_with_its_own_beta() -> None:
    shown = str(RunForm(versions=ModelVersion.objects.none())["loss"])
    assert "IPO, beta 2.5" in shown
    assert "DPO (sigmoid), beta 0.1" in shown
    assert "Preferred fine-tuning</option>" in shown
