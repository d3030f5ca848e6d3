"""People's answers to the questions of checks: they settle what no program can."""

from collections.abc import Mapping, Sequence

from training.evaluation.suites.checks import Check, CheckOutcome, PersonCheck
from training.evaluation.suites.errors import gettext_noop

YES, NO = "yes", "no"

SAID_NO = gettext_noop("A person answered no: %(question)s")
DISAGREE = gettext_noop("People disagree: %(question)s")


def with_answers(
    checks: Sequence[Check], outcomes: Sequence[CheckOutcome], answers: Mapping[int, Sequence[str]]
) -> list[CheckOutcome]:
    """The outcomes of checks with people's answers. answers: by the check's place, from 0.

    The majority of yes and no decides; "cannot say" counts for neither, and as many of each leave it unknown.
    """
    return [
        _answered(check, outcome, answers.get(place, ())) if isinstance(check, PersonCheck) else outcome
        for place, (check, outcome) in enumerate(zip(checks, outcomes, strict=True))
    ]


def _answered(check: PersonCheck, outcome: CheckOutcome, answers: Sequence[str]) -> CheckOutcome:
    yes, no = answers.count(YES), answers.count(NO)
    if yes > no:
        return CheckOutcome("passed")
    if no > yes:
        return CheckOutcome("failed", SAID_NO, {"question": check.question})
    return CheckOutcome("unknown", DISAGREE, {"question": check.question}) if yes else outcome
