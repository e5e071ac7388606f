"""Each gate has to be able to fail: a changed digit, a broken claim, a stale record, a pasted solution."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools.execute import clean, run
from tools.notebooks import ROOT, output_texts, read

pytestmark = pytest.mark.notebook
SETUP = "from dlf.claims import claim\nfrom dlf.runtime import seed_everything\nrng = seed_everything(0)"
CLAIM = 'claim("15.2/gate", rng.normal(size=10_000).std(), 1.0, tol=0.05)'


def small_notebook(*cells: str) -> nbformat.NotebookNode:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(
        cells=[new_markdown_cell("# Gate"), *map(new_code_cell, cells)], metadata={"kernelspec": kernel}
    )


def executed(path: Path, *cells: str) -> Path:
    nbformat.write(small_notebook(*cells), path)
    notebook, _ = run(path, {}, timeout=60)
    clean(notebook)
    nbformat.write(notebook, path)
    return path


def nbval(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    command += ["--nbval-sanitize-with", str(ROOT / "tests" / "nbval.cfg"), f"--rootdir={path.parent}", str(path)]
    return subprocess.run(
        command, cwd=path.parent, capture_output=True, text=True, env={**os.environ, "DLF_STRICT": "1"}
    )


def test_one_changed_digit_fails_nbval(tmp_path: Path) -> None:
    path = executed(tmp_path / "gate.ipynb", SETUP, "print(round(float(rng.normal()), 4))", CLAIM)
    assert nbval(path).returncode == 0
    original = read(path)
    for cell, kind in ((2, "stream"), (3, "text/plain"), (3, "text/html")):
        changed = copy.deepcopy(original)
        output = changed.cells[cell].outputs[0]
        text = output.text if kind == "stream" else output.data[kind]
        digit = next(i for i in range(len(text) - 1, 0, -1) if text[i].isdigit())
        text = text[:digit] + str((int(text[digit]) + 1) % 10) + text[digit + 1 :]
        if kind == "stream":
            output.text = text
        else:
            output.data[kind] = text
        nbformat.write(changed, path)
        result = nbval(path)
        assert result.returncode != 0, f"a changed digit in {kind} went unseen"
        assert "mismatch" in result.stdout


def test_a_broken_claim_fails_the_notebook(tmp_path: Path) -> None:
    path = executed(tmp_path / "gate.ipynb", SETUP, CLAIM)
    notebook = read(path)
    notebook.cells[2].source = CLAIM.replace(".std()", ".std() + 0.1")
    nbformat.write(notebook, path)
    assert nbval(path).returncode != 0
    with pytest.raises(papermill.PapermillExecutionError, match="ClaimFailed"):
        run(path, {}, timeout=60)


RECORD = """
from dlf.recorded import recorded

def measure(steps: int = 3) -> list[dict[str, float]]:
    return [{"step": k, "value": k * 2.0} for k in range(steps)]

kept = recorded("gate", measure)
kept.rows
"""


def test_changed_code_behind_a_record_fails_the_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "_toc.yml").touch()
    path = tmp_path / "gate.ipynb"
    nbformat.write(small_notebook(RECORD), path)
    monkeypatch.setenv("DLF_RECORD", "gate")
    run(path, {}, timeout=60)
    monkeypatch.delenv("DLF_RECORD")
    assert (tmp_path / "book" / "records" / "gate.json").is_file()
    monkeypatch.setenv("DLF_STRICT", "1")
    run(path, {}, timeout=60)
    nbformat.write(small_notebook(RECORD.replace("2.0", "3.0")), path)
    with pytest.raises(papermill.PapermillExecutionError, match="StaleRecord"):
        run(path, {}, timeout=60)


def test_the_network_is_off_in_notebooks(tmp_path: Path) -> None:
    path = tmp_path / "gate.ipynb"
    nbformat.write(small_notebook('import urllib.request\nurllib.request.urlopen("http://192.0.2.1/")'), path)
    with pytest.raises(papermill.PapermillExecutionError, match="network is off"):
        run(path, {}, timeout=60)


def test_pasted_solutions_pass_their_checks(tmp_path: Path) -> None:
    """Paste every solution into the lab's cells: the checks pass."""
    solution, lab = (
        read(ROOT / "solutions" / "week08_batch_normalization.ipynb"),
        read(ROOT / "labs" / "week08_batch_normalization.ipynb"),
    )
    in_lab, cells, pasted = {c.id: c for c in lab.cells}, [], 0
    for cell in solution.cells:
        if "### BEGIN SOLUTION" in cell.source:
            in_lab[cell.id].source = cell.source
            pasted += 1
        if cell.id in in_lab:
            cells.append(in_lab[cell.id])
        elif cell.cell_type == "code":  # helpers that a solution needs are pasted with it
            cells.append(cell)
    lab.cells = cells
    assert pasted >= 5
    (tmp_path / "_toc.yml").touch()
    path = tmp_path / "lab.ipynb"
    nbformat.write(lab, path)
    notebook, _ = run(path, {}, timeout=300)
    for cell in notebook.cells:
        if cell.cell_type == "code" and "lab.check(" in cell.source:
            assert "pass" in "".join(output_texts(cell, "stream", "text/plain")).lower(), cell.source
