"""The points of the frontier as a table: means over seeds with their spread."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from typing import Any

Point = dict[str, Any]
COLUMNS = ("kl", "gold", "learned", "win_rate", "tokens", "seconds", "mib", "held")
_HEADS = ("KL, nats", "gold reward", "learned reward", "win rate", "tokens", "seconds", "MiB", "models held")


def as_markdown(files: Sequence[Sequence[Point]]) -> str:
    """A row for each method and setting, lowest KL first."""
    groups: dict[tuple[str, str], list[Point]] = {}
    for point in (one for points in files for one in points):
        groups.setdefault((point["method"], point["setting"]), []).append(point)
    rows = sorted(groups.items(), key=lambda item: (_rank(item[0][0]), _mean(item[1], "kl")))
    lines = [f"| method | | {' | '.join(_HEADS)} |", "|" + "---|" * (len(_HEADS) + 2)]
    for (method, setting), points in rows:
        lines.append(f"| {method} | {setting} | {' | '.join(_cell(points, name) for name in COLUMNS)} |")
    return "\n".join([*lines, "", *_comparisons(groups)])


def _rank(method: str) -> int:
    order = ("start", "best-of-n, gold", "best-of-n, learned", "DPO", "IPO", "preferred fine-tuning", "unlikelihood")
    return order.index(method) if method in order else len(order)


def _mean(points: Sequence[Point], name: str) -> float:
    return statistics.fmean(point[name] for point in points)


def _cell(points: Sequence[Point], name: str) -> str:
    values = [point[name] for point in points if name in point]
    if not values:
        return ""
    digits = 0 if name in ("seconds", "mib", "tokens", "held") else 2
    mean = f"{statistics.fmean(values):.{digits}f}"
    spread = len(values) > 1 and name in ("kl", "gold", "learned", "win_rate")
    return f"{mean} ± {statistics.stdev(values):.{digits}f}" if spread else mean


def at_kl(frontier: Sequence[tuple[float, float]], kl: float) -> float | None:
    """The reward of a frontier, (KL, reward) points, at one KL, between its neighbours in a line; None outside."""
    ordered = sorted(frontier)
    for (low, reward_low), (high, reward_high) in itertools.pairwise(ordered):
        if low <= kl <= high:
            share = (kl - low) / (high - low) if high > low else 0.0
            return reward_low + share * (reward_high - reward_low)
    return None


def _comparisons(groups: dict[tuple[str, str], list[Point]]) -> list[str]:
    """At the KL of every other point: its gold reward less DPO's, where DPO's frontier reaches that far."""
    dpo = [(0.0, _mean(groups[("start", "")], "gold"))] if ("start", "") in groups else []
    dpo += [(_mean(points, "kl"), _mean(points, "gold")) for (method, _), points in groups.items() if method == "DPO"]
    lines = []
    for (method, setting), points in sorted(groups.items()):
        theirs = None if method in ("DPO", "start") else at_kl(dpo, _mean(points, "kl"))
        if theirs is not None:
            lines.append(f"- {method} {setting}: {_mean(points, 'gold') - theirs:+.2f} against DPO at the same KL")
    return lines
