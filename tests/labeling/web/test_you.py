"""An account's page: its owner and admins see it, and it erases only after the name was typed."""

from labeling.models import User
from tests.clients import Visiting
from tests.people import stage


def test_an_account_is_shown_to_its_owner_and_to_admins(visiting: Visiting) -> None:
    scene = stage()
    assert scene.alice.pseudonym in visiting(scene.alice).get("/you/").content.decode()
    assert scene.alice.pseudonym in visiting(scene.root).get("/people/alice/").content.decode()
    assert visiting(scene.maya).get("/people/alice/").status_code in (403, 404)


def test_another_name_erases_nothing(visiting: Visiting) -> None:
    scene = stage()
    alice = visiting(scene.alice)
    answer = alice.post("/people/alice/erase/", {"confirmation": "bob"})
    assert 'value="bob"' in answer.content.decode()
    assert "Type the user name to confirm: this cannot be undone." in answer.content.decode()
    assert User.objects.filter(username="alice").exists()


def test_users_who_erase_themselves_are_signed_out(visiting: Visiting) -> None:
    scene = stage()
    alice = visiting(scene.alice)
    assert alice.post("/people/alice/erase/", {"confirmation": "alice"}).headers["Location"] == "/login/"
    assert alice.get("/you/").status_code == 302
    assert not User.objects.filter(username="alice").exists()


def test_an_admin_stays_signed_in_and_reads_the_pseudonym(visiting: Visiting) -> None:
    scene = stage()
    page = visiting(scene.root).post("/people/alice/erase/", {"confirmation": "alice"}, follow=True).content.decode()
    assert f"Its judgments belong to {scene.alice.pseudonym}." in page
