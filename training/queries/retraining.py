"""The inputs of automatic retraining: fresh verdicts, rules without a time, runs that await their gate."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from common.schedules import next_time
from labeling.models import Campaign, Event
from labeling.queries.verdicts import count_pairs
from training.models import Deployment, GateDecision, JobStatus, PeopleGate, RetrainingRule, Run, Snapshot
from training.queries.loop import loop_runs
from training.queries.rehearsals import channel_of


def last_snapshot(campaign: Campaign) -> Snapshot | None:
    """The snapshot of the last run, however it ended: a failed run is no reason to start the same one again."""
    run = loop_runs(campaign).order_by("-pk").select_related("snapshot").first()
    return run.snapshot if run else None


def fresh_verdicts(campaign: Campaign) -> int:
    """How many verdicts that yield a preference pair are newer than the last run's snapshot."""
    snapshot = last_snapshot(campaign)
    return count_pairs(campaign, since=snapshot.last_verdict_at if snapshot else None)


def awaits_gate(run: Run) -> bool:
    """Whether the promotion gate still has to decide about a run."""
    return runs_awaiting_gate().filter(pk=run.pk).exists()


def passed_since_decision(run: Run) -> PeopleGate | None:
    """The gate by people that was passed after the schedule had held this run's version back, against what serves.

    Also one that ended while that decision was made, without being seen by it.
    """
    held = GateDecision.objects.filter(run=run.pk, is_automatic=True).order_by("-pk").first()
    gates = _passed().filter(candidate__run=run.pk)
    if held is None:
        return None
    unseen = gates if held.figures.get("people") == 0 else gates.filter(ended_at__gt=held.at)
    return unseen.order_by("-pk").first()


def _passed() -> QuerySet[PeopleGate]:
    """The gates by people that were passed against what serves, and had no version decided about again."""
    channel = Coalesce("campaign__rehearsal__channel", Value(Deployment.DEFAULT_CHANNEL))
    passed = PeopleGate.objects.filter(status=PeopleGate.Status.BETTER, decision=None).alias(channel=channel)
    serves = Deployment.objects.filter(channel=OuterRef("channel"), is_current=True, version=OuterRef("serving"))
    return passed.filter(Exists(serves))


def runs_awaiting_gate() -> QuerySet[Run]:
    """The newest finished run of the schedule, of each campaign whose rule promotes automatically, if undecided.

    Also one that was held back before people preferred its version. None that finished before the rule began to
    promote, and none whose version has served: somebody put another one in its place.
    """
    runs = Run.objects.filter(status=JobStatus.FINISHED, trigger=Run.Trigger.SCHEDULE)
    newer = runs.filter(campaign=OuterRef("campaign"), pk__gt=OuterRef("pk"))
    switched_on = Event.objects.filter(
        campaign=OuterRef("campaign"), verb="retraining_rule.saved", after__auto_promote=True
    ).exclude(before__auto_promote=True)
    decided = GateDecision.objects.filter(run=OuterRef("pk"), is_automatic=True).order_by("-pk")
    passed = _passed().filter(candidate__run=OuterRef("pk"))
    saw_no_pass = GateDecision.objects.filter(pk=OuterRef("decided_by"), figures__people=0)
    awaiting = runs.filter(campaign__retraining_rule__auto_promote=True).alias(
        decided_by=Subquery(decided.values("pk")[:1]), decided_at=Subquery(decided.values("at")[:1])
    )
    awaiting = awaiting.filter(
        Q(decided_by=None)
        | Exists(passed.filter(ended_at__gt=OuterRef("decided_at")))
        | Q(Exists(passed), Exists(saw_no_pass))
    )
    return (
        awaiting.annotate(promotes_since=Subquery(switched_on.order_by("-pk").values("at")[:1]))
        .exclude(Exists(newer))
        .exclude(version__deployments__isnull=False)
        .filter(Q(promotes_since=None) | Q(finished_at=None) | Q(finished_at__gte=F("promotes_since")))
    )


def labels_since(rule: RetrainingRule | None) -> datetime | None:
    """When the version whose rollback paused a rule had been promoted; None: the rule is not paused."""
    if rule is None or rule.paused_at is None:
        return None
    changes = Deployment.objects.filter(channel=channel_of(rule.campaign)).order_by("-pk")
    rollback = changes.filter(at=rule.paused_at).first()
    return changes.filter(pk__lt=rollback.pk).values_list("at", flat=True).first() if rollback else None


def next_check(rule: RetrainingRule | None, *, after: datetime) -> datetime | None:
    """When an enabled rule with a time is checked next, in the time zone of its row; None: it has no time."""
    if rule is None or not rule.enabled or rule.periodic_task is None or rule.periodic_task.crontab is None:
        return None
    return next_time(rule.cron, after=after, zone=ZoneInfo(str(rule.periodic_task.crontab.timezone)))


def rules_without_time() -> QuerySet[RetrainingRule]:
    """Enabled rules that have no time, or whose time has come: they wait for nothing but what passes.

    Rehearsals ask about theirs themselves.
    """
    rules = RetrainingRule.objects.filter(
        Q(periodic_task__isnull=True) | Q(is_due=True), enabled=True, campaign__rehearsal=None
    )
    return rules.select_related("campaign").order_by("pk")
