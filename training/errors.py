"""The domain errors of training. The raisers have more exact sentences; these stand on the page about the type."""

from django.utils.translation import gettext_lazy as _

from common.errors import Conflict, Invalid


class NothingServes(Conflict):
    type = "nothing-serves"
    sentence = _("No model version serves yet. Promote one first.")


class NothingToRollBack(Conflict):
    type = "nothing-to-roll-back"
    sentence = _("No earlier model version served: there is nothing to roll back to.")


class WrongName(Invalid):
    type = "wrong-name"
    sentence = _("A model version cannot have this name.")


class ServingChanged(Conflict):
    type = "serving-changed"
    sentence = _("Another version serves meanwhile. Look again before you decide.")


class ServerNotReady(Conflict):
    type = "server-not-ready"
    sentence = _("No server can serve this version now, or one refuses it.")


class ServersAway(ServerNotReady):
    """It passes: none of them answers now."""


class VersionInUse(Conflict):
    type = "version-in-use"
    sentence = _("The files of this version are in use and cannot be removed.")


class JobActive(Conflict):
    type = "job-active"
    sentence = _("This campaign has an active job. Wait for it to end, or cancel it.")


class JobOver(Conflict):
    type = "job-over"
    sentence = _("Only an active job can be cancelled, and only an ended one resumed.")


class NoPrompts(Invalid):
    type = "no-prompts"
    sentence = _("There are no prompts to write completions for. Add some first.")


class WrongSettings(Invalid):
    type = "wrong-settings"
    sentence = _("These sampling or training settings cannot be used.")


class TooFewPairs(Invalid):
    type = "too-few-pairs"
    sentence = _("There are not enough preference pairs to train and test on. Judge more comparisons.")


class VersionDamaged(Conflict):
    type = "version-damaged"
    sentence = _("Files of this version are missing or changed. Restore them, or use another version.")


class WrongSchedule(Invalid):
    type = "wrong-schedule"
    sentence = _("The cron time cannot be read, or a setting is out of range.")


class WrongPlan(Invalid):
    type = "wrong-round-plan"
    sentence = _("This plan of the rounds cannot be used.")


class NothingToLeaveOut(Conflict):
    type = "nothing-to-leave-out"
    sentence = _("No snapshot holds a pair that this person judged.")


class GateNotMet(Conflict):
    type = "gate-not-met"
    sentence = _("The campaign's gate is not met. Give a reason to promote the version anyway.")


class OnlyRehearsed(Conflict):
    type = "only-rehearsed"
    sentence = _("%(name)s was trained in a rehearsal, on simulated annotators: it can serve nobody else.")


class NotFromARun(Conflict):
    type = "not-from-a-run"
    sentence = _("%(name)s comes from no training run: no gate is asked about it.")


class WrongGate(Invalid):
    type = "wrong-gate"
    sentence = _("The rules of the gate cannot be used.")


class WrongSuiteFile(Invalid):
    type = "wrong-suite"
    sentence = _("The scenarios cannot be used. Nothing was changed.")


class SuiteExists(Conflict):
    type = "suite-exists"
    sentence = _("The campaign has a suite of this name already.")


class CannotCompareRuns(Conflict):
    type = "cannot-compare-runs"
    sentence = _("Only two finished runs of the same suite can be compared.")


class NothingChosen(Invalid):
    type = "nothing-chosen"
    sentence = _("Choose at least one scenario that both versions answered.")


class NotPaused(Conflict):
    type = "not-paused"
    sentence = _("Automatic retraining is not paused: there is nothing to resume.")


class ForItsGateOnly(Conflict):
    type = "blind-test"
    sentence = _("This campaign is a blind test: nothing is generated for it or trained on it.")


class HiddenUntilItsEnd(Conflict):
    type = "hidden-until-its-end"
    sentence = _(
        "This blind test goes on: rewards of its texts would tell which version wrote them. Wait until it ends."
    )


class WrongPeopleGate(Invalid):
    type = "wrong-people-gate"
    sentence = _("A gate by people cannot be opened with these settings.")


class TooFewHeldPrompts(Conflict):
    type = "too-few-held-prompts"
    sentence = _(
        "Only %(prompts)s prompts are held for the gate and were not learned from; it needs at least %(needed)s. "
        "Hold more prompts, or add some."
    )


class PeopleGateOpen(Conflict):
    type = "people-gate-open"
    sentence = _("People are comparing %(name)s already. Wait for their gate to end, or cancel it.")


class PeopleGateDecided(Conflict):
    type = "people-gate-decided"
    sentence = _("People have decided about %(name)s against %(serving)s. Asking until the answer fits proves nothing.")


class PeopleGateOver(Conflict):
    type = "people-gate-over"
    sentence = _("This gate has ended. Open another one.")


class NothingToJoin(Conflict):
    type = "nothing-to-join"
    sentence = _("This gate has no votes that can join the training pool, or they joined it already.")
