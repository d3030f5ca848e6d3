"""The tables in Django's admin: to be looked at."""

from importlib import import_module

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from labeling.actions.people import create_token, create_user
from labeling.models import Event, Judgment, User
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


def test_nothing_can_be_changed_here_but_accounts() -> None:
    stage()
    every, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.DAYS)
    task = PeriodicTask.objects.create(name="nightly", task="labeling.tasks.sweep", interval=every)
    root = admin_at_work()
    request = RequestFactory().get("/admin/")
    request.user = User.objects.get(username="root")
    for model, table in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._default_manager.first()
        pages = [reverse(f"{name}_add")] if model is not User else []
        if row is not None:
            pages += [reverse(f"{name}_{page}", args=[row.pk]) for page in ("change", "delete")][model is User :]
        for page in pages:
            assert root.post(page, {"post": "yes"}).status_code == 403, page
        assert table.get_actions(request) == {}, model
    root.post(
        reverse("admin:django_celery_beat_periodictask_changelist"), {"action": "run_tasks", "_selected_action": 1}
    )
    task.refresh_from_db()
    assert task.enabled


def test_what_signs_people_in_is_not_there() -> None:
    registered = {model._meta.app_label for model in admin.site._registry}
    assert registered == {"labeling", "training", "django_celery_beat"}


def test_it_has_the_look_of_the_other_pages() -> None:
    scene = stage()
    browser = Client()
    assert browser.login(username=scene.root.username, password=PASSWORD)
    for address in ("/admin/", "/admin/labeling/campaign/"):
        page = browser.get(address).content.decode()
        assert "css/admin" in page
        assert "css/tokens" in page
        assert "dark_mode" not in page  # the theme is the one of the other pages


def test_only_admins_come_in() -> None:
    scene = stage()
    for user in (scene.alice, scene.maya):
        browser = Client()
        assert browser.login(username=user.username, password=PASSWORD)
        assert browser.get("/admin/").status_code == 302


def admin_at_work() -> Client:
    browser = Client()
    assert browser.login(username="root", password=PASSWORD)
    return browser


def test_a_changed_role_is_in_the_log() -> None:
    scene = stage()
    address = reverse("admin:labeling_user_change", args=[scene.maya.pk])
    values = {"username": "maya", "role": "annotator", "is_active": "on", "date_joined_0": "2026-01-01"}
    assert admin_at_work().post(address, values | {"date_joined_1": "12:00:00"}).status_code == 302
    event = Event.objects.get(verb="user.rights_changed")
    assert (event.actor, event.subject_id) == (scene.root, str(scene.maya.pk))
    rights = {"is_active": True, "is_staff": False, "is_superuser": False}
    assert (event.before, event.after) == ({"role": "lead"} | rights, {"role": "annotator"} | rights)


def test_an_admin_who_is_made_an_annotator_cannot_come_back_and_a_lead_who_is_made_admin_can() -> None:
    scene = stage()
    second = create_user(username="second", role="admin", password=PASSWORD, acting_user=scene.root, now=scene.now)[0]
    theirs = Client()
    theirs.force_login(second)
    date = {"is_active": "on", "date_joined_0": "2026-01-01", "date_joined_1": "12:00:00"}
    address = reverse("admin:labeling_user_change", args=[second.pk])
    assert theirs.get(address).status_code == 200
    demote = {"username": "second", "role": "annotator", "is_staff": "on", "is_superuser": "on"}
    assert admin_at_work().post(address, date | demote).status_code == 302
    second.refresh_from_db()
    assert (second.is_staff, second.is_superuser) == (False, False)
    assert theirs.post(address, date | {"username": "second", "role": "admin"}).status_code == 302
    second.refresh_from_db()
    assert second.role == "annotator"
    maya = reverse("admin:labeling_user_change", args=[scene.maya.pk])
    assert admin_at_work().post(maya, date | {"username": "maya", "role": "admin"}).status_code == 302
    scene.maya.refresh_from_db()
    assert (scene.maya.is_staff, scene.maya.is_superuser) == (True, True)


def test_the_migration_takes_the_rights_of_those_who_are_no_admins_any_more() -> None:
    scene = stage()
    User.objects.filter(pk=scene.maya.pk).update(is_staff=True, is_superuser=True)
    User.objects.filter(pk=scene.root.pk).update(is_staff=False)
    import_module("labeling.migrations.0027_rights_follow_the_role").follow_the_role(apps, None)
    rights = dict(User.objects.values_list("username", "is_superuser"))
    assert (rights["maya"], rights["root"]) == (False, True)
    assert set(User.objects.filter(is_staff=True)) == {scene.root}


