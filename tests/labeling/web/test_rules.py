"""Labels and help texts of the rules."""

from labeling.actions.rules import RULES
from labeling.models import Campaign
from labeling.web.rules import HELP, LABELS, in_minutes

IN_FIELDS_OF_THE_FORM = {"criteria", "skip_reasons"}
"""Lists, which the form reads from lines of text; it names these fields itself."""


def test_every_rule_has_a_label_of_its_own_and_a_sentence() -> None:
    assert set(LABELS) == set(RULES) - IN_FIELDS_OF_THE_FORM
    assert set(HELP) == set(LABELS) - {"description"}  # its label says it all
    assert len({str(label) for label in LABELS.values()}) == len(LABELS)
    for name, sentence in HELP.items():
        assert str(sentence).endswith("."), name


def test_every_text_belongs_to_a_field_of_the_campaign() -> None:
    fields = {field.name for field in Campaign._meta.get_fields()}
    assert set(LABELS) | set(HELP) <= fields


def test_minutes_are_whole_where_they_can_be() -> None:
    assert [in_minutes(seconds) for seconds in (0, 30, 77, 1800)] == [0, 0.5, 1.28, 30]
    assert isinstance(in_minutes(1800), int)
