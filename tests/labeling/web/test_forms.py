"""The forms of labeling's smaller pages."""

from labeling.web.forms import EventFilterForm, SignUpForm
from tests.people import stage


def test_the_log_is_filtered_by_a_known_event() -> None:
    assert EventFilterForm({"verb": "judgment.made"}).is_valid()
    assert not EventFilterForm({"verb": "judgment.imagined"}).is_valid()


def test_an_invited_person_sees_everything_that_is_wrong_at_once() -> None:
    scene = stage()
    form = SignUpForm({"username": scene.alice.username, "password": "1234", "email": "nowhere"})
    assert not form.is_valid()
    assert form.errors.keys() == {"username", "password", "email"}
    assert "already a user called alice" in form.errors["username"][0]
    assert "too short" in form.errors["password"][0]
