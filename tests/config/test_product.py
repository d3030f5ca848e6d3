"""The version of the product: that of pyproject.toml, in the foot of the pages."""

import tomllib

from django.conf import settings

from tests.clients import Visiting


def test_pages_show_the_version_that_the_project_states(visiting: Visiting) -> None:
    stated = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f">Chosen {stated}</span>" in visiting(None).get("/login/").content.decode()
