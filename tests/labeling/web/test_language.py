"""Languages: the catalogues are complete, compiled and up to date, and pages are in the reader's language."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from config.embedded.var import PROJECT_DIR
from scripts.messages import DOMAINS, LOCALES, catalogue
from tests.browser.furnished import furnish
from tests.people import PASSWORD, Stage, stage

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
CATALOGUES = [(language, domain) for language in LANGUAGES for domain in DOMAINS]
VALUE = re.compile(r"%\((\w+)\)s|<[^>]+>")


def sentences(entry: polib.POEntry) -> list[str]:
    """The translations of an entry: one, or singular and plural."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_sentence_is_translated_with_its_values_and_marks(language: str, domain: str) -> None:
    entries = polib.pofile(catalogue(language, domain))
    assert len(entries) > 40
    for entry in entries:
        assert "fuzzy" not in entry.flags, entry.msgid
        *singular, last = sentences(entry)  # the last form is of several, or the only one
        assert set(VALUE.findall(last)) == set(VALUE.findall(entry.msgid_plural or entry.msgid)), entry.msgid
        for translation in singular:  # "One record", with or without its number
            assert set(VALUE.findall(translation)) in map(set, map(VALUE.findall, (entry.msgid, entry.msgid_plural)))
        for translation in sentences(entry):
            assert translation, f"{entry.msgid!r} has no translation"
            # The final punctuation mark and the spaces at both ends are the same in both languages.
            assert re.findall(r"[.?:]$", translation) == re.findall(r"[.?:]$", entry.msgid), entry.msgid


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_the_compiled_catalogue_is_that_of_its_source(language: str, domain: str) -> None:
    source = polib.pofile(catalogue(language, domain))
    compiled = polib.mofile(catalogue(language, domain, "mo"))
    assert contents(compiled) == contents(source), "run: make messages"


def contents(entries: Iterable[polib.POEntry]) -> dict[tuple[str | None, str], list[str]]:
    """The translations of every sentence, by its context and its English."""
    return {(entry.msgctxt, entry.msgid): sentences(entry) for entry in entries}


def test_every_language_has_a_folder_of_catalogues_and_every_folder_is_a_language() -> None:
    assert sorted(folder.name for folder in LOCALES.iterdir()) == sorted(LANGUAGES)


@pytest.mark.skipif(not shutil.which("xgettext"), reason="gettext's tools find the sentences, and they are not here")
def test_the_catalogues_have_every_sentence_that_is_marked_and_no_other(tmp_path: Path) -> None:
    for room in ("common", "labeling", "training", "config", "templates"):
        shutil.copytree(
            PROJECT_DIR / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "locale", "*.json*")
        )
    shutil.copytree(PROJECT_DIR / "frontend" / "js", tmp_path / "frontend" / "js")
    shutil.copy(PROJECT_DIR / "pyproject.toml", tmp_path)  # the settings read the version there
    (tmp_path / "config" / "locale").mkdir()
    for domain in DOMAINS:
        command = [sys.executable, "-m", "django", "makemessages", "-l", "de", "-d", domain]
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
        collected = polib.pofile(str(tmp_path / "config" / "locale" / "de" / "LC_MESSAGES" / f"{domain}.po"))
        marked = {(entry.msgctxt, entry.msgid) for entry in collected if not entry.obsolete}
        for language in LANGUAGES:
            ours = polib.pofile(catalogue(language, domain))
            assert marked == {(entry.msgctxt, entry.msgid) for entry in ours}, "run: make messages"


@pytest.fixture
def scene(db: None) -> Stage:
    return stage(comparisons=2)


def signed_in(name: str) -> Client:
    client = Client()
    assert client.login(username=name, password=PASSWORD)
    return client


def test_pages_speak_the_language_that_the_browser_asks_for(scene: Stage) -> None:
    alice, german = signed_in("alice"), {"headers": {"Accept-Language": "de-AT,de;q=0.9"}}
    page = alice.get("/campaigns/sums/annotate/", **german).content.decode()  # type: ignore[arg-type]
    assert '<html lang="de" dir="ltr"' in page
    assert "Links ist besser" in page
    assert "is better" not in page
    assert '<main id="main" tabindex="-1" class="annotate"' in page
    assert f'src="{reverse("words")}?' in page
    english = alice.get("/campaigns/sums/annotate/").content.decode()
    assert '<html lang="en" dir="ltr"' in english
    assert f'src="{reverse("words")}?' not in english  # English needs no catalogue


