"""Sentences for training's events, and the names of its things: as in `labeling.web.event_sentences`."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labeling.models import Event
from labeling.web.event_sentences import Name
from training.models import ModelVersion, Suite, TrialArm

SENTENCES: Mapping[str, str | Promise] = {
    "lab_session.cancel_requested": _("%(who)s asked to cancel %(what)s"),
    "lab_session.cancelled": _("%(who)s cancelled %(what)s"),
    "lab_session.failed": _("%(what)s failed"),
    "lab_session.finished": _("%(what)s finished"),
    "lab_session.resumed": _("%(who)s resumed %(what)s"),
    "lab_session.started": _("%(who)s started %(what)s"),
    "version.files_removed": _("The files of %(what)s were removed"),
    "backup.made": _("%(who)s made %(what)s"),
    "blame.cancel_requested": _("%(who)s asked to cancel %(what)s"),
    "blame.cancelled": _("%(who)s cancelled %(what)s"),
    "blame.failed": _("%(what)s failed"),
    "blame.finished": _("%(what)s finished"),
    "blame.resumed": _("%(who)s resumed %(what)s"),
    "blame.asked": _("%(who)s asked for %(what)s"),
    "group_job.cancel_requested": _("%(who)s asked to cancel %(what)s"),
    "group_job.cancelled": _("%(who)s cancelled %(what)s"),
    "group_job.failed": _("%(what)s failed"),
    "group_job.finished": _("%(what)s finished"),
    "group_job.resumed": _("%(who)s resumed %(what)s"),
    "group_job.started": _("%(who)s started %(what)s"),
    "price.cancel_requested": _("%(who)s asked to cancel %(what)s"),
    "price.cancelled": _("%(who)s cancelled %(what)s"),
    "price.failed": _("%(what)s failed"),
    "price.finished": _("%(what)s finished"),
    "price.resumed": _("%(who)s resumed %(what)s"),
    "price.started": _("%(who)s started %(what)s"),
    "selection.arm_measured": _("%(what)s was measured"),
    "selection.arm_not_measured": _("%(what)s could not be measured"),
    "selection.arm_switched_off": _("%(what)s was switched off"),
    "selection.asked": _("%(who)s asked for %(what)s"),
    "selection.cancel_requested": _("%(who)s asked to cancel %(what)s"),
    "selection.cancelled": _("%(who)s cancelled %(what)s"),
    "selection.chosen": _("%(what)s put pairs first in the queue"),
    "selection.failed": _("%(what)s failed"),
    "selection.finished": _("%(what)s finished"),
    "selection.resumed": _("%(who)s resumed %(what)s"),
    "selection.set": _("%(who)s set %(what)s"),
    "evaluation.cancel_requested": _("%(who)s asked to cancel %(what)s"),
    "evaluation.cancelled": _("%(who)s cancelled %(what)s"),
    "evaluation.failed": _("%(what)s failed"),
    "evaluation.finished": _("%(what)s finished"),
    "evaluation.resumed": _("%(who)s resumed %(what)s"),
    "evaluation.started": _("%(who)s started %(what)s"),
    "gate.held_back": _("%(what)s: held back"),
    "gate.passed": _("%(what)s: promoted, all rules are met"),
    "gate.people_cancelled": _("%(who)s cancelled %(what)s"),
    "gate.people_decided": _("%(what)s ended"),
    "gate.people_joined": _("%(who)s added the votes of %(what)s to the training pool"),
    "gate.people_opened": _("%(who)s opened %(what)s"),
    "gate.saved": _("%(who)s changed %(what)s"),
    "gate.waived": _("%(who)s promoted past the gate: %(what)s"),
    "generation.cancel_requested": _("%(who)s asked to cancel %(what)s"),
    "generation.cancelled": _("%(who)s cancelled %(what)s"),
    "generation.failed": _("%(what)s failed"),
    "generation.finished": _("%(what)s finished"),
    "generation.resumed": _("%(who)s resumed %(what)s"),
    "generation.started": _("%(who)s started %(what)s"),
    "lens.asked": _("%(who)s asked for %(what)s"),
    "lens.cancel_requested": _("%(who)s asked to cancel %(what)s"),
    "lens.cancelled": _("%(who)s cancelled %(what)s"),
    "lens.failed": _("%(what)s failed"),
    "lens.finished": _("%(what)s finished"),
    "lens.resumed": _("%(who)s resumed %(what)s"),
    "prompts.held": _("%(who)s changed %(what)s"),
    "retraining_rule.paused": _("%(what)s was paused"),
    "retraining_rule.resumed": _("%(who)s resumed %(what)s"),
    "retraining_rule.saved": _("%(who)s changed %(what)s"),
    "round.budget_reached": _("%(what)s: the budget is used up"),
    "round.finished": _("%(what)s ended"),
    "round.opened": _("%(what)s began"),
    "round.plan_saved": _("%(who)s changed %(what)s"),
    "round.target_reached": _("%(what)s: the target is reached"),
    "run.cancel_requested": _("%(who)s asked to cancel %(what)s"),
    "run.cancelled": _("%(who)s cancelled %(what)s"),
    "run.checkpoints_removed": _("%(who)s removed the checkpoints of %(what)s"),
    "run.failed": _("%(what)s failed"),
    "run.finished": _("%(what)s finished"),
    "run.gate_decided": _("%(who)s decided about the promotion after %(what)s"),
    "run.resumed": _("%(who)s resumed %(what)s"),
    "run.started": _("%(who)s started %(what)s"),
    "snapshot.taken": _("%(who)s took %(what)s of the labels"),
    "scenario.answer_undone": _("%(who)s took %(what)s back"),
    "scenario.answered": _("%(who)s gave %(what)s"),
    "suite.created": _("%(who)s made the suite %(what)s"),
    "suite.saved": _("%(who)s changed the suite %(what)s"),
    "suite_run.cancel_requested": _("%(who)s asked to cancel %(what)s"),
    "suite_run.cancelled": _("%(who)s cancelled %(what)s"),
    "suite_run.compared": _("%(who)s sent answers of %(what)s to people"),
    "suite_run.failed": _("%(what)s failed"),
    "suite_run.finished": _("%(what)s finished"),
    "suite_run.judge_asked": _("%(who)s asked the model judge about %(what)s"),
    "suite_run.resumed": _("%(who)s resumed %(what)s"),
    "suite_run.started": _("%(who)s started %(what)s"),
    "training.left_out": _("%(who)s left judgments of %(what)s out of training"),
    "training.taken_in": _("%(who)s uses judgments of %(what)s in training again"),
    "version.downloaded": _("%(who)s downloaded the version %(what)s"),
    "version.evaluated": _("%(who)s evaluated the version %(what)s"),
    "version.promoted": _("%(who)s promoted the version %(what)s"),
    "version.registered": _("%(who)s registered the version %(what)s"),
    "version.rolled_back_by_rule": _("The version %(what)s was rolled back: its watched figures got worse"),
    "version.rolled_back": _("%(who)s rolled back to the version %(what)s"),
}


def _version(event: Event) -> str:
    version = ModelVersion.objects.filter(pk=event.subject_id).only("name").first()
    return version.name if version else ""


def _suite(event: Event) -> str:
    suite = Suite.objects.filter(pk=event.subject_id).only("name").first()
    return suite.name if suite else ""


def _arm(event: Event) -> str:
    labels = dict(TrialArm.Name.choices)
    return gettext("The way “%(way)s”") % {"way": labels.get(event.after.get("arm", ""), "")}


NAMES: Mapping[str, Name] = {
    "backup": lambda event: gettext("a backup"),
    "evaluationjob": lambda event: gettext("Evaluation %(number)s") % {"number": event.subject_id},
    "gate": lambda event: gettext("the gate"),
    "gatedecision": lambda event: gettext("Gate decision %(number)s") % {"number": event.subject_id},
    "generationjob": lambda event: gettext("Generation %(number)s") % {"number": event.subject_id},
    "heldprompts": lambda event: gettext("the prompts held for gates by people"),
    "labsession": lambda event: gettext("Lab session %(number)s") % {"number": event.subject_id},
    "modelversion": _version,
    "peoplegate": lambda event: gettext("Gate by people %(number)s") % {"number": event.subject_id},
    "retrainingrule": lambda event: gettext("the rule of automatic retraining"),
    "round": lambda event: gettext("Round %(number)s") % {"number": event.after.get("round", "")},
    "roundplan": lambda event: gettext("the plan of the rounds"),
    "scenarioanswer": lambda event: (
        gettext("an answer about the scenario %(name)s") % {"name": event.after.get("scenario", "")}
    ),
    "selectionjob": lambda event: gettext("Choice of pairs %(number)s") % {"number": event.subject_id},
    "selectiontrial": lambda event: gettext("the shares of what to label next"),
    "suite": _suite,
    "suiterun": lambda event: gettext("Suite run %(number)s") % {"number": event.subject_id},
    "run": lambda event: gettext("Run %(number)s") % {"number": event.subject_id},
    "trialarm": _arm,
}
