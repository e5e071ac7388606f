"""Print how long each notebook took in the test run, and fail when one took more than three times its budget."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path
from statistics import median

BUDGETS = ((re.compile(r"week12"), 20.0), (re.compile(r"week\d+"), 45.0), (re.compile(r""), 30.0))
SLACK = 3.0  # machines differ; the budget itself is kept on the title cards


def budget(notebook: str) -> float:
    """Return the seconds that a notebook may take on two cores."""
    return next(seconds for pattern, seconds in BUDGETS if pattern.search(notebook))


def seconds(report: Path) -> dict[str, float]:
    """Return the seconds of every notebook, summed over its cells in a JUnit report."""
    taken: dict[str, float] = defaultdict(float)
    for case in ElementTree.parse(report).iter("testcase"):
        taken[case.get("classname", "")] += float(case.get("time", 0))
    return dict(taken)


def main(arguments: list[str]) -> int:
    taken = seconds(Path(arguments[0]))
    slow = [name for name, s in taken.items() if s > SLACK * budget(name)]
    for name, s in sorted(taken.items(), key=lambda item: -item[1]):
        print(f"{s:7.1f} s of {budget(name):3.0f} s  {name}{'  TOO SLOW' if name in slow else ''}")
    if taken:
        print(f"{median(taken.values()):7.1f} s median, {sum(taken.values()):.0f} s in all, {len(taken)} notebooks")
    return 1 if slow or not taken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
