"""What must not stand in the project, and what every notebook must have."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import nbformat
import pytest

from tools.execute import SECONDS
from tools.notebooks import ROOT, executed_notebooks, lab_notebooks, output_texts, read

MACHINE_PATH = re.compile(r"(?<![\w.:/\-<])/(work|farm|tmp|root|home)/")
REGISTRY_HOSTS = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("deb", "debian", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
    )
]
TEXT = {".py", ".md", ".toml", ".yml", ".yaml", ".txt", ".cfg", ".css", ".js", ".json", ".ipynb", ".cff", ".svg", ""}
MIME = {"text/plain", "text/html", "image/png"}
NOTEBOOKS = executed_notebooks()
NAMES = [p.relative_to(ROOT).as_posix() for p in NOTEBOOKS]
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)


def tracked_texts() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    return [p for p in paths if p.is_file() and p.suffix in TEXT]


def without_pictures(path: Path) -> str:
    text = path.read_text(encoding="utf-8", errors="ignore")
    return re.sub(r"[A-Za-z0-9+/=]{200,}", "", text)


def test_no_path_of_a_machine_and_no_registry_host() -> None:
    found = []
    for path in tracked_texts():
        if path.name == "test_hygiene.py":
            continue
        text = without_pictures(path)
        found += [f"{path.relative_to(ROOT)}: {m[0]}" for m in MACHINE_PATH.finditer(text) if path.suffix != ".js"]
        found += [f"{path.relative_to(ROOT)}: {host}" for host in REGISTRY_HOSTS if host in text]
    assert not found


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [c for c in read(path).cells if c.cell_type == "code"]


@each_notebook
def test_executed_from_top_to_bottom_without_error_or_warning(path: Path) -> None:
    counts = [c.execution_count for c in code_cells(path) if c.source.strip()]
    assert counts == list(range(1, len(counts) + 1))
    for cell in code_cells(path):
        for output in cell.outputs:
            assert output.output_type != "error", cell.source[:80]
            assert output.get("name") != "stderr", output.text
            assert "Warning" not in output.get("text", ""), output.text
            assert set(output.get("data", {})) <= MIME
    assert not MACHINE_PATH.search(json.dumps([output_texts(c, "stream", "text/plain") for c in code_cells(path)]))


@each_notebook
def test_first_cells(path: Path) -> None:
    cells = read(path).cells
    assert cells[0].cell_type == "markdown"
    assert re.match(r"\([a-z0-9-]+\)=\n# ", cells[0].source), "starts with a target and a title"
    assert ":class: dlf-card" in "".join(c.source for c in cells[:3] if c.cell_type == "markdown")
    parameters = code_cells(path)[0]
    assert "parameters" in parameters.metadata.get("tags", [])
    for name in ("SEED", "SCALE", "DEVICE"):
        assert re.search(rf"^{name}(: \w+)? = ", parameters.source, re.M), f"parameters cell sets {name}"


@each_notebook
def test_title_card_shows_the_seconds_of_the_last_run(path: Path) -> None:
    notebook = read(path)
    shown = [SECONDS.search(c.source) for c in notebook.cells[:3] if c.cell_type == "markdown"]
    texts = [m[0] for m in shown if m]
    assert texts == [f"runs in {notebook.metadata['dlf']['seconds']} s on two cores"]


@each_notebook
def test_pictures_have_captions_and_text_alternatives(path: Path) -> None:
    for cell in code_cells(path):
        if output_texts(cell, "image/png"):
            meta = cell.metadata.get("mystnb", {})
            first = cell.source[:100]
            assert meta.get("figure", {}).get("caption", "").strip(), f"no caption: {first}"
            assert meta.get("figure", {}).get("name", "").startswith("fig-"), f"no name: {first}"
            assert len(meta.get("image", {}).get("alt", "").strip()) > 20, f"no text alternative: {first}"


@each_notebook
def test_explorables_stay_small(path: Path) -> None:
    pages = [t for c in code_cells(path) for t in output_texts(c, "text/html") if 'class="dlx"' in t]
    frames = sum(len(json.loads(re.search(r'class="dlx-spec">(.*?)</script>', t, re.S)[1])["frames"]) for t in pages)  # type: ignore[index]
    assert frames <= 120
    assert sum(len(t) for t in pages) <= 1_000_000 * 4 / 3, "more than 1 MB of frames"


def folded(cell: nbformat.NotebookNode) -> bool:
    return bool({"hide-input", "hide-cell"} & set(cell.metadata.get("tags", [])) or cell.metadata.get("jupyter"))


@each_notebook
def test_cells_have_one_idea(path: Path) -> None:
    """Code that is read stays short; a folded drawing or a whole class of a solution may be longer."""
    limits = [(c, len(c.source.splitlines()), 90 if folded(c) else 45) for c in code_cells(path)]
    assert not [f"{lines} lines: {c.source[:60]!r}" for c, lines, limit in limits if lines > limit]


@each_notebook
def test_plain_latex_only(path: Path) -> None:
    text = "\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")
    assert not re.search(r"\\(newcommand|def|DeclareMathOperator)\b", text)


@pytest.mark.parametrize("path", lab_notebooks(), ids=lambda p: p.name)
def test_labs_are_empty(path: Path) -> None:
    for cell in code_cells(path):
        assert not cell.outputs
        assert cell.execution_count is None
        assert "SOLUTION" not in cell.source
