"""Leaving each pair out of a fit to all of them: which labels the others contradict, and which pairs made a comparison
worse. Plain arrays.

To first order in the weights a trained model's margins are linear in the pairs' gradients (the neural tangent
kernel), so training without a pair ends at the leave-one-out answer of kernel ridge regression, which has a closed
form. With rows ``g_i`` (the gradient of pair i's margin), ``K = G G^T``, ``y_i = 2 p_i - 1`` (what its label asks
for), ``A = (K + r I)^-1``, ``H = K A`` and its diagonal h:

    the margin of i by all the others:              (H y - h y)_i / (1 - h_i)
    what leaving i out does to a query's margin:    - (g_q G^T A)_i (y - H y)_i / (1 - h_i)

The second is the influence function (Koh and Liang, arXiv 1703.04730) with the Gauss-Newton Hessian, exact for this
fit, as DataInf (2310.00902) approximates it. TracIn (2002.08484) has no inverse: directions that all pairs share,
such as length, then drown the rest. `benchmarks.blame` prints both.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
Matrix = NDArray[np.float64]
RIDGES = tuple(10.0**power for power in (-3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 1.0))
_FLOOR = 1e-12


class LeaveOneOut:
    """A fit to some pairs. ``gradients``: (pairs, places); ``targets``: ``2 p - 1`` of each label, (pairs,)."""

    def __init__(self, gradients: NDArray[np.float32], targets: Column) -> None:
        """The ridge is that one of RIDGES, times the mean of K's diagonal, whose predictions without each pair are
        nearest to the targets. Costs the cube of the smaller of pairs and places."""
        self.rows, self.targets = gradients.astype(np.float64), targets
        pairs, places = self.rows.shape
        if pairs <= places:
            values, self.left = np.linalg.eigh(self.rows @ self.rows.T)
            self.values = np.maximum(values, 0.0)
            self.scale = float(self.values.sum()) / max(pairs, 1)
        else:  # the same left vectors from the smaller of the two products
            values, right = np.linalg.eigh(self.rows.T @ self.rows)
            self.values = np.maximum(values, 0.0)
            self.scale = float(self.values.sum()) / pairs
            self.left = self.rows @ right / np.sqrt(np.maximum(self.values, _FLOOR * max(self.scale, _FLOOR)))
        fits = [self._fit(ridge * max(self.scale, _FLOOR)) for ridge in RIDGES]
        best = min(range(len(fits)), key=lambda number: float(np.mean((fits[number][1] - targets) ** 2)))
        self.ridge = RIDGES[best] * max(self.scale, _FLOOR)
        self.fitted, self.without, self.own = fits[best]

    def _fit(self, ridge: float) -> tuple[Column, Column, Column]:
        """H y, the predictions without each pair, and h."""
        shrunk = self.values / (self.values + ridge)
        fitted = self.left @ (shrunk * (self.left.T @ self.targets))
        own = np.minimum((self.left**2) @ shrunk, 1.0 - 1e-9)
        return fitted, (fitted - own * self.targets) / (1.0 - own), own

    def gain_without(self, queries: NDArray[np.float32]) -> Matrix:
        """By how much each query's margin would be higher if a pair had been left out, (pairs, queries). The unit is
        the query's gradient's length, so that a long query does not count for more."""
        lengths = np.maximum(np.linalg.norm(queries, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        like = self.rows @ (queries / lengths).T.astype(np.float64)  # G g_q
        inverse = self.left @ ((self.left.T @ like) / (self.values + self.ridge)[:, None])  # A G g_q
        if self.left.shape[1] < len(self.rows):  # what the left vectors do not span
            inverse += (like - self.left @ (self.left.T @ like)) / self.ridge
        return np.asarray(-inverse * ((self.targets - self.fitted) / (1.0 - self.own))[:, None])


def ranks(values: Column) -> Column:
    """The share of the others that are smaller, 0 to 1; equal values share their mean rank."""
    if len(values) < 2:
        return np.full(len(values), 0.5)
    ordered = np.sort(values)
    below, upto = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return np.asarray((below + upto - 1) / 2.0 / (len(values) - 1))
