"""The acts that a blind test refuses: each could bend its result."""

import json
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from labeling.actions.batches import take_back
from labeling.actions.blind_test_acts import REFUSED, BendsBlindTest
from labeling.actions.blind_tests import end_blind_test
from labeling.actions.bulk import KINDS, BulkOrder, Selection, start_bulk_act
from labeling.actions.comparisons import add_comparisons
from labeling.actions.curation import make_gold, restore_comparison, retire_comparison, review_flag, unmake_gold
from labeling.actions.imports import import_comparisons
from labeling.actions.practice import make_practice, unmake_practice
from labeling.actions.prompts import PromptDraft, add_prompts
from labeling.actions.relabeling import relabel_comparison
from labeling.actions.verdicts import adjudicate
from labeling.models import BulkAct, Comparison, ImportBatch
from tests.labeling.actions.test_blind_tests import blind_test_of
from tests.people import NOON, Stage, asks, pair, stage

pytestmark = pytest.mark.django_db

ON_ONE: dict[str, Callable[..., object]] = {
    "retire": lambda **who: retire_comparison(reason="Odd.", **who),
    "restore": restore_comparison,
    "dismiss": lambda **who: review_flag(keep=True, reason="Fine.", **who),
    "uphold": lambda **who: review_flag(keep=False, reason="Harmful.", **who),
    "gold": lambda **who: make_gold(winner="a", **who),
    "no gold": unmake_gold,
    "practice": lambda **who: make_practice(winner="a", **who),
    "no practice": unmake_practice,
    "again": lambda **who: relabel_comparison(more=1, reason="Doubt.", **who),
}


@pytest.fixture
def scene() -> Stage:
    return blind_test_of(stage())


def unchanged(scene: Stage) -> list[tuple[Any, ...]]:
    columns = ("pk", "status", "overlap", "priority", "position")
    return list(Comparison.objects.filter(campaign=scene.campaign).order_by("pk").values_list(*columns))


@pytest.mark.parametrize("name", ON_ONE)
def test_no_lead_changes_one_of_its_pairs(scene: Stage, name: str) -> None:
    before = unchanged(scene)
    with pytest.raises(BendsBlindTest, match="could bend the result of a blind test"):
        ON_ONE[name](comparison=scene.campaign.comparisons.all()[0], acting_user=scene.maya, now=NOON)
    assert unchanged(scene) == before


@pytest.mark.parametrize(("target", "kind"), [(target, kind) for target, kinds in KINDS.items() for kind in kinds])
def test_no_bulk_act_changes_its_rows(scene: Stage, kind: str, target: str) -> None:
    rows = scene.campaign.prompts if target == BulkAct.Target.PROMPTS else scene.campaign.comparisons
    selection = Selection(target, ids=tuple(rows.values_list("pk", flat=True)))
    order = BulkOrder(kind, reason="Odd.", more=1)
    before = unchanged(scene)
    with pytest.raises(BendsBlindTest):
        start_bulk_act(campaign=scene.campaign, selection=selection, order=order, acting_user=scene.maya, now=NOON)
    assert unchanged(scene) == before
    assert not BulkAct.objects.exists()


def test_every_kind_of_bulk_act_that_people_order_has_its_name() -> None:
    assert {kind for kinds in KINDS.values() for kind in kinds} <= REFUSED.keys()


def test_nobody_adds_pairs_prompts_or_votes_to_it(scene: Stage) -> None:
    who: dict[str, Any] = {"campaign": scene.campaign, "acting_user": scene.maya, "now": NOON}
    with pytest.raises(BendsBlindTest):
        add_comparisons(drafts=[pair(9)], source="hand", **who)
    with pytest.raises(BendsBlindTest):
        add_prompts(prompts=[PromptDraft(asks("Why?"))], **who)
    votes = {"prompt": "What is 1 plus one?", "chosen": "It is 2.", "rejected": "Nobody knows, but 1 is near."}
    before = scene.campaign.comparisons.count()
    for person in (scene.maya, None):  # a command imports as the system
        with pytest.raises(BendsBlindTest):
            import_comparisons(stream=BytesIO(json.dumps(votes).encode()), **who | {"acting_user": person})
    assert scene.campaign.comparisons.count() == before


def test_no_import_is_taken_back_from_it(scene: Stage) -> None:
    batch = ImportBatch.objects.create(campaign=scene.campaign, kind="prompts", created_at=NOON, status="done")
    with pytest.raises(BendsBlindTest):
        take_back(batch=batch, acting_user=scene.maya, now=NOON)


def test_an_expert_may_settle_its_conflicts_since_votes_count_and_not_verdicts(scene: Stage) -> None:
    one = scene.campaign.comparisons.all()[0]
    Comparison.objects.filter(pk=one.pk).update(status="conflict")
    verdict = adjudicate(comparison=one, winner="a", reason="Clear.", acting_user=scene.maya, now=NOON)
    assert verdict.winner == "a"


def test_flags_are_reviewed_once_the_test_is_over(scene: Stage) -> None:
    one = scene.campaign.comparisons.all()[0]
    Comparison.objects.filter(pk=one.pk).update(status="flagged")
    end_blind_test(campaign=scene.campaign, acting_user=None, now=NOON)
    one = Comparison.objects.select_related("campaign").get(pk=one.pk)
    reviewed = review_flag(comparison=one, keep=False, reason="Harmful.", acting_user=scene.maya, now=NOON)
    assert reviewed.status == "retired"


def test_in_other_campaigns_leads_may_do_all_of_this() -> None:
    scene = stage(comparisons=1)
    one = scene.campaign.comparisons.get()
    assert retire_comparison(comparison=one, reason="Odd.", acting_user=scene.maya, now=NOON).status == "retired"
