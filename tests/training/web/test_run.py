"""A run's page."""

from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import person, stage
from training.web.run import kept_step


def test_a_run_shows_its_labels_and_settings(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    run = furnish(on_stage).finished
    run.unused = {"train": {"too long": 40}, "test": {"too long": 7, "empty completion": 1}}
    run.save()
    answer = visiting(on_stage.maya).get(f"/runs/{run.pk}/")
    assert ("Beta", "0.2", True) in [(str(label), *rest) for label, *rest in answer.context["settings"]]
    assert [(str(label), count) for label, count in answer.context["dropped"]] == [("ties", 6), ("both bad", 2)]
    page = " ".join(answer.content.decode().split())
    assert "Left out: ties" in page
    assert "both_bad" not in page
    assert "Left out by the training: too long for the model or for max_length, of those to train on" in page
    assert "Left out by the training: too long, of those held out" in page
    assert visiting(person("stranger", "lead")).get(f"/runs/{run.pk}/").status_code == 404


def test_the_figures_name_the_step_whose_adapter_was_kept() -> None:
    at_step = {10: 0.61, 14: 0.66}
    metrics = [{"event": "progress", "step": 14, "loss": 0.61}]
    metrics += [{"event": "evaluated", "step": step, "loss": loss, "margin": 0.2} for step, loss in at_step.items()]
    assert kept_step({"loss": 0.61, "margin": 0.2, "pairs": 10}, metrics) == 10
    assert kept_step({"loss": 0.5, "margin": 0.2}, metrics) is None
    assert kept_step({}, metrics) is None
