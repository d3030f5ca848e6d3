"""The SQL statements of the queue. `queue` describes what they must guarantee."""

from labeling.tally import ADD

# OFFSET 0 makes the planner look each own assignment up in the unique index, once for each comparison it walks over.
# Without it the planner may join instead, and read everything that the annotator ever judged.
FIND = """
SELECT c.id, c.position, (
    SELECT own."left" FROM labeling_assignment own
    WHERE own.comparison_id = c.id AND own.annotator_id = %(annotator)s AND own.kind <> 'retest'
) AS left_before
FROM labeling_comparison c
WHERE c.campaign_id = %(campaign)s AND c.status = 'open' AND c.taken < c.overlap
    AND c.position > %(after)s AND c.position <= %(until)s
    AND (%(may_judge_own)s OR c.added_by_id IS DISTINCT FROM %(annotator)s)
    AND NOT EXISTS (
        SELECT FROM labeling_assignment own
        WHERE own.comparison_id = c.id AND own.annotator_id = %(annotator)s AND own.kind <> 'retest'
            AND own.status <> 'released'
        OFFSET 0
    )
ORDER BY c.position
LIMIT 1
FOR NO KEY UPDATE OF c SKIP LOCKED
"""

# Nobody is given gold that they added or whose verdict they set. Gold that was released comes back once the rest was
# given, as other comparisons do: it is not used up by leases that end.
FIND_GOLD = """
SELECT c.id, c.position, (
    SELECT own."left" FROM labeling_assignment own
    WHERE own.comparison_id = c.id AND own.annotator_id = %(annotator)s AND own.kind <> 'retest'
) AS left_before
FROM labeling_comparison c JOIN labeling_gold gold ON gold.comparison_id = c.id
WHERE c.campaign_id = %(campaign)s AND c.status = 'gold'
    AND c.added_by_id IS DISTINCT FROM %(annotator)s AND gold.set_by_id IS DISTINCT FROM %(annotator)s
    AND NOT EXISTS (
        SELECT FROM labeling_assignment own
        WHERE own.comparison_id = c.id AND own.annotator_id = %(annotator)s AND own.kind <> 'retest'
            AND own.status <> 'released'
        OFFSET 0
    )
ORDER BY EXISTS (
    SELECT FROM labeling_assignment released
    WHERE released.comparison_id = c.id AND released.annotator_id = %(annotator)s AND released.kind <> 'retest'
), c.position
LIMIT 1
FOR SHARE OF c SKIP LOCKED
"""

# Among what this annotator judged at least `retest_after` judgments ago. The number of rows read does not grow.
FIND_RETEST = """
WITH recent AS (
    SELECT judgment.comparison_id, judgment."left" FROM labeling_judgment judgment
    WHERE judgment.annotator_id = %(annotator)s AND judgment.campaign_id = %(campaign)s AND judgment.kind = 'normal'
        AND judgment.superseded_at IS NULL AND judgment.choice <> 'skip'
    ORDER BY judgment.created_at DESC, judgment.id DESC
    OFFSET %(retest_after)s LIMIT greatest(%(retest_after)s, 20)
)
SELECT c.id, c.position, CASE recent."left" WHEN 'a' THEN 'b' ELSE 'a' END AS left_now
FROM recent JOIN labeling_comparison c ON c.id = recent.comparison_id
WHERE c.status IN ('open', 'conflict', 'settled') AND NOT EXISTS (
    SELECT FROM labeling_assignment own
    WHERE own.comparison_id = c.id AND own.annotator_id = %(annotator)s AND own.kind = 'retest'
        AND own.status <> 'released'
)
ORDER BY random()
LIMIT 1
FOR SHARE OF c SKIP LOCKED
"""

NEWEST_GUIDELINES = """
    (SELECT id FROM labeling_guidelineversion WHERE campaign_id = {campaign} ORDER BY number DESC LIMIT 1)
"""

# A new lease renews those that the annotator holds already.
_RENEWED = f"""
renewed AS (
    UPDATE labeling_assignment SET expires_at = %(expires_at)s,
        guideline_version_id = {NEWEST_GUIDELINES.format(campaign="%(campaign)s")}
    WHERE %(renew)s AND annotator_id = %(annotator)s AND campaign_id = %(campaign)s AND status = 'leased'
)"""  # noqa: S608 - made of constants

