"""The open questions of a campaign's suites, one at a time for each person, blind to the version."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from labeling.models import Campaign, User
from training.evaluation.suite_results import answered, check_outcomes, counting_judges
from training.evaluation.suites import question_of
from training.models import ScenarioAnswer, ScenarioResult, SuiteRun

READ_AT_ONCE = 50


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
        run__in=answered(SuiteRun.objects.filter(campaign=campaign)),
        status=ScenarioResult.Status.WRITTEN,
        outcome=ScenarioResult.Outcome.UNKNOWN,
    )
    keys = sorted(waiting.values_list("pk", flat=True), key=lambda key: sha256(f"{person.pk}:{key}".encode()).digest())
    given = ScenarioAnswer.objects.filter(by=person, undone_at__isnull=True, result__run__campaign=campaign)
    mine = set(given.values_list("result", "check_number"))
    counting = counting_judges(campaign)
    of_campaign = SuiteRun.objects.filter(pk__in=waiting.values("run")).select_related("suite_version")
    runs = of_campaign.in_bulk() if keys else {}
    rows = waiting.defer("completion", "text").prefetch_related("answers")
    for start in range(0, len(keys), READ_AT_ONCE):
        some = keys[start : start + READ_AT_ONCE]
        found = rows.in_bulk(some)
        for result in filter(None, map(found.get, some)):
            result.run = runs[result.run_id]
            for number, (check, outcome) in enumerate(check_outcomes(result, counting=counting)):
                question = question_of(check)
                if question and outcome.outcome == "unknown" and (result.pk, number) not in mine:
                    yield OpenQuestion(result, number, question, is_rubric=check.kind == "judge")


def latest_answer(campaign: Campaign, person: User) -> ScenarioAnswer | None:
    """The answer that this person can take back: their latest in the campaign."""
    answers = ScenarioAnswer.objects.filter(by=person, undone_at__isnull=True, result__run__campaign=campaign)
    return answers.select_related("result__run__campaign").order_by("-pk").first()
