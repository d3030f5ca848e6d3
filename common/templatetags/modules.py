"""Preloads all modules of a page at once. A browser finds imports one level at a time, and each level costs a round
trip."""

import re
from functools import cache
from pathlib import PurePosixPath

from django import template
from django.contrib.staticfiles.finders import find
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

IMPORT = re.compile(r"""^import .*?["'](\.[^"']+)["'];""", re.MULTILINE | re.DOTALL)


@register.simple_tag
def preload_modules(entry: str) -> SafeString:
    """A `<link rel="modulepreload">` for each module that an entry imports, at any depth. entry: its static name."""
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', ((static(name),) for name in imports(entry)))


@cache
def imports(entry: str) -> tuple[str, ...]:
    """The static names of all modules that an entry imports, nearest first. Raises FileNotFoundError."""
    names, waiting = {entry: None}, [entry]
    while waiting:
        name = waiting.pop(0)
        path = find(name)
        if path is None:
            raise FileNotFoundError(f"No static file is called {name}.")
        with open(path, encoding="utf-8") as file:
            imported = [_joined(name, other) for other in IMPORT.findall(file.read())]
        waiting += [other for other in imported if other not in names]
        names |= dict.fromkeys(imported)
    return tuple(names)[1:]


def _joined(name: str, other: str) -> str:
    parts: list[str] = list(PurePosixPath(name).parent.parts)
    for part in PurePosixPath(other).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
