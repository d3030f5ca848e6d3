"""Items of training in a lead's inbox: failed jobs, new versions that wait for promotion, and erased people."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from common.sentences import Sentence
from labeling.models import Campaign, Erasure, Event, User
from labeling.queries.attention import AttentionItem
from training.models import (
    ACTIVE_STATUSES,
    Deployment,
    EvaluationJob,
    GateDecision,
    GenerationJob,
    JobStatus,
    LeftOut,
    ModelVersion,
    PeopleGate,
    RetrainingRule,
    Round,
    RoundPlan,
    Run,
    Snapshot,
    TrialArm,
)
from training.queries.lineage import comparisons_judged_by
from training.queries.loop import loop_versions
from training.queries.people_gates import reason_of
from training.queries.retraining import runs_awaiting_gate
from training.queries.serving import current_deployment

KEPT_SECONDS = 24 * 3600
BUDGET_REACHED, TARGET_REACHED = "round.budget_reached", "round.target_reached"


def failed_jobs(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """The newest run and the newest generation job of each campaign, if they failed; a group's runs count apart."""
    for run in _newest_failed(Run.objects.all(), led, "snapshot__group_name"):
        sentence = gettext("Run %(number)d failed") % {"number": run.pk}
        yield _failure(f"run-{run.pk}", sentence, "run", (run.pk,), run)
    for job in _newest_failed(GenerationJob.objects.all(), led):
        yield _failure(
            f"generation-{job.pk}", gettext("Generating pairs failed"), "campaign", (job.campaign.slug,), job
        )


