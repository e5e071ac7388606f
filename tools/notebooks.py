"""What the tools and tests ask of the notebooks: where they are, their pages, their outputs, their claims."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parent.parent
DATA_CLAIM = re.compile(r'class="dlf-claim" id="([^"]+)" data-claim="([^"]*)"')


def executed_notebooks() -> list[Path]:
    """Return the notebooks that are committed with outputs: sections and solutions."""
    return sorted([*ROOT.glob("chapters/*/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])


def lab_notebooks() -> list[Path]:
    """Return the generated labs."""
    return sorted(ROOT.glob("labs/*.ipynb"))


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, 4)


def page_of(path: Path) -> str:
    """Return the page of a notebook or text as the table of contents names it."""
    return path.relative_to(ROOT).with_suffix("").as_posix()


def toc_pages() -> list[str]:
    """Return every page of _toc.yml, in reading order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))

    def files(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if "file" in node:
                yield node["file"]
            for key in ("parts", "chapters", "sections"):
                for child in node.get(key, []):
                    yield from files(child)

    return [toc["root"], *files(toc)]


def source_of(page: str) -> Path:
    """Return the file behind a page."""
    for suffix in (".ipynb", ".md"):
        if (ROOT / f"{page}{suffix}").is_file():
            return ROOT / f"{page}{suffix}"
    raise FileNotFoundError(f"no .ipynb or .md for page {page}")


def text_of(path: Path) -> str:
    """Return the markdown of a page: the whole file, or a notebook's text cells."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n\n".join(c.source for c in read(path).cells if c.cell_type == "markdown")


def title_of(page: str) -> str:
    """Return the first heading of a page."""
    match = re.search(r"^# (.+)$", text_of(source_of(page)), re.M)
    if match is None:
        raise ValueError(f"{page} has no title")
    return match[1].strip()


def output_texts(cell: nbformat.NotebookNode, *types: str) -> list[str]:
    """Return the outputs of a code cell that have one of the MIME types ("stream" for printed text)."""
    texts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream" and "stream" in types:
            texts.append(output.text)
        texts += ["".join(output.get("data", {}).get(t, "")) for t in types if t in output.get("data", {})]
    return texts


def claims(path: Path) -> list[dict[str, str]]:
    """Return the claims stored in a notebook's outputs, each with the anchor of its seal."""
    found = []
    for cell in read(path).cells:
        if cell.cell_type == "code":
            for text in output_texts(cell, "text/html"):
                found += [{**json.loads(html.unescape(data)), "anchor": a} for a, data in DATA_CLAIM.findall(text)]
    return found
