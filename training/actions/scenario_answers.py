"""People's answers to the questions of scenarios: giving one, and taking one back; and settling what they decide."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from common.errors import Conflict, NotFound
from labeling.access import require_member, require_not_archived
from labeling.events.record import record
from labeling.models import Campaign, User
from training.evaluation.suite_results import check_outcomes, checks_of, counting_judges, judged_results
from training.evaluation.suites import overall, question_of
from training.models import ScenarioAnswer, ScenarioResult, SuiteRun


class AlreadyAnswered(Conflict):
    type = "already-answered"
    sentence = _("You have answered this question already.")


def answer_question(
    *, result: ScenarioResult, check_number: int, answer: str, acting_user: User, now: datetime
) -> ScenarioAnswer:
    """Stores a member's answer to a question about a text, and settles the scenario where it decides.

    Raises AlreadyAnswered, CampaignArchived, NotFound.
    """
    campaign = result.run.campaign
    require_member(acting_user, campaign)
    require_not_archived(campaign)
    checks = checks_of(result) if result.status == ScenarioResult.Status.WRITTEN else []
    is_question = 0 <= check_number < len(checks) and bool(question_of(checks[check_number]))
    if not is_question or answer not in ScenarioAnswer.Answer.values:
        raise NotFound
    try:
        with transaction.atomic():
            with settling(campaign, result) as locked:
                given = ScenarioAnswer.objects.create(
                    result=locked, check_number=check_number, answer=answer, by=acting_user, at=now
                )
            after = {"scenario": locked.scenario, "answer": answer, "outcome": locked.outcome}
            record("scenario.answered", given, acting_user=acting_user, now=now, campaign=campaign, after=after)
    except IntegrityError as error:
        raise AlreadyAnswered from error
    return given


def undo_answer(*, answer: ScenarioAnswer, acting_user: User, now: datetime) -> ScenarioAnswer:
    """Takes a person's own answer back; the row stays. Taking it back twice changes nothing.

    Raises CampaignArchived, NotFound.
    """
    campaign = answer.result.run.campaign
    require_member(acting_user, campaign)
    require_not_archived(campaign)
    with transaction.atomic():
        with settling(campaign, answer.result) as result:
            locked = ScenarioAnswer.objects.select_for_update().filter(pk=answer.pk, by=acting_user).first()
            if locked is None:
                raise NotFound
            if locked.undone_at is not None:
                return locked
            locked.undone_at = now
            locked.save(update_fields=["undone_at"])
        after = {"scenario": result.scenario, "outcome": result.outcome}
        record("scenario.answer_undone", locked, acting_user=acting_user, now=now, campaign=campaign, after=after)
    return locked


@contextmanager
def settling(campaign: Campaign, result: ScenarioResult) -> Iterator[ScenarioResult]:
    """Gives a result, locked, for an answer or an opinion to be added; then settles it, within a transaction.

    All results with a judge's opinion are settled if a model now begins or ceases to count. One at a time in a
    campaign: two that each see 19 answers would miss the twentieth, and each would wait for the other's results.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('scenarios'), hashtext(%s))", [str(campaign.pk)])
    results = ScenarioResult.objects.select_for_update(of=("self",)).select_related("run__suite_version")
    locked = results.get(pk=result.pk)
    before = counting_judges(campaign)
    yield locked
    counting = counting_judges(campaign)
    settle(locked, counting=counting)
    if counting != before:
        _settle_others(campaign, locked, counting)


def _settle_others(campaign: Campaign, settled: ScenarioResult, counting: Collection[str]) -> None:
    others = judged_results(campaign).exclude(pk=settled.pk).select_for_update(of=("self",))
    others = others.defer("completion", "text").prefetch_related("answers")
    runs = SuiteRun.objects.filter(campaign=campaign).select_related("suite_version").in_bulk()
    for other in others.order_by("pk"):
        other.run = runs[other.run_id]
        settle(other, counting=counting)


def settle(result: ScenarioResult, *, counting: Collection[str]) -> None:
    """Stores the outcome of a scenario with the answers and opinions that it has now."""
    checks = check_outcomes(result, counting=counting)
    outcome = ScenarioResult.Outcome(overall([one.outcome for _check, one in checks]))
    if outcome != result.outcome:
        result.outcome = outcome
        result.save(update_fields=["outcome"])
