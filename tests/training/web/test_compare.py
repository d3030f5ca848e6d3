"""Two versions side by side, and the words in which their texts differ."""

import pytest

from tests.browser.furnished import Furnished, furnish
from tests.clients import Visiting
from tests.people import NOON, Stage, stage
from training.models import ModelVersion
from training.web.compare import word_diff


@pytest.fixture
def scene() -> tuple[Stage, Furnished]:
    made = stage(comparisons=4)
    return made, furnish(made)


def test_two_versions_are_put_beside_each_other(scene: tuple[Stage, Furnished], visiting: Visiting) -> None:
    from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
    from tests.people import asks

    on_stage, _ = scene
    maya = visiting(on_stage.maya)
    page = maya.get("/versions/compare/?one=sums-v1&other=sums-v2").content.decode()
    assert "No shared prompts yet" in page
    draft = ComparisonDraft(
        asks("Which?"), CompletionDraft("the red cat", "sums-v1"), CompletionDraft("the blue cat", "sums-v2")
    )
    on_stage.add([draft])
    page = maya.get("/versions/compare/?one=sums-v1&other=sums-v2").content.decode()
    assert "<del>red</del>" in page
    assert "<ins>blue</ins>" in page
    assert maya.get("/versions/compare/").headers["Location"].endswith("?one=base&other=sums-v1")
    assert maya.get("/versions/compare/?one=nothing&other=sums-v2").status_code == 404


def test_versions_of_different_base_models_are_compared_by_their_texts(
    scene: tuple[Stage, Furnished], visiting: Visiting
) -> None:
    maya = visiting(scene[0].maya)
    ModelVersion.objects.create(name="elsewhere", base_dir="/elsewhere", content_hash="aa11" * 16, created_at=NOON)
    page = maya.get("/versions/compare/?one=elsewhere&other=sums-v2").content.decode()
    assert "These versions have different base models" in page
    page = maya.get("/versions/compare/?one=sums-v1&other=sums-v2").content.decode()
    assert "different base models" not in page
    assert "Held-out loss" in page
    assert "Entropy" not in page  # nobody measured it


@pytest.mark.parametrize(("one", "other"), [("a b c", "a c"), ("", "x"), ("same", "same"), ("a  b\n", "a b\n\nc")])
def test_the_pieces_of_a_diff_are_both_texts(one: str, other: str) -> None:
    left, right = word_diff(one, other)
    assert "".join(piece.text for piece in left) == one
    assert "".join(piece.text for piece in right) == other
    kept = ["".join(piece.text for piece in side if piece.kind == "same") for side in (left, right)]
    assert kept[0] == kept[1]


def test_texts_that_share_little_are_not_marked() -> None:
    one, other = "The owl sleeps all day and hunts at night.", "Penguins walk over the ice and eat a lot of fish."
    left, right = word_diff(one, other)
    assert [(piece.kind, piece.html) for piece in (*left, *right)] == [("apart", one), ("apart", other)]
    assert [piece.kind for piece in word_diff(one, one.replace("day", "week"))[0]] == ["same", "gone", "same"]


def test_texts_that_say_the_same_word_again_and_again_stand_side_by_side() -> None:
    one, other = (" ".join(f"a {letter}{number}" for number in range(300)) for letter in "xy")
    left, right = word_diff(one, other)
    assert [(piece.kind, piece.text) for piece in (*left, *right)] == [("same", one), ("same", other)]
    long = " ".join(f"w{number}" for number in range(600))
    assert len(word_diff(long, long.replace("w5 ", "and "))[0]) > 1
