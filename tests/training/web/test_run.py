"""A run's page."""

from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import person, stage


def test_a_run_shows_its_labels_and_settings(visiting: Visiting) -> None:
    on_stage = stage(comparisons=3)
    run = furnish(on_stage).finished
    answer = visiting(on_stage.maya).get(f"/runs/{run.pk}/")
    assert ("Beta", "0.2", True) in [(str(label), *rest) for label, *rest in answer.context["settings"]]
    assert [(str(label), count) for label, count in answer.context["dropped"]] == [("ties", 6), ("both bad", 2)]
    page = " ".join(answer.content.decode().split())
    assert "Left out: ties" in page
    assert "both_bad" not in page
    assert visiting(person("stranger", "lead")).get(f"/runs/{run.pk}/").status_code == 404
