"""The first schema that can be upgraded, with data, becomes that of this code; then people go on where they were.

`0_1_0_first_schema.sql` was written by pg_dump from a database that its own code had made and filled: ef56ce64^.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from config.embedded.var import PROJECT_DIR
from tests.databases import own_server

FIRST = Path(__file__).with_name("0_1_0_first_schema.sql")

USE = """
import json
from django.test import Client
from labeling.actions.exports import export_campaign
from labeling.models import Campaign, Comparison, Judgment, User, Verdict
from django.utils import timezone
from django.test.utils import setup_test_environment
setup_test_environment()
campaign, maya, bob = Campaign.objects.get(), User.objects.get(username="maya"), User.objects.get(username="bob")
exported = export_campaign(campaign=campaign, dialect="trl", acting_user=maya, now=timezone.now())
found = {
    "counts": [Comparison.objects.count(), Judgment.objects.count(), Verdict.objects.count()],
    "export": len(b"".join(exported.pieces).splitlines()),
}
lead, annotator = Client(), Client()
lead.force_login(maya)
annotator.force_login(bob)
pages = ["", "comparisons/", "prompts/", "statistics/", "people/", "settings/", "events/", "rounds/", "verdicts/"]
found["pages"] = {page: lead.get(f"/campaigns/sums/{page}").status_code for page in pages}
found["others"] = {page: lead.get(page).status_code for page in ("/", "/versions/", "/versions/sums-v1/", "/runs/1/")}
given = annotator.post("/api/v1/campaigns/sums/assignments/next/").json()["assignment"]
answer = annotator.post(
    f"/api/v1/assignments/{given['id']}/judgment/", {"choice": "left", "key": "k"}, content_type="application/json"
)
found["judged"] = [answer.status_code, Judgment.objects.count()]
print(json.dumps(found))
"""


@pytest.fixture
def first_database(worker_id: str) -> Iterator[str]:
    """The address of a database as the first release left it."""
    name, place = f"first_release_{worker_id}", settings.DATABASES["default"]
    with own_server() as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        account = f"{quote(place['USER'])}:{quote(place['PASSWORD'])}"
        url = f"postgresql://{account}@{quote(place['HOST'], safe='')}:{place['PORT']}/{name}"
        with psycopg.connect(url) as connection:
            connection.execute(FIRST.read_bytes())
        yield url
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.timeout(300)
def test_the_head_migrates_it_and_its_people_work_on(
    embedded_services: None, first_database: str, tmp_path: Path
) -> None:
    def manage(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=PROJECT_DIR,
            env={**os.environ, "DATABASE_URL": first_database, "CHOSEN_VAR": str(tmp_path), "HTTPS": "false"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    manage("migrate", "--no-input")
    assert manage("migrate", "--check") is not None
    found: dict[str, Any] = json.loads(manage("shell", "--no-imports", "-c", USE).splitlines()[-1])
    assert found["counts"] == [30, 15, 21]
    assert found["export"] > 10
    assert set(found["pages"].values()) == {200}, found["pages"]
    assert set(found["others"].values()) == {200}, found["others"]
    assert found["judged"] == [201, 16]
