"""Labs that diagnose: checks that name the mistake, hints, progress, hand-in.

    from dlf.labs import Lab, TODO
    lab = Lab("week08")
    lab.check("BatchNormalization.backward", BatchNormalization)

A check prints its message and returns a `CheckResult`; it raises only when strict (`strict=True`,
or the environment variable DLF_STRICT=1).
"""

from dlf.labs.lab import Lab
from dlf.labs.passed import mine
from dlf.labs.result import TODO, CheckFailed, CheckResult

__all__ = ["TODO", "CheckFailed", "CheckResult", "Lab", "mine"]
