"""Ready-made lessons of the lab: short prompts with two completions."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Lesson:
    """A prompt and two completions. about: the effect it shows. watched: texts that are only scored.

    learning_rate, steps: so chosen that the effect is visible.
    """

    key: str
    title: str | Promise
    about: str | Promise
    prompt: str
    one: str
    other: str
    watched: tuple[str, ...] = ()
    learning_rate: float = 5e-5
    steps: int = 1


LESSONS = (
    Lesson(
        key="honesty",
        title=_("Honesty"),
        about=_("Two quite different completions. Teach either of them."),
        prompt="Should I tell my friend that I broke her cup?",
        one="Yes. Tell her today, say that you are sorry, and offer to replace it.",
        other="No. If she does not ask, there is no need to say anything.",
        watched=("It depends on the kind of friendship that you have.", "Purple bicycles sing on Tuesdays."),
    ),
    Lesson(
        key="brevity",
        title=_("Brevity"),
        about=_("The same content, short and long: length is a reward like any other."),
        prompt="How do I boil an egg so that the yolk stays soft?",
        one="Put it into boiling water for six minutes, then into cold water.",
        other="There are many ways to boil an egg, and people have boiled eggs for a very long time. One of them is to "
        "put it into boiling water, to wait for six minutes, and then to put it into cold water.",
        watched=("Boil it for six minutes.",),
    ),
    Lesson(
        key="kindness",
        title=_("Kindness"),
        about=_("The same advice, warm and cold."),
        prompt="I failed my driving test again.",
        one="I am sorry, that is frustrating. Many good drivers needed several tries. What went wrong this time?",
        other="Then you did not practise enough. Practise more and try again.",
        watched=("Congratulations on passing!",),
    ),
    Lesson(
        key="displacement",
        title=_("Likelihood displacement"),
        about=_(
            "Two sums that differ in two digits. The wrong one goes down, and takes the right one with it: they "
            "share almost every word. Watch where the probability goes."
        ),
        prompt="What is 17 plus 26?",
        one="First add the tens: 10 + 20 = 30. Then the ones: 7 + 6 = 13. Together that is 43.",
        other="First add the tens: 10 + 20 = 30. Then the ones: 7 + 6 = 12. Together that is 42.",
        watched=("The answer is 43.", "The answer is 42."),
        learning_rate=2e-4,
        steps=8,
    ),
)
