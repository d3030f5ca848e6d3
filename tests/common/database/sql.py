"""The table and column names in a SQL statement, told from keywords, functions, types, aliases and values.

A small reader, not a parser: it relies on how statements are written here, keywords in capitals and names in small
letters.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*)
    | (?P<text>'(?:[^']|'')*')
    | (?P<value>%\(\w+\)s|%s|%%|\{[^}]*\})
    | (?P<type>::\s*[a-z_]\w*(?:\[\])?)
    | (?P<keyword>[A-Z][A-Z_]*\b)
    | "(?P<quoted>[^"]+)"
    | (?P<name>[a-z_]\w*)
    | (?P<sign>[^\s])
    """,
    re.VERBOSE,
)
CATALOG: dict[str, Set[str]] = {
    "pg_class": {"relname", "relowner"},
    "pg_database": {"oid", "datname"},
    "pg_locks": {"locktype", "relation", "granted", "pid", "database", "mode", "virtualtransaction"},
    "pg_roles": {"oid", "rolname", "rolsuper"},
}
"""PostgreSQL's own tables, with the columns that statements read."""
TABLE = re.compile(r"(labeling|training)_[a-z]+")


@dataclass
class Names:
    """The names in one statement.

    tables: of the apps. aliases: the table behind each alias; None: a subquery, a function or a temporary table.
    defined: names that the statement itself gives to columns and subqueries. columns: (alias or empty, column).
    """

    tables: set[str] = field(default_factory=set)
    aliases: dict[str, str | None] = field(default_factory=dict)
    defined: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)


def names_in(statement: str) -> Names:
    """Reads a statement."""
    tokens = [(str(match.lastgroup), match[match.lastgroup or 0]) for match in TOKEN.finditer(statement)]
    kinds = [("name" if kind == "quoted" else kind, text) for kind, text in tokens if kind != "comment"]
    names, place = Names(), 0
    while place < len(kinds):
        place = _read(kinds, place, names)
    return names


def unknown_names(statement: str, schema: Mapping[str, Set[str]], temporary: Mapping[str, Set[str]]) -> set[str]:
    """The tables and columns of a statement that do not exist.

    schema: the columns of each table. temporary: likewise of the temporary tables that earlier statements create.
    """
    names, columns_of = names_in(statement), {**CATALOG, **schema, **temporary}
    unknown = {table for table in names.tables if table not in columns_of}
    anywhere = set().union(*(columns_of.get(table, set()) for table in names.tables), names.defined, names.aliases)
    for alias, column in names.columns:
        table = names.aliases.get(alias, alias if alias in columns_of else None)
        columns = columns_of.get(table, set()) if table else anywhere
        if column not in columns and (table or alias not in names.defined):
            unknown.add(f"{alias}.{column}" if alias else column)
    return unknown


def _read(tokens: list[tuple[str, str]], place: int, names: Names) -> int:
    """Reads the token at this place; returns the place of the next one."""
    kind, text = tokens[place]
    before, after = _at(tokens, place - 1), _at(tokens, place + 1)
    if kind != "name":
        return place + 1
    if _is_table(text, before):
        return _read_table(tokens, place, names)
    if before == ("keyword", "AS") or before == ("sign", ")"):
        names.defined.add(text)
        names.aliases.setdefault(text, None)
        return _read_defined(tokens, place + 1, names) if after == ("sign", "(") else place + 1
    if after == ("keyword", "AS") and _at(tokens, place + 2) == ("sign", "("):  # WITH name AS (
        names.defined.add(text)
        names.aliases[text] = None
        return place + 1
    if after == ("sign", "("):  # a function
        return place + 1
    if after == ("sign", "."):
        kind, column = _at(tokens, place + 2)
        if kind == "name":
            names.columns.add((text, column))
        return place + 3
    names.columns.add(("", text))
    return place + 1


def _is_table(text: str, before: tuple[str, str]) -> bool:
    opens = before[0] == "keyword" and before[1] in ("FROM", "JOIN", "INTO", "UPDATE", "TABLE", "LATERAL")
    return bool(TABLE.fullmatch(text)) or (opens and (text in CATALOG or text.startswith(("slice_", "import_"))))


def _read_table(tokens: list[tuple[str, str]], place: int, names: Names) -> int:
    table = tokens[place][1]
    names.tables.add(table)
    if _at(tokens, place + 1) == ("sign", "."):
        names.columns.add((table, _at(tokens, place + 2)[1]))
        return place + 3
    place += 1
    if _at(tokens, place) == ("keyword", "AS"):
        place += 1
        if _at(tokens, place)[0] != "name":  # CREATE TEMPORARY TABLE name AS SELECT
            return place
    kind, alias = _at(tokens, place)
    if kind == "name":
        names.aliases[alias] = table
        return place + 1
    return place


def _read_defined(tokens: list[tuple[str, str]], place: int, names: Names) -> int:
    """The columns of `AS name (one, other)`."""
    while tokens[place] != ("sign", ")"):
        if tokens[place][0] == "name":
            names.defined.add(tokens[place][1])
        place += 1
    return place + 1


def _at(tokens: list[tuple[str, str]], place: int) -> tuple[str, str]:
    return tokens[place] if 0 <= place < len(tokens) else ("end", "")
