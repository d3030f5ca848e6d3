"""The largest differences between our statistics and those of established libraries, on random votes with gaps.

    python -m benchmarks.oracles

The libraries are installed into a separate environment (var/benchmarks/oracles): some state no licence, one is GPL, and
nothing else needs them. Prints a JSON line for each statistic. The exit code is 1 if a difference exceeds 1e-9.

No library has the same definition of Dawid-Skene with a prior, ties after Davidson and adaptive overlap. The tests in
`tests/labeling/stats` compare those with their formulas.
"""

import json
import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGES = (
    "irrCAC==0.4.4",
    "krippendorff==0.9.0",
    "scikit-learn==1.9.1",
    "statsmodels==0.15.0",
    "pandas==2.3.3",
    "numpy==1.26.4",
)
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / "var" / "benchmarks" / "oracles"
LIMIT = 1e-9
INSIDE = "--inside"

Row = tuple[str, str, float, float]
"""Statistic, library, ours, theirs."""


def main() -> int:
    python = VENV / "bin" / "python"
    if not (VENV / ".installed").exists():
        print(f"Installing {', '.join(PACKAGES)} into {VENV} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (VENV / ".installed").touch()
    return subprocess.run([str(python), "-m", "benchmarks.oracles", INSIDE], cwd=ROOT, check=False).returncode


def inside() -> int:
    """Runs in the environment of the libraries: compares, prints, and returns the exit code."""
    warnings.filterwarnings("ignore")
    worst: dict[tuple[str, str], float] = {}
    cases: Counter[tuple[str, str]] = Counter()
    for rows in (agreement(), proportions(), strengths()):
        for statistic, library, ours, theirs in rows:
            cases[statistic, library] += 1
            worst[statistic, library] = max(worst.get((statistic, library), 0.0), abs(ours - theirs))
    for (statistic, library), difference in worst.items():
        line = {"statistic": statistic, "library": library, "cases": cases[statistic, library]}
        print(json.dumps(line | {"largest_difference": difference}))
    return int(max(worst.values()) > LIMIT)


def agreement(cases: int = 200) -> Iterator[Row]:
    """Agreement of 2 to 6 annotators on 5 to 40 comparisons, with three tenths of the votes missing."""
    import krippendorff
    import numpy as np
    import pandas as pd
    from irrCAC.raw import CAC

    from labeling.stats import Bootstrap, gwet_ac1, krippendorff_alpha

    few = Bootstrap(resamples=2)
    rng = np.random.default_rng(7)
    for _ in range(cases):
        shape = rng.integers(2, 7), rng.integers(5, 40)
        votes = np.where(rng.random(shape) < 0.5, rng.integers(0, 3, shape[1]), rng.integers(0, 3, shape)).astype(float)
        votes[rng.random(shape) < 0.3] = np.nan
        patterns: Counter[tuple[int, ...]] = Counter(
            tuple(np.bincount(row[~np.isnan(row)].astype(int), minlength=3).tolist()) for row in votes.T
        )
        nominal = krippendorff_alpha(patterns, bootstrap=few).value
        if nominal is None:
            continue
        other = CAC(pd.DataFrame(votes.T), digits=14, categories=[0.0, 1.0, 2.0])
        yield "alpha, nominal", "irrCAC", nominal, other.krippendorff()["est"]["coefficient_value"]
        yield (
            "AC1",
            "irrCAC",
            _number(gwet_ac1(patterns, bootstrap=few).value),
            other.gwet()["est"]["coefficient_value"],
        )
        for metric in ("nominal", "ordinal", "interval"):
            ours = krippendorff_alpha(patterns, metric=metric, bootstrap=few).value
            theirs = krippendorff.alpha(votes, value_domain=[0.0, 1.0, 2.0], level_of_measurement=metric)
            yield f"alpha, {metric}", "krippendorff", _number(ours), theirs


def proportions() -> Iterator[Row]:
    """Both ends of Wilson's interval."""
    from statsmodels.stats.proportion import proportion_confint

    from labeling.stats import wilson_interval

    for right in range(0, 60, 7):
        for total in (right + 1, right + 13, right + 200):
            ends = zip(wilson_interval(right, total), proportion_confint(right, total, method="wilson"), strict=True)
            for ours, theirs in ends:
                yield "Wilson's interval", "statsmodels", ours, theirs


def strengths(cases: int = 30) -> Iterator[Row]:
    """Strengths of 3 to 6 models without ties: with nearly impossible ties, Davidson's model is Bradley and Terry's."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    from labeling.stats import Bootstrap, bradley_terry

    bradley_terry.TIE_PRIOR = 1e8
    rng = np.random.default_rng(8)
    for _ in range(cases):
        models = int(rng.integers(3, 7))
        true = rng.normal(0, 1, models)
        won: list[tuple[int, int]] = []
        for _ in range(int(rng.integers(30, 120))):
            one, other = (int(number) for number in rng.choice(models, 2, replace=False))
            is_won = rng.random() < 1 / (1 + np.exp(true[other] - true[one]))
            won.append((one, other) if is_won else (other, one))
        matches = Counter((f"m{winner}", f"m{loser}", 0.0, 1, 0, 0) for winner, loser in won)
        ranking = bradley_terry.ranking(matches, bootstrap=Bootstrap(resamples=2))
        # Every second match is mirrored: a logistic regression needs both outcomes.
        sides = np.array([1 if number % 2 else -1 for number in range(len(won))])
        features = np.zeros((len(won), models))
        for row, (winner, loser) in enumerate(won):
            features[row, winner], features[row, loser] = sides[row], -sides[row]
        regression = LogisticRegression(
            C=bradley_terry.STRENGTH_PRIOR**2, fit_intercept=False, solver="newton-cholesky", tol=1e-14, max_iter=1000
        )
        coefficients = regression.fit(features, sides).coef_[0]
        for rated in ranking.models:
            yield (
                "Bradley-Terry",
                "scikit-learn",
                _number(rated.rating.value) / bradley_terry.ELO,
                coefficients[int(rated.model[1:])],
            )


def _number(value: Any) -> float:
    assert value is not None
    return float(value)


if __name__ == "__main__":
    sys.exit(inside() if sys.argv[1:] == [INSIDE] else main())
