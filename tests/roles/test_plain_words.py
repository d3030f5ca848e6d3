"""No page shows the name of a field, a setting, a reason or an event: each has a label.

Every page of the browser's suite is read as text, without its code, its scripts, and whatever people or models wrote.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.utils.timezone import now

from labeling.events.record import record
from labeling.models import Event, User
from labeling.web.event_labels import event_choices
from tests.browser.furnished import Furnished
from tests.browser.test_pages import NOT_OURS, PAGES, everything
from tests.clients import Visiting
from tests.people import Stage, stage
from training.engine.config import RunConfig
from training.models import Evaluation
from training.web.setting_labels import DROPPED, RESULTS

MACHINE_WORD = re.compile(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b")
DOTTED = re.compile(r"\b[a-z_]+\.[a-z_]+\b")
NOT_READ = {"code", "pre", "script", "style", "textarea", "bdi", "title", "svg", "math"}
"""Code, people's words, and drawings; `dir="auto"` marks what people and models wrote too."""
SPOKEN = ("title", "aria-label", "alt", "placeholder", "data-name")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


class Reader(HTMLParser):
    """Collects what a page says to people."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.texts: list[str] = []

    @property
    def is_reading(self) -> bool:
        return not any(skipped for _tag, skipped in self.open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if self.is_reading:
            self.texts += [value for name in SPOKEN if (value := values.get(name))]
        if tag not in VOID:
            foreign = values.get("dir") == "auto" or "prose" in (values.get("class") or "").split()
            self.open.append((tag, tag in NOT_READ or foreign))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open[-1][0] != tag and any(name == tag for name, _skipped in self.open):
            self.open.pop()
        if self.open and self.open[-1][0] == tag:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.is_reading:
            self.texts.append(data)


def machine_words(html: str) -> list[str]:
    """The machine's words in the text of a page."""
    reader = Reader()
    reader.feed(html)
    verbs = {verb for verb, _label in event_choices()}
    dotted = {match.group() for text in reader.texts for match in DOTTED.finditer(text)}
    return sorted({match.group() for text in reader.texts for match in MACHINE_WORD.finditer(text)} | (dotted & verbs))


def test_the_reader_tells_a_machines_word_from_code_and_peoples_words() -> None:
    assert machine_words("<p>Left out: both_bad</p>") == ["both_bad"]
    assert machine_words('<p title="evaluate_every">x<br>judgment.made</p>') == ["evaluate_every", "judgment.made"]
    assert machine_words("<code>both_bad</code><p dir='auto'>my_word</p><bdi>file_name.json</bdi><p>e.g. 0.5</p>") == []


def with_every_name(on_stage: Stage, furnished: Furnished) -> None:
    """Rows with every setting, reason, figure and event, so that each name would be on a page."""
    for version in (furnished.one, furnished.two):
        version.lineage = {**version.lineage, "config": RunConfig().as_dict()}
        version.save()
    run = furnished.finished
    run.config = RunConfig().as_dict()
    run.save()
    run.snapshot.manifest = {**run.snapshot.manifest, "dropped": dict.fromkeys(DROPPED, 3)}
    run.snapshot.save()
    figures = dict.fromkeys(RESULTS, 0.5)
    Evaluation.objects.create(version=furnished.two, kind="held_out", results=figures, created_at=now())
    for verb, _label in event_choices():
        record(verb, on_stage.campaign, acting_user=on_stage.maya, now=now(), campaign=on_stage.campaign)
    assert Event.objects.filter(campaign=on_stage.campaign).count() > 50


def pages() -> Iterator[tuple[str, str]]:
    for who, paths in PAGES.items():
        for path in paths:
            if path not in NOT_OURS:
                yield who, path


@pytest.mark.long
@pytest.mark.django_db
def test_no_page_shows_a_machines_word(visiting: Visiting) -> None:
    on_stage = stage(comparisons=12)
    furnished, names = everything(on_stage)
    with_every_name(on_stage, furnished)
    faults: list[str] = []
    for who, path in pages():
        user = None if who == "nobody" else User.objects.get(username=who)
        answer = visiting(user).get(path.format(**names))
        words = machine_words(answer.content.decode()) if "html" in answer.headers["Content-Type"] else []
        faults += [f"{who} {path}: {', '.join(words)}"] if words else []
    assert not faults, "\n".join(faults)
