"""What can be wrong with an act of training, each with a sentence that says what to do."""

from common.errors import Conflict, Invalid


class NothingServes(Conflict):
    """No version serves in the channel."""

    type = "nothing-serves"


class NothingToRollBack(Conflict):
    """The channel has no earlier version."""

    type = "nothing-to-roll-back"


class WrongName(Invalid):
    """A model version cannot have this name."""

    type = "wrong-name"


class ServingChanged(Conflict):
    """Another version was promoted in the meantime."""

    type = "serving-changed"


class ServerNotReady(Conflict):
    """No server can serve the version now, or one refuses it."""

    type = "server-not-ready"


class VersionInUse(Conflict):
    """The files of a version are needed."""

    type = "version-in-use"


class JobActive(Conflict):
    """The campaign has a generation job or a run that is not over yet."""

    type = "job-active"


class JobOver(Conflict):
    """What is over cannot be cancelled, and what is not over cannot be resumed."""

    type = "job-over"


class NoPrompts(Invalid):
    """There is nothing to write completions for."""

    type = "no-prompts"


class WrongSettings(Invalid):
    """Sampling settings or a training config that cannot be used."""

    type = "wrong-settings"


class TooFewPairs(Invalid):
    """Not enough preference pairs to train on and to test with."""

    type = "too-few-pairs"


class VersionDamaged(Conflict):
    """The files of a version are missing or are not those that were registered."""

    type = "version-damaged"


class WrongSchedule(Invalid):
    """A cron time that cannot be read, or another setting out of range."""

    type = "wrong-schedule"
