"""The rules of a promotion gate: declarative, checked when they are read, and decided by figures that were measured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext, gettext_noop

from common.sentences import Percent, Points, Sentence
from training.models.gate_figures import FEWEST_PAIRS, FIGURES, Figure

OnMissing = Literal["hold", "ignore"]
Outcome = Literal["met", "failed", "missing", "ignored"]

STALE = gettext_noop("It was not measured against the version that serves now: measure it again.")
"""In place of a figure against a version that served earlier. It holds even where a rule ignores what is missing."""

NAMED = 5
"""So many lost scenarios are named in a sentence."""


@dataclass(frozen=True, slots=True)
class GateRule:
    """One rule: a figure, its floor or ceiling, and what happens where the figure was not measured."""

    figure: str
    limit: float
    on_missing: OnMissing = "hold"

    @property
    def about(self) -> Figure:
        return FIGURES[self.figure]

    @property
    def sentence(self) -> Sentence:
        """The rule in words."""
        return Sentence(self.about.rule, {"limit": self._shown(self.limit)})

    def as_json(self) -> dict[str, Any]:
        """As a gate's row has it: {figure, floor or ceiling, on_missing}."""
        return {"figure": self.figure, self.about.bound: self.limit, "on_missing": self.on_missing}

    def result(self, figures: Mapping[str, Any]) -> "RuleResult":
        """Whether measured figures meet the rule. figures: see `training.jobs.evaluation`."""
        value = figures.get(self.figure)
        unmeasured = figures.get(f"{self.figure}_missing")  # it should have been measured: this is no case to ignore
        if unmeasured and (value is None or self._is_met(value)):
            return RuleResult(self, None, "missing", Sentence.from_json(unmeasured))
        if value is None and self.figure in figures.get("stale", ()):
            return RuleResult(self, None, "missing", Sentence(STALE))
        unknown = figures.get(f"{self.figure}_unknown")  # a part of it is, which could only lower it
        if value is None or (unknown and self._is_met(value)):
            outcome: Outcome = "missing" if self.on_missing == "hold" else "ignored"
            sentence = Sentence.from_json(unknown) if unknown else Sentence(self.about.missing)
            return RuleResult(self, None, outcome, sentence)
        is_met = self._is_met(value)
        text = self.about.met if is_met else self.about.failed
        words = {**_words(figures), "value": self._shown(value), "limit": self._shown(self.limit)}
        if reason := figures.get(f"{self.figure}_reason"):  # the figure brings its own sentence
            return RuleResult(self, value, "met" if is_met else "failed", Sentence.from_json(reason))
        used = {name: shown for name, shown in words.items() if f"%({name})s" in text}
        return RuleResult(self, value, "met" if is_met else "failed", Sentence(text, used))

    def _is_met(self, value: float) -> bool:
        if self.about.bound == "ceiling":
            return value <= self.limit
        return value > self.limit if self.about.above else value >= self.limit - 1e-12

    def _shown(self, value: float) -> Any:
        unit = self.about.unit
        if unit == "share":
            return Points(value) if self.about.is_difference else Percent(value)
        return int(value) if unit in ("count", "passed") else float(value)


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A rule and the figure it was decided by. value: None where it was not measured."""

    rule: GateRule
    value: float | None
    outcome: Outcome
    sentence: Sentence

    @property
    def holds(self) -> bool:
        """Whether this rule holds the version back."""
        return self.outcome in ("failed", "missing")

    def as_json(self) -> dict[str, Any]:
        return {
            **self.rule.as_json(),
            "value": self.value,
            "outcome": self.outcome,
            "sentence": self.sentence.as_json(),
        }


def _words(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The values that sentences about figures may name."""
    words: dict[str, Any] = {name: figures.get(name) or "–" for name in ("base", "parent", "serving", "compared")}
    words["axis"] = Sentence(figures.get("largest_shift_axis") or "–")
    words["lost"] = ", ".join(figures.get("scenarios_lost_names", [])[:NAMED]) or "–"
    words["scenarios"] = figures.get("scenarios_compared", 0)
    shares = {"accuracy": "accuracy", "low": "accuracy_low", "high": "accuracy_high"}
    for side in ("parent", "serving"):
        shares |= {
            f"{side}_difference": f"difference_to_{side}",
            f"{side}_low": f"difference_to_{side}_low",
            f"{side}_high": f"difference_to_{side}_high",
        }
    for name, figure in shares.items():
        value = figures.get(figure)
        words[name] = "–" if value is None else Points(value) if "difference" in figure else Percent(value)
    return words


