"""Gates by people: opened, looked at after every vote, ended by their evidence, or cancelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from common.broker import send
from common.wording import percent
from labeling.access import require_lead, require_may_change
from labeling.actions.blind_tests import create_blind_test, end_blind_test
from labeling.actions.campaigns import change_campaign_status
from labeling.events.record import record
from labeling.models import Campaign, Completion, Prompt, User
from labeling.stats import GateRule as PeopleRule
from labeling.stats import InvalidCounts
from training.access import require_no_blind_test, require_version
from training.actions.generation import cancel_generation, write_blind_texts
from training.actions.snapshots import left_out_of
from training.errors import PeopleGateDecided, PeopleGateOpen, PeopleGateOver, TooFewHeldPrompts, WrongPeopleGate
from training.models import GenerationItem, GenerationJob, JobStatus, ModelVersion, PeopleGate, PeopleGatePair
from training.queries.held_prompts import usable_prompts
from training.queries.people_gate_supply import acts_of_people, supply_of
from training.queries.people_gates import CastVote, evidence_figures, least_prompts, outcome_of, votes_of
from training.queries.rehearsals import channel_of
from training.queries.retraining import awaits_gate, passed_since_decision
from training.queries.serving import serving_version

MOST_VOTES = 10_000
MOST_ERROR = 0.10
MOST_WORTH = 0.95
MOST_PER_PROMPT = 50
LIKE_LENGTH = 0.1
RUN_GATE = "training.tasks.run_gate"
Status = PeopleGate.Status


@dataclass(frozen=True, slots=True)
class PeopleGateSpec:
    """How a gate by people decides; the defaults are those that its published figures were computed with."""

    worth: float = 0.60
    """The smallest win rate worth a promotion, above 0.5 and up to MOST_WORTH."""
    error: float = 0.05
    """The probability of each wrong decision, at most MOST_ERROR; the next gate about these versions has half of it."""
    votes_per_prompt: int = 1
    """Planned votes on each prompt: it counts once it has them."""
    most_votes: int = 600
    """The gate ends undecided after so many."""
    hides_from_leads: bool = True
    """Whether leads see no version's name beside a text of the blind test either."""
    settings: Mapping[str, Any] | None = None
    """Sampling settings of both versions; None: those of the campaign's last generation job, or the defaults."""

    def rule(self) -> PeopleRule:
        """Raises WrongPeopleGate."""
        if not 0 < self.error <= MOST_ERROR:
            text = gettext("The risk of a wrong decision is above 0 and at most %(most)s.")
            raise WrongPeopleGate.of("error", text % {"most": percent(MOST_ERROR, 0)})
        if not 0.5 < self.worth <= MOST_WORTH:
            text = gettext("The win rate worth a promotion is above 50 %% and at most %(most)s.")
            raise WrongPeopleGate.of("worth", text % {"most": percent(MOST_WORTH, 0)})
        if not 1 <= self.votes_per_prompt <= MOST_PER_PROMPT:
            text = gettext("A prompt gets 1 to %(most)s votes.") % {"most": MOST_PER_PROMPT}
            raise WrongPeopleGate.of("votes_per_prompt", text)
        if not 1 <= self.most_votes <= MOST_VOTES:
            raise WrongPeopleGate.of("most_votes", gettext("At most %(most)s votes.") % {"most": MOST_VOTES})
        try:
            return PeopleRule(self.worth, self.error, self.votes_per_prompt, self.most_votes)
        except InvalidCounts as error:
            raise WrongPeopleGate(str(error)) from error


