"""A campaign and its people, for every test that needs them.

Maya leads a campaign. Alice and Bob annotate it. Ada, who also leads it, adjudicates. Charlie annotates another
campaign and must see nothing of this one. Root is an admin. `Stage` creates them by the product's own actions.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.test import TestCase

from labeling.actions.campaigns import change_campaign_status, create_campaign
from labeling.actions.comparison_drafts import ComparisonDraft, CompletionDraft
from labeling.actions.comparisons import AddedComparisons, add_comparisons
from labeling.actions.members import add_member
from labeling.actions.people import create_user
from labeling.exchange import DropReport, Message, PreferencePair, preference_pairs
from labeling.judging.acts import judge
from labeling.judging.assignments import next_assignments
from labeling.judging.drafts import JudgmentDraft
from labeling.models import Assignment, Campaign, Comparison, Judgment, Membership, Role, User
from labeling.queries.verdicts import verdict_records

PASSWORD = "correct horse battery"

MANY = 500
"""With more comparisons than these, PostgreSQL must know that they are there. Every test's rows are rolled back, so its
own statistics say that the tables are empty: it then plans joins that read all rows once for each row."""

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""The time at which tests take place by default."""


def person(name: str, role: str = Role.ANNOTATOR, *, is_simulated: bool = False) -> User:
    """A user with that name; every password is PASSWORD."""
    password = None if is_simulated else PASSWORD
    return create_user(
        username=name, role=role, password=password, is_simulated=is_simulated, acting_user=None, now=NOON
    )[0]


def committing() -> AbstractContextManager[Any]:
    """At its end everything is done that waits for the commit: the transaction of a test itself has none."""
    return TestCase.captureOnCommitCallbacks(execute=True)


def asks(text: str) -> list[Message]:
    """A prompt with one turn."""
    return [Message(role="user", content=text)]


def pair(number: int = 0, *, preference: str | None = None) -> ComparisonDraft:
    """A comparison that differs from those of other numbers."""
    return ComparisonDraft(
        prompt=asks(f"What is {number} plus one?"),
        first=CompletionDraft(f"It is {number + 1}.", model_version="base", seed=1),
        second=CompletionDraft(f"Nobody knows, but {number} is near.", model_version="base", seed=2),
        preference=preference,
    )


@dataclass
class Stage:
    """A campaign and its people. now: the time of their actions; `wait` advances it."""

    campaign: Campaign
    maya: User
    ada: User
    alice: User
    bob: User
    charlie: User
    root: User
    now: datetime = NOON
    keys: int = field(default=0)

    def wait(self, seconds: float) -> None:
        """Advances the time."""
        self.now += timedelta(seconds=seconds)

    def add(self, drafts: int | Iterable[ComparisonDraft], *, source: str = "test") -> AddedComparisons:
        """Adds comparisons to the campaign: that many, or the given ones."""
        drafts = [pair(number) for number in range(drafts)] if isinstance(drafts, int) else drafts
        added = add_comparisons(
            campaign=self.campaign, drafts=drafts, source=source, acting_user=self.maya, now=self.now
        )
        if added.created > MANY:
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE labeling_prompt, labeling_completion, labeling_comparison, labeling_verdict")
        return added

    def join(self, *people: User, role: str = Membership.Role.ANNOTATOR) -> None:
        """Adds people to the campaign."""
        for one in people:
            add_member(campaign=self.campaign, user=one, role=role, acting_user=self.maya, now=self.now)

    def crowd(self, size: int, *, is_simulated: bool = False) -> list[User]:
        """Adds that many annotators to the campaign."""
        people = [person(f"annotator-{number}", is_simulated=is_simulated) for number in range(size)]
        self.join(*people)
        return people

    def next(self, user: User) -> Assignment | None:
        """The user's next assignment."""
        return next_assignments(campaign=self.campaign, acting_user=user, now=self.now).next

    def given(self, user: User) -> Assignment:
        """The user's next assignment, which must exist."""
        assignment = self.next(user)
        assert assignment is not None, f"nothing left for {user}"
        return assignment

    def key(self) -> str:
        """A new key."""
        self.keys += 1
        return f"key-{self.keys}"

    def judge(self, assignment: Assignment, choice: str = "left", **fields: Any) -> Judgment:
        """The assignment's annotator judges it."""
        draft = JudgmentDraft(choice, **{"key": self.key()} | fields)
        return judge(assignment=assignment, draft=draft, acting_user=assignment.annotator, now=self.now)

    def vote(self, assignment: Assignment, winner: str, **fields: Any) -> Judgment:
        """The assignment's annotator prefers a or b, regardless of the side."""
        side = {assignment.left: "left", assignment.right: "right"}.get(winner, winner)
        return self.judge(assignment, side, **fields)

    def settle(self, winners: Iterable[str]) -> list[Comparison]:
        """Alice settles one comparison after another (overlap 1) with these winners; returns them in that order."""
        settled = []
        for winner in winners:
            assignment = self.given(self.alice)
            self.vote(assignment, winner)
            settled.append(Comparison.objects.get(pk=assignment.comparison_id))
        return settled

    def pairs(self, report: DropReport | None = None) -> list[PreferencePair]:
        """The preference pairs that the campaign's verdicts yield, as a snapshot takes them."""
        return list(preference_pairs(verdict_records(self.campaign), report or DropReport()))

    def reload(self) -> Campaign:
        """The campaign, reloaded from the database."""
        self.campaign.refresh_from_db()
        return self.campaign


def stage(*, comparisons: int = 0, status: str = Campaign.Status.ACTIVE, **rules: Any) -> Stage:
    """A campaign with all its people. rules: of the campaign (overlap, allow_tie, ...).

    By default nobody leases comparisons ahead, and nobody must read the guidelines first.
    """
    rules.setdefault("prefetch", 0)
    rules.setdefault("guidelines_first", False)
    maya, ada = person("maya", Role.LEAD), person("ada", Role.LEAD)
    campaign = create_campaign(name="Sums", acting_user=maya, now=NOON, **rules)
    if status != Campaign.Status.DRAFT:
        campaign = change_campaign_status(campaign=campaign, status="active", acting_user=maya, now=NOON)
    if status not in (Campaign.Status.DRAFT, Campaign.Status.ACTIVE):
        campaign = change_campaign_status(campaign=campaign, status=status, acting_user=maya, now=NOON)
    made = Stage(
        campaign,
        maya=maya,
        ada=ada,
        alice=person("alice"),
        bob=person("bob"),
        charlie=person("charlie"),
        root=person("root", Role.ADMIN),
    )
    made.join(made.alice, made.bob)
    made.join(ada, role=Membership.Role.LEAD)
    if comparisons:
        made.add(comparisons)
    return made
