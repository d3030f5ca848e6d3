"""The Celery tasks of training. Messages carry ids of rows; long tasks have queues of their own (CELERY_TASK_ROUTES).

A task may run twice or late: its effect depends on the row alone.
"""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone
from django.utils.translation import gettext_noop

from common.broker import waiting_messages
from common.sentences import Sentence
from labeling.models import Campaign
from training import claims
from training.actions.drafts import forget_drafts
from training.actions.evaluation import start_evaluation
from training.actions.label_biases import measure_next_snapshot
from training.actions.people_gates import look_at_gate
from training.actions.retention import forget_copies
from training.actions.schedule import consider_retraining as consider
from training.actions.scratch import forget_scratch
from training.actions.selection import look_at_trials
from training.actions.snapshot_index import index_earlier_snapshots
from training.actions.watching import look_at_promotion
from training.jobs import handover
from training.jobs.blame import run_blame_job
from training.jobs.gate import run_evaluation as evaluate
from training.jobs.gate import run_gate as ask_gate
from training.jobs.gate import take_up_gate
from training.jobs.generation import run_generation_job
from training.jobs.groups import run_group_job
from training.jobs.hosts import join_run as join
from training.jobs.lab import run_lab_job
from training.jobs.lens import run_lens_job
from training.jobs.price import run_price_job
from training.jobs.run import run_training_job
from training.jobs.selection import run_selection_job
from training.jobs.suites import run_suite_job
from training.models import RetrainingRule, Run
from training.queries import retraining
from training.queries.people_gates import open_gates
from training.rehearsal.demo import can_simulate, is_being_written, simulate_judgments
from training.versions import servers

logger = logging.getLogger(__name__)

# By then the task that finished the run has asked the gate, unless its worker died.
GATE_FORGOTTEN_AFTER = timedelta(minutes=5)
SIMULATE_AGAIN_SECONDS = 3


