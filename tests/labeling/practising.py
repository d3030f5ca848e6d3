"""Helpers for tests of practice and qualification."""

from typing import Any

from labeling.actions.onboarding import answer_practice, next_pair, read_guidelines, start_round
from labeling.actions.practice import make_practice
from labeling.judging.drafts import as_displayed
from labeling.models import Comparison, PracticePair, PracticeRound, User
from tests.people import Stage

PRACTICE, QUALIFICATION = PracticePair.Use.PRACTICE, PracticePair.Use.QUALIFICATION


def mark(on_stage: Stage, number: int, use: str = PRACTICE, *, winner: str = "a") -> list[Comparison]:
    """Marks that many open comparisons, the oldest first."""
    chosen = list(on_stage.campaign.comparisons.filter(status=Comparison.Status.OPEN).order_by("pk")[:number])
    for one in chosen:
        make_practice(
            comparison=one,
            winner=winner,
            explanation=f"Why {one.pk}.",
            use=use,
            acting_user=on_stage.maya,
            now=on_stage.now,
        )
    on_stage.reload()
    return chosen


def read(on_stage: Stage, user: User) -> None:
    """The user reads the newest guidelines."""
    newest = on_stage.campaign.guideline_versions.order_by("-number")[0]
    read_guidelines(campaign=on_stage.campaign, number=newest.number, acting_user=user, now=on_stage.now)


def go_through(on_stage: Stage, user: User, use: str, *, right: int) -> PracticeRound:
    """The user does a whole round, the first answers right and the others wrong."""
    on_stage.wait(1)
    by: Any = {"acting_user": user, "now": on_stage.now}
    round_ = start_round(campaign=on_stage.reload(), use=use, **by)
    while pair := next_pair(round_=round_, **by):
        known = pair.comparison.practice.winner
        winner = known if pair.position <= right else {"a": "b", "b": "a"}.get(known, "a")
        criteria = {one["name"]: "tie" for one in on_stage.campaign.criteria}
        answer_practice(answer=pair.pk, choice=as_displayed(winner, pair.left), criteria=criteria, **by)
    round_.refresh_from_db()
    return round_
