"""The sections of an evaluation's report as rows of figures, for its page and for two reports side by side.

A new section of a report is shown by one more entry of VIEWS.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from common.sentences import Sentence
from common.wording import DASH, decimals, grouped, percent, points
from labeling.stats import Estimate
from labeling.web.figure_rows import FigureRow
from training.evaluation.axes import AXIS_LABELS

AsText = Callable[[float], str]
Scale = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: its value and 95 % interval as text, and its place on a scale. warning: empty for none."""

    key: str
    name: str
    value: str
    interval: str
    bar: FigureRow
    warning: str = ""


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section: a title, a sentence that says what its figures are, its rows, and single facts.

    warning: of the whole section. trouble: why it could not be measured. part: a template for what else it shows.
    """

    name: str
    title: str
    lead: str
    rows: list[Row] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    warning: str = ""
    trouble: Sentence = field(default_factory=Sentence)
    part: str = ""


def section_views(report: Mapping[str, Any], led: Mapping[int, str]) -> list[SectionView]:
    """The sections that there is a view for, in the order of the report. led: campaigns whose names may be shown."""
    report = {**report, "led": led}
    views = []
    for section in report["sections"]:
        title, lead, make = VIEWS.get(section["name"], ("", "", None))
        if make is None:
            continue
        if "trouble" in section:
            trouble = Sentence.from_json(section["trouble"])
            views.append(SectionView(section["name"], _(title), _(lead), trouble=trouble))
        else:
            views.append(make(SectionView(section["name"], _(title), _(lead)), section, report))
    return views


def _row(
    key: str,
    name: str,
    figure: Mapping[str, Any],
    as_text: AsText,
    scale: Scale | None,
    warning: str = "",
) -> Row:
    """figure: value, low, high, pairs. scale: None: around zero, as wide as it needs."""
    value, low, high = (figure.get(part) for part in ("value", "low", "high"))
    reach = max((abs(end) for end in (value, low, high) if end is not None), default=0.0) or 1.0
    estimate = Estimate(value, low, high, int(figure.get("pairs") or 0))
    interval = (
        "" if low is None or high is None else _("%(low)s to %(high)s") % {"low": as_text(low), "high": as_text(high)}
    )
    bar = FigureRow(key, name, "", estimate, scale=scale or (-reach, reach))
    return Row(key, name, DASH if value is None else as_text(value), interval, bar, warning)


def _three(value: float) -> str:
    return decimals(value, 3)


def _two(value: float) -> str:
    return decimals(value, 2)


def _named(figures: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    ends = {"value": prefix, "low": f"{prefix}_low", "high": f"{prefix}_high"}
    return {name: figures.get(column) for name, column in ends.items()} | {"pairs": figures.get("pairs")}


def _held_out(view: SectionView, section: Mapping[str, Any], report: Mapping[str, Any]) -> SectionView:
    figures, share = section["figures"], (0.0, 1.0)
    if not figures["pairs"]:
        view.facts.append((_("Held-out pairs"), "0"))
        return view
    view.rows.append(_row("accuracy", report["version"]["name"], _named(figures, "accuracy"), percent, share))
    named = dict(section["others"])
    if named.get("serving") == named.get("parent"):
        named.pop("serving", None)
    for side, other in named.items():
        name = _("%(name)s (parent)") if side == "parent" else _("%(name)s (compared)")
        named_other = name % {"name": other}
        view.rows.append(_row(f"{side}_accuracy", named_other, _named(figures, f"{side}_accuracy"), percent, share))
    for side, other in named.items():
        difference = _("Difference to %(name)s") % {"name": other}
        view.rows.append(
            _row(f"difference_to_{side}", difference, _named(figures, f"difference_to_{side}"), points, None)
        )
    for one in report.get("other_campaigns", []):
        if one["figures"]["pairs"]:
            campaign = report["led"].get(one["campaign"], _("another campaign"))
            name = _("On the pairs of %(campaign)s") % {"campaign": campaign}
            view.rows.append(
                _row(f"campaign-{one['campaign']}", name, _named(one["figures"], "accuracy"), percent, share)
            )
    for one in section["slices"]:
        if one["by"] == "confidence":
            low, high = one["name"].split("-")
            values = {"low": percent(float(low), 0), "high": percent(float(high), 0)}
            name = _("Label confidence %(low)s to %(high)s") % values
        else:
            name = _("By the votes on “%(name)s”") % {"name": one["name"]}
        view.rows.append(_row(f"{one['by']}-{one['name']}", name, one, percent, share))
    view.facts.extend(
        [
            (_("Held-out pairs"), grouped(figures["pairs"])),
            (_("Prompts"), grouped(figures["prompts"])),
            (_("Ties"), grouped(figures["ties"])),
            (_("Reference"), section["reference"]),
            (_("Mean margin"), _three(figures["margin"])),
            (_("Beta"), _two(section["beta"])),
        ]
    )
    return view


def _displacement(view: SectionView, section: Mapping[str, Any], report: Mapping[str, Any]) -> SectionView:
    for side, of in (("base", report["base"]), ("parent", report["parent"])):
        if of is None or side not in section:
            continue
        figure = section[side]
        warning = _("Most chosen texts became less likely") if (figure["low"] or 0.0) > 0.5 else ""
        share = _("Less likely than under %(name)s") % {"name": of["name"]}
        view.rows.append(_row(f"{side}-share", share, figure, percent, (0.0, 1.0), warning))
        change = _("Change of log p(chosen) against %(name)s") % {"name": of["name"]}
        view.rows.append(_row(f"{side}-mean", change, figure["mean"], _two, None))
    return view


def _drift(view: SectionView, section: Mapping[str, Any], report: Mapping[str, Any]) -> SectionView:
    budgets, parent = section["budgets"], report["parent"]
    figures = [("to_base", "kl_to_base_per_token", report["base"]["name"])]
    if parent is not None and parent["name"] != report["base"]["name"]:
        figures.insert(0, ("to_parent", "kl_per_token", parent["name"]))
    for column, rule, name in figures:
        budget, figure = budgets.get(rule), section[column]
        is_over = budget is not None and figure["low"] is not None and figure["low"] > budget
        warning = _("Over the budget of %(limit)s") % {"limit": _three(budget)} if is_over else ""
        most = max(end for end in (figure["value"], figure["high"], budget, 0.001) if end is not None)
        name_of_row = _("KL to %(name)s, per token") % {"name": name}
        view.rows.append(_row(column, name_of_row, figure, _three, (0.0, 1.1 * most), warning))
    view.facts.extend(
        [
            (_("Samples"), grouped(section["samples"])),
            (_("Tokens"), grouped(section["tokens"])),
            (_("Entropy, nats per token"), _two(section["entropy"]["value"])),
        ]
    )
    limits = {"kl_per_token": _("Budget to the parent"), "kl_to_base_per_token": _("Budget to the base")}
    view.facts.extend((limits[rule], _three(limit)) for rule, limit in budgets.items() if rule in limits)
    return view


def _samples(view: SectionView, section: Mapping[str, Any], report: Mapping[str, Any]) -> SectionView:
    own, other = section["own"], section["other"]
    view.rows.append(_row("ended", _("Texts that ended by themselves"), section["ended"], points, None))
    view.rows.append(_row("tokens", _("Tokens"), section["tokens"], _two, None))
    more = (_("It writes more of it"), _("It writes less of it"))
    view.rows.extend(_axis_rows(section["axes"], _two, None, more))
    if section["pairs"]:
        view.facts.extend(
            [
                (_("Prompts"), grouped(section["pairs"])),
                (_("The same text"), grouped(section["same"])),
                (_("Tokens at most"), grouped(section["max_tokens"])),
                (_("Ended by themselves"), f"{percent(own['ended'], 0)} / {percent(other['ended'], 0)}"),
                (_("Tokens of a text"), f"{decimals(own['tokens'], 1)} / {decimals(other['tokens'], 1)}"),
            ]
        )
    return _with(view, warning=_rotation(section), part="training/evaluation/texts.html")


def _suites(view: SectionView, section: Mapping[str, Any], report: Mapping[str, Any]) -> SectionView:
    names = {"own": report["version"]["name"], **section["others"]}
    if names.get("serving") == names.get("parent"):
        names.pop("serving", None)
    for one in section["suites"]:
        for side, figure in one["passed"].items():
            if side in names:
                values = {"suite": one["suite"], "number": one["number"], "name": names[side]}
                name = _("%(suite)s %(number)s: %(name)s") % values
                view.rows.append(_row(f"{one['suite']}-{side}", name, figure, percent, (0.0, 1.0)))
    if not section["suites"]:
        view.facts.append((_("Suites that it was run on"), "0"))
    if missing := section.get("scenarios_lost_missing"):
        view = _with(view, warning=Sentence.from_json(missing))
    if "scenarios_compared" not in section:
        return view
    view.facts.append((_("Scenarios that must hold, compared"), grouped(section["scenarios_compared"])))
    if "scenarios_passed" in section:
        view.facts.append((_("Scenarios that must hold, passed"), percent(section["scenarios_passed"])))
    lost = section["scenarios_lost_names"]
    if lost:
        view = _with(view, warning=_("Lost scenarios that must hold: %(names)s.") % {"names": ", ".join(lost)})
    return view


def _reward(view: SectionView, section: Mapping[str, Any], report: Mapping[str, Any]) -> SectionView:
    view.rows.extend(_axis_rows(section["axes"], _three, None, (_("It is rewarded"), _("It is penalised"))))
    return _with(view, warning=_rotation(section))


def _labels(view: SectionView, section: Mapping[str, Any], report: Mapping[str, Any]) -> SectionView:
    more = (_("More of it is preferred"), _("Less of it is preferred"))
    view.rows.extend(_axis_rows(section["axes"], percent, (0.0, 1.0), more))
    view.facts.append((_("Training pairs"), grouped(section["pairs"])))
    return _with(view, warning=_rotation(section))


def _axis_rows(
    axes: Iterable[Mapping[str, Any]], as_text: AsText, scale: Scale | None, more: Sequence[str]
) -> list[Row]:
    """more: the warnings where more, and where less of an axis is found."""
    rows = []
    for one in axes:
        if one["axis"] in AXIS_LABELS:
            warning = {1: more[0], -1: more[1]}.get(one["alarm"], "")
            rows.append(_row(one["axis"], _(AXIS_LABELS[one["axis"]]), one, as_text, scale, warning))
    return rows


def _rotation(section: Mapping[str, Any]) -> str:
    """The sentence about one bias that was exchanged for another; empty: none was."""
    found = section.get("rotation")
    if not found:
        return ""
    words = {side: ", ".join(_(AXIS_LABELS[axis]) for axis in axes) for side, axes in found.items()}
    return _("One bias may have been exchanged for another. Less: %(falling)s. More: %(rising)s.") % words


def _with(view: SectionView, *, warning: str, part: str = "") -> SectionView:
    return SectionView(view.name, view.title, view.lead, view.rows, view.facts, warning, part=part)


View = Callable[[SectionView, Mapping[str, Any], Mapping[str, Any]], SectionView]


VIEWS: dict[str, tuple[str, str, View]] = {
    "held_out": (
        gettext_noop("Held-out pairs"),
        gettext_noop(
            "The share of pairs that the hidden reward orders as people did, against the base. All versions see the "
            "same pairs."
        ),
        _held_out,
    ),
    "displacement": (
        gettext_noop("Displacement"),
        gettext_noop(
            "A margin can grow while the chosen texts become less likely. Then the probability went elsewhere."
        ),
        _displacement,
    ),
    "drift": (
        gettext_noop("Drift"),
        gettext_noop("How far its own texts have moved, in nats for each token. Measured exactly, over all tokens."),
        _drift,
    ),
    "samples": (
        gettext_noop("Its own texts"),
        gettext_noop("The difference to the other version's texts on the same prompts. 0 means no difference."),
        _samples,
    ),
    "suites": (
        gettext_noop("Scenario suites"),
        gettext_noop("The share of scenarios that pass, of those that were decided."),
        _suites,
    ),
    "reward": (
        gettext_noop("Biases of the hidden reward"),
        gettext_noop("Nats of reward for one unit more of each, on the held-out pairs. 0 means no effect."),
        _reward,
    ),
    "labels": (
        gettext_noop("Biases of the labels"),
        gettext_noop("How often the chosen text has more of each, on the training pairs. 50 % means no effect."),
        _labels,
    ),
}
"""The title, the sentence and the rows of each section."""
