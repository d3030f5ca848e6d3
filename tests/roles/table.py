"""The URL table as the tests of roles read it: every address of ours, whatever room it is in."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def names() -> list[str]:
    """The name of every address but those of Django's admin, which is asked about as a whole."""
    return sorted(str(pattern.name) for pattern in patterns(get_resolver().url_patterns))


def patterns(table: list[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    """Every address in it, nested ones too."""
    for pattern in table:
        if isinstance(pattern, URLPattern):
            yield pattern
        elif pattern.namespace != "admin":
            yield from patterns(pattern.url_patterns)
