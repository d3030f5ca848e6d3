"""The story as pages of the documentation site: complete, in each language, and without links into an installation."""

import re
from pathlib import Path

from scripts.story import FILES, ROOT, write_story


def test_the_documentation_leads_to_the_story(tmp_path: Path) -> None:
    text = (ROOT / "docs/explanation/dpo.md").read_text()
    links = [Path(one).name for one in re.findall(r'<a href="(\.\./\.\./[^"]+)"', text)]
    assert links == [page.name for page in write_story(tmp_path)]


def test_the_story_is_written_with_all_that_its_pages_load(tmp_path: Path) -> None:
    english, german = write_story(tmp_path)
    assert "Why good examples are not enough" in english.read_text()
    assert "Tauziehen" in german.read_text()
    for page in (english, german):
        text = page.read_text()
        addresses = set(re.findall(r'(?:href|src|action)="([^"#]+)"', text)) - {"index.html"}  # Sphinx writes that one
        assert len(addresses) >= 6
        assert not [one for one in addresses if not (tmp_path / one).is_file()], "an address that is not of the site"
        assert "csrfmiddlewaretoken" not in text
    loaded = {path: path.read_text() for path in (tmp_path / FILES / "js").rglob("*.js")}
    for path, text in loaded.items():
        for name in re.findall(r'from "(\.[^"]+)"', text):
            assert (path.parent / name).is_file()
    assert "Tauziehen" not in english.read_text()
    assert "django.catalog" in (tmp_path / FILES / "words-de.js").read_text()
