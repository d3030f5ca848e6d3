"""agreement prints figures or JSON."""

import json

import pytest

from tests.labeling.management.running import run
from tests.people import stage


def test_agreement_prints_figures_or_json() -> None:
    scene = stage(comparisons=3, overlap=2)
    for user, letters in ((scene.alice, "aab"), (scene.bob, "abb")):
        for letter in letters:
            scene.vote(scene.given(user), letter)
    out, _ = run("agreement", "sums", "--json")
    figures = json.loads(out)
    assert (figures["campaign"], figures["include_simulated"]) == ("sums", False)
    assert figures["percent_with_ties"]["value"] == pytest.approx(2 / 3)
    assert figures["alpha_nominal"]["comparisons"] == 3
    out, _ = run("agreement", "sums")
    assert "Krippendorff's alpha" in out
    assert "over 3 comparisons" in out


def test_agreement_of_nothing_says_why() -> None:
    stage()
    out, _ = run("agreement", "sums")
    assert out.count("undefined:") == 4
