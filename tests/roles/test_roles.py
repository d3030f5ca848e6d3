"""Nobody sees or changes anything that their role does not allow, at any address of the pages and the API.

The tests are generated from the URL table: an address or a method without a rule in `rules.py` fails.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.urls import resolve, reverse
from pytest_django.plugin import DjangoDbBlocker

from labeling.models import Event
from tests.roles.calls import address, ask
from tests.roles.rows import Scene
from tests.roles.rules import LABELING_PAGES, PEOPLE, RULES, SITE, TRAINING_PAGES
from tests.roles.table import METHODS, names
from tests.sharing import shared
from tests.training.jobs.scripted import Scripted
from training import playground
from training.versions import files

pytestmark = pytest.mark.django_db

CASES = [(name, method) for name, methods in sorted(RULES.items()) for method in methods]

FORMS = sorted(name for name, methods in (SITE | LABELING_PAGES | TRAINING_PAGES).items() if methods.keys() == {"POST"})
"""The addresses that only take a form."""


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The versions on stage are rows without files."""
    monkeypatch.setattr(files, "check_version", lambda version: None)
    monkeypatch.setattr(playground, "open_source", Scripted(lambda request, _: "Four.").source)


@pytest.fixture(scope="module")
def scenes(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Callable[[], Scene]]:
    """The same scene for hundreds of tests: it takes longer to make than what most of them ask."""
    with shared(Scene, django_db_blocker) as copy:
        yield copy


@pytest.fixture
def scene(db: None, scenes: Callable[[], Scene]) -> Scene:
    return scenes()


def meaning(answer: Any) -> str:
    """The meaning of a response as a digit of the rules."""
    if answer.status_code == 302 and answer.headers["Location"].startswith("/login/?"):
        return "1"
    # A request that was refused for another reason than its user passed the permission check.
    return {401: "1", 403: "3", 404: "4"}.get(answer.status_code, "2" if answer.status_code < 500 else "5")


def test_every_address_has_its_rules() -> None:
    assert names() == sorted(RULES)


@pytest.mark.parametrize(("name", "method"), CASES)
def test_who_is_let_in(name: str, method: str, scene: Scene) -> None:
    path = address(name, scene)
    digits = ""
    for user in (scene.people[who] for who in PEOPLE):
        with transaction.atomic():
            digits += meaning(ask(user, name, method, path))
            transaction.set_rollback(True)  # each user starts from the same rows
    assert digits == RULES[name][method]


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_method_without_a_rule_is_there_for_nobody(name: str, scene: Scene) -> None:
    path = address(name, scene)
    opened = {"GET", "HEAD"} if name in FORMS else set()
    for method in set(METHODS) - set(RULES[name]) - opened:
        for who in ("alice", "root"):
            with transaction.atomic():
                answer = ask(scene.people[who], name, method, path)
                transaction.set_rollback(True)
            assert answer.status_code == 405, f"{who} {method} {path}"


@pytest.mark.parametrize("name", FORMS)
def test_the_address_of_a_form_leads_to_the_page_with_the_form(name: str, scene: Scene) -> None:
    path = address(name, scene)
    events = Event.objects.count()
    answer = ask(scene.people["maya"], name, "GET", path)
    assert answer.status_code == 302, name
    page = resolve(answer.headers["Location"].partition("?")[0]).url_name
    assert "GET" in RULES[str(page)], f"{name} leads to {page}"
    assert Event.objects.count() == events


def test_djangos_admin_lets_in_admins_only(scene: Scene) -> None:
    pages = [reverse("admin:index")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages += [reverse(f"{name}_changelist"), reverse(f"{name}_add"), reverse(f"{name}_change", args=["1"])]
    for who, user in scene.people.items():
        for page in pages:
            answer = ask(user, "admin", "GET", page)
            if who == "root":
                assert answer.status_code != 302 or "login" not in answer.headers["Location"], page
            else:
                assert answer.status_code == 302, f"{who} {page}"
                assert answer.headers["Location"].startswith("/admin/login/"), f"{who} {page}"
