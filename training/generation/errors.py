"""Errors before a request is even read; trouble with one request is a `GenerationFailure` instead."""


class GenerationError(Exception):
    """Base of the errors of this package; the message is a sentence with the remedy."""


class InvalidSettings(GenerationError, ValueError):
    """Sampling settings, or a request, that no generator could honour."""


class InvalidRequest(GenerationError, ValueError):
    """A conversation or a seed that no generator could honour."""


class ModelNotUsable(GenerationError):
    """A folder without a causal language model and chat template, or an adapter that does not fit the model."""


class ModelPreparationError(GenerationError):
    """The default model could not be written: its wheel is missing, or the target folder holds other files."""


class ModelForgotten(GenerationError):
    """A server no longer serves the model: it was restarted, or the model was unloaded."""


class GeneratorUnavailable(GenerationError):
    """No server answers at the given address, or it refuses us: nothing was generated, and a retry may help."""
