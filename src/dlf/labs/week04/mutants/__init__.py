"""Known wrong solutions of week 4, under the numbers of the catalogue of mistakes.

4.22 and above are additions to that catalogue: 4.22 gradients that share an array, 4.23 a tangent that is
not broadcast, 4.24 recursion too deep, 4.25 marks that stay on the nodes, 4.26 nodes left out of the order,
4.27 to 4.30 and 4.39 the graph (old values, gradients carried over, shared state, names, unused inputs),
4.31 to 4.34 the gradient check (absolute tolerance, NaN, the cotangent, shapes), 4.35, 4.36 and 4.42
checkpointing (memory, cotangent, repeated runs), 4.37 values of operators, 4.38 the gradient of sum, 4.40
and 4.41 forward mode (difference quotients, the direction), 4.43 and 4.44 orders (parents first, marked when
pushed), 4.45 a tolerance that is too fine or too coarse, 4.46 ties of a maximum.
"""

from dlf.labs.week04.mutants import (
    checkpointing,
    forward_mode,
    gradient_checking,
    graphs,
    nodes,
    ordering,
    rules,
)
from dlf.labs.week04.mutants.catalogue import CATALOGUE

__all__ = [
    "CATALOGUE",
    "checkpointing",
    "forward_mode",
    "gradient_checking",
    "graphs",
    "nodes",
    "ordering",
    "rules",
]
