"""Writes the story of DPO into the documentation site, one page a language, with all files that it loads.

    python scripts/story.py FOLDER

The parts are those of the product's page. Where that page shows an installation's own models, they show what was
recorded.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import cast

import django
from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__":  # the tests have Django set up
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings_for_tests")
    django.setup()

from django.http import HttpResponse  # noqa: E402
from django.template.loader import render_to_string  # noqa: E402
from django.test import RequestFactory, override_settings  # noqa: E402
from django.utils.translation import override  # noqa: E402

from labeling.web.language import words  # noqa: E402
from training.web.story import story_context  # noqa: E402

FILES = "story-files"
"""The folder with styles, scripts and pictures, beside the pages."""

LOADED = ("css", "js", "img", "vendor")
PLAIN = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


def page_of(language: str) -> str:
    """The name of the page in a language."""
    return "story.html" if language == "en" else f"story-{language}.html"


def write_story(folder: Path) -> list[Path]:
    """Writes the pages and their files; returns the pages."""
    for name in LOADED:
        shutil.copytree(ROOT / "frontend" / name, folder / FILES / name, dirs_exist_ok=True)
    languages = [(code, page_of(code)) for code, _ in settings.LANGUAGES]
    pages = []
    for language, name in languages:
        context = {**story_context(), "languages": [one for one in languages if one[0] != language]}
        with override(language), override_settings(STATIC_URL=f"{FILES}/", STORAGES=PLAIN):
            if language != "en":
                catalogue = folder / FILES / f"words-{language}.js"
                catalogue.write_bytes(cast(HttpResponse, words(RequestFactory().get("/"))).content)
                context["words"] = f"{FILES}/{catalogue.name}"
            rendered = render_to_string("training/story_static.html", context)
        text = rendered.replace(f'"/{FILES}/', f'"{FILES}/')  # the site may lie in any folder of its server
        pages.append(folder / name)
        pages[-1].write_text(text, encoding="utf-8")
    return pages


def main() -> int:
    """The command line; returns the exit code."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    write_story(Path(sys.argv[1]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
