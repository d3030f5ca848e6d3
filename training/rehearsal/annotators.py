"""Simulated annotators: marked as such in the database, never counted as human, judging through the same actions."""

import random
from dataclasses import dataclass
from datetime import datetime

from labeling.actions.people import create_user
from labeling.judging.acts import judge
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Assignment, Campaign, Role, User
from training.rehearsal.rules import PreferenceRule


@dataclass(frozen=True, slots=True)
class Annotator:
    """A simulated annotator: judges by a rule, and chooses the other text with probability `error_rate`."""

    user: User
    rule: PreferenceRule
    error_rate: float
    seed: int

    def judge_next(self, campaign: Campaign, *, now: datetime) -> str | None:
        """Judges the next pair; returns left, right or tie, or None where nothing is left.

        Whether they err depends on the seed, the annotator and the pair alone, so that a rehearsal can be repeated. A
        tie by the rule is judged as a tie.
        """
        assignment = next_assignments(campaign=campaign, acting_user=self.user, now=now).next
        if assignment is None:
            return None
        choice = self._choice(assignment)
        draft = JudgmentDraft(choice, f"rehearsal-{assignment.pk}")
        judge(assignment=assignment, draft=draft, acting_user=self.user, now=now)
        return choice

    def judge_all(self, campaign: Campaign, *, now: datetime, most: int | None = None) -> int:
        """Judges all that is assigned to them, or until `most` judgments are no ties; returns how many judgments."""
        judged = decided = 0
        while most is None or decided < most:
            choice = self.judge_next(campaign, now=now)
            if choice is None:
                break
            judged += 1
            decided += choice != "tie"
        return judged

    def _choice(self, assignment: Assignment) -> str:
        comparison = assignment.comparison
        preferred = self.rule.prefers(comparison.completion_a.text, comparison.completion_b.text)
        if preferred == "tie":
            return "tie"
        better = "a" if preferred == "first" else "b"
        # Not a secret: the same seed must err in the same places.
        if random.Random(f"{self.seed}:{self.user.username}:{comparison.pair_hash}").random() < self.error_rate:
            better = "b" if better == "a" else "a"
        return "left" if better == assignment.left else "right"


def simulated_people(count: int, *, now: datetime) -> tuple[User, list[User]]:
    """The simulated lead and `count` simulated annotators; made on first use, the same ones later."""
    lead = _person("rehearsal-lead", Role.LEAD, now=now)
    return lead, [_person(f"rehearsal-annotator-{number}", Role.ANNOTATOR, now=now) for number in range(1, count + 1)]


def poisoned_people(count: int, *, now: datetime) -> list[User]:
    """Simulated annotators who always choose the other text, under names of their own."""
    return [_person(f"rehearsal-poisoned-{number}", Role.ANNOTATOR, now=now) for number in range(1, count + 1)]


def _person(name: str, role: str, *, now: datetime) -> User:
    existing = User.objects.filter(username=name, is_simulated=True).first()
    return existing or create_user(username=name, role=role, is_simulated=True, acting_user=None, now=now)[0]
