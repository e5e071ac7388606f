"""Make the labs from their solutions.

python -m tools.labs            fail when labs/ is not what solutions/ gives
python -m tools.labs --write    write labs/

Code between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` becomes ``return TODO``; cells tagged ``solution`` are
left out; outputs are empty; text says in words what JupyterLab could not resolve (``tools.lab_text``).
The markers are nbgrader's, so that teachers can use nbgrader on the solutions too.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nbformat

from tools.lab_text import LabText, kept
from tools.notebooks import ROOT, read

SOLUTIONS, LABS = ROOT / "solutions", ROOT / "labs"
REGION = re.compile(r"^([ \t]*)### BEGIN SOLUTION[ \t]*\n.*?^[ \t]*### END SOLUTION[ \t]*$", re.M | re.S)


def stub(source: str, where: str) -> str:
    """Return a cell's code with every solution replaced by ``return TODO``. Raises ValueError on markers that do
    not fit."""
    text = REGION.sub(r"\1return TODO", source)
    if "### BEGIN SOLUTION" in text or "### END SOLUTION" in text:
        raise ValueError(f"{where}: BEGIN SOLUTION and END SOLUTION do not pair up")
    try:
        compile(text, where, "exec")
    except SyntaxError as error:
        raise ValueError(
            f"{where}: the lab's cell would not compile ({error.msg}); solutions stand inside functions"
        ) from error
    return text


def lab_of(path: Path) -> nbformat.NotebookNode:
    """Return the lab of a solution notebook."""
    notebook = read(path)
    text, notebook.cells = LabText(path), []
    for number, cell in enumerate(kept(path)):
        notebook.cells.append(cell)
        if cell.cell_type == "markdown":
            cell.source = text.plain(cell.source)
        elif cell.cell_type == "code":
            empty(cell, f"{path.name} cell {number}")
            if caption := text.caption(cell):
                notebook.cells.append(caption)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": notebook.metadata["kernelspec"],
            "language_info": {"name": "python"},
            "dlf": {"generated_from": f"solutions/{path.name}"},
        }
    )
    return notebook


def empty(cell: nbformat.NotebookNode, where: str) -> None:
    """Take the outputs and the solution out of a code cell, and fold what only draws."""
    cell.outputs, cell.execution_count = [], None
    if "### BEGIN SOLUTION" in cell.source or "### END SOLUTION" in cell.source:
        cell.source = stub(cell.source, where)
        unfold(cell)
    elif "figure" in cell.metadata.get("mystnb", {}) or "Explorable(" in cell.source:
        cell.metadata["jupyter"] = {"source_hidden": True}  # drawings are folded; some show what is to be derived


def unfold(cell: nbformat.NotebookNode) -> None:
    """Show the code that the learner is to write."""
    cell.metadata.pop("jupyter", None)
    tags = [t for t in cell.metadata.get("tags", []) if t not in {"hide-input", "hide-cell"}]
    if tags:
        cell.metadata["tags"] = tags
    else:
        cell.metadata.pop("tags", None)


def texts() -> dict[str, str]:
    """Return what labs/ should hold: file name and content."""
    return {path.name: nbformat.writes(lab_of(path)) + "\n" for path in sorted(SOLUTIONS.glob("*.ipynb"))}


def differing() -> list[str]:
    """Return the names of labs that are missing, stale, edited by hand, or without a solution."""
    wanted = texts()
    there = {p.name: p.read_text(encoding="utf-8") for p in LABS.glob("*.ipynb")}
    return sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))


def main(arguments: list[str]) -> int:
    if "--write" in arguments:
        LABS.mkdir(exist_ok=True)
        for old in LABS.glob("*.ipynb"):
            old.unlink()
        for name, text in texts().items():
            (LABS / name).write_text(text, encoding="utf-8")
    elif names := differing():
        print(
            f"labs/ is not what solutions/ gives ({', '.join(names)}); edit solutions/ and run: make labs",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
