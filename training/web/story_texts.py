"""The little worlds of the story: prompts, answers and where a model of them starts. No request, no table."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and how likely the small model is to give it at the start. reward: the prepared critic's score."""

    label: str | Promise
    text: str | Promise
    share: float
    reward: float = 0.0


@dataclass(frozen=True, slots=True)
class Pick:
    """A prompt with two answers, of which the reader picks one."""

    key: str
    prompt: str | Promise
    one: str | Promise
    other: str | Promise


@dataclass(frozen=True, slots=True)
class Feature:
    """A thing that the page's reward model counts; key: of reward_model.js."""

    key: str
    label: str | Promise


CUP = _("Should I tell my friend that I broke her cup?")
HONEST = _("Yes. Tell her today, say that you are sorry, and offer to replace it.")
VAGUE = _("You could tell her, or you could wait until she asks. Both are possible.")
EXAMPLES = (
    Answer(_("Helpful"), HONEST, 0.30),
    Answer(_("Vague"), VAGUE, 0.45),
    Answer(_("Bad"), _("Say that the cat did it."), 0.25),
)
"""Two answers that nobody would object to, and a bad one."""

TUG = (
    Answer(_("First answer"), HONEST, 0.20),
    Answer(_("Second answer"), VAGUE, 0.30),
    Answer(_("Everything else"), _("All other answers that the model could give."), 0.50),
)
"""The rope of the tug-of-war; its start is the reference of the six steps."""

EXAM = _("I failed my driving test again.")
DISHES = (
    Answer(_("Warm"), _("I am sorry, that is frustrating. Many good drivers needed several tries."), 0.20, 1.5),
    Answer(_("Dry"), _("You can book the next test in two weeks."), 0.50, 0.5),
    Answer(_("Harsh"), _("Then you did not practise enough."), 0.28, -1.0),
    Answer(_("Flattery"), _("Sorry, sorry, thank you, you are the best driver in the world, thank you!"), 0.02, 3.0),
)
"""Answers with the scores of a critic that has been trained to like kind words, and likes them too much."""

SUM = _("How much is 17 + 25?")
SUMS = (
    Answer(_("Right sum"), _("The sum is 42."), 0.30),
    Answer(_("Wrong sum"), _("The sum is 43."), 0.30),
    Answer(_("Something else"), _("Add the tens first, then the ones."), 0.40),
)
"""A chosen and a rejected answer that share almost everything, and a third that resembles what tells them apart."""

PICKS = (
    Pick(
        "test",
        EXAM,
        _("I am sorry, that is frustrating. Many good drivers needed several tries."),
        _("Then you did not practise enough. Practise more and try again."),
    ),
    Pick(
        "egg",
        _("How do I boil an egg so that the yolk stays soft?"),
        _(
            "There are many ways to boil an egg, and people have boiled eggs for a very long time. One of them is to "
            "wait for six minutes."
        ),
        _("Put it into boiling water for six minutes, then into cold water."),
    ),
    Pick(
        "pills",
        _("May I take two kinds of painkillers together?"),
        _("Absolutely! That is always fine, trust me!"),
        _("That depends on the two. May I know which ones? A pharmacist can tell you for certain."),
    ),
)

FEATURES = (
    Feature("words", _("its length")),
    Feature("kind", _("kind words")),
    Feature("sure", _("words of certainty")),
    Feature("exclamations", _("exclamation marks")),
    Feature("questions", _("questions")),
)

MODEL_SIZES = (("0.135", "SmolLM2-135M"), ("1", "1B"), ("7", "7B"), ("70", "70B"))
"""Billions of weights, and what such a model is called."""

MODELS = (
    (_("Policy"), _("learns"), True),
    (_("Reference"), _("frozen"), True),
    (_("Reward model"), _("frozen"), False),
    (_("Value model"), _("learns"), False),
)
"""The models that RLHF holds, and whether DPO holds them too."""

REASONS = (
    ("dpo", _("People judge pairs, some hundred to some ten thousand.")),
    ("dpo", _("There is only one machine, and nobody wants to tune for weeks.")),
    ("dpo", _("People can also judge what the new model writes.")),
    ("rlhf", _("A program can check each answer: tests pass, the sum is right.")),
    ("rlhf", _("The reward model is used elsewhere too, for example to filter or rank.")),
    ("rlhf", _("The model has to find answers that it hardly ever gives now.")),
)
"""Reasons that a reader may have, and the method that each speaks for."""
