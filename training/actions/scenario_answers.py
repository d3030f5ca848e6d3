"""People's answers to the questions of scenarios: giving one, and taking the latest back."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from common.errors import Conflict, NotFound
from labeling.access import require_member
from labeling.events.record import record
from labeling.models import Campaign, User
from training.evaluation.suite_results import check_outcomes, checks_of, judge_figures_of, judged_results
from training.evaluation.suites import overall, question_of
from training.models import ScenarioAnswer, ScenarioResult


class AlreadyAnswered(Conflict):
    type = "already-answered"
    sentence = _("You have answered this question already.")


def answer_question(
    *, result: ScenarioResult, check_number: int, answer: str, acting_user: User, now: datetime
) -> ScenarioAnswer:
    """Stores a member's answer to a question about a text, and settles the scenario where it decides.

    Raises AlreadyAnswered, NotFound.
    """
    campaign = result.run.campaign
    require_member(acting_user, campaign)
    checks = checks_of(result) if result.status == ScenarioResult.Status.WRITTEN else []
    is_question = 0 <= check_number < len(checks) and bool(question_of(checks[check_number]))
    if not is_question or answer not in ScenarioAnswer.Answer.values:
        raise NotFound
    try:
        with transaction.atomic():
            locked = _locked(result)
            counted = judge_figures_of(campaign).counts
            given = ScenarioAnswer.objects.create(
                result=locked, check_number=check_number, answer=answer, by=acting_user, at=now
            )
            _settle_all(locked, campaign, counted)
            after = {"scenario": locked.scenario, "answer": answer, "outcome": locked.outcome}
            record("scenario.answered", given, acting_user=acting_user, now=now, campaign=campaign, after=after)
    except IntegrityError as error:
        raise AlreadyAnswered from error
    return given


def undo_answer(*, answer: ScenarioAnswer, acting_user: User, now: datetime) -> ScenarioAnswer:
    """Takes a person's own answer back; the row stays. Taking it back twice changes nothing. Raises NotFound."""
    campaign = answer.result.run.campaign
    require_member(acting_user, campaign)
    with transaction.atomic():
        result = _locked(answer.result)
        counted = judge_figures_of(campaign).counts
        locked = ScenarioAnswer.objects.select_for_update().filter(pk=answer.pk, by=acting_user).first()
        if locked is None:
            raise NotFound
        if locked.undone_at is None:
            locked.undone_at = now
            locked.save(update_fields=["undone_at"])
            _settle_all(result, campaign, counted)
            after = {"scenario": result.scenario, "outcome": result.outcome}
            record("scenario.answer_undone", locked, acting_user=acting_user, now=now, campaign=campaign, after=after)
    return locked


def _locked(result: ScenarioResult) -> ScenarioResult:
    results = ScenarioResult.objects.select_for_update(of=("self",)).select_related("run__suite_version")
    return results.get(pk=result.pk)


def _settle_all(result: ScenarioResult, campaign: Campaign, judge_counted: bool) -> None:
    """Settles a result; and all that a model judge has an opinion about, if it now begins or ceases to count."""
    judge_counts = judge_figures_of(campaign).counts
    settle(result, judge_counts=judge_counts)
    if judge_counts == judge_counted:
        return
    others = judged_results(campaign).exclude(pk=result.pk).select_for_update(of=("self",))
    for other in others.select_related("run__suite_version").prefetch_related("answers"):
        settle(other, judge_counts=judge_counts)


def settle(result: ScenarioResult, *, judge_counts: bool) -> None:
    """Stores the outcome of a scenario with the answers and opinions that it has now."""
    checks = check_outcomes(result, judge_counts=judge_counts)
    outcome = ScenarioResult.Outcome(overall([one.outcome for _check, one in checks]))
    if outcome != result.outcome:
        result.outcome = outcome
        result.save(update_fields=["outcome"])
