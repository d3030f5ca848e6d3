"""The lab's page as forms: lessons, starting, steps, what is refused."""

import pytest

from tests.browser.furnished import furnish
from tests.browser.lens_and_lab import experiment_of
from tests.clients import Visiting
from tests.people import stage
from training.lens.lessons import LESSONS
from training.models import JobStatus, LabSession

FORM = {
    "prompt": "What is 17 plus 26?",
    "one": "Together that is 43.",
    "other": "Together that is 42.",
    "better": "other",
    "watched": "The answer is 43.\nThe answer is 42.",
    "beta": "0.3",
    "learning_rate": "0.0001",
    "remedy": "dpop",
    "steps": "4",
}


def test_an_annotator_picks_the_better_one_and_trains(visiting: Visiting) -> None:
    on_stage = stage()
    furnish(on_stage)
    alice = visiting(on_stage.alice)
    answer = alice.post("/lab/start/", FORM)
    session = LabSession.objects.get()
    assert answer.headers["Location"] == f"/lab/?session={session.pk}#experiment"
    assert (session.created_by, session.version.name, session.total) == (on_stage.alice, "base", 4)
    assert (session.lesson["chosen"], session.lesson["rejected"]) == (FORM["other"], FORM["one"])
    assert session.config["dpop_weight"] > 0
    assert session.config["beta"] == 0.3
    assert "Starts in a moment." in alice.get("/lab/").content.decode()
    alice.post(f"/lab/{session.pk}/steps/", {"steps": "5"})
    session.refresh_from_db()
    assert session.total == 9
    alice.post(f"/lab/{session.pk}/end/")
    session.refresh_from_db()
    assert session.status == JobStatus.CANCELLED


def test_what_cannot_be_taught_is_said(visiting: Visiting) -> None:
    on_stage = stage()
    furnish(on_stage)
    alice = visiting(on_stage.alice)
    page = alice.post("/lab/start/", {**FORM, "other": FORM["one"]}, follow=True).content.decode()
    assert "nothing to prefer" in page
    page = alice.post("/lab/start/", {**FORM, "beta": "much"}, follow=True).content.decode()
    assert "Enter a number" in page
    assert not LabSession.objects.exists()


def test_without_a_model_the_arithmetic_is_there_all_the_same(visiting: Visiting) -> None:
    page = visiting(stage().alice).get("/lab/").content.decode()
    assert "No version serves yet" in page
    for figure in ("0.0405", "−0.0182", "0.0588", "51.5 %", "0.6642"):  # of pi = (0.30, 0.25), ref = (0.20, 0.30)
        assert figure in page


@pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.key for lesson in LESSONS])
def test_every_lesson_can_be_taught_as_it_is(visiting: Visiting, lesson: object) -> None:
    on_stage = stage()
    furnish(on_stage)
    alice = visiting(on_stage.alice)
    page = alice.get(f"/lab/?lesson={lesson.key}")  # type: ignore[attr-defined]
    form = {name: field.value() for name, field in ((field.name, field) for field in page.context["form"])}
    assert form.pop("better") is None, "nothing is picked for people"
    assert "Choose the one" in alice.post("/lab/start/", form, follow=True).content.decode()
    form["better"] = "one"
    assert alice.post("/lab/start/", form).status_code == 302
    assert LabSession.objects.get().lesson["prompt"] == lesson.prompt  # type: ignore[attr-defined]


def test_an_experiment_of_somebody_else_is_not_there(visiting: Visiting) -> None:
    on_stage = stage()
    session = experiment_of(on_stage.alice, furnish(on_stage))
    assert visiting(on_stage.bob).get(f"/lab/?session={session.pk}").status_code == 404
    assert "Likelihood displacement" in visiting(on_stage.alice).get("/lab/").content.decode()
