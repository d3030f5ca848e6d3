"""Nobody gets a name that is taken for another, or that we give ourselves."""

import pytest

from common.errors import Invalid
from labeling.actions.people import UsernameTaken, create_user
from labeling.models import Role, User
from tests.people import NOON, person


def new(username: str) -> User:
    return create_user(username=username, role=Role.ANNOTATOR, acting_user=None, now=NOON)[0]


@pytest.mark.parametrize("like", ["LeadA", "LEADA", "le\u00e1dA", "1eada", "leadA\u0301", "Ieada", "le\u0251da"])
def test_a_name_that_looks_like_another_is_taken(like: str) -> None:
    person("leada")
    with pytest.raises(UsernameTaken, match="looks the same"):
        new(like)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "like"),
    [("coop", "\u0441\u043e\u043e\u0440"), ("Ilia", "IIia"), ("lilli", "IiIIi"), ("hoon", "\u0570\u0585\u0585\u0578")],
)
def test_letters_of_another_alphabet_and_capital_i_look_like_others(name: str, like: str) -> None:
    person(name)
    with pytest.raises(UsernameTaken):
        new(like)


def test_an_i_and_an_l_are_two_letters() -> None:
    person("maria")
    assert new("marla").username == "marla"


@pytest.mark.parametrize("name", ["lead\u3164", "lead\u1160", "lead\u115f", "lead\uffa0", "le\u200bad", "le ad"])
def test_a_name_of_which_something_is_unseen_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="invisible"):
        new(name)


@pytest.mark.parametrize(
    "name", ["l\u0435\u0430d", "b\u03bfb", "\u0430\u03bf", "b\u0585b", "le\u13aad", "\u2c9fb", "\u043e\u10d8"]
)
def test_a_name_in_two_alphabets_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="one alphabet"):
        new(name)


@pytest.mark.parametrize("name", ["b\u0665b", "b\u09e6b", "\u01c0eadA", "ab\u01c3", "\u07c0\u07c1"])
def test_other_digits_and_letters_like_strokes_are_refused(name: str) -> None:
    with pytest.raises(Invalid, match=r"0 to 9|one alphabet"):
        new(name)


@pytest.mark.parametrize(
    "name",
    [
        "j\u00fcrgen",
        "leadb",
        "anna.b",
        "\u0438\u0432\u0430\u043d",
        "eva-8",
        "\u5c71\u7530\u306e\u30fc8",
        "\u05d3\u05d52",
    ],
)
def test_other_names_are_free(name: str) -> None:
    person("leada")
    assert new(name).username == name


@pytest.mark.parametrize(
    "name",
    [
        ".",
        "..",
        "erased-8",
        "Erased-8",
        "\u0435rased-8",
        "outside-1",
        "outsIde-1",
        "annotator-0a1b2c3d",
        "er\u00e4sed-1",
    ],
)
def test_names_that_we_give_are_reserved(name: str) -> None:
    with pytest.raises(Invalid):
        new(name)
    assert not User.objects.exists()
