"""Open assignments with their contents, in one statement."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from labeling.actions.curation import retire_comparison
from labeling.judging.assignments import next_assignments
from labeling.queries.assignments import open_assignments
from tests.people import Stage, stage


def held(scene: Stage) -> list[int]:
    result = next_assignments(campaign=scene.campaign, acting_user=scene.alice, now=scene.now, ahead=2)
    return [one.pk for one in result.held]


def test_all_that_a_page_shows_is_read_in_one_statement() -> None:
    scene = stage(comparisons=6, prefetch=2)
    expected = held(scene)
    with CaptureQueriesContext(connection) as queries:
        assignments = open_assignments(campaign=scene.campaign, annotator=scene.alice)
        texts = [(one.comparison.prompt.messages, one.comparison.completion_a.text) for one in assignments]
    assert len(queries) == 1
    assert [one.pk for one in assignments] == expected
    assert all(messages and text for messages, text in texts)
    assert "token_ids" in assignments[0].comparison.completion_a.get_deferred_fields()


def test_an_assignment_whose_comparison_was_taken_out_is_left_out() -> None:
    scene = stage(comparisons=6, prefetch=2)
    first, second, third = held(scene)
    assignments = open_assignments(campaign=scene.campaign, annotator=scene.alice)
    comparison = next(one.comparison for one in assignments if one.pk == second)
    retire_comparison(comparison=comparison, reason="Broken.", acting_user=scene.maya, now=scene.now)
    assert [one.pk for one in open_assignments(campaign=scene.campaign, annotator=scene.alice)] == [first, third]
    assert open_assignments(campaign=scene.campaign, annotator=scene.bob) == []
