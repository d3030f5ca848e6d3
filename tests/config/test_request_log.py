"""Each line of the log names its request, job and person."""

import json
import logging
import re
from typing import Any

import pytest
from django.test import Client

from config.request_log import JsonLines, job_of_line
from tests.clients import Calling, Visiting
from tests.people import stage

pytestmark = pytest.mark.django_db


class Lines(logging.Handler):
    """Keeps the lines in the form of the product's JSON log."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(record)))


@pytest.fixture
def lines(settings: Any) -> Any:
    settings.LOG_FORMAT = "json"
    handler = Lines()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_request_is_one_line_with_its_id_and_the_pseudonym(
    lines: list[dict[str, Any]], visiting: Visiting, calling: Calling
) -> None:
    maya = stage().maya
    answer = visiting(maya).get("/campaigns/sums/guidelines/")
    (line,) = [line for line in lines if line["logger"] == "chosen.requests"]
    assert line["message"] == "GET guidelines"
    assert (line["status"], line["person"]) == (200, maya.pseudonym)
    assert line["request"] == answer["X-Request-ID"]
    assert line["ms"] > 0
    assert "maya" not in json.dumps(line)
    calling(maya).get("/api/v1/campaigns/sums/")
    assert lines[-1]["person"] == maya.pseudonym


def test_lines_of_others_name_the_route_and_never_the_address(lines: list[dict[str, Any]], visiting: Visiting) -> None:
    browser = visiting(stage().maya)
    browser.get("/people/alice/nothing/?next=bob")
    browser.put("/people/alice/erase/?next=bob")
    messages = [line["message"] for line in lines if line["logger"] == "django.request"]
    assert messages == ["Not Found: unknown", "Method Not Allowed (PUT): account_erase"]
    assert not {"alice", "bob"} & set(re.findall(r"\w+", json.dumps(lines)))


def test_the_id_of_a_proxy_is_kept_if_it_is_harmless(lines: list[dict[str, Any]]) -> None:
    assert Client().get("/login/", headers={"X-Request-ID": "proxy-1234"})["X-Request-ID"] == "proxy-1234"
    assert lines[-1]["request"] == "proxy-1234"
    assert len(Client().get("/login/", headers={"X-Request-ID": "a b\u00a0c"})["X-Request-ID"]) == 32


def test_a_line_of_a_job_names_it_and_an_exception_is_in_its_line(lines: list[dict[str, Any]]) -> None:
    token = job_of_line.set("training.tasks.run_training 7")
    try:
        raise ValueError("wrong")
    except ValueError:
        logging.getLogger("training").exception("It broke")
    finally:
        job_of_line.reset(token)
    assert lines[-1]["job"] == "training.tasks.run_training 7"
    assert lines[-1]["level"] == "ERROR"
    assert "ValueError: wrong" in lines[-1]["exception"]
    assert "\n" not in JsonLines().format(logging.LogRecord("a", 20, "", 0, "one\ntwo", (), None))
