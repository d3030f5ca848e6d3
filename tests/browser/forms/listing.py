"""Every form of the templates by its identity, and templates that carry the identity into the browser.

A form's identity is its template's path below `templates/`, with `#2` for the template's second form. A button that
sends its form to another address has an identity too: the form's, `>`, and the name of the address. If the button is in
a part that a form includes, the path is that of the part.
"""

import re
from collections.abc import Iterator

from django.conf import settings
from django.template import Origin
from django.template.loaders.filesystem import Loader

FORM = re.compile(r"<form\b")
END = re.compile(r"</form>")
OTHER_ADDRESS = re.compile(r"""formaction="\{%\s*url '(\w+)'""")
ATTRIBUTE = "data-template"
"""The attribute of a form with its identity, in the pages of these tests."""

PART = "data-part"
"""The attribute of a button that sends its form elsewhere, with the template that it is in."""


def forms_of_templates() -> list[str]:
    """The identities of all forms, and of all buttons that send a form elsewhere."""
    folder = settings.BASE_DIR / "templates"
    paths = sorted(path for path in folder.rglob("*.html") if "admin" not in path.relative_to(folder).parts)
    return [one for path in paths for one in _of_template(str(path.relative_to(folder)), path.read_text("utf-8"))]


def _of_template(name: str, source: str) -> Iterator[str]:
    places = []
    for number, start in enumerate(FORM.finditer(source), start=1):
        identity, end = _identity(name, number), END.search(source, start.end())
        places.append((start.end(), end.start() if end else len(source), identity))
        yield identity
    for button in OTHER_ADDRESS.finditer(source):
        around = next((identity for start, end, identity in places if start <= button.start() < end), name)
        yield f"{around}>{button[1]}"


def _identity(name: str, number: int) -> str:
    return name if number == 1 else f"{name}#{number}"


class MarkingLoader(Loader):
    """Loads templates from their files and marks each form with its identity, and buttons that send it elsewhere."""

    def get_contents(self, origin: Origin) -> str:
        name, numbers = str(origin.template_name), iter(range(1, 1000))
        marked = FORM.sub(
            lambda start: f'{start[0]} {ATTRIBUTE}="{_identity(name, next(numbers))}"', super().get_contents(origin)
        )
        return OTHER_ADDRESS.sub(lambda button: f'{PART}="{name}" {button[0]}', marked)


MARKING_LOADERS = [
    (
        "django.template.loaders.cached.Loader",
        ["tests.browser.forms.listing.MarkingLoader", "django.template.loaders.app_directories.Loader"],
    )
]
