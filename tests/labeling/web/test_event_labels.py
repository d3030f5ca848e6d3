"""Every event of the log has a name, and no page shows the verb itself."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from labeling.web.event_labels import event_choices, event_label, subject_label

VERB = re.compile(r'record\(\s*"([a-z_]+\.[a-z_]+)"')
OF_NO_CAMPAIGN = {"lab_session", "person", "token", "user"}


def test_every_event_of_a_campaign_has_a_name() -> None:
    sources = (
        path.read_text() for app in ("labeling", "training") for path in Path(settings.BASE_DIR, app).rglob("*.py")
    )
    verbs = {verb for source in sources for verb in VERB.findall(source)}
    named = {verb for verb, _ in event_choices()}
    assert len(verbs) > 20
    assert {verb for verb in verbs - named if verb.partition(".")[0] not in OF_NO_CAMPAIGN} <= {
        "version.files_removed",  # of no campaign either
    }


def test_names_are_translated() -> None:
    assert event_label("judgment.made") == "Judgment made"
    with translation.override("de"):
        assert event_label("judgment.made") == "Urteil abgegeben"
        assert subject_label("guidelineversion") == "Richtlinien"


@pytest.mark.parametrize(("verb", "label"), [("run.cancel_requested", "Run cancel requested"), ("odd", "Odd")])
def test_an_unknown_verb_becomes_words(verb: str, label: str) -> None:
    assert event_label(verb) == label