_AGAIN = """DO UPDATE SET
    kind = excluded.kind, guideline_version_id = excluded.guideline_version_id, slot = excluded.slot,
    "left" = excluded."left", arm = excluded.arm,
    status = excluded.status, leased_at = excluded.leased_at, expires_at = excluded.expires_at
WHERE held.status = 'released'
RETURNING id
"""

# This is not part of FIND: only a later statement sees every place that others took before the lock was ours.
TAKE = f"""
WITH taken AS (
    UPDATE labeling_comparison SET taken = taken + 1
    WHERE id = %(comparison)s AND status = 'open' AND taken < overlap
    RETURNING id, campaign_id, overlap, arm
), moved AS (
    UPDATE labeling_membership SET cursor = %(cursor)s, left_balance = %(left_balance)s WHERE id = %(membership)s
), {_RENEWED}
INSERT INTO labeling_assignment AS held
    (comparison_id, campaign_id, annotator_id, guideline_version_id, kind, slot, "left", arm, status, leased_at,
    expires_at)
SELECT taken.id, taken.campaign_id, %(annotator)s,
    {NEWEST_GUIDELINES.format(campaign="taken.campaign_id")}, 'normal',
    (SELECT min(slot) FROM generate_series(1, taken.overlap) slot WHERE NOT EXISTS (
        SELECT FROM labeling_assignment other WHERE other.comparison_id = taken.id AND other.slot = slot.slot)),
    %(left)s, taken.arm, 'leased', %(now)s, %(expires_at)s
FROM taken
ON CONFLICT (comparison_id, annotator_id) WHERE kind <> 'retest' {_AGAIN}
"""  # noqa: S608 - made of constants

# Gold and retests hold no place, so nothing is counted.
_TAKE_BESIDE = f"""
WITH moved AS (
    UPDATE labeling_membership SET left_balance = %(left_balance)s WHERE id = %(membership)s
), {_RENEWED}
INSERT INTO labeling_assignment AS held
    (comparison_id, campaign_id, annotator_id, guideline_version_id, kind, "left", status, leased_at, expires_at)
VALUES (%(comparison)s, %(campaign)s, %(annotator)s, {NEWEST_GUIDELINES.format(campaign="%(campaign)s")}, %(kind)s,
    %(left)s, 'leased', %(now)s, %(expires_at)s)
"""  # noqa: S608 - made of constants
TAKE_GOLD = f"{_TAKE_BESIDE} ON CONFLICT (comparison_id, annotator_id) WHERE kind <> 'retest' {_AGAIN}"
TAKE_RETEST = f"{_TAKE_BESIDE} ON CONFLICT (comparison_id, annotator_id) WHERE kind = 'retest' {_AGAIN}"

RELEASE = """
WITH released AS (
    UPDATE labeling_assignment SET status = 'released', slot = NULL
    WHERE id = ANY(%(assignments)s) AND status = 'leased' RETURNING comparison_id, kind
), freed AS (
    SELECT comparison_id, count(*) AS places FROM released WHERE kind = 'normal' GROUP BY comparison_id
)
UPDATE labeling_comparison SET taken = taken - freed.places FROM freed WHERE id = freed.comparison_id
"""

# All that a judgment or its undo changes, in one statement. The rows are locked, so values are written as they are.
WRITE_BACK = f"""
WITH member AS (
    UPDATE labeling_membership SET cursor = %(cursor)s, judged = %(member_judged)s, judged_on = %(judged_on)s,
        judged_today = %(judged_today)s, gold_right = %(gold_right)s, gold_total = %(gold_total)s,
        warned_at = %(warned_at)s, paused_at = %(paused_at)s
    WHERE id = %(membership)s
), held AS (
    UPDATE labeling_assignment SET status = %(held_status)s, slot = %(slot)s, expires_at = %(expires_at)s
    WHERE id = %(assignment)s
), compared AS (
    UPDATE labeling_comparison SET status = %(status)s, overlap = %(overlap)s, taken = %(taken)s, judged = %(judged)s,
        votes_a = %(votes_a)s, votes_b = %(votes_b)s, votes_tie = %(votes_tie)s, votes_both_bad = %(votes_both_bad)s
    WHERE id = %(comparison)s
)
{ADD.strip()}
"""  # noqa: S608 - made of constants
