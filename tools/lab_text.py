"""Rewrite what JupyterLab cannot resolve in the text of a lab: citations, and labels that stand in another notebook.

The book resolves them when it is built. JupyterLab sees one notebook, without the bibliography, without the captions in
the metadata of cells, and without what a lab leaves out of its solution.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable
from pathlib import Path

import nbformat
from pybtex.database import Entry, Person, parse_file
from pybtex.richtext import Text

from tools.notebooks import ROOT, executed_notebooks, output_texts, page_of, read, text_of, title_of, toc_pages

LABEL = re.compile(r"^:label: *([\w-]+)|^\(([\w-]+)\)= *$|\$\$ *\(([\w-]+)\) *$", re.M)
TOKEN = re.compile(
    r"""
    ^[ ]*(?P<fence>`{3,}|~{3,})(?!\{)[^\n]*\n.*?^[ ]*(?P=fence)   # code stays as it is: a block,
    | (?<![`}])`[^`\n]+`                                          # or a few words
    | \{cite(?::(?P<kind>t|p))?\}`(?P<keys>[^`]+)`
    | \{(?P<role>eq|numref|ref|doc|prf:ref)\}`(?:(?P<words>[^`<]+)[ ]<)?(?P<label>[^`<>]+)>?`
    | \[(?P<shown>[^\]]*)\]\(\#(?P<target>[\w-]+)\)
    """,
    re.M | re.S | re.X,
)


@functools.cache
def entries() -> dict[str, Entry]:
    return dict(parse_file(ROOT / "book" / "references.bib").entries)


def cited(key: str, *, in_sentence: bool) -> str:
    """Return "Lessard, Recht & Packard (2016)", or with a comma where it stands in brackets, linked to where the work
    can be read when the bibliography says so. Raises ValueError on an unknown key."""
    if key not in entries():
        raise ValueError(f"{key} is cited and is not in book/references.bib")
    entry = entries()[key]
    year = entry.fields["year"]
    words = f"{authors(entry)} ({year})" if in_sentence else f"{authors(entry)}, {year}"
    return f"[{words}]({address})" if (address := address_of(entry)) else words


def authors(entry: Entry) -> str:
    """Return up to three names, or the first and "et al."."""
    names = [family_name(person) for person in entry.persons.get("author") or entry.persons["editor"]]
    if len(names) > 3:
        return f"{names[0]} et al."
    return " & ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def family_name(person: Person) -> str:
    return str(Text.from_latex(" ".join([*person.prelast_names, *person.last_names, *person.lineage_names])))


def address_of(entry: Entry) -> str:
    if "doi" in entry.fields:
        return "https://doi.org/" + entry.fields["doi"]
    if "eprint" in entry.fields:
        return "https://arxiv.org/abs/" + entry.fields["eprint"]
    return entry.fields.get("url", "")


def figure_numbers(path: Path) -> dict[str, str]:
    """Return the numbers that the book gives to the named figures of a solution, by name: W8.1, W8.2, ..."""
    match = re.match(r"week(\d+)_(project)?", path.name)
    prefix = f"{'P' if match[2] else 'W'}{int(match[1])}" if match else path.stem
    numbers, count = {}, 0
    for cell in read(path).cells:
        sliders = sum('class="dlx"' in text for text in output_texts(cell, "text/html"))
        for _ in range(len(output_texts(cell, "image/png")) + sliders):
            count += 1
            numbers[figure_of(cell).get("name", "")] = f"Fig. {prefix}.{count}"
    return numbers


def labels(texts: Iterable[str]) -> set[str]:
    """Return the labels that are set in texts: of blocks, of headings and places, of equations."""
    return {next(filter(None, found)) for text in texts for found in LABEL.findall(text)}


def kept(path: Path) -> list[nbformat.NotebookNode]:
    """Return the cells of a solution that its lab has too."""
    return [cell for cell in read(path).cells if "solution" not in cell.metadata.get("tags", [])]


@functools.cache
def homes() -> dict[str, Path]:
    """Return the file to open for each label of the book: a lab where it has the label, else the page."""
    pages = [path for page in toc_pages() for path in ROOT.glob(f"{page}.*") if path.suffix == ".md"]
    found = {label: path for path in [*pages, *executed_notebooks()] for label in labels([text_of(path)])}
    for path in ROOT.glob("solutions/*.ipynb"):
        found |= dict.fromkeys(labels(c.source for c in kept(path)), ROOT / "labs" / path.name)
    return found


class LabText:
    """The text of one lab: what it defines itself stays as it is, what it does not becomes words or a link."""

    def __init__(self, solution: Path) -> None:
        self.solution = solution
        self.figures = figure_numbers(solution)
        cells = kept(solution)
        captioned = {figure["name"] for figure in map(figure_of, cells) if figure.get("caption")}
        self.own = labels(c.source for c in cells) | captioned

    def plain(self, text: str) -> str:
        """Return a cell's text with citations written out and with no reference that leads nowhere in JupyterLab."""
        return TOKEN.sub(self.written, text)

    def written(self, token: re.Match[str]) -> str:
        if token["keys"]:
            return self.citation(token["kind"] or "p", token["keys"])
        if token["role"] == "doc":
            page = os.path.relpath((self.solution.parent / token["label"]).resolve(), ROOT)
            return f"[{token['words'] or title_of(page)}](../{page}.ipynb)"
        if token["role"] == "numref" and token["label"] in self.figures:
            return self.figure(token["label"], token["words"] or "")
        if label := token["label"] or token["target"]:
            return self.link(token["words"] or token["shown"] or "", label) or token[0]
        return token[0]

    def citation(self, kind: str, keys: str) -> str:
        works = [cited(key.strip(), in_sentence=kind == "t") for key in keys.split(",")]
        return ", ".join(works) if kind == "t" else f"({'; '.join(works)})"

    def figure(self, name: str, words: str) -> str:
        number = self.figures[name]
        words = words.replace("%s", number.removeprefix("Fig. ")) or number
        return f"[{words}](#{name})" if name in self.own else words

    def link(self, words: str, label: str) -> str:
        """Return a link to the notebook where a label is set, or nothing when it is this one."""
        home = homes().get(label)
        if label in self.own or home is None:
            return ""
        return f"[{words or title_of(page_of(home))}]({os.path.relpath(home, ROOT / 'labs')})"

    def caption(self, cell: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
        """Return a text cell with the caption of a figure, folded, because it tells what the reader is to find out."""
        figure = figure_of(cell)
        if not figure.get("caption"):
            return None
        title = f"{self.figures.get(figure['name'], 'Figure')}: what it shows"
        body = self.plain(figure["caption"].strip())
        source = f"({figure['name']})=\n:::{{admonition}} {title}\n:class: dropdown\n{body}\n:::"
        return nbformat.from_dict(
            {"cell_type": "markdown", "id": f"{cell['id'][:56]}-caption", "metadata": {}, "source": source}
        )


def figure_of(cell: nbformat.NotebookNode) -> dict[str, str]:
    """Return name and caption of a cell's figure, where it has one."""
    return dict(cell.metadata.get("mystnb", {}).get("figure", {}))
