"""Which model versions were trained on somebody's judgments: asked here, answered by whoever trains.

Labeling does not know training; an app above it registers the answer when it starts.
"""

from collections.abc import Callable

from labeling.models import User

Answer = Callable[[User], list[str]]
_ANSWERS: list[Answer] = []


def answer_with(answer: Answer) -> None:
    """Registers who knows the names of model versions trained on a person's judgments."""
    if answer not in _ANSWERS:
        _ANSWERS.append(answer)


def versions_trained_on(person: User) -> list[str]:
    """Their names, in alphabetical order."""
    return sorted({name for answer in _ANSWERS for name in answer(person)})
