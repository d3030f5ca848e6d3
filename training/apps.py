"""The training app: what the machine learns."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrainingConfig(AppConfig):
    name = "training"
    verbose_name = "Training"

    def ready(self) -> None:
        """Registers with labeling, which does not know this app: events, the inbox, jobs, and versions."""
        from labeling.events.types import offer
        from labeling.judging.blind_tests import register_reader
        from labeling.queries.attention import register_source
        from labeling.queries.coming import register_lookups
        from labeling.queries.model_checks import register_model_check
        from labeling.queries.splits import register_split
        from labeling.queries.trained_on import register_lookup
        from labeling.queries.uses import register_uses
        from labeling.web.event_labels import add_labels
        from labeling.web.event_links import add_links
        from labeling.web.event_sentences import add_sentences
        from training.queries.attention import (
            arms_switched_off,
            erased_people,
            failed_jobs,
            gate_decisions,
            paused_retraining,
            people_gates,
            round_news,
            versions_waiting,
        )
        from training.queries.coming import coming_pairs, model_work
        from training.queries.lineage import uses_of
        from training.queries.model_checks import check_of_serving_model
        from training.queries.splits import next_split
        from training.queries.trained_on import trained_on
        from training.web.event_labels import EVENTS, FIELDS, SUBJECTS
        from training.web.event_links import LINKS
        from training.web.event_sentences import NAMES, SENTENCES

        register_lookup(trained_on)
        register_split(next_split)
        register_model_check(check_of_serving_model)
        register_uses(uses_of)
        register_source(failed_jobs)
        register_source(versions_waiting)
        register_source(gate_decisions)
        register_source(people_gates)
        register_reader("training.tasks.look_at_blind_test")
        register_source(paused_retraining)
        register_source(round_news)
        register_source(arms_switched_off)
        register_source(erased_people)
        register_lookups(work=model_work, pairs=coming_pairs)
        add_labels(events=EVENTS, subjects=SUBJECTS, fields=FIELDS)
        add_links(LINKS)
        add_sentences(SENTENCES, NAMES)
        offer(
            {
                "evaluation.finished": _("The report about a version is there."),
                "evaluation.failed": _("The evaluation of a version failed."),
                "gate.held_back": _("A gate held a new version back."),
                "gate.passed": _("A version met the gate and was promoted."),
                "gate.people_opened": _("A gate by people was opened: its blind test is being written."),
                "gate.people_decided": _("A gate by people ended: better, worse, not worth more votes, or undecided."),
                "gate.saved": _("The rules of a gate were changed."),
                "gate.waived": _("A lead promoted a version past the gate, with a reason."),
                "generation.finished": _("A generation job has written its candidate pairs."),
                "generation.failed": _("A generation job failed."),
                "run.finished": _("A training run made a new model version."),
                "run.failed": _("A training run failed."),
                "retraining_rule.paused": _("Automatic retraining was paused: its version was rolled back."),
                "round.budget_reached": _("The budget of a campaign's rounds is used up: the schedule starts nothing."),
                "round.finished": _("A round ended: its version was promoted, or a later round took its place."),
                "round.opened": _("A round began."),
                "round.target_reached": _("The target of a campaign's rounds is reached: the schedule stops."),
                "selection.arm_switched_off": _(
                    "A way to choose pairs was switched off: it does not pay, or cannot be measured."
                ),
                "suite_run.finished": _("A version has answered the scenarios of a suite."),
                "suite_run.failed": _("A run on a suite of scenarios failed."),
                "version.registered": _("A model version was registered."),
                "version.evaluated": _("A model version was evaluated."),
                "version.promoted": _("A model version was promoted: it serves now."),
                "version.rolled_back_by_rule": _("A promoted version was rolled back: its watched figures got worse."),
                "version.rolled_back": _("A rollback: the earlier model version serves again."),
            }
        )