def _afterwards() -> None:
    """After a job: others may start, and this machine, which may never sweep, forgets what was removed elsewhere."""
    claims.send_held_back(now=timezone.now())
    forget_copies(now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def run_generation(job_id: int) -> None:
    """Writes the completions of a generation job."""
    if run_generation_job(job_id) is None:
        return
    for gate in open_gates().filter(job=job_id):
        look_at_gate(gate_id=gate.pk, now=timezone.now())
    _afterwards()


@shared_task  # type: ignore[untyped-decorator]
def run_suite(suite_run_id: int) -> None:
    """Has a version answer the scenarios of a suite."""
    if run_suite_job(suite_run_id) is not None:
        _afterwards()


@shared_task  # type: ignore[untyped-decorator]
def run_training(run_id: int) -> None:
    """Trains; then evaluates the version, and asks the promotion gate if the schedule started the run."""
    run = run_training_job(run_id, on_finished=_evaluation_follows)
    if run is None:
        return
    ask_gate(run.pk)
    _afterwards()


def _evaluation_follows(run: Run) -> None:
    """Every version is evaluated: the row stands with the run's end, whatever becomes of this worker."""
    start_evaluation(version=run.version, acting_user=None, now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def join_run(run_id: int) -> None:
    """Takes part in a run that another host's worker has, where runs use several hosts."""
    join(run_id)


@shared_task  # type: ignore[untyped-decorator]
def run_gate(run_id: int) -> None:
    """Asks the gate about a finished run whose worker died before it could, or that people have voted on since."""
    take_up_gate(run_id)


@shared_task  # type: ignore[untyped-decorator]
def run_evaluation(evaluation_id: int) -> None:
    """Evaluates a version; then asks the promotion gate if its run awaits it."""
    evaluate(evaluation_id)


@shared_task  # type: ignore[untyped-decorator]
def look_at_blind_test(campaign_id: int) -> None:
    """Looks at the evidence of a gate by people: somebody voted in its blind test."""
    for gate in open_gates().filter(blind_test=campaign_id):
        look_at_gate(gate_id=gate.pk, now=timezone.now())


@shared_task  # type: ignore[untyped-decorator]
def run_price(job_id: int) -> None:
    """Measures a learning curve by short runs."""
    if run_price_job(job_id) is not None:
        _afterwards()


@shared_task  # type: ignore[untyped-decorator]
def run_selection(job_id: int) -> None:
    """Chooses which comparisons come next; measures the arm that is due first."""
    if run_selection_job(job_id) is not None:
        _afterwards()


@shared_task  # type: ignore[untyped-decorator]
def run_lens(lens_job_id: int) -> None:
    """Computes the hidden rewards of a pair."""
    run_lens_job(lens_job_id)


@shared_task  # type: ignore[untyped-decorator]
def run_blame(job_id: int) -> None:
    """Searches a snapshot for doubtful pairs."""
    if run_blame_job(job_id) is not None:
        _afterwards()


@shared_task  # type: ignore[untyped-decorator]
def run_groups(job_id: int) -> None:
    """Looks for groups of annotators, or measures the versions of groups."""
    run_group_job(job_id)


@shared_task  # type: ignore[untyped-decorator]
def run_lab(session_id: int) -> None:
    """Runs a lab session for as long as its owner asks for steps."""
    run_lab_job(session_id)


@shared_task  # type: ignore[untyped-decorator]
def simulate_demo(campaign_id: int) -> None:
    """Lets simulated annotators judge the demo's open pairs, and again those that are written meanwhile."""
    campaign = Campaign.objects.filter(pk=campaign_id).first()
    if campaign is None or not can_simulate(campaign):
        return
    is_last = not is_being_written(campaign)
    simulate_judgments(campaign=campaign, acting_user=None, now=timezone.now())
    if not is_last:
        simulate_demo.apply_async([campaign_id], countdown=SIMULATE_AGAIN_SECONDS)


@shared_task  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Recovers jobs of dead workers and forgotten messages; looks at gates by people, at trials of what to label next
    and at what serves; deletes old drafts; indexes and measures snapshots.

    Beat sends it every half minute.
    """
    now = timezone.now()
    forget_drafts(now=now)
    forget_scratch(now=now)
    forget_copies(now=now)
    claims.sweep(now=now)
    handover.restore()
    index_earlier_snapshots()
    measure_next_snapshot()
    look_at_trials(now=now)
    for gate in open_gates():
        try:
            look_at_gate(gate_id=gate.pk, now=now)
        except Exception:  # what is wrong with one gate holds up nothing else
            logger.exception("%s could not be looked at", gate)
    try:
        look_at_promotion(now=now)
    except Exception:  # the version before may have lost its files
        logger.exception("The watch over the serving version failed")
    for run in retraining.runs_awaiting_gate().filter(finished_at__lt=now - GATE_FORGOTTEN_AFTER):
        if waiting_messages("generate") == 0:
            run_gate.delay(run.pk)


@shared_task  # type: ignore[untyped-decorator]
def unload_unused() -> None:
    """Unloads versions that nothing uses from the servers. Celery beat sends it every ten minutes."""
    servers.unload_unused()


@shared_task  # type: ignore[untyped-decorator]
def consider_retraining(rule_id: int) -> None:
    """Considers one rule at its time. Each rule with a time has a beat row that sends this."""
    rule = RetrainingRule.objects.select_related("campaign").filter(pk=rule_id).first()
    if rule is not None:
        _consider_alone(rule)


@shared_task  # type: ignore[untyped-decorator]
def consider_retraining_rules() -> None:
    """Considers all rules without a time, and those whose time has come. Celery beat sends it every minute."""
    for rule in retraining.rules_without_time():
        _consider_alone(rule)


def _consider_alone(rule: RetrainingRule) -> None:
    """Considers a rule; its page says what broke, which the next look finds again or not."""
    try:
        consider(rule=rule, now=timezone.now())
    except Exception as error:  # what is wrong with one campaign holds up no other
        logger.exception("%s could not be considered", rule)
        details = {"kind": type(error).__name__, "error": str(error)}
        outcome = Sentence(gettext_noop("Unexpected: %(kind)s: %(error)s"), details)
        RetrainingRule.objects.filter(pk=rule.pk).update(considered_at=timezone.now(), outcome=outcome)
