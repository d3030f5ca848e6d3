"""People's answers to the questions of checks, and a judge's opinions: they settle what no pattern can."""

from collections.abc import Collection, Mapping, Sequence

from training.evaluation.suites.checks import Check, CheckOutcome, JudgeCheck, Outcome, PersonCheck
from training.evaluation.suites.errors import gettext_noop
from training.evaluation.suites.judging import JudgeOpinion, settled_by_judge

YES, NO = "yes", "no"

SAID_NO = gettext_noop("A person answered no: %(question)s")
DISAGREE = gettext_noop("People disagree: %(question)s")


def question_of(check: Check) -> str:
    """The question that people are asked about a text; empty for a check that needs nobody."""
    if isinstance(check, PersonCheck):
        return check.question
    return check.rubric if isinstance(check, JudgeCheck) else ""


def decided_by_people(answers: Sequence[str]) -> Outcome:
    """The majority of yes and no; "cannot say" counts for neither, and as many of each decide nothing."""
    yes, no = answers.count(YES), answers.count(NO)
    return "unknown" if yes == no else "passed" if yes > no else "failed"


def with_answers(
    checks: Sequence[Check],
    outcomes: Sequence[CheckOutcome],
    answers: Mapping[int, Sequence[str]],
    opinions: Mapping[int, JudgeOpinion] | None = None,
    *,
    counting: Collection[str] = (),
) -> list[CheckOutcome]:
    """The outcomes of checks with people's answers and a judge's opinions, both by the check's place, from 0.

    People decide before a judge does. counting: the models of judges that count; see `JudgeFigures.counts`.
    """
    return [
        _settled(check, outcome, answers.get(place, ()), (opinions or {}).get(place), counting)
        for place, (check, outcome) in enumerate(zip(checks, outcomes, strict=True))
    ]


def _settled(
    check: Check,
    outcome: CheckOutcome,
    answers: Sequence[str],
    opinion: JudgeOpinion | None,
    counting: Collection[str],
) -> CheckOutcome:
    question = question_of(check)
    if not question:
        return outcome
    decided = decided_by_people(answers)
    if decided == "passed":
        return CheckOutcome("passed")
    if decided == "failed":
        return CheckOutcome("failed", SAID_NO, {"question": question})
    if YES in answers:
        return CheckOutcome("unknown", DISAGREE, {"question": question})
    if isinstance(check, JudgeCheck) and opinion is not None:
        return settled_by_judge(opinion, counts=opinion.model in counting)
    return outcome
