"""Modules of a page, fetched side by side: left to themselves browsers find imports one level after the other, and each
level costs a journey to the server."""

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
    """A `<link rel="modulepreload">` for all that a module imports, however far down. entry: its static name."""
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', ((static(name),) for name in imports(entry)))


@cache
def imports(entry: str) -> tuple[str, ...]:
    """The static names of all modules that this one needs, itself left out, nearest first. Raises FileNotFoundError."""
    found, wanted = {entry: None}, [entry]
    while wanted:
        name = wanted.pop(0)
        path = find(name)
        if path is None:
            raise FileNotFoundError(f"No static file is called {name}.")
        with open(path, encoding="utf-8") as file:
            near = [_joined(name, other) for other in IMPORT.findall(file.read())]
        wanted += [other for other in near if other not in found]
        found |= dict.fromkeys(near)
    return tuple(found)[1:]


def _joined(name: str, other: str) -> str:
    parts: list[str] = list(PurePosixPath(name).parent.parts)
    for part in PurePosixPath(other).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)
