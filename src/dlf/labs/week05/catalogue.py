"""The catalogue of week 5: which exercises it speaks of, and the numbers that it adds.

5.23 and above are additions to the catalogue of mistakes: 5.23 overlapping windows that overwrite each other, 5.24 a
filter turned around, 5.25 averages over the batch, 5.26 the derivative of tanh, 5.27 the gradient of wh transposed,
5.28 only one image or position counts, 5.29 more padding than the filter reaches, 5.30 a border that is not zero,
5.31 pooling: where the gradient goes, 5.32 and 5.33 gradient norms by lag, 5.34 arrays of the caller changed or kept,
5.35 results in another order, 5.36 steps in reverse, 5.37 truncation ignored.
"""

from __future__ import annotations

from typing import Any

from dlf.labs.mutants import Catalogue

CATALOGUE = Catalogue()
mutant = CATALOGUE.mutant

IM2COL, POOL, LAG = "im2col", "max_pool_backward", "gradient_norm_by_lag"
CONV, RNN = "SpecializedBackprop.conv_backward", "SpecializedBackprop.rnn_backward"


def without(*builds: Any) -> Catalogue:
    """The catalogue for a step that comes after the one that names these."""
    rest = Catalogue()
    rest.mutants = [m for m in CATALOGUE.mutants if m.build not in builds]
    return rest
