"""Every event of the log has a name, and no page shows the verb itself."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from labeling.events.types import offered
from labeling.web import account_events
from labeling.web.event_labels import event_choices, event_label, subject_label
from labeling.web.event_sentences import WHAT, has_sentence, sentence_of_event
from training.claims import NOUNS

VERB = re.compile(r'record\(\s*"([a-z_]+\.[a-z_]+)"')


def test_every_event_has_a_name() -> None:
    sources = (
        path.read_text() for app in ("labeling", "training") for path in Path(settings.BASE_DIR, app).rglob("*.py")
    )
    verbs = {verb for source in sources for verb in VERB.findall(source)}
    assert len(verbs) > 20
    assert verbs - {verb for verb, _ in event_choices(everywhere=True)} == set()


def test_a_campaign_offers_no_event_of_accounts() -> None:
    of_accounts = {verb for verb, _ in event_choices(everywhere=True)} - {verb for verb, _ in event_choices()}
    assert of_accounts == set(account_events.LABELS)
    assert {verb.partition(".")[0] for verb in of_accounts} == account_events.NOUNS


def test_every_event_has_a_sentence_about_its_thing() -> None:
    for language in ("en", "de"):
        with translation.override(language):
            for verb, _ in event_choices(everywhere=True):
                assert has_sentence(verb), verb
                assert WHAT in sentence_of_event(verb), (language, verb)


def test_an_unknown_event_has_a_sentence_too() -> None:
    assert sentence_of_event("robot.came_by") == "%(who)s: Robot came by, %(what)s"


def test_names_are_translated() -> None:
    assert event_label("judgment.made") == "Judgment made"
    with translation.override("de"):
        assert event_label("judgment.made") == "Urteil abgegeben"
        assert subject_label("guidelineversion") == "Richtlinien"


@pytest.mark.parametrize(("verb", "label"), [("robot.came_by", "Robot came by"), ("odd", "Odd")])
def test_an_unknown_verb_becomes_words(verb: str, label: str) -> None:
    assert event_label(verb) == label


def test_every_webhook_message_has_a_name() -> None:
    named = {verb for verb, _ in event_choices()} | {"campaign.finished", "comparison.conflict", "verdict.settled"}
    assert set(offered()) <= named
    with translation.override("de"):
        assert event_label("verdict.settled") == "Vergleich entschieden"


@pytest.mark.parametrize("noun", sorted(set(NOUNS.values())))
def test_every_act_on_a_job_has_a_name(noun: str) -> None:
    ends = {f"{noun}.{end}" for end in ("finished", "failed", "cancelled", "cancel_requested", "resumed")}
    assert ends <= {verb for verb, _ in event_choices()}
