"""Runs of the schedule that learn only the labels that are new to the version they start from."""

from datetime import timedelta

import pytest

from labeling.actions.members import add_member
from labeling.models import Campaign, User
from tests.training.actions.test_rounds import version_of
from tests.training.actions.test_schedule import looked, planned, ready
from tests.training.conftest import NOW, account, add_written_pairs, judge_all
from training.actions.leaving_out import changes_without, leave_out, take_in
from training.actions.runs import RunSpec, start_run
from training.actions.snapshots import take_snapshot
from training.actions.versions import promote
from training.models import Run
from training.queries.loop import whole_snapshots

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("base")]


def test_a_run_learns_all_labels_or_only_those_that_are_new_to_its_start(
    labeled: Campaign, alice: User, maya: User
) -> None:
    rule = ready(labeled)
    planned(labeled, only_new_labels=True)
    looked(rule)
    first = Run.objects.get().snapshot
    assert (first.new_to, first.learned_before) == ("", 0)  # the base has learned nothing
    promote(version=version_of(Run.objects.get(), "tiny-v1"), acting_user=None, now=NOW, servers_first=False)
    add_written_pairs(labeled, per_prompt=3)
    judge_all(labeled, alice, now=NOW + timedelta(hours=1))
    looked(rule, hours=2)
    new = Run.objects.latest("pk").snapshot
    assert new.learned_before == first.train_pairs
    assert new.new_to == "tiny-v1"
    whole = take_snapshot(campaign=labeled, acting_user=None, now=NOW)
    assert (whole.train_pairs, whole.test_pairs) == (first.train_pairs + new.train_pairs, new.test_pairs)
    assert set(whole_snapshots(labeled)) == {first, whole}
    whole.manifest["meta"] |= {"new_to": "elsewhere-v1", "learned_before": 0}  # of a version that knew none of them
    whole.save()
    assert set(whole_snapshots(labeled)) == {first, whole}
    without_nobody = changes_without(labeled, maya, since=new)
    assert without_nobody.same == new.train_pairs + new.test_pairs
    assert not any(without_nobody.counts.values())  # what was learned before is no news


def test_what_was_held_out_or_left_out_before_is_new(labeled: Campaign, maya: User) -> None:
    bob = account("bob", "annotator")
    add_member(campaign=labeled, user=bob, role="annotator", acting_user=maya, now=NOW)
    add_written_pairs(labeled, per_prompt=3)
    judge_all(labeled, bob)
    leave_out(campaign=labeled, person=bob, acting_user=None, now=NOW)
    run = start_run(campaign=labeled, acting_user=None, now=NOW, spec=RunSpec(test_share=0.5))
    version = version_of(run, "tiny-v1")
    take_in(campaign=labeled, person=bob, acting_user=None, now=NOW)
    new = take_snapshot(campaign=labeled, acting_user=None, now=NOW, test_share=0.2, new_to=version)
    whole = take_snapshot(campaign=labeled, acting_user=None, now=NOW, test_share=0.2)
    assert new.test_pairs == whole.test_pairs
    assert new.learned_before == run.snapshot.train_pairs
    assert new.train_pairs == whole.train_pairs - run.snapshot.train_pairs


def test_labels_that_are_too_few_for_a_run_are_not_made_enough_by_another_split(labeled: Campaign, alice: User) -> None:
    """Another split would hold out what the version has learned."""
    rule = ready(labeled, min_fresh_verdicts=1)
    planned(labeled, only_new_labels=True)
    looked(rule)
    promote(version=version_of(Run.objects.get(), "tiny-v1"), acting_user=None, now=NOW, servers_first=False)
    add_written_pairs(labeled, per_prompt=2)
    judge_all(labeled, alice, now=NOW + timedelta(hours=1), limit=3)
    assert looked(rule, hours=2).startswith("Could not start: A run needs at least 4 preference pairs")
