"""The URL table for the role tests: every address of ours, from every room."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def names() -> list[str]:
    """The names of all addresses, except those of Django's admin, which is tested as a whole."""
    return sorted(str(pattern.name) for pattern in patterns(get_resolver().url_patterns))


def patterns(table: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """Every address in the table, including nested ones."""
    for pattern in table:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif pattern.namespace != "admin":
            yield from patterns(pattern.url_patterns)
