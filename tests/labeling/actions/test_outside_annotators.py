"""Codes that stand for outside annotators are recognised after the installation's secret changed."""

from django.conf import settings
from django.test import override_settings

from labeling.actions.erasure import erase_person
from labeling.models import Comparison, User
from tests.labeling.actions.opinions import THREE, bring_in
from tests.people import Stage, stage

ROTATED = override_settings(SECRET_KEY="another-one", SECRET_KEY_FALLBACKS=[settings.SECRET_KEY])


def erase(scene: Stage, name: str) -> None:
    outside = User.objects.get(outside_name=name)
    erase_person(person=outside, confirmation=outside.pseudonym, acting_user=scene.maya, now=scene.now)


def test_after_the_secret_was_rotated_the_same_file_does_not_bring_an_erased_annotator_back() -> None:
    scene = stage(overlap=5)
    bring_in(scene, *THREE)
    erase(scene, "ann")
    with ROTATED:
        again = bring_in(scene, *THREE, {**THREE[0], "prompt": "Another?"})
        assert (again.judgments, again.notes.counts["erased"]) == (0, 1)
        assert not User.objects.filter(outside_name="ann").exists()


def test_an_erasure_after_the_secret_was_rotated_finds_opinions_of_imports_before() -> None:
    scene = stage(overlap=3)
    bring_in(scene, THREE[0], keep=False)
    with ROTATED:
        bring_in(scene, {**THREE[0], "prompt": "Another?"}, keep=False)
        bring_in(scene, *THREE)
        erase(scene, "ann")
    assert not Comparison.objects.filter(metadata__has_key="opinions").exists()
