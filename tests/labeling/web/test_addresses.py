"""The e-mail address: confirmed by a link, kept until then."""

from typing import Any

from labeling.actions.mails import address_token
from labeling.models import MailRequest, User
from tests.clients import Visiting, text_of
from tests.people import person


def test_a_new_address_counts_once_it_is_confirmed(visiting: Visiting) -> None:
    alice = person("alice")
    client = visiting(alice)
    page = client.post("/you/address/", {"email": "alice@example.org"}, follow=True).content.decode()
    assert "We sent a link to alice@example.org" in page
    assert User.objects.get(pk=alice.pk).email == ""
    request = MailRequest.objects.get()
    assert (request.user, request.site) == (alice, "http://testserver")
    path = f"/you/address/confirm/{address_token(alice, 'alice@example.org')}/"
    assert "alice@example.org" in text_of(client, path)
    assert User.objects.get(pk=alice.pk).email == "", "opening the link changes nothing"
    assert "is confirmed" in client.post(path, follow=True).content.decode()
    assert User.objects.get(pk=alice.pk).email == "alice@example.org"
    assert client.post(path).status_code == 422


def test_an_address_can_be_removed(visiting: Visiting) -> None:
    alice = person("alice")
    User.objects.filter(pk=alice.pk).update(email="alice@example.org")
    visiting(alice).post("/you/address/", {"email": ""})
    assert User.objects.get(pk=alice.pk).email == ""


def test_a_wrong_address_stays_in_the_form(visiting: Visiting) -> None:
    page = visiting(person("alice")).post("/you/address/", {"email": "alice at home"}).content.decode()
    assert 'value="alice at home"' in page
    assert "valid email address" in page


def test_nobody_can_have_many_messages_sent(visiting: Visiting) -> None:
    client = visiting(person("alice"))
    codes = [client.post("/you/address/", {"email": f"{number}@example.org"}).status_code for number in range(6)]
    assert codes == [302] * 5 + [429]


def test_an_address_is_confirmed_by_a_link_in_the_log_where_nothing_is_delivered(
    visiting: Visiting, settings: Any
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    for who in (person("alice"), person("root", "admin")):
        client = visiting(who)
        form = text_of(client, "/you/address/")
        assert ("var/log/worker.log" in form) == ("worker&#x27;s log" in form) == who.is_admin
        assert "that we send there" not in form
        assert "does not deliver e-mail" in text_of(client, "/you/")
        page = client.post("/you/address/", {"email": f"{who.username}@example.org"}, follow=True).content.decode()
        for_admins = f"No e-mail was sent. The link to confirm {who.username}@example.org is in the worker"
        for_others = f"Ask an administrator for the link to confirm {who.username}@example.org."
        assert (for_admins in page, for_others in page) == (who.is_admin, not who.is_admin)
        assert ("(make run: var/log/worker.log)" in page) == who.is_admin
        assert "We sent" not in page