def test_a_name_that_looks_like_anothers_is_refused_here_too() -> None:
    scene = stage()
    address = reverse("admin:labeling_user_change", args=[scene.alice.pk])
    values = {"username": "\u0432\u043e\u0432", "role": "annotator", "is_active": "on", "date_joined_0": "2026-01-01"}
    page = admin_at_work().post(address, values | {"date_joined_1": "12:00:00"})
    assert "looks the same" in page.content.decode()
    scene.alice.refresh_from_db()
    assert scene.alice.username == "alice"


def test_a_changed_name_or_address_is_in_the_log_without_the_address() -> None:
    scene = stage()
    address = reverse("admin:labeling_user_change", args=[scene.alice.pk])
    values = {"username": "alicia", "email": "a@secret.example", "role": "annotator", "is_active": "on"}
    date = {"date_joined_0": "2026-01-01", "date_joined_1": "12:00:00"}
    assert admin_at_work().post(address, values | date).status_code == 302
    events = Event.objects.filter(subject_type="user", subject_id=str(scene.alice.pk), actor=scene.root)
    assert {event.verb for event in events} >= {"user.address_changed", "user.renamed"}
    assert "secret.example" not in str(list(Event.objects.values()))


def test_the_password_of_an_account_that_is_none_is_a_404() -> None:
    stage()
    assert admin_at_work().get("/admin/labeling/user/abc/password/").status_code == 404
    assert admin_at_work().get("/admin/labeling/user/999999/password/").status_code == 404


def test_a_password_set_by_an_admin_ends_sessions_and_tokens() -> None:
    scene = stage()
    token, _ = create_token(user=scene.alice, name="laptop", acting_user=scene.alice, now=scene.now)
    address = reverse("admin:auth_user_password_change", args=[scene.alice.pk])
    new = "another horse, another battery"
    answer = admin_at_work().post(address, {"usable_password": "true", "password1": new, "password2": new})
    assert answer.status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is not None
    event = Event.objects.get(verb="user.password_changed")
    assert (event.actor, event.subject_id) == (scene.root, str(scene.alice.pk))
    scene.alice.refresh_from_db()
    assert scene.alice.must_change_password


def test_an_account_made_here_has_to_change_its_password_unless_that_is_unticked() -> None:
    stage()
    new = {"usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    address = reverse("admin:labeling_user_add")
    root = admin_at_work()
    assert '<input type="checkbox" name="must_change_password" id="id_must_change_password" checked' in root.get(
        address
    ).content.decode().replace(' aria-describedby="id_must_change_password_helptext"', "")
    for name, ticked in (("dora", {"must_change_password": "on"}), ("emil", {})):
        assert root.post(address, new | {"username": name} | ticked).status_code == 302
    assert set(User.objects.filter(must_change_password=True)) == {User.objects.get(username="dora")}
    change = reverse("admin:labeling_user_change", args=[User.objects.get(username="dora").pk])
    values = {"username": "dora", "role": "annotator", "is_active": "on", "date_joined_0": "2026-01-01"}
    assert root.post(change, values | {"date_joined_1": "12:00:00"}).status_code == 302
    verbs = Event.objects.filter(verb__startswith="user.password_demand").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["user.password_demanded", "user.password_demand_lifted"]


def test_who_looks_at_accounts_is_in_the_log() -> None:
    scene = stage()
    browser = admin_at_work()
    assert browser.get(reverse("admin:labeling_user_changelist")).status_code == 200
    assert browser.get(reverse("admin:labeling_user_change", args=[scene.alice.pk])).status_code == 200
    assert browser.get(reverse("admin:labeling_user_change", args=[scene.root.pk])).status_code == 200  # their own
    assert browser.get(reverse("admin:labeling_user_change", args=["x"])).status_code == 302
    read = Event.objects.filter(verb__in=["person.list_read", "person.account_read"]).order_by("pk")
    assert [(event.verb, event.actor, event.subject_id, event.after) for event in read] == [
        ("person.list_read", scene.root, str(scene.root.pk), {}),
        ("person.account_read", scene.root, str(scene.alice.pk), {"person": scene.alice.pseudonym}),
    ]
