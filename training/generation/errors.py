"""What can go wrong before a request is even looked at; trouble with one request is a `GenerationFailure` instead."""


class GenerationError(Exception):
    """Base of the errors of this package; the message is a sentence that says what to do."""


class InvalidSettings(GenerationError, ValueError):
    """Sampling settings, or a request, that no generator could honour."""


class InvalidRequest(GenerationError, ValueError):
    """A conversation or a seed that no generator could honour."""


class ModelNotUsable(GenerationError):
    """A folder that does not hold a causal language model with a chat template, or an adapter that does not fit it."""


class ModelPreparationError(GenerationError):
    """The default model could not be written: its wheel is missing, or the target folder is somebody else's."""


class ModelForgotten(GenerationError):
    """A server that served the model does so no more: it was restarted, or somebody unloaded it."""


class GeneratorUnavailable(GenerationError):
    """No server answers at the given address, or it refuses us: nothing was generated, trying later may help."""
