"""The biases of labels on a snapshot's page, and as a warning before a run."""

import pytest

from labeling.models import Campaign, User
from tests.clients import Visiting
from tests.training.actions.test_label_biases import shorter_wins
from training.actions.label_biases import measure_next_snapshot
from training.models import Snapshot
from training.web.label_biases import bias_rows
from training.web.training_advice import bias_advice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("var_dir")]


def test_a_lead_sees_the_biases_of_the_labels_and_the_warning_before_a_run(
    campaign: Campaign, alice: User, maya: User, visiting: Visiting
) -> None:
    snapshot = shorter_wins(campaign, alice, maya)
    client = visiting(maya)
    assert "Not measured yet" in client.get(f"/snapshots/{snapshot.pk}/").content.decode()
    assert bias_advice(campaign) is None
    assert "bias-advice" not in client.get(f"/campaigns/{campaign.slug}/").content.decode()
    measure_next_snapshot()
    page = client.get(f"/snapshots/{snapshot.pk}/").content.decode()
    assert "Less of it is preferred" in page
    snapshot.refresh_from_db()
    driver = next(row for row in bias_rows(snapshot) if row.alarm).drivers[0]
    assert f'/comparisons/{driver}/"' in page
    advice = bias_advice(campaign)
    assert advice is not None
    assert "Length (less of it)" in advice.sentence
    before = client.get(f"/campaigns/{campaign.slug}/").content.decode()
    assert f"/snapshots/{snapshot.pk}/#biases-title" in before


def test_labels_without_a_bias_give_no_warning(campaign: Campaign, alice: User, maya: User) -> None:
    snapshot = shorter_wins(campaign, alice, maya, pairs=10)  # too few prompts to prove anything
    measure_next_snapshot()
    assert bias_advice(campaign) is None
    rows = bias_rows(Snapshot.objects.get(pk=snapshot.pk))
    assert [row.alarm for row in rows] == [0] * len(rows)
    assert rows[0].share
    assert rows[0].interval


def test_the_page_of_a_snapshot_without_files_says_so(
    campaign: Campaign, alice: User, maya: User, visiting: Visiting
) -> None:
    snapshot = shorter_wins(campaign, alice, maya, pairs=10)
    Snapshot.objects.filter(pk=snapshot.pk).update(label_biases={"pairs": 0, "axes": []})
    page = visiting(maya).get(f"/snapshots/{snapshot.pk}/").content.decode()
    assert "its labels cannot be measured" in page
