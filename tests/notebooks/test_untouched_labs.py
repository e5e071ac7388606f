"""An untouched lab runs from top to bottom: every check says todo, nothing raises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.execute import run
from tools.notebooks import ROOT, lab_notebooks, output_texts

pytestmark = pytest.mark.notebook


@pytest.mark.parametrize("path", lab_notebooks(), ids=lambda p: p.stem)
def test_untouched_lab(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "labs" / path.name  # a lab is worked outside the book's folder, too
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    (tmp_path / "_toc.yml").touch()
    notebook, _ = run(copy, {}, timeout=300)
    checks = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        outputs = output_texts(cell, "stream", "text/plain")
        assert not [o for o in cell.outputs if o.output_type == "error"]
        assert "Traceback" not in "".join(outputs)
        if re.search(r"^\s*(?:\w+ = )?lab\.check\(", cell.source, re.M):
            checks += 1
            assert "todo" in "".join(outputs).lower(), cell.source
    assert checks >= 1, "a lab has checks"
    assert ROOT not in copy.parents
