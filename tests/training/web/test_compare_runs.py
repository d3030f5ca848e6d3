"""Runs beside each other: which, in what they differ, what they measured, and whose they are."""

import re

from labeling.models import Campaign, Role
from tests.browser.furnished import Furnished, furnish
from tests.clients import Visiting
from tests.markup import tight
from tests.people import person, stage
from training.models import Run

PATH = "/runs/compare/"


def furnished() -> Furnished:
    return furnish(stage())


def test_two_betas_stand_beside_each_other_with_their_curves(visiting: Visiting) -> None:
    made = furnished()
    Run.objects.filter(pk=made.running.pk).update(config={"beta": 0.05, "learning_rate": 1e-4})
    maya = made.finished.created_by
    page = tight(visiting(maya).get(f"{PATH}?run={made.finished.pk}&run={made.running.pk}").content.decode())
    row = re.search(r"<tr><th scope=.row.>Beta</th>.*?</tr>", page)
    assert row is not None
    assert re.findall(r">([\d.]+)</td>", row[0]) == ["0.2", "0.05"]
    assert "Learning rate" in page  # they differ in it
    assert "Warm-up" not in page  # and not in that
    assert f'"label": "{made.running.pk}, beta 0.05"' in page
    held_out = tight(visiting(maya).get(f"{PATH}?run={made.finished.pk}").content.decode())
    batch = tight(visiting(maya).get(f"{PATH}?run={made.finished.pk}&on=progress").content.decode())
    assert len(re.findall(r"<tr><td>\d+, beta", held_out)) == 3
    assert len(re.findall(r"<tr><td>\d+, beta", batch)) == 24


def test_without_a_choice_the_newest_finished_ones_are_shown(visiting: Visiting) -> None:
    made = furnished()
    page = tight(visiting(made.finished.created_by).get(PATH).content.decode())
    assert len(re.findall(r'name="run" value="\d+" checked', page)) == 2
    assert f'name="run" value="{made.running.pk}"><span>' in page


def test_who_has_no_run_is_told_what_to_do(visiting: Visiting) -> None:
    assert "No runs yet" in visiting(person("lena", Role.LEAD)).get(PATH).content.decode()


def test_nobody_sees_the_runs_of_campaigns_that_they_do_not_lead(visiting: Visiting) -> None:
    made = furnished()
    other = person("lena", Role.LEAD)
    assert visiting(other).get(f"{PATH}?run={made.finished.pk}").status_code == 404
    assert Campaign.objects.get().name not in visiting(other).get(PATH).content.decode()


def test_a_number_that_no_run_can_have_names_none(visiting: Visiting) -> None:
    page = visiting(person("lena", Role.LEAD)).get(f"{PATH}?run={'9' * 5000}")
    assert page.status_code == 200