def open_people_gate(
    *,
    campaign: Campaign,
    candidate: ModelVersion,
    acting_user: User | None,
    now: datetime,
    spec: PeopleGateSpec | None = None,
    hand_to_worker: bool = True,
) -> PeopleGate:
    """Opens a gate by people: has both versions write one text for each held prompt, for a blind test of its own.

    hand_to_worker: False where the caller runs the generation job. Raises WrongPeopleGate, TooFewHeldPrompts,
    PeopleGateOpen, PeopleGateDecided, NothingServes, ForItsGateOnly, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    require_version(acting_user, candidate)
    spec = spec or PeopleGateSpec()
    asked, serving = spec.rule(), serving_version(channel_of(campaign))
    if serving.pk == candidate.pk:
        text = gettext("%(name)s serves already: there is nothing to compare it with.")
        raise WrongPeopleGate(text % {"name": candidate.name})
    with transaction.atomic():
        Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)  # one opens a gate at a time
        earlier = _check_earlier(campaign, candidate, serving)
        rule = replace(asked, error=asked.error / 2**earlier)  # else another try would make luck likelier
        prompts = _prompts_for(campaign, candidate, serving, rule)
        number = campaign.people_gates.count() + 1
        blind_test = create_blind_test(
            like=campaign,
            number=number,
            prompts=prompts,
            votes=spec.votes_per_prompt,
            acting_user=acting_user,
            now=now,
            without=left_out_of(campaign),
        )
        job = write_blind_texts(
            blind_test=blind_test,
            versions=(candidate, serving),
            settings=_settings(campaign) if spec.settings is None else spec.settings,
            hides_versions=spec.hides_from_leads,
            acting_user=acting_user,
            now=now,
            hand_to_worker=hand_to_worker,
        )
        gate = PeopleGate.objects.create(
            campaign=campaign,
            candidate=candidate,
            serving=serving,
            blind_test=blind_test,
            job=job,
            worth=rule.worth,
            error=rule.error,
            votes_per_prompt=spec.votes_per_prompt,
            most_votes=spec.most_votes,
            hides_from_leads=spec.hides_from_leads,
            attempt=earlier + 1,
            opened_by=acting_user,
            opened_at=now,
        )
        after = {"version": candidate.name, "serving": serving.name, "prompts": len(prompts)}
        _record("opened", gate, acting_user, now, after)
    return gate


def _check_earlier(campaign: Campaign, candidate: ModelVersion, serving: ModelVersion) -> int:
    """How many gates there were for the same two versions. Raises PeopleGateOpen, PeopleGateDecided.

    Each gate errs with its own probability, so one that has decided is not asked again.
    """
    if PeopleGate.objects.filter(campaign=campaign, candidate=candidate, status__in=PeopleGate.OPEN).exists():
        raise PeopleGateOpen(name=candidate.name)
    earlier = PeopleGate.objects.filter(campaign=campaign, candidate=candidate, serving=serving)
    if earlier.filter(status__in=(Status.BETTER, Status.NOT_WORTH, Status.WORSE)).exists():
        raise PeopleGateDecided(name=candidate.name, serving=serving.name)
    return earlier.count()


def _prompts_for(campaign: Campaign, candidate: ModelVersion, serving: ModelVersion, rule: PeopleRule) -> list[Prompt]:
    """The prompts of the gate, as many as its votes allow. Raises TooFewHeldPrompts."""
    usable = usable_prompts(campaign, (candidate, serving))
    chosen = sorted(usable, key=lambda prompt: prompt.messages_hash)[: rule.most_votes // rule.votes_per_prompt]
    needed = least_prompts(rule)
    if rule.most_votes < needed * rule.votes_per_prompt:
        text = gettext("With at most %(most)s votes it could never be passed: it needs at least %(needed)s.")
        values = {"most": rule.most_votes, "needed": needed * rule.votes_per_prompt}
        raise WrongPeopleGate.of("most_votes", text % values)
    if len(chosen) < needed:
        raise TooFewHeldPrompts(prompts=len(chosen), needed=needed)
    return chosen


def _settings(campaign: Campaign) -> dict[str, Any]:
    last = GenerationJob.objects.filter(campaign=campaign).order_by("-pk").first()
    return dict(last.settings) if last else {}


def look_at_gate(*, gate_id: int, now: datetime) -> PeopleGate:
    """Moves a gate on as far as its rows allow: to voting once its texts are written, to its end by its evidence.

    Decides once: the gate's row is locked, and no judgment ever waits for it. Looking again changes nothing. A gate
    whose blind test somebody closed or archived is cancelled with it.
    """
    with transaction.atomic():
        rows = PeopleGate.objects.select_related("job", "blind_test", "candidate__run", "serving", "campaign")
        gate = rows.select_for_update(of=("self",)).get(pk=gate_id)
        if gate.is_open and gate.blind_test.status in (Campaign.Status.CLOSED, Campaign.Status.ARCHIVED):
            _cancel(gate, None, now)
        if gate.status == Status.WRITING and gate.job.status == JobStatus.FINISHED:
            _begin_voting(gate, now)
        if gate.status == Status.VOTING:
            _decide_if_due(gate, now)
    return gate


def _begin_voting(gate: PeopleGate, now: datetime) -> None:
    items = GenerationItem.objects.filter(job=gate.job, comparison__isnull=False)
    related = ("comparison__completion_a", "comparison__completion_b", "comparison__prompt")
    own = {prompt.messages_hash: prompt for prompt in gate.campaign.prompts.all()}
    pairs = []
    for item in items.select_related(*related).order_by("pk"):
        comparison = item.comparison
        assert comparison is not None
        if comparison.prompt.messages_hash not in own:  # its import was taken back meanwhile
            continue
        texts = comparison.completion_a, comparison.completion_b
        lengths = sorted(len(text.text) for text in texts)
        pairs.append(
            PeopleGatePair(
                gate=gate,
                comparison=comparison,
                prompt=own[comparison.prompt.messages_hash],
                candidate_is_a=wrote_first(item, texts[0]),
                is_like_length=lengths[1] - lengths[0] <= LIKE_LENGTH * lengths[1],
            )
        )
    PeopleGatePair.objects.bulk_create(pairs)
    gate.status, gate.voting_at = Status.VOTING, now
    gate.save(update_fields=["status", "voting_at"])
    change_campaign_status(campaign=gate.blind_test, status=Campaign.Status.ACTIVE, acting_user=None, now=now)
    if len(pairs) < least_prompts(gate.rule):  # too many pairs were alike: no votes could pass it
        _end(gate, Status.UNDECIDED, [], now)


def wrote_first(item: GenerationItem, text: Completion) -> bool:
    """Whether the first version of an item wrote this text of its comparison."""
    if item.first is None:  # the versions are no secret: the text has its seed
        return text.seed == item.seed_first
    return bool(text.text == item.first["text"])


def _decide_if_due(gate: PeopleGate, now: datetime) -> None:
    votes = votes_of(gate)
    if status := outcome_of(gate, evidence_figures(votes, gate.rule)):
        _end(gate, Status(status), votes, now)


def _end(
    gate: PeopleGate,
    status: PeopleGate.Status,
    votes: Sequence[CastVote],
    now: datetime,
    *,
    acting_user: User | None = None,
) -> None:
    """Ends a locked gate and its blind test, with the evidence of these votes."""
    ended = {"unusable": supply_of(gate).unusable, "acts": acts_of_people(gate)}
    gate.figures = evidence_figures(votes, gate.rule) | ended
    gate.votes = [vote.judgment for vote in votes]
    gate.status, gate.ended_at = status, now
    gate.save(update_fields=["figures", "votes", "status", "ended_at"])
    end_blind_test(campaign=gate.blind_test, acting_user=None, now=now)
    names = ("cast", "win_rate", "low", "high")
    after = {"version": gate.candidate.name, "serving": gate.serving.name, "outcome": str(status)}
    verb = "cancelled" if status == Status.CANCELLED else "decided"
    _record(verb, gate, acting_user, now, after | {name: gate.figures[name] for name in names})
    run = gate.candidate.run
    if run is not None and passed_since_decision(run) is not None and awaits_gate(run):
        transaction.on_commit(partial(send, RUN_GATE, run.pk))


def cancel_people_gate(*, gate: PeopleGate, acting_user: User | None, now: datetime) -> PeopleGate:
    """Cancels an open gate. If people have voted, the version was not passed; votes that decide it end it as decided.

    Raises PeopleGateOver, NotAllowed, NotFound.
    """
    require_lead(acting_user, gate.campaign)
    with transaction.atomic():
        rows = PeopleGate.objects.select_related("job", "blind_test", "candidate__run", "serving", "campaign")
        locked = rows.select_for_update(of=("self",)).get(pk=gate.pk)
        if not locked.is_open:
            raise PeopleGateOver
        _cancel(locked, acting_user, now)
    return locked


def _cancel(gate: PeopleGate, acting_user: User | None, now: datetime) -> None:
    """Of a locked gate."""
    if gate.job.is_active:
        cancel_generation(job=gate.job, acting_user=None, now=now)
    if gate.status == Status.VOTING:
        _decide_if_due(gate, now)
    if gate.is_open:
        _end(gate, Status.CANCELLED, votes_of(gate), now, acting_user=acting_user)


def _record(verb: str, gate: PeopleGate, acting_user: User | None, now: datetime, after: Mapping[str, Any]) -> None:
    record(f"gate.people_{verb}", gate, acting_user=acting_user, now=now, campaign=gate.campaign, after=after)
