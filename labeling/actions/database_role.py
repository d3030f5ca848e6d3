"""The rights of the database role under which web server and workers run: it may add events and never change them."""

from django.db import connection, transaction
from django.utils.translation import gettext_lazy
from psycopg import sql

from common.errors import Conflict

INSERT_ONLY = ("labeling_event", "labeling_eventlink", "labeling_erasure")

GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}",
    "REVOKE ALL ON {insert_only} FROM {role}",
    "GRANT SELECT, INSERT ON {insert_only} TO {role}",
)
# A superuser, the owner of the tables, and whoever can become one of them pass all grants by.
POWERS = """
SELECT rolsuper, EXISTS (
    SELECT FROM pg_class c WHERE c.relname = ANY(%s) AND pg_has_role(r.oid, c.relowner, 'MEMBER')
) FROM pg_roles r WHERE rolname = %s
"""


class NoSuchRole(Conflict):
    type = "no-such-role"
    sentence = gettext_lazy(
        "The database has no role %(role)s. Create it in psql: CREATE ROLE %(role)s LOGIN, then \\password %(role)s."
    )


class RoleOwnsTables(Conflict):
    type = "role-owns-tables"
    sentence = gettext_lazy(
        "The role %(role)s is a superuser or owns the tables, so that no grant limits it. Make another role for the "
        "application, and keep this one for migrations."
    )


def rights_of_role(role: str) -> tuple[str, ...]:
    """The statements that give a role what the application needs, and no more. Raises NoSuchRole, RoleOwnsTables."""
    with connection.cursor() as cursor:
        cursor.execute(POWERS, [list(INSERT_ONLY), role])
        found = cursor.fetchone()
    if found is None:
        raise NoSuchRole(role=role)
    if any(found):
        raise RoleOwnsTables(role=role)
    names = {"role": sql.Identifier(role), "insert_only": sql.SQL(", ").join(map(sql.Identifier, INSERT_ONLY))}
    return tuple(sql.SQL(statement).format(**names).as_string(None) for statement in GRANTS)


@transaction.atomic
def give_rights(*, role: str) -> None:
    """Gives a role the rights of the application. Twice changes nothing. For the owner of the tables.

    Raises NoSuchRole, RoleOwnsTables.
    """
    with connection.cursor() as cursor:
        for statement in rights_of_role(role):
            cursor.execute(statement)
