"""A preview counts the judgments that the opinions of a file would bring."""

import io
import json

from labeling.actions.import_reports import ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.actions.opinion_previews import new_judgments
from labeling.exchange import Vote
from labeling.models import Comparison, Judgment
from tests.people import stage


def test_opinions_that_are_there_already_do_not_count() -> None:
    scene = stage()
    record = {"prompt": "Why?", "chosen": "So.", "rejected": "No.", "annotator": "ann"}
    import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(json.dumps(record).encode()),
        settings=ImportSettings(keep_preferences=True),
        acting_user=scene.maya,
        now=scene.now,
    )
    digest = Comparison.objects.get().pair_hash
    ann, ben, nobody = (Vote(name, "first") for name in ("ann", "ben", ""))
    pseudonym = Vote(Judgment.objects.get().annotator.pseudonym, "first")
    for votes, count in (([ann], 0), ([pseudonym], 0), ([ann, ben], 1), ([nobody, nobody], 2), ([ben, ben], 1)):
        assert new_judgments(scene.campaign, [(digest, votes)]) == count
    assert new_judgments(scene.campaign, [(digest, [ben]), (digest, [ben]), ("other", [ann])]) == 2
