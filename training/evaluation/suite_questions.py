"""The open questions of a campaign's suites, one at a time for each person, blind to the version."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from labeling.models import Campaign, User
from training.evaluation.suite_results import check_outcomes
from training.evaluation.suites import question_of
from training.models import JobStatus, ScenarioAnswer, ScenarioResult


@dataclass(frozen=True)
class OpenQuestion:
    """A question about a text. number: the place of the check in its scenario. is_rubric: whether the text meets it."""

    result: ScenarioResult
    number: int
    question: str
    is_rubric: bool = False


def open_questions(campaign: Campaign, person: User) -> Iterator[OpenQuestion]:
    """The questions that still decide a scenario and that this person has not answered, in an order of their own.

    Answers of several versions to one scenario are mixed, and the order differs between people, so that nothing tells
    which version wrote a text. A scenario that failed by itself needs nobody.
    """
    waiting = ScenarioResult.objects.filter(
        run__campaign=campaign,
        run__status=JobStatus.FINISHED,
        status=ScenarioResult.Status.WRITTEN,
        outcome=ScenarioResult.Outcome.UNKNOWN,
    )
    keys = sorted(waiting.values_list("pk", flat=True), key=lambda key: sha256(f"{person.pk}:{key}".encode()).digest())
    mine = ScenarioAnswer.objects.filter(by=person, undone_at__isnull=True, result__run__campaign=campaign)
    answered = set(mine.values_list("result", "check_number"))
    for key in keys:
        result = waiting.select_related("run__suite_version").prefetch_related("answers").filter(pk=key).first()
        if result is None:
            continue
        for number, (check, outcome) in enumerate(check_outcomes(result)):
            question = question_of(check)
            if question and outcome.outcome == "unknown" and (key, number) not in answered:
                yield OpenQuestion(result, number, question, is_rubric=check.kind == "judge")


def latest_answer(campaign: Campaign, person: User) -> ScenarioAnswer | None:
    """The answer that this person can take back: their latest in the campaign."""
    answers = ScenarioAnswer.objects.filter(by=person, undone_at__isnull=True, result__run__campaign=campaign)
    return answers.select_related("result__run__campaign").order_by("-pk").first()
