"""Short stand-ins for gradients: a random projection that keeps inner products.

A CountSketch (Charikar et al. 2002; as a projection of feature vectors: Weinberger et al., arXiv 0902.2206). Every
entry of a gradient gets a random sign, and entry n is added to place ``n mod d``. For any x and y, over the signs,

    E <Sx, Sy> = <x, y>,    Var <Sx, Sy>  about  (|x|^2 |y|^2 + <x, y>^2) / d

as long as large entries do not meet in one place systematically. d is a prime, so that the entries of one column of a
matrix, where a few input features may hold most of the gradient, fall into different places whatever its width.
A dense projection as in TRAK and LESS (arXiv 2303.14186, 2402.04333) has the same error and costs d times as much:
20 billion products for each gradient of SmolLM2's adapter, where this takes 5 million additions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

PLACES = 4093
"""d: a cosine is off by 1 / sqrt(d), 0.016, in the root mean square."""
SEED = 20_201_207


class Sketch:
    """The projection of vectors of one length to ``places`` numbers."""

    def __init__(
        self, length: int, *, places: int = PLACES, seed: int = SEED, device: torch.device | None = None
    ) -> None:
        """The signs depend on seed and length alone. One byte an entry."""
        self.length, self.places = length, places
        generator = torch.Generator().manual_seed(seed)
        signs = torch.randint(0, 2, (length,), generator=generator, dtype=torch.int8)
        self.signs = (2 * signs - 1).to(device or torch.device("cpu"))

    def of(self, parts: Sequence[Tensor]) -> Tensor:
        """The stand-in of the vector that the parts are, one after the other: (places,), in their dtype."""
        padded = parts[0].new_zeros(-(-self.length // self.places) * self.places)
        start = 0
        for part in parts:
            stop = start + part.numel()
            torch.mul(part.reshape(-1), self.signs[start:stop], out=padded[start:stop])
            start = stop
        if start != self.length:
            raise ValueError(f"a vector of {start} entries, not of {self.length}")
        return padded.view(-1, self.places).sum(0)
