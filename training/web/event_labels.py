"""Names for training's events in the event log: their verbs, their subjects and the values they hold."""

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.wording import percent
from labeling.web.event_labels import Field, fields_of, sentence, shortened
from training.models import FIGURES, CandidateStrategy, JobStatus, Run
from training.web.retraining_form import time_in_words
from training.web.setting_labels import DROPPED, RESULTS, SETTINGS

EVENTS: dict[str, str | Promise] = {
    "gate.held_back": _("Gate: held back"),
    "gate.passed": _("Gate: promoted"),
    "gate.saved": _("Gate changed"),
    "gate.waived": _("Gate: promoted with a reason"),
    "generation.cancel_requested": _("Generation: cancellation requested"),
    "generation.cancelled": _("Generation cancelled"),
    "generation.failed": _("Generation failed"),
    "generation.finished": _("Generation finished"),
    "generation.resumed": _("Generation resumed"),
    "generation.started": _("Generation started"),
    "lens.asked": _("Reward lens requested"),
    "lens.cancel_requested": _("Reward lens: cancellation requested"),
    "lens.cancelled": _("Reward lens cancelled"),
    "lens.failed": _("Reward lens failed"),
    "lens.finished": _("Reward lens finished"),
    "lens.resumed": _("Reward lens resumed"),
    "retraining_rule.paused": _("Automatic retraining paused"),
    "retraining_rule.resumed": _("Automatic retraining resumed"),
    "retraining_rule.saved": _("Retraining rule saved"),
    "run.cancel_requested": _("Training run: cancellation requested"),
    "run.cancelled": _("Training run cancelled"),
    "run.checkpoints_removed": _("Checkpoints removed"),
    "run.failed": _("Training run failed"),
    "run.finished": _("Training run finished"),
    "run.gate_decided": _("Gate decided"),
    "run.resumed": _("Training run resumed"),
    "run.started": _("Training run started"),
    "snapshot.taken": _("Snapshot taken"),
    "training.left_out": _("Judgments left out of training"),
    "training.taken_in": _("Judgments used in training again"),
    "version.evaluated": _("Version evaluated"),
    "version.promoted": _("Version promoted"),
    "version.registered": _("Version registered"),
    "version.rolled_back": _("Version rolled back"),
}
SUBJECTS: dict[str, str | Promise] = {
    "deployment": _("deployment"),
    "gate": _("gate"),
    "gatedecision": _("gate decision"),
    "generationjob": _("generation job"),
    "lensjob": _("reward lens"),
    "modelversion": _("model version"),
    "retrainingrule": _("retraining rule"),
    "snapshot": _("snapshot"),
    "run": _("training run"),
}
_JOBS = ("generationjob", "labsession", "lensjob", "run")
FIELDS: dict[str, Field] = {
    **{f"{job}.status": Field(_("Status"), dict(JobStatus.choices)) for job in _JOBS},
    "accuracy": Field(_("Held-out accuracy"), as_text=percent),
    "auto_promote": Field(_("Promote automatically")),
    "certificate": Field(_("Certificate (SHA-256)"), as_text=shortened),
    "channel": Field(_("Channel")),
    "config": Field(_("Settings"), fields=fields_of(SETTINGS) | {"seed": Field(SETTINGS["seed"], as_text=str)}),
    "content_hash": Field(_("Content hash"), as_text=shortened),
    "cron": Field(_("When"), as_text=time_in_words),
    "decision": Field(_("Gate decision")),
    "deployment": Field(_("Deployment")),
    "done": Field(_("Done")),
    "enabled": Field(_("Retrain automatically")),
    "error": Field(_("Error"), as_text=sentence),
    "gate": Field(_("Gate")),
    "gatedecision.reason": Field(_("Reason"), as_text=sentence),
    "max_accuracy_drop": Field(_("Allowed drop in accuracy")),
    "max_drop": Field(_("Allowed drop in accuracy")),
    "min_fresh_verdicts": Field(_("Fresh verdicts needed")),
    "modelversion.kind": Field(
        _("Measured on"),
        {
            "gate": _("held-out pairs, for the gate"),
            "held_out": _("held-out pairs"),
            "win_rate": _("answers to held-out prompts"),
        },
    ),
    "pairs": Field(_("Pairs")),
    "parent": Field(_("Parent")),
    "parent_accuracy": Field(_("Held-out accuracy of the parent"), as_text=percent),
    "probe": Field(_("Answer to the probe")),
    "promoted": Field(_("Promoted")),
    "results": Field(_("Figures"), fields=fields_of(RESULTS)),
    "rules": Field(_("Rules"), fields=fields_of({name: about.label for name, about in FIGURES.items()})),
    "run": Field(_("Training run"), as_text=lambda number: gettext("Run %(number)s") % {"number": number}),
    "run.reason": Field(_("Reason"), as_text=sentence),
    "server": Field(_("Server")),
    "servers": Field(_("Servers")),
    "serving": Field(_("Serving version")),
    "snapshot": Field(_("Snapshot"), as_text=shortened),
    "snapshot.dropped": Field(_("Left out"), fields=fields_of(DROPPED)),
    "strategy": Field(_("Pairs from"), dict(CandidateStrategy.choices)),
    "test": Field(_("Held-out pairs")),
    "total": Field(_("Total")),
    "train": Field(_("Training pairs")),
    "trigger": Field(_("Trigger"), dict(Run.Trigger.choices)),
    "trouble": Field(_("Problem"), as_text=sentence),
    "version": Field(_("Version")),
    "versions": Field(_("Versions")),
    "waiver": Field(_("Reason to promote anyway")),
}
"""As in `labeling.web.event_labels`."""
