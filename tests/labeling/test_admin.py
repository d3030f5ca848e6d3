"""The tables in Django's admin: to be looked at."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from labeling.models import Event, Judgment
from tests.people import PASSWORD, stage

pytestmark = pytest.mark.django_db


def test_every_table_of_labeling_can_be_looked_at_and_what_happened_cannot_be_changed() -> None:
    scene = stage(comparisons=2)
    scene.judge(scene.given(scene.alice))
    browser = Client()
    assert browser.login(username="root", password=PASSWORD)
    models = [model for model in admin.site._registry if model._meta.app_label == "labeling"]
    assert {Event, Judgment} <= set(models)
    for model in models:
        name = f"admin:labeling_{model._meta.model_name}"
        assert browser.get(reverse(f"{name}_changelist")).status_code == 200, model
        row = model._default_manager.first()
        if row is not None:
            assert browser.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model
    judgment = Judgment.objects.get()
    for page in ("change", "delete"):
        address = reverse(f"admin:labeling_judgment_{page}", args=[judgment.pk])
        assert browser.post(address, {"choice": "b", "post": "yes"}).status_code == 403


def test_it_has_the_look_of_the_other_pages() -> None:
    scene = stage()
    browser = Client()
    assert browser.login(username=scene.root.username, password=PASSWORD)
    for address in ("/admin/", "/admin/labeling/campaign/"):
        page = browser.get(address).content.decode()
        assert "css/admin" in page
        assert "css/tokens" in page
        assert "dark_mode" not in page  # the theme is the one of the other pages
    assert "css/admin" in Client().get("/admin/login/").content.decode()


def test_only_admins_come_in() -> None:
    scene = stage()
    for user in (scene.alice, scene.maya):
        browser = Client()
        assert browser.login(username=user.username, password=PASSWORD)
        assert browser.get("/admin/").status_code == 302
