"""The version of the product: that of pyproject.toml, in the foot of the pages, in the API and on the command line."""

import subprocess
import sys
import tomllib

import pytest
import yaml
from django.conf import settings

from tests.clients import Visiting
from tests.training.commands import output_of


@pytest.fixture
def stated() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def test_pages_show_the_version_that_the_project_states(visiting: Visiting, stated: str) -> None:
    assert f">Chosen {stated}</span>" in visiting(None).get("/login/").content.decode()


def test_the_description_of_the_api_says_which_product_it_is(stated: str) -> None:
    described = yaml.safe_load(output_of("spectacular"))
    assert described["info"]["x-product-version"] == stated


@pytest.mark.parametrize("asked", ["version", "--version"])
def test_the_command_line_says_it_without_any_service(asked: str, stated: str) -> None:
    line = [sys.executable, "manage.py", asked]
    answer = subprocess.run(line, cwd=settings.BASE_DIR, env={}, capture_output=True, text=True, check=True)
    assert answer.stdout == f"Chosen {stated}\n"
