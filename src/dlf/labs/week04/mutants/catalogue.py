"""The catalogue that the mutants of week 4 register in, and the ids of the exercises."""

from __future__ import annotations

from typing import Any

from dlf.labs.mutants import Catalogue

Array = Any  # NumPy's own stubs say no more about sums and means of arrays
CATALOGUE = Catalogue()
mutant = CATALOGUE.mutant

ORDER, NODE = "topological_order", "AutoDiffNode.backward"
FORWARD, BACKWARD = "ComputationalGraph.forward", "ComputationalGraph.backward"
JVP, JACOBIAN = "jvp", "jacobian_forward"
CHECKER, CHECKPOINT = "gradient_check", "checkpoint"
