"""Run notebooks from a clean kernel with the network off; store the outputs, without volatile metadata.

python tools/execute.py NB [NB ...]             run with the notebook's own seed and store
python tools/execute.py --seed 3 NB [NB ...]    run with another seed, store nothing, fail if a notebook fails
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import papermill

ROOT = Path(__file__).resolve().parent.parent
SECONDS = re.compile(r"(runs in )(?:\d+|\?)( s on two cores)")
VOLATILE = ("papermill", "execution")


def environment(progress: str) -> dict[str, str]:
    """Return what a notebook's kernel sees besides the caller's environment."""
    path = os.pathsep.join(filter(None, [str(ROOT / "tests" / "offline"), os.environ.get("PYTHONPATH", "")]))
    return {"PYTHONPATH": path, "DLF_PROGRESS_DIR": progress, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}


def clean(notebook: nbformat.NotebookNode) -> None:
    """Remove from the metadata what changes from run to run."""
    kept = {"display_name": "Python 3", "language": "python", "name": "python3"}
    own = {k: v for k, v in notebook.metadata.items() if k not in (*VOLATILE, "kernelspec", "language_info", "widgets")}
    notebook.metadata = nbformat.from_dict({**own, "kernelspec": kept, "language_info": {"name": "python"}})
    notebook.cells = [c for c in notebook.cells if "papermill-error-cell-tag" not in c.metadata.get("tags", [])]
    for cell in notebook.cells:
        for key in VOLATILE:
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", ["kept"]):
            del cell.metadata["tags"]


def run(path: Path, parameters: dict[str, object], timeout: int) -> tuple[nbformat.NotebookNode, float]:
    """Execute a notebook in its own folder; return it with outputs, and the seconds taken."""
    with tempfile.TemporaryDirectory() as folder:
        before = dict(os.environ)
        os.environ.update(environment(folder))
        out = Path(folder) / path.name
        start = time.perf_counter()
        try:
            papermill.execute_notebook(
                str(path),
                str(out),
                parameters=parameters,
                cwd=str(path.parent),
                kernel_name="python3",
                progress_bar=False,
                execution_timeout=timeout,
            )
        finally:
            os.environ.clear()
            os.environ.update(before)
        return nbformat.read(out, 4), time.perf_counter() - start


def store(path: Path, notebook: nbformat.NotebookNode, seconds: float) -> None:
    """Write the executed notebook back, with its seconds in the metadata and on the title card."""
    clean(notebook)
    notebook.metadata["dlf"] = {"seconds": round(seconds)}
    for cell in notebook.cells[:3]:
        if cell.cell_type == "markdown":
            cell.source = SECONDS.sub(rf"\g<1>{round(seconds)}\g<2>", cell.source)
    nbformat.write(notebook, path)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--timeout", type=int, default=300, help="seconds for one cell")
    options = parser.parse_args(arguments)
    failed = 0
    for path in options.notebooks:
        parameters = {} if options.seed is None else {"SEED": options.seed}
        try:
            notebook, seconds = run(path.resolve(), parameters, options.timeout)
        except papermill.PapermillExecutionError as error:
            print(f"FAILED {path} seed={options.seed}: {error}", file=sys.stderr)
            failed += 1
            continue
        if options.seed is None:
            store(path, notebook, seconds)
        print(f"{path}: {seconds:.0f} s" + ("" if options.seed is None else f", seed {options.seed}"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