class WrongRules(ValueError):
    """Rules that no gate can have; the message says which and why, in the active language."""


def parse_rules(given: Any) -> list[GateRule]:
    """The rules of a gate from their JSON. Raises WrongRules.

    A gate always demands a number of held-out pairs, so that none decides on a handful.
    """
    if not isinstance(given, list):
        raise WrongRules(gettext("The rules of a gate are a list."))
    rules = [_parsed(each) for each in given]
    names = [rule.figure for rule in rules]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise WrongRules(gettext("There are two rules about %(figure)s.") % {"figure": twice})
    if "pairs" not in names:
        raise WrongRules(
            gettext("A gate needs a rule about the held-out pairs (pairs), with a floor of %(least)s or more.")
            % {"least": FEWEST_PAIRS}
        )
    return rules


def stored_rules(stored: list[dict[str, Any]]) -> list[GateRule]:
    """The rules of a gate's row. Gates of earlier versions have no rule about the pairs."""
    return [_parsed(each) for each in stored]


def _parsed(given: Any) -> GateRule:
    if not isinstance(given, Mapping) or given.get("figure") not in FIGURES:
        raise WrongRules(gettext("A rule names one of these figures: %(names)s.") % {"names": ", ".join(FIGURES)})
    name = str(given["figure"])
    about = FIGURES[name]
    if unknown := sorted(set(given) - {"figure", about.bound, "on_missing"}):
        text = gettext("The rule about %(figure)s has %(bound)s and on_missing, not %(unknown)s.")
        raise WrongRules(text % {"figure": name, "bound": about.bound, "unknown": unknown[0]})
    limit, on_missing = given.get(about.bound), given.get("on_missing", "hold")
    if not _is_possible(limit, about):
        text = gettext("The %(bound)s of %(figure)s is a number from %(least)s to %(most)s.")
        raise WrongRules(
            text % {"bound": about.bound, "figure": name, "least": f"{about.least:g}", "most": f"{about.most:.10g}"}
        )
    if on_missing not in ("hold", "ignore"):
        text = gettext("on_missing of %(figure)s is hold or ignore.")
        raise WrongRules(text % {"figure": name})
    return GateRule(name, float(limit or 0.0), on_missing)


def _is_possible(limit: Any, about: Figure) -> bool:
    """Whether a limit is a number in the figure's range, and a whole one where it counts something."""
    if not isinstance(limit, int | float) or isinstance(limit, bool):
        return False
    return about.least <= limit <= about.most and (about.unit not in ("count", "passed") or limit == int(limit))


def gate_results(rules: Iterable[GateRule], figures: Mapping[str, Any]) -> list[RuleResult]:
    """The result of each rule for measured figures, in order."""
    return [rule.result(figures) for rule in rules]


DEFAULT_RULES = (
    GateRule("pairs", 50),
    GateRule("accuracy_low", 0.5),
    GateRule("difference_to_parent_high", 0.0),
    GateRule("kl_per_token", 0.1, "ignore"),
    GateRule("people", 1, "ignore"),
    GateRule("scenarios_lost", 0, "ignore"),
)
"""The gate of a campaign that has set none. The KL budget is about four times the drift of a rehearsal's version.

A gate by people that was opened must be passed. Where none was, the decision says that people were not asked: otherwise
a campaign could promote nothing automatically before people had voted."""
