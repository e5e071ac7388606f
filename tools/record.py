"""Remake records: run the notebook that holds ``recorded("NAME", ...)`` and keep its rows in book/records/.

python tools/record.py NAME      one record
python tools/record.py --cuda    every record that needs CUDA
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from tools.execute import run
from tools.notebooks import executed_notebooks, page_of, read

CALL = re.compile(r'recorded\(\s*"([a-z0-9_]+)"(?:[^)]*?needs="(\w+)")?', re.S)


def records() -> dict[str, tuple[Path, str]]:
    """Return for every record of the book its notebook and what it needs."""
    found = {}
    for path in executed_notebooks():
        for cell in read(path).cells:
            if cell.cell_type == "code":
                found.update({name: (path, needs or "time") for name, needs in CALL.findall(cell.source)})
    return found


def main(arguments: list[str]) -> int:
    known = records()
    names = [n for n, (_, needs) in known.items() if needs == "cuda"] if arguments == ["--cuda"] else arguments
    if not names or any(name not in known for name in names):
        print(f"give a record's name: {', '.join(sorted(known)) or 'the book has none yet'}", file=sys.stderr)
        return 2
    for name in names:
        os.environ["DLF_RECORD"] = name
        path, _ = known[name]
        _, seconds = run(path, {}, timeout=7200)
        kept = f"book/records/{name}.json"
        print(f"{name}: {seconds:.0f} s, kept in {kept}; now store its page: make execute NB={page_of(path)}.ipynb")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
