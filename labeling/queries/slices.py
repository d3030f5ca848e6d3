"""Slices: the judgments of a campaign that a statistic is about, with their votes in temporary tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext

from common.errors import Invalid
from labeling.models import Campaign, User


@dataclass(frozen=True, slots=True)
class Slice:
    """Limits on the judgments that count; None: no limit.

    since, until: when a judgment was made; since is inclusive, until is not. guideline_version: its number.
    model_version: comparisons with a completion of it. annotator: a pseudonym; figures about single judgments are then
    about this person, and agreement is theirs with each of the others. criterion: its choices replace the overall ones.
    include_simulated: whether simulated annotators count. include_imported: whether outside annotators do.
    """

    since: datetime | None = None
    until: datetime | None = None
    guideline_version: int | None = None
    model_version: str | None = None
    annotator: str | None = None
    criterion: str | None = None
    include_simulated: bool = False
    include_imported: bool = False


@dataclass(frozen=True, slots=True)
class SliceChoices:
    """The values by which a campaign can be sliced."""

    guideline_versions: list[int]
    model_versions: list[str]
    annotators: list[str]
    criteria: list[str]


# The votes on comparisons that count. choice: 0 a, 1 tie or both bad, 2 b. strength: from -3 (b much better) to 3 (a
# much better), 0: a tie, null: not asked. is_selected: by the slice's annotator, or the slice has none.
VOTES = """
CREATE TEMPORARY TABLE slice_vote AS
SELECT judgment.comparison_id, judgment.annotator_id, judgment.created_at, judgment.seconds,
    ({choice} = judgment."left") AS chose_left,
    (CASE {choice} WHEN 'a' THEN 0 WHEN 'b' THEN 2 ELSE 1 END)::smallint AS choice,
    (CASE {choice} WHEN 'a' THEN {strength} WHEN 'b' THEN -{strength} ELSE 0 END)::smallint AS strength,
    (%(annotator)s::bigint IS NULL OR judgment.annotator_id = %(annotator)s) AS is_selected, ({early}) AS early
FROM labeling_judgment judgment
JOIN labeling_comparison comparison ON comparison.id = judgment.comparison_id
WHERE judgment.campaign_id = %(campaign)s AND judgment.superseded_at IS NULL AND judgment.choice <> 'skip'
    AND judgment.kind = 'normal' AND comparison.status NOT IN ('flagged', 'retired', 'gold', 'practice')
"""
# Adaptive overlap gives comparisons with dissent more votes. Only the first votes, which all get, show agreement.
EARLY = (
    "row_number() OVER (PARTITION BY judgment.comparison_id ORDER BY judgment.created_at, judgment.id) <= %(overlap)s"
)

# Judgments of gold with the known winner, and retests with the first choice; of the slice's annotator, if it has one.
CHECKS = """
CREATE TEMPORARY TABLE slice_check AS
SELECT judgment.annotator_id, judgment.kind, gold.winner, {choice} AS choice, judgment."left",
    {first_choice} AS first_choice, earlier."left" AS first_left
FROM labeling_judgment judgment
JOIN labeling_comparison comparison ON comparison.id = judgment.comparison_id
LEFT JOIN labeling_gold gold ON gold.comparison_id = judgment.comparison_id AND judgment.kind = 'gold'
LEFT JOIN labeling_judgment earlier ON judgment.kind = 'retest' AND earlier.comparison_id = judgment.comparison_id
    AND earlier.annotator_id = judgment.annotator_id AND earlier.kind = 'normal' AND earlier.superseded_at IS NULL
    AND earlier.choice <> 'skip'
WHERE judgment.campaign_id = %(campaign)s AND judgment.superseded_at IS NULL AND judgment.choice <> 'skip'
    AND judgment.kind <> 'normal' AND comparison.status NOT IN ('flagged', 'retired', 'practice')
    AND (%(annotator)s::bigint IS NULL OR judgment.annotator_id = %(annotator)s)
"""

LIMITS = {
    "since": "judgment.created_at >= %(since)s",
    "until": "judgment.created_at < %(until)s",
    "guideline_version": "judgment.guideline_version_id = %(guideline)s",
    "model_version": """(SELECT count(*) FROM labeling_completion completion WHERE completion.model_version =
        %(model_version)s AND completion.id IN (comparison.completion_a_id, comparison.completion_b_id)) > 0""",
    "criterion": "judgment.criteria ? %(criterion)s",
}
NOT_SIMULATED = "judgment.annotator_id NOT IN (SELECT id FROM labeling_user WHERE is_simulated)"
NOT_IMPORTED = """judgment.annotator_id NOT IN
    (SELECT id FROM labeling_user WHERE outside_campaign_id = judgment.campaign_id)"""
MOST_OUTSIDE = 200
"""Outside annotators that a form offers. An arena has thousands of judges."""


# One row for each comparison; in an annotator's slice, one for each of their votes beside each vote of another.
UNITS = """
CREATE TEMPORARY TABLE slice_unit AS
SELECT comparison_id, max(created_at) AS last,
    (count(*) FILTER (WHERE choice = 0))::smallint AS a, (count(*) FILTER (WHERE choice = 1))::smallint AS tie,
    (count(*) FILTER (WHERE choice = 2))::smallint AS b
FROM slice_vote WHERE early GROUP BY comparison_id
"""
UNITS_OF_ONE = """
CREATE TEMPORARY TABLE slice_unit AS
SELECT comparison_id, greatest(one.created_at, other.created_at) AS last,
    ((one.choice = 0)::int + (other.choice = 0)::int)::smallint AS a,
    ((one.choice = 1)::int + (other.choice = 1)::int)::smallint AS tie,
    ((one.choice = 2)::int + (other.choice = 2)::int)::smallint AS b