def versions_waiting(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """The newest version of each campaign, if it is newer than the serving one and never served.

    Not while it is evaluated, nor if the schedule is about to decide: leads would be told of what settles itself.
    """
    versions = loop_versions()
    newer = versions.filter(run__campaign=OuterRef("run__campaign"), pk__gt=OuterRef("pk"))
    newest = versions.filter(~Exists(newer), run__campaign__in=led, files_removed_at=None, deployments=None)
    # The gate's own item says so of these.
    newest = newest.exclude(decisions__is_automatic=True)
    serving = current_deployment()
    if serving is not None:
        newest = newest.filter(created_at__gt=serving.at)
    active = EvaluationJob.objects.filter(version=OuterRef("pk"), status__in=ACTIVE_STATUSES)
    waiting = list(newest.exclude(Exists(active)).select_related("run").order_by("-pk"))
    by_schedule = set(runs_awaiting_gate().values_list("pk", flat=True)) if waiting else set()
    for version in waiting:
        assert version.run is not None
        if version.run_id in by_schedule:
            continue
        yield AttentionItem(
            f"version-{version.pk}",
            gettext("%(version)s waits for promotion") % {"version": version.name},
            1,
            "version",
            (version.name,),
            led[version.run.campaign_id],
            since=version.created_at,
            can_be_set_aside=True,
        )


def gate_decisions(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """The newest decision that a gate made by itself in each campaign: held back, until something serves instead, or
    promoted. Leads set it aside once they have read it."""
    newer = GateDecision.objects.filter(gate__campaign=OuterRef("gate__campaign"), pk__gt=OuterRef("pk"))
    decisions = GateDecision.objects.filter(~Exists(newer), gate__campaign__in=led, is_automatic=True)
    serving = current_deployment()
    for decision in decisions.select_related("gate", "version"):
        is_held = decision.outcome == GateDecision.Outcome.HELD
        if not is_held and (serving is None or serving.version_id != decision.version_id):
            continue
        text = gettext("%(version)s was held back by the gate") if is_held else gettext("%(version)s was promoted")
        yield AttentionItem(
            f"gate-{decision.pk}",
            text % {"version": decision.version.name},
            1,
            "gate_decision",
            (decision.pk,),
            led[decision.gate.campaign_id],
            since=decision.at,
            detail=str(decision.reason),
            can_be_set_aside=True,
            is_bad_news=is_held,
        )


def people_gates(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """The newest gate by people of each campaign once it is decided, until its candidate serves."""
    newer = PeopleGate.objects.filter(campaign=OuterRef("campaign"), pk__gt=OuterRef("pk"))
    decided = PeopleGate.objects.filter(~Exists(newer), campaign__in=led, status__in=PeopleGate.DECIDED)
    gates = list(decided.select_related("candidate", "serving").order_by("pk"))
    serving = current_deployment() if gates else None
    texts = {
        PeopleGate.Status.BETTER: gettext("%(version)s passed its gate by people"),
        PeopleGate.Status.UNDECIDED: gettext("People did not decide about %(version)s"),
    }
    for gate in gates:
        if serving is not None and serving.version_id == gate.candidate_id:
            continue
        status = PeopleGate.Status(gate.status)
        text = texts.get(status) or gettext("%(version)s did not pass its gate by people")
        yield AttentionItem(
            f"people-gate-{gate.pk}",
            text % {"version": gate.candidate.name},
            1,
            "people_gate",
            (gate.pk,),
            led[gate.campaign_id],
            since=gate.ended_at,
            detail=str(reason_of(gate)),
            can_be_set_aside=True,
            is_bad_news=status in (PeopleGate.Status.NOT_WORTH, PeopleGate.Status.WORSE),
        )


def paused_retraining(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """Campaigns whose automatic retraining waits for a lead to resume it."""
    rules = RetrainingRule.objects.filter(campaign__in=led, enabled=True).exclude(paused_at=None)
    for rule in rules.order_by("pk"):
        yield AttentionItem(
            f"paused-{rule.pk}",
            gettext("Automatic retraining is paused"),
            1,
            "campaign",
            (led[rule.campaign_id].slug,),
            led[rule.campaign_id],
            since=rule.paused_at,
            detail=str(rule.pause),
        )


def round_news(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """The newest round that ended, versions rolled back by rule, budgets that are used up, and targets reached.

    Of a round whose version the schedule decided about the gate's own item says so.
    """
    ended = Round.objects.filter(campaign__in=led).exclude(closed_at=None)
    newer = ended.filter(campaign=OuterRef("campaign"), number__gt=OuterRef("number"))
    decisions = GateDecision.objects.filter(run__round=OuterRef("pk")).order_by("-pk").values("is_automatic")
    versions = ModelVersion.objects.filter(run__round=OuterRef("pk")).order_by("-pk").values("name")
    newest = ended.filter(~Exists(newer)).annotate(
        version=Subquery(versions[:1]), by_rule=Coalesce(Subquery(decisions[:1]), Value(False))
    )
    for one in newest.filter(by_rule=False).order_by("pk"):
        text = _end_of_round(one) % {"number": one.number, "version": one.version}
        is_bad = one.outcome == Round.Outcome.NO_VERSION
        yield _news(f"round-{one.pk}", text, "round", one.pk, led[one.campaign_id], one.closed_at, is_bad=is_bad)
    serving = current_deployment()
    if serving is not None and serving.kind == Deployment.Kind.ROLLBACK and serving.by_id is None and serving.reason:
        rolled_back = Deployment.objects.filter(channel=serving.channel, pk__lt=serving.pk).order_by("-pk")
        before = rolled_back.select_related("version__run").first()
        run = before.version.run if before else None
        if before is not None and run is not None and run.campaign_id in led:
            text = gettext("%(version)s was rolled back by rule") % {"version": before.version.name}
            campaign = led[run.campaign_id]
            yield AttentionItem(
                f"rolled-back-{serving.pk}",
                text,
                1,
                "version",
                (before.version.name,),
                campaign,
                since=serving.at,
                detail=str(serving.reason),
                can_be_set_aside=True,
                is_bad_news=True,
            )
    plans = RoundPlan.objects.filter(campaign__in=led).exclude(budget_reached_at=None, target_reached_at=None)
    reached = list(plans.order_by("pk"))
    told = _reasons_told(reached) if reached else {}
    for plan in reached:
        campaign = led[plan.campaign_id]
        if plan.budget_reached_at is not None:
            key, text = f"budget-{plan.pk}-{plan.budget_reached_at:%Y%m%d%H%M}", gettext("The budget is used up")
            news = _news(key, text, "rounds", campaign.slug, campaign, plan.budget_reached_at, is_bad=True)
            yield replace(news, detail=told.get((plan.campaign_id, BUDGET_REACHED), ""))
        if plan.target_reached_at is not None:
            key, text = f"target-{plan.pk}-{plan.target_reached_at:%Y%m%d%H%M}", gettext("The target is reached")
            news = _news(key, text, "rounds", campaign.slug, campaign, plan.target_reached_at)
            yield replace(news, detail=told.get((plan.campaign_id, TARGET_REACHED), ""))


def _end_of_round(one: Round) -> str:
    """How a round ended, with places for its number and its version."""
    if one.outcome == Round.Outcome.PROMOTED:
        return gettext("Round %(number)s ended: %(version)s was promoted")
    if one.outcome == Round.Outcome.NO_VERSION:
        return gettext("Round %(number)s ended without a version")
    return gettext("Round %(number)s ended: %(version)s was not promoted")


def _reasons_told(plans: Collection[RoundPlan]) -> dict[tuple[int, str], str]:
    """The figures with which budgets and targets were last reached, by campaign and verb of the event."""
    campaigns = [plan.campaign_id for plan in plans]
    events = Event.objects.filter(campaign__in=campaigns, verb__in=(BUDGET_REACHED, TARGET_REACHED))
    newest = events.exclude(sentences=None).order_by("campaign", "verb", "-pk").distinct("campaign", "verb")
    rows = newest.values_list("campaign", "verb", "sentences__reason")
    return {(campaign, verb): str(Sentence.from_json(reason)) for campaign, verb, reason in rows if reason}


def _news(
    key: str, text: str, page: str, argument: Any, campaign: Campaign, since: Any, *, is_bad: bool = False
) -> AttentionItem:
    """Something that a lead sets aside once they have read it."""
    return AttentionItem(
        key, text, 1, page, (argument,), campaign, since=since, can_be_set_aside=True, is_bad_news=is_bad
    )


def arms_switched_off(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """Ways to choose pairs that did not pay or cannot be measured, until other shares are set or it is set aside."""
    arms = TrialArm.objects.filter(trial__campaign__in=led, trial__is_on=True, share__gt=0).exclude(off_at=None)
    for arm in arms.select_related("trial").order_by("pk"):
        assert arm.off_at is not None
        campaign = led[arm.trial.campaign_id]
        if arm.standing == TrialArm.Standing.UNMEASURED:
            text = gettext("The way “%(way)s” was switched off: it cannot be measured")
        else:
            text = gettext("The way “%(way)s” was switched off: it has no proven gain")
        text %= {"way": arm.get_name_display()}
        yield _news(f"arm-{arm.pk}-{arm.off_at:%Y%m%d%H%M}", text, "selection", campaign.slug, campaign, arm.off_at)


def erased_people(user: User, led: Mapping[int, Campaign]) -> Iterator[AttentionItem]:
    """People who were erased after a version of the campaign had learned from them, until they are left out."""
    erasures = Erasure.objects.exclude(model_versions=[]).select_related("person").order_by("-pk")
    judged = {erasure: _snapshots_judged_before(erasure) for erasure in erasures}
    if not judged:
        return
    learned = dict(
        Snapshot.objects.filter(pk__in=set().union(*judged.values()), campaign__in=led, runs__version__isnull=False)
        .order_by()
        .values_list("pk", "campaign")
    )
    done = set(LeftOut.objects.filter(campaign__in=led).values_list("person", "campaign"))
    for erasure, snapshots in judged.items():
        person = erasure.person
        for pk in sorted({learned[snapshot] for snapshot in snapshots if snapshot in learned}):
            if (person.pk, pk) in done:
                continue
            yield AttentionItem(
                f"erased-{pk}-{person.pk}",
                gettext("Versions learned from %(person)s, who was erased") % {"person": person.pseudonym},
                1,
                "left_out",
                (led[pk].slug, person.pseudonym),
                led[pk],
                since=erasure.at,
                can_be_set_aside=True,
            )


def _snapshots_judged_before(erasure: Erasure) -> list[int]:
    """The snapshots from before an erasure with comparisons that the person had judged.

    An erasure fixes them, and every page of a lead has the inbox, so the join of judgments and snapshots is kept.
    """
    key = f"judged-before-erasure-{erasure.pk}-{erasure.at.timestamp()}"
    kept: list[int] | None = cache.get(key)
    if kept is None:
        before = Snapshot.objects.filter(pk__in=comparisons_judged_by(erasure.person), created_at__lt=erasure.at)
        kept = list(before.values_list("pk", flat=True))
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _newest_failed(jobs: "QuerySet[Any]", led: Mapping[int, Campaign], *within: str) -> "QuerySet[Any]":
    """The newest job of each campaign, if it failed. within: columns that make it the newest of several kinds."""
    newer = jobs.filter(pk__gt=OuterRef("pk"), **{name: OuterRef(name) for name in ("campaign", *within)})
    failed = jobs.filter(~Exists(newer), campaign__in=led, status=JobStatus.FAILED)
    return failed.select_related("campaign").order_by("-pk")


def _failure(key: str, sentence: str, page: str, arguments: tuple[Any, ...], job: Any) -> AttentionItem:
    return AttentionItem(
        key,
        sentence,
        job.attempts,  # a job that was resumed and failed again is news
        page,
        arguments,
        job.campaign,
        since=job.finished_at,
        detail=str(job.error),
        can_be_set_aside=True,
        is_bad_news=True,
    )
