"""Static files are served under hashed names: every import and every file named by a template must exist."""

import gzip
import re
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import ConfiguredStorage
from django.core.management import call_command

from common.templatetags.modules import imports, preload_modules
from config.embedded.var import PROJECT_DIR

IMPORTED = re.compile(r"""(?:^|[;\n])import\b[^;]*?["']([^"']+)["'];""")
HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
STYLE_IMPORTS = re.compile(r'@import "([^"]+)\.css"')
STYLES_OF_EVERY_PAGE = set(STYLE_IMPORTS.findall((PROJECT_DIR / "frontend" / "css" / "site.css").read_text()))
NAMED = re.compile(r"""\{% static ['"]([^'"]+)['"] %\}""")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The static files as production collects them, and their names."""
    from django.contrib.staticfiles import storage
    from django.test import override_settings

    from config.staticfiles import HashedStaticFilesStorage

    root = tmp_path_factory.mktemp("static")
    hashed = {"BACKEND": "config.staticfiles.HashedStaticFilesStorage"}
    with (
        override_settings(STATIC_ROOT=root, STORAGES={**settings.STORAGES, "staticfiles": hashed}),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(storage, "staticfiles_storage", ConfiguredStorage())
        call_command("collectstatic", interactive=False, verbosity=0)
        names = HashedStaticFilesStorage(location=str(root)).hashed_files
    return {"root": root, "names": names}


def test_every_import_of_a_module_is_of_a_hashed_file_that_is_there(collected: dict[str, Any]) -> None:
    checked = 0
    for name in (name for name in collected["names"] if name.startswith("js/")):
        served = collected["root"] / collected["names"][name]
        for imported in IMPORTED.findall(served.read_text()):
            assert HASHED.search(imported), f"{name} imports {imported}: does the import end in a semicolon?"
            assert (served.parent / imported).resolve().is_file(), f"{name} imports {imported}"
            checked += 1
    assert checked > 20


def test_our_scripts_and_styles_are_served_without_comments(collected: dict[str, Any]) -> None:
    for name in ("js/pages/annotate.js", "css/tokens.css"):
        source = (PROJECT_DIR / "frontend" / name).read_text()
        served = (collected["root"] / collected["names"][name]).read_text()
        assert len(served) < 0.85 * len(source), name
        assert "/**" not in served, name
        assert "\n  " not in served, name
    assert "@import" not in (collected["root"] / collected["names"]["css/site.css"]).read_text()
    others = "admin/js/actions.js"
    assert "\n    " in (collected["root"] / collected["names"][others]).read_text()


def test_every_static_file_a_template_names_is_there(collected: dict[str, Any]) -> None:
    named = {name for page in (PROJECT_DIR / "templates").rglob("*.html") for name in NAMED.findall(page.read_text())}
    assert named
    assert named <= set(collected["names"])


def test_no_template_has_inline_code_or_style() -> None:
    for page in (PROJECT_DIR / "templates").rglob("*.html"):
        text = page.read_text()
        assert not re.search(r"\sstyle=|\son\w+=|<style|javascript:", text), page
        for script in re.findall(r"<script([^>]*)>", text):
            assert "src=" in script, page


def test_nothing_is_loaded_from_elsewhere() -> None:
    own = [path for path in (PROJECT_DIR / "frontend").rglob("*") if path.suffix in (".css", ".js", ".svg")]
    own = [path for path in own if "vendor" not in path.parts and "node_modules" not in path.parts]
    assert len(own) > 20
    for path in [*own, *(PROJECT_DIR / "templates").rglob("*.html")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        text = text.replace('<a href="https://', "")  # links are followed by people, not loaded by the page
        assert not re.search(r"""(?:src|href|url|import|from)\s*[=(]?\s*["']?(?:https?:)?//""", text), path


def test_one_page_is_one_template_and_one_stylesheet_of_the_same_name() -> None:
    styles = {path.stem for path in (PROJECT_DIR / "frontend" / "css").glob("*.css")}
    # On every page.
    styles -= {"site"} | STYLES_OF_EVERY_PAGE
    styles -= {"admin"}  # on Django's own pages
    styles -= {"pair", "charts", "lists"}  # on every page with a pair, a chart, a filtered list
    pages = {page.stem for page in (PROJECT_DIR / "templates").rglob("*.html")}
    assert styles <= pages


def source(template: str) -> str:
    """A template without comments, with the parts that it includes, each as often as it stands there."""
    text = re.sub(r"\{#.*?#\}", "", (PROJECT_DIR / "templates" / template).read_text())
    return re.sub(r'\{% include "([^"]+)"[^%]*%\}', lambda part: source(part[1]), text)


def test_the_annotators_page_is_small_as_it_is_sent(collected: dict[str, Any]) -> None:
    """Its styles, its modules with all imports, and the page twice, because a copy is kept; without texts to judge."""
    written = source("base.html") + source("labeling/annotate.html")
    named = {name for name in NAMED.findall(written) if name.endswith((".css", ".js"))}
    loaded = named.union(*(imports(name) for name in named if name.endswith(".js")))
    assert len(loaded) > 20
    sizes = [len(gzip.compress((collected["root"] / collected["names"][name]).read_bytes())) for name in loaded]
    total = sum(sizes) + 2 * len(gzip.compress(written.encode()))
    assert total < 63_500


def test_all_modules_of_the_annotators_page_are_asked_for_at_once_and_none_twice() -> None:
    links = re.findall(r'rel="modulepreload" href="/static/([^"]+)"', preload_modules("js/pages/annotate.js"))
    assert len(links) == len(set(links)) > 20
    assert "js/lib/api.js" in links  # an import of an import
    assert "js/pages/annotate.js" not in links
    with pytest.raises(FileNotFoundError):
        preload_modules("js/nowhere.js")
