"""The type of a problem is the address of a page that explains it."""

import pytest
from django.test import Client

from labeling.api.problems import problem_types
from tests.clients import Calling
from tests.people import stage


def test_the_type_of_an_answer_leads_to_its_page(calling: Calling) -> None:
    stage()
    problem = calling(None).get("/api/v1/me/").json()
    page = Client().get(problem["type"])
    assert page.status_code == 200
    assert "Sign in, or send a token" in page.content.decode()


def test_every_problem_of_ours_has_a_name_of_its_own_and_says_what_to_do() -> None:
    kinds = problem_types()
    assert {"already-judged", "throttled", "scope-missing", "job-active"} <= {kind.name for kind in kinds}
    page = Client().get("/problems/").content.decode()
    for kind in kinds:
        assert len(str(kind.meaning)) > 20, f"{kind.name}: its error needs a sentence that says what to do"
        assert f"/problems/{kind.name}<" in page


@pytest.mark.parametrize("name", ["nothing-of-ours", "error"])
def test_what_is_no_type_has_no_page(name: str) -> None:
    assert Client().get(f"/problems/{name}").status_code == 404
