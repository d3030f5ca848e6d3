"""The examples in the API's description are real responses, and they match the description.

`RECORD_EXAMPLES=1 pytest tests/roles/test_examples.py` records them again, after a response has changed.
"""

import json
import os
import re
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.apps import apps
from django.core.management import call_command
from django.db import transaction
from django.urls import get_resolver
from jsonschema import Draft202012Validator

from labeling.api.schema import examples
from tests.roles.bodies import BODIES
from tests.roles.calls import ask, prepare
from tests.roles.rows import Scene
from tests.roles.rules import LABELING_API, PEOPLE, RULES, TRAINING_API
from tests.roles.table import patterns
from tests.training.jobs.scripted import Scripted
from training import playground
from training.versions import files

pytestmark = pytest.mark.django_db
RECORDING = bool(os.environ.get("RECORD_EXAMPLES"))
ROOMS = {"labeling": LABELING_API, "training": TRAINING_API}
MOMENT = re.compile(r'"20[2-9]\d-\d\d-\d\dT[0-9:.]+Z"')
# Values that differ from run to run, and values that look like real secrets.
FIXED = (
    (MOMENT, '"2026-03-02T12:00:00Z"'),
    (re.compile(r"annotator-[0-9a-f]{8}"), "annotator-5e4a5a29"),
    (re.compile(r"chosen_[0-9a-f]{64}"), "chosen_" + "0" * 64),
    (re.compile(r"whsec_[0-9A-Za-z+/=]+"), "whsec_" + "0" * 64),
    (re.compile(r'"password": "[0-9a-f]{20}"'), '"password": "' + "0" * 20 + '"'),
    (re.compile(r'"receipt": "[^"]+"'), '"receipt": ".eJyrVsovSVWyUkpKLFKqBQAuVwU2:1wXyZa:Q0kd"'),
    (re.compile(r'"seconds": [0-9.]+'), '"seconds": 1.5'),
    (re.compile(r'"machine_minutes": [0-9.]+'), '"machine_minutes": 12.5'),
    (re.compile(r'"key": "k"'), '"key": "5f0c954e-8f0e-4c1e-9d5a-8f7f5a0d2b11"'),
)


@cache
def description() -> dict[str, Any]:
    out = StringIO()
    call_command("spectacular", stdout=out)
    return dict(yaml.safe_load(out.getvalue()))


def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """Every described operation, by the name of its address and its method."""
    routes = {str(pattern.name): str(pattern.pattern) for pattern in patterns(get_resolver().url_patterns)}
    by_name: dict[tuple[str, str], dict[str, Any]] = {}
    for name, route in routes.items():
        if not name.startswith("api-"):
            continue
        path = "/api/v1/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route)
        # The schema calls an argument `pk` an id.
        described = description()["paths"].get(path) or description()["paths"].get(path.replace("{pk}", "{id}"), {})
        by_name |= {(name, method.upper()): one for method, one in described.items()}
    return by_name


@pytest.mark.skipif(not RECORDING, reason="records the examples: set RECORD_EXAMPLES=1 after an answer has changed")
def test_record_the_examples(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(files, "check_version", lambda version: None)
    settings.JUDGE_URLS = ["http://127.0.0.1:9/v1"]
    monkeypatch.setattr(playground, "open_source", Scripted(lambda request, _: "Four.").source)
    for app, rules in ROOMS.items():
        recorded = {}
        for (name, method), operation in sorted(operations().items()):
            if name in rules:
                recorded[operation["operationId"]] = _recorded(name, method)
        text = json.dumps(recorded, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        for changing, fixed in FIXED:
            text = changing.sub(fixed, text)
        (Path(apps.get_app_config(app).path) / "api" / "examples.json").write_text(text, encoding="utf-8")


def _recorded(name: str, method: str) -> dict[str, Any]:
    """One call by somebody who may make it."""
    with transaction.atomic():
        scene = Scene()
        path = prepare(name, method, scene)
        may = [who for who, digit in zip(PEOPLE, RULES[name][method], strict=True) if digit == "2" and who != "nobody"]
        who = next(one for one in ("maya", "alice", "root") if one in may)
        answer = ask(scene.people[who], name, method, path)
        assert answer.status_code < 300, (name, method, answer.content)
        is_json = answer.headers.get("Content-Type", "") in ("application/json", "application/json; charset=utf-8")
        body = json.loads(answer.whole) if is_json and answer.whole else None
        example = {"status": answer.status_code, "answer": body}
        if (name, method) in BODIES:
            example["request"] = BODIES[name, method]
        transaction.set_rollback(True)
    return example


@pytest.mark.skipif(RECORDING, reason="they are being recorded")
def test_every_operation_has_an_example_that_is_what_the_description_says() -> None:
    described = operations()
    assert len(described) > 40
    wrong: list[str] = []
    for (name, method), operation in described.items():
        example = examples().get(operation["operationId"])
        if example is None or str(example["status"]) not in operation["responses"]:
            wrong.append(f"{method} {name} has no example, or an undescribed one: record the examples (see above)")
            continue
        answer = operation["responses"][str(example["status"])]
        wrong += _errors(answer.get("content", {}), example["answer"], f"{method} {name}")
        if (name, method) in BODIES:
            wrong += _errors(operation["requestBody"]["content"], example["request"], f"the body of {method} {name}")
    assert not wrong


def _errors(contents: dict[str, Any], example: Any, where: str) -> list[str]:
    schema = contents.get("application/json", {}).get("schema")
    if schema is None:
        return []
    whole = Draft202012Validator({**schema, "components": description()["components"]})
    return [f"{where}: {error.json_path} {error.message}" for error in whole.iter_errors(example)]
