"""Simulated annotators: marked as such in the database, never counted as human, judging through the same actions."""

import random
from datetime import datetime

from labeling.actions.people import create_user
from labeling.judging.acts import judge
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Assignment, Campaign, Role, User
from training.rehearsal.rules import PreferenceRule


def simulated_people(count: int, *, now: datetime) -> tuple[User, list[User]]:
    """The simulated lead and `count` simulated annotators; made on first use, the same ones later."""
    lead = _person("rehearsal-lead", Role.LEAD, now=now)
    return lead, [_person(f"rehearsal-annotator-{number}", Role.ANNOTATOR, now=now) for number in range(1, count + 1)]


def _person(name: str, role: str, *, now: datetime) -> User:
    existing = User.objects.filter(username=name, is_simulated=True).first()
    return existing or create_user(username=name, role=role, is_simulated=True, acting_user=None, now=now)[0]


def judge_by_rule(
    *, campaign: Campaign, annotator: User, rule: PreferenceRule, error_rate: float, seed: int, now: datetime
) -> int:
    """One annotator judges everything assigned to them; returns how many judgments.

    With probability `error_rate` they choose the other text. Whether they err depends on the seed, the annotator and
    the comparison alone, so that a rehearsal can be repeated. A tie by the rule is judged as a tie.
    """
    judged = 0
    while (assignment := next_assignments(campaign=campaign, acting_user=annotator, now=now).next) is not None:
        choice = _choice(assignment, rule, error_rate, seed=f"{seed}:{annotator.username}")
        draft = JudgmentDraft(choice, f"rehearsal-{assignment.pk}")
        judge(assignment=assignment, draft=draft, acting_user=annotator, now=now)
        judged += 1
    return judged


def _choice(assignment: Assignment, rule: PreferenceRule, error_rate: float, *, seed: str) -> str:
    comparison = assignment.comparison
    preferred = rule.prefers(comparison.completion_a.text, comparison.completion_b.text)
    if preferred == "tie":
        return "tie"
    better = "a" if preferred == "first" else "b"
    # Not a secret: the same seed must err in the same places.
    if random.Random(f"{seed}:{comparison.pair_hash}").random() < error_rate:
        better = "b" if better == "a" else "a"
    return "left" if better == assignment.left else "right"
