"""The sentence on top of an evaluation: better, worse, or not known, and why. The rules are in
docs/explanation/evaluation.md."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from django.utils.translation import gettext_noop

from common.sentences import Percent, Points, Sentence

Finding = Literal["better", "worse", "unknown"]

LEAST_PAIRS = 50
"""Fewer held-out pairs never prove a version better: a default gate demands as many."""
LARGE_SHIFT = 0.8
"""Standard deviations by which its texts may surely differ. Cohen 1988 calls this a large effect."""

OTHERS = ("serving", "parent", "base")
"""Whom a version is compared with: the first of these that it can be compared with and is not itself."""


def concerns(figures: Mapping[str, Any], budgets: Mapping[str, float]) -> list[Sentence]:
    """The sentences that speak against a version beside its accuracy, in the order of their weight.

    figures: as gates read them, with `kl_low` and `kl_to_base_low`, the lower ends of both KL. budgets: of both KL per
    token, by the gate's figure; a missing one has no limit.
    """
    found = []
    for name, end, whom in (("kl_per_token", "kl_low", "parent"), ("kl_to_base_per_token", "kl_to_base_low", "base")):
        budget, low = budgets.get(name), figures.get(end)
        if budget is not None and low is not None and low > budget:
            values = {"other": figures.get(whom) or "–", "value": float(figures[name]), "limit": float(budget)}
            found.append(Sentence(_KL, values))
    if figures.get("rotations"):
        found.append(Sentence(gettext_noop("one bias was exchanged for another.")))
    if (figures.get("largest_shift") or 0.0) > LARGE_SHIFT:
        values = {"axis": Sentence(figures["largest_shift_axis"]), "value": float(figures["largest_shift"])}
        found.append(Sentence(_SHIFT, values))
    return found


_KL = gettext_noop("its KL to %(other)s is surely over the budget: %(value)s nats a token, %(limit)s are allowed.")
_SHIFT = gettext_noop("its texts changed by %(value)s standard deviations (axis: %(axis)s).")


def finding(figures: Mapping[str, Any], other: str, against: Sequence[Sentence]) -> tuple[Finding, Sentence]:
    """The finding and its reason. figures: as gates read them. other: of OTHERS, whom it is compared with.

    against: the concerns. They keep a version from being called better; worse it is by its accuracy alone.
    """
    if not figures.get("pairs"):
        return "unknown", Sentence(gettext_noop("Not known: it was not measured on held-out pairs."))
    difference, low, high = _difference(figures, other)
    values: dict[str, Any] = {
        "other": figures.get(other) or "–",
        "base": figures.get("base") or "–",
        "pairs": figures["pairs"],
        "accuracy": Percent(figures["accuracy"]),
        "accuracy_low": Percent(figures["accuracy_low"]),
        "accuracy_high": Percent(figures["accuracy_high"]),
        "difference": Points(difference),
        "low": Points(low),
        "high": Points(high),
        "needed": LEAST_PAIRS,
    }
    name, text = _rule(figures, low, high)
    if name == "better" and against:
        name, text, values["concern"] = "unknown", _BUT, against[0]
    return name, Sentence(text, {one: value for one, value in values.items() if f"%({one})s" in text})


def _difference(figures: Mapping[str, Any], other: str) -> tuple[float, float, float]:
    """To the other version; a base has an accuracy of exactly one half against itself."""
    if other == "base":
        accuracy = (figures[name] for name in ("accuracy", "accuracy_low", "accuracy_high"))
        return tuple(value - 0.5 for value in accuracy)
    whole = f"difference_to_{other}"
    return figures[whole], figures[f"{whole}_low"], figures[f"{whole}_high"]


def _rule(figures: Mapping[str, Any], low: float, high: float) -> tuple[Finding, str]:
    """The first rule that holds."""
    if figures["accuracy_high"] < 0.5:
        return "worse", _WRONG
    if high < 0:
        return "worse", _FELL
    if figures["pairs"] < LEAST_PAIRS:
        return "unknown", _FEW
    if low <= 0:
        return "unknown", _CHANCE
    return ("better", _BETTER) if figures["accuracy_low"] > 0.5 else ("unknown", _COIN)


_WRONG = gettext_noop(
    "Worse: it prefers what people rejected. Against %(base)s it is right on %(accuracy)s of %(pairs)s held-out pairs "
    "(%(accuracy_low)s to %(accuracy_high)s)."
)
_FELL = gettext_noop("Worse than %(other)s: %(difference)s (%(low)s to %(high)s) on the same %(pairs)s held-out pairs.")
_FEW = gettext_noop("Not known: there are only %(pairs)s held-out pairs. %(needed)s are needed.")
_CHANCE = gettext_noop(
    "Not known: the difference to %(other)s may be chance: %(difference)s (%(low)s to %(high)s) on the same %(pairs)s "
    "held-out pairs."
)
_COIN = gettext_noop(
    "Not known: it gains on %(other)s (%(difference)s), but is not surely right on more than half: %(accuracy)s "
    "(%(accuracy_low)s to %(accuracy_high)s) against %(base)s."
)
_BUT = gettext_noop(
    "Not known: it orders more held-out pairs as people did than %(other)s (%(difference)s, %(low)s to %(high)s), but "
    "%(concern)s"
)
_BETTER = gettext_noop(
    "Better than %(other)s: %(difference)s (%(low)s to %(high)s) on the same %(pairs)s held-out pairs. No other figure "
    "speaks against it."
)
