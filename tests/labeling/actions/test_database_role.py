"""The application's database role can add events and can neither change nor delete them; everything else works."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, transaction

from labeling.actions.database_role import NoSuchRole, RoleOwnsTables, give_rights, rights_of_role
from labeling.actions.erasure import erase_person
from labeling.actions.event_chain import seal_events
from labeling.events.chain import verify
from labeling.models import Event, User
from labeling.queries.event_chain import chain_state
from tests.clients import Visiting
from tests.labeling.personal import judged_with_comments
from tests.people import NOON, Stage, pair

ROLE = "chosen_app_of_tests"


def run(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def as_application() -> Iterator[Stage]:
    """A campaign in use, and from here on the rights of the application's role. The rollback takes the role away."""
    scene = judged_with_comments()
    run(f"CREATE ROLE {ROLE} LOGIN")
    give_rights(role=ROLE)
    give_rights(role=ROLE)  # once more, as after each upgrade
    run(f"SET SESSION AUTHORIZATION {ROLE}")
    yield scene
    run("RESET SESSION AUTHORIZATION")


@pytest.mark.parametrize("table", ["labeling_event", "labeling_eventlink", "labeling_erasure"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_history_is_out_of_its_reach(as_application: Stage, table: str, statement: str) -> None:
    statement = statement.replace("id", "number") if table == "labeling_eventlink" else statement
    with pytest.raises(DatabaseError, match="permission denied"):
        run(statement.format(table))


@pytest.mark.parametrize("statement", ["ALTER TABLE labeling_event DISABLE TRIGGER ALL", "DROP TABLE labeling_event"])
def test_so_are_the_tables_themselves(as_application: Stage, statement: str) -> None:
    with pytest.raises(DatabaseError, match="must be owner"):
        run(statement)


def test_people_work_are_erased_and_the_log_is_sealed_under_it(as_application: Stage, visiting: Visiting) -> None:
    scene = as_application
    before = Event.objects.count()
    assert visiting(scene.maya).get(f"/campaigns/{scene.campaign.slug}/").status_code == 200
    scene.add([pair(8), pair(9)])
    scene.judge(scene.given(scene.alice))
    erase_person(person=scene.alice, confirmation="alice", withdraw=True, acting_user=scene.alice, now=NOON)
    assert User.objects.get(pk=scene.alice.pk).username == f"erased-{scene.alice.pk}"
    assert Event.objects.count() > before
    seal_events(now=NOON)
    assert (verify().found, verify().unsealed) == (None, 0)
    assert not chain_state().may_change


def owner() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableowner FROM pg_tables WHERE tablename = 'labeling_event'")
        return str(cursor.fetchone()[0])


def test_a_role_that_no_grant_limits_is_refused() -> None:
    with pytest.raises(NoSuchRole):
        rights_of_role("nobody")
    with pytest.raises(RoleOwnsTables):
        rights_of_role(owner())
    assert chain_state().may_change


def test_a_member_of_the_owner_is_refused() -> None:
    run(f"CREATE ROLE {ROLE} LOGIN")
    run(f'GRANT "{owner()}" TO {ROLE}')
    with pytest.raises(RoleOwnsTables):
        rights_of_role(ROLE)
