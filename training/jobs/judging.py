"""The model judge at work on a suite run: every answer with a rubric is shown to it twice, in both orders.

The judge is a server that JUDGE_URL names. Its failure leaves checks unknown and never fails the run: asking again
continues with what it has not judged.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_noop as _

from common.sentences import Sentence, sentence_of
from labeling.actions.prompts import storable
from training import claims
from training.actions.scenario_answers import settling
from training.claims import Clock
from training.evaluation.suite_results import checks_of, opinions_of
from training.evaluation.suites import JudgeCheck, JudgeOpinion, judge_messages, lacks_opinion
from training.generation import (
    GenerationError,
    GenerationFailure,
    GenerationRequest,
    SamplingSettings,
)
from training.jobs.sampler import Source
from training.models import ScenarioResult, SuiteRun

logger = logging.getLogger(__name__)

JudgeOf = Callable[[], AbstractContextManager[Source] | None]
"""Opens the judge; None: there is none."""

GREEDY = SamplingSettings(temperature=0.0, top_p=1.0, max_tokens=512)
ORDERS = ("first", "swapped")
CUT = _("The model judge gave no verdict: its answer was cut at %(tokens)s tokens.")


def open_judge() -> AbstractContextManager[Source] | None:
    """The judge that JUDGE_URL and JUDGE_MODEL name; None: there is none."""
    if not settings.JUDGE_URLS:
        return None
    from training.generation import OpenAIGenerator  # loads an HTTP client, needed only with a server

    return nullcontext(
        OpenAIGenerator(settings.JUDGE_URLS, model=settings.JUDGE_MODEL, api_key=settings.JUDGE_API_KEY, concurrency=8)
    )


def ask_in_both_orders(
    requests: Sequence[GenerationRequest],
    judge_of: JudgeOf,
    should_stop: Callable[[], bool],
    keep: Callable[[str, JudgeOpinion], None],
    opinion_of: Callable[[str, str, str], JudgeOpinion],
) -> Sentence:
    """Asks a judge; returns why some questions have no opinion, or an empty sentence.

    requests: two for each question, whose keys end with the order. keep: gets the question's key and the opinion, once
    both answers are there. opinion_of: makes it of both and the model's name.
    """
    judge = judge_of() if requests else None
    if judge is None:
        return Sentence()
    answers: dict[str, str] = {}
    trouble = Sentence()
    try:
        with judge as source:
            for outcome in source.generate(iter(requests), should_stop=should_stop):
                if isinstance(outcome, GenerationFailure):
                    trouble = Sentence(_("The model judge gave no answer: %(reason)s"), {"reason": outcome.reason})
                    continue
                if outcome.finish_reason == "length":  # what it would have concluded, nobody knows
                    trouble = Sentence(CUT, {"tokens": GREEDY.max_tokens})
                    continue
                answers[outcome.key] = storable(outcome.text)
                question = outcome.key.rpartition(":")[0]
                first, swapped = (answers.get(f"{question}:{order}") for order in ORDERS)
                if first is not None and swapped is not None:
                    keep(question, opinion_of(first, swapped, outcome.model))
    except GenerationError as error:
        logger.warning("a judge failed: %s", error)
        trouble = Sentence(_("The model judge gave no answer: %(reason)s"), {"reason": sentence_of(error)})
    return trouble


class Judging:
    """The rubrics of one run. should_stop: is called often; it sends heartbeats."""

    def __init__(
        self, claim: "claims.Claim[SuiteRun]", clock: Clock, judge_of: JudgeOf, should_stop: Callable[[], bool]
    ) -> None:
        self.claim, self.clock, self.judge_of, self.should_stop = claim, clock, judge_of, should_stop
        self.results: dict[int, ScenarioResult] = {}

    def ask(self) -> Sentence:
        """Asks about every rubric that has no readable opinion; returns why some have none, or an empty sentence."""
        requests = list(self._requests())
        return ask_in_both_orders(requests, self.judge_of, self.should_stop, self._keep, JudgeOpinion.of_answers)

    def _requests(self) -> Iterator[GenerationRequest]:
        run = self.claim.job
        written = run.results.filter(status=ScenarioResult.Status.WRITTEN).defer("completion")
        for result in written.prefetch_related("answers"):
            result.run = run
            self.results[result.number] = result
            for place, check in enumerate(checks_of(result)):
                if not isinstance(check, JudgeCheck) or not lacks_opinion(opinions_of(result).get(place)):
                    continue
                for order in ORDERS:
                    messages = judge_messages(
                        result.given["messages"], result.text, check.rubric, swapped=order == "swapped"
                    )
                    yield GenerationRequest(f"{result.number}:{place}:{order}", messages, 0, GREEDY)

    def _keep(self, question: str, opinion: JudgeOpinion) -> None:
        number, place = map(int, question.split(":"))
        with transaction.atomic():
            with settling(self.claim.job.campaign, self.results[number]) as result:
                self.claim.lock()
                result.checks[place]["judge"] = opinion.as_json()
                result.save(update_fields=["checks"])
            self.claim.write(heartbeat_at=self.clock())