FROM slice_vote one JOIN slice_vote other USING (comparison_id) WHERE one.is_selected AND NOT other.is_selected
    AND one.early AND other.early
"""


CHOICES_KEPT_SECONDS = 300

MODEL_VERSIONS = """
SELECT DISTINCT completion.model_version FROM labeling_completion completion
JOIN labeling_prompt prompt ON prompt.id = completion.prompt_id
WHERE prompt.campaign_id = %(campaign)s AND completion.model_version <> '' ORDER BY 1
"""
CRITERIA = """
SELECT DISTINCT jsonb_object_keys(criteria) FROM labeling_judgment WHERE campaign_id = %(campaign)s AND criteria <> '{}'
ORDER BY 1
"""


def slice_choices(campaign: Campaign) -> SliceChoices:
    """The values that a form offers. Annotators are members and outside annotators; the API accepts all who judged.

    Versions and criteria are cached for a few minutes, because reading them takes a moment in a large campaign.
    """
    key = f"slice-choices:{campaign.pk}"
    cached: tuple[list[str], list[str]] | None = cache.get(key)
    if cached is None:
        cached = _names(campaign)
        cache.set(key, cached, CHOICES_KEPT_SECONDS)
    model_versions, criteria = cached
    people = campaign.memberships.filter(judged__gt=0).order_by("user__pseudonym")
    outside = campaign.outside_annotators.order_by("pk").values_list("pseudonym", flat=True)[:MOST_OUTSIDE]
    return SliceChoices(
        guideline_versions=list(campaign.guideline_versions.order_by("number").values_list("number", flat=True)),
        model_versions=model_versions,
        annotators=[*people.values_list("user__pseudonym", flat=True), *outside],
        criteria=criteria,
    )


def _names(campaign: Campaign) -> tuple[list[str], list[str]]:
    """The names of model versions and criteria."""
    with connection.cursor() as cursor:
        cursor.execute(MODEL_VERSIONS, {"campaign": campaign.pk})
        model_versions = [name for (name,) in cursor.fetchall()]
        cursor.execute(CRITERIA, {"campaign": campaign.pk})
        return model_versions, [name for (name,) in cursor.fetchall()]


@contextmanager
def votes_of(campaign: Campaign, part: Slice) -> Iterator[CursorWrapper]:
    """A cursor with temporary tables: `slice_vote` (the votes), `slice_unit` (their counts for each comparison) and
    `slice_check` (judgments of gold and retests).

    Raises Invalid if the slice names something that the campaign does not have.
    """
    values = _values(campaign, part)
    votes, checks = slice_statements(part, is_adaptive=campaign.max_overlap is not None)
    # In a savepoint: an error removes the tables, and the caller's transaction can continue.
    with transaction.atomic(), connection.cursor() as cursor:
        # Enough memory to group and join a million votes; ANALYZE tells the planner how many there are.
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(votes, values)
        cursor.execute("ANALYZE slice_vote")
        cursor.execute(UNITS if part.annotator is None else UNITS_OF_ONE)
        cursor.execute("ANALYZE slice_unit")
        cursor.execute(checks, values)
        yield cursor
        cursor.execute("DROP TABLE slice_vote, slice_unit, slice_check")


def check_slice(campaign: Campaign, part: Slice) -> None:
    """Raises Invalid if the slice names something that the campaign does not have."""
    _values(campaign, part)


def slice_statements(part: Slice, *, is_adaptive: bool) -> tuple[str, str]:
    """The statements that create `slice_vote` and `slice_check`. is_adaptive: whether the overlap is adaptive."""
    limits = [limit for name, limit in LIMITS.items() if getattr(part, name) is not None]
    limits += [] if part.include_simulated else [NOT_SIMULATED]
    limits += [] if part.include_imported else [NOT_IMPORTED]
    choice, first_choice = ("judgment.choice", "earlier.choice")
    if part.criterion is not None:
        choice, first_choice = (f"({row}.criteria ->> %(criterion)s)" for row in ("judgment", "earlier"))
    early = EARLY if is_adaptive else "TRUE"
    strength = "judgment.strength" if part.criterion is None else "NULL::smallint"
    votes = " AND ".join([VOTES.format(choice=choice, strength=strength, early=early), *limits])
    checks = " AND ".join([CHECKS.format(choice=choice, first_choice=first_choice), *limits])
    return votes, checks


def _values(campaign: Campaign, part: Slice) -> dict[str, Any]:
    values: dict[str, Any] = {
        "campaign": campaign.pk,
        "since": part.since,
        "until": part.until,
        "model_version": part.model_version,
        "criterion": part.criterion,
        "overlap": max(campaign.overlap, 2),
        "guideline": None,
        "annotator": None,
    }
    if part.guideline_version is not None:
        version = campaign.guideline_versions.filter(number=part.guideline_version).first()
        if version is None:
            text = gettext("The campaign has no guideline version %(number)s.")
            raise Invalid.of("guideline_version", text % {"number": part.guideline_version})
        values["guideline"] = version.pk
    if part.annotator is not None:
        person = User.objects.filter(pseudonym=part.annotator, judgments__campaign=campaign).first()
        if person is None:
            text = gettext("Nobody called %(name)s has judged here. Use the pseudonym.")
            raise Invalid.of("annotator", text % {"name": part.annotator})
        values["annotator"] = person.pk
    return values
