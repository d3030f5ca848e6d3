"""The reports of a rehearsal for people: a round in lines, all rounds as a table, and the means over seeds."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

Report = Mapping[str, Any]


def in_words(report: Report) -> str:
    """The report of a round."""
    labels, gate, measured, reward = report["labels"], report["gate"], report["evaluation"], report["reward"]
    held_out, parent = measured["held_out"], report["parent"]
    poisoned = f" ({labels['poisoned']} pairs by a poisoned crowd)" if labels["poisoned"] else ""
    lines = [
        f"Round {report['round']}: {parent} -> {report['version']}  (seed {report['seed']}; {report['rule_sentence']})",
        f"  labels      {labels['judgments']} judgments{poisoned}; {labels['comparisons']} comparisons so far, "
        f"{labels['settled']} settled; {labels['train_pairs']} pairs to train on, {labels['test_pairs']} held out; "
        f"{_share(report['verdict_accuracy'])} of the verdicts agree with the rule",
        f"  held out    accuracy {_number(held_out.get('accuracy'))} "
        f"[{_number(held_out.get('accuracy_low'))}, {_number(held_out.get('accuracy_high'))}] against the base",
        f"  win rate    {_interval(report['win_rate']['base'])} over the base, "
        f"{_interval(report['win_rate']['parent'])} over {parent} (by the rule, ties count half)",
        f"  reward      gold {_interval(reward['gold'])} (base {_number(reward['gold_of']['base']['value'])}; "
        f"{reward['unit']}), proxy {_interval(reward['proxy'])}",
        f"  KL          {_interval(measured['kl'].get('base'))} to the base, {_interval(measured['kl'].get('parent'))} "
        "to the parent, nats per token",
        f"  gate        {gate['reason']}{_votes(gate['people'])}",
        f"  seconds     {', '.join(f'{name} {value:.0f}' for name, value in report['seconds'].items())}",
        *(f"  event       {_event(event)}" for event in report["events"]),
    ]
    return "\n".join(lines)


def _votes(people: Report | None) -> str:
    if people is None:
        return ""
    rate = _interval(people, "win_rate")
    return f" {people['cast']} votes cast by simulated annotators on {people['prompts']} prompts: {rate}."


def _event(event: Report) -> str:
    parts = (event["verb"], event["version"] or "", f"by {event['by']}" if event["by"] else "", event["reason"])
    return "  ".join(part for part in parts if part)


COLUMNS = ("round", "version", "pairs", "over base", "over parent", "gold", "proxy", "KL base", "votes", "gate", "s")


def table(reports: Sequence[Report]) -> str:
    """All rounds of one rehearsal, a line each, below a heading."""
    rows = [COLUMNS, *(_row(report) for report in reports)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(report: Report) -> tuple[str, ...]:
    people, kl = report["gate"]["people"], report["evaluation"]["kl"].get("base") or {}
    return (
        str(report["round"]),
        str(report["version"]),
        str(report["labels"]["train_pairs"]),
        _interval(report["win_rate"]["base"]),
        _interval(report["win_rate"]["parent"]),
        _number(report["reward"]["gold"]["value"]),
        _number(report["reward"]["proxy"]["value"]),
        _number(kl.get("value"), 3),
        str(people["cast"]) if people else "-",
        str(report["gate"]["outcome"]),
        f"{report['seconds']['total']:.0f}",
    )


def means(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """The means over the rehearsals of several seeds, round by round; a figure that nobody measured is None."""
    by_round: dict[int, list[Report]] = defaultdict(list)
    for report in reports:
        by_round[report["round"]].append(report)
    return [
        {
            "round": number,
            "rehearsals": len(some),
            "promoted": sum(bool(one["gate"]["promoted"]) for one in some),
            "win_rate": {side: _mean([one["win_rate"][side]["value"] for one in some]) for side in ("base", "parent")},
            "gold": _mean([one["reward"]["gold"]["value"] for one in some]),
            "proxy": _mean([one["reward"]["proxy"]["value"] for one in some]),
            "kl_to_base": _mean([(one["evaluation"]["kl"].get("base") or {}).get("value") for one in some]),
            "votes": _mean([one["gate"]["people"]["cast"] for one in some if one["gate"]["people"]]),
            "seconds": _mean([one["seconds"]["total"] for one in some]),
        }
        for number, some in sorted(by_round.items())
    ]


def means_in_words(found: Sequence[Report]) -> str:
    """The means over seeds, a line for each round."""
    return "\n".join(
        f"Round {one['round']}, mean of {one['rehearsals']}: {one['promoted']} promoted; win rate "
        f"{_number(one['win_rate']['base'])} over the base, {_number(one['win_rate']['parent'])} over the parent; gold "
        f"{_number(one['gold'])}, proxy {_number(one['proxy'])}; KL to the base {_number(one['kl_to_base'], 3)}; "
        f"{_number(one['votes'], 0)} votes; {_number(one['seconds'], 0)} s"
        for one in found
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _share(figure: Report) -> str:
    return "-" if figure["value"] is None else f"{100 * figure['value']:.0f} %"


def _interval(figure: Report | None, name: str = "value") -> str:
    if figure is None or figure[name] is None:
        return "-"
    if figure["low"] is None:
        return _number(figure[name])
    return f"{_number(figure[name])} [{_number(figure['low'])}, {_number(figure['high'])}]"