PAGES = {
    "/campaigns/sums/": "Kreislauf",
    "/campaigns/sums/data/": "Zeilenformat zeigen",
    "/campaigns/sums/statistics/": "Noch keine Messwerte",
    "/campaigns/sums/verdicts/": "Entscheidungen filtern",
    "/campaigns/sums/people/": "Mitglieder",
    "/campaigns/sums/settings/": "Auswahl für Beurteilende",
    "/campaigns/sums/events/": "Ereignisse filtern",
    "/campaigns/sums/webhooks/": "Webhook hinzufügen",
    "/campaigns/new/": "Modell",
    "/versions/": "Modellversionen",
    "/versions/sums-v2/": "Identität",
    "/playground/": "Neues Gespräch",
    "/lens/": "Belohnungslinse",
    "/lab/": "Verlustrechner",
}
"""A sentence from each of a lead's pages."""


def test_leads_read_their_pages_in_german(scene: Stage) -> None:
    two = furnish(scene).two
    client = signed_in("maya")
    for path, sentence in {**PAGES, f"/runs/{two.run_id}/": "Herkunft"}.items():
        page = client.get(path, headers={"Accept-Language": "de"}).content.decode()
        assert '<html lang="de"' in page, path
        assert sentence in page, path


def test_numbers_are_written_as_their_reader_writes_them(scene: Stage) -> None:
    two, client = furnish(scene).two, signed_in("maya")
    german = client.get(f"/versions/{two.name}/", headers={"Accept-Language": "de"}).content.decode()
    assert "79,2 %" in german
    assert "79.2 %" in client.get(f"/versions/{two.name}/").content.decode()
    # Values for programs are the same in every language.
    page = client.get("/playground/", headers={"Accept-Language": "de"}).content.decode()
    assert re.search(r'id="temperature" [^>]*value="\d\.\d+"', page)


NO_SENTENCE = (
    r"\{#.*?#\}",
    r"\{% blocktranslate.*?\{% endblocktranslate %\}",
    r"<(code|pre|kbd)\b.*?</\1>",
    r"\{% block (?:main_attributes|body_class) %\}.*?\{% endblock %\}",
    r"\{%.*?%\}|\{\{.*?\}\}",
)
SPOKEN = re.compile(r'\b(?:aria-label|title|placeholder|alt|data-name)="([^"]*)"')
NAMES = {"Chosen", "DPO", "DPO-Positive", "PPO", "RLHF", "AB", "SHA-256"}


def unmarked(template: str) -> list[str]:
    """Text in a template that is not marked for translation: between tags, or in attributes that are read aloud."""
    for pattern in NO_SENTENCE:
        template = re.sub(pattern, "", template, flags=re.DOTALL)
    texts = [*SPOKEN.findall(template), *re.split(r"<[^>]*>", template)]
    bare = (text.strip(" \n·|,") for text in texts)
    return [text for text in bare if re.search(r"[A-Za-z]{2}", text) and not set(re.split(r"[ ·|]+", text)) <= NAMES]


def test_every_sentence_of_every_template_is_marked_for_translation() -> None:
    assert unmarked('<p title="Close it">{% translate "A" %} {{ b }}</p><b>Open</b>') == ["Close it", "Open"]
    unmarked_texts = {path.name: unmarked(path.read_text()) for path in (PROJECT_DIR / "templates").rglob("*.html")}
    assert not {name: texts for name, texts in unmarked_texts.items() if texts}


def test_a_reader_chooses_a_language_and_keeps_it(scene: Stage) -> None:
    alice = signed_in("alice")
    answer = alice.post("/language/", {"language": "de", "next": "/you/"})
    assert (answer.status_code, answer["Location"]) == (302, "/you/")
    assert "Ihr Konto" in alice.get("/you/").content.decode()
    assert alice.post("/language/", {"language": "xx", "next": "https://evil.example/"})["Location"] == "/"
    assert "Ihr Konto" in alice.get("/you/").content.decode()


def test_a_refusal_is_said_in_the_language_of_its_reader(scene: Stage) -> None:
    given = scene.given(scene.alice)
    scene.judge(given)
    judgment = {"choice": "left", "key": "another"}
    answer = signed_in("alice").post(
        f"/api/v1/assignments/{given.pk}/judgment/",
        judgment,
        content_type="application/json",
        headers={"Accept-Language": "de"},
    )
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("Sie haben diesen Vergleich schon beurteilt.")
    assert answer.json()["type"] == "/problems/already-judged"  # values for programs are the same in every language


def test_the_words_of_scripts_come_in_the_same_language_and_may_be_kept(db: None) -> None:
    answer = Client().get("/words.js", headers={"Accept-Language": "de"})
    assert answer["Content-Type"].startswith("text/javascript")
    assert "max-age=31536000" in answer["Cache-Control"]
    assert "Gespeichert: %(what)s" in answer.content.decode()
