"""The built pages, read as files: complete, linked, and asking no other host for anything."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup, Tag

from tools.notebooks import ROOT, claims, lab_notebooks, output_texts, read, source_of, toc_pages

pytestmark = pytest.mark.site
SITE = ROOT / "_build" / "html"
PAGES = toc_pages()
each_page = pytest.mark.parametrize("page", PAGES)


@functools.cache
def soup(file: Path) -> BeautifulSoup:
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


@functools.cache
def anchors(file: Path) -> frozenset[str]:
    return frozenset(str(tag[key]) for key in ("id", "name") for tag in soup(file).find_all(attrs={key: True}))


def article(page: str) -> Tag:
    found = soup(SITE / f"{page}.html").find("article")
    assert isinstance(found, Tag)
    return found


@each_page
def test_page_is_there_with_its_title(page: str) -> None:
    heading = article(page).find("h1")
    assert heading is not None
    assert len(article(page).get_text()) > 200


@each_page
def test_page_shows_every_figure_and_claim_of_its_notebook(page: str) -> None:
    source = source_of(page)
    if source.suffix != ".ipynb":
        return
    cells = [c for c in read(source).cells if c.cell_type == "code"]
    pictures = sum(len(output_texts(c, "image/png")) for c in cells)
    explorables = sum('class="dlx"' in t for c in cells for t in output_texts(c, "text/html"))
    shown = [i for i in article(page).find_all("img") if "_images" in str(i["src"]) and not i.find_parent(class_="dlx")]
    assert len(shown) == pictures
    assert len(article(page).select("figure.dlx")) == explorables
    assert len(article(page).select("details.dlf-claim")) == len(claims(source))


@each_page
def test_pictures_have_alternatives_and_captions(page: str) -> None:
    for image in article(page).find_all("img"):
        assert len(str(image.get("alt", ""))) > 20, image["src"]
        figure = image.find_parent("figure")
        assert figure is not None, f"{image['src']} stands outside a figure"
        caption = figure.find("figcaption")
        assert caption is not None
        assert caption.get_text(strip=True)


def references(page_soup: BeautifulSoup) -> list[str]:
    found = [str(tag[key]) for key in ("href", "src") for tag in page_soup.find_all(attrs={key: True})]
    for data in page_soup.find_all("script", class_="dlx-spec"):
        found += json.loads(data.string or "{}")["frames"]
    return found


@pytest.mark.parametrize("page", [*PAGES, "genindex", "search"])
def test_links_and_fragments_resolve(page: str) -> None:
    file = SITE / f"{page}.html"
    missing = []
    for reference in references(soup(file)):
        parts = urlsplit(reference)
        if parts.scheme or (reference.startswith(("//", "#")) and len(reference) < 2):
            continue
        target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
        if not target.is_file() or (
            parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in anchors(target)
        ):
            missing.append(reference)
    assert not missing


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_loaded_from_another_host(page: str) -> None:
    page_soup = soup(SITE / f"{page}.html")
    loaded = [str(t["src"]) for t in page_soup.find_all(src=True)]
    loaded += [str(t["href"]) for t in page_soup.find_all("link", href=True) if t.get("rel") != ["canonical"]]
    assert not [url for url in loaded if re.match(r"(https?:)?//", url)]


def test_style_sheets_load_nothing_from_another_host() -> None:
    for sheet in (SITE / "_static").rglob("*.css"):
        urls = re.findall(r"url\(\s*['\"]?((?:https?:)?//[^)'\"]+)", sheet.read_text(encoding="utf-8", errors="ignore"))
        assert not urls, sheet


@each_page
def test_html_is_small(page: str) -> None:
    assert (SITE / f"{page}.html").stat().st_size <= 400_000


@each_page
def test_formulas_stay_below_what_mathjax_sets_quickly(page: str) -> None:
    assert len(article(page).select(".math")) <= 600


def test_fonts_and_mathjax_are_small() -> None:
    fonts = sum(f.stat().st_size for f in (ROOT / "book" / "_assets").rglob("*.woff2"))
    assert 0 < fonts <= 120_000
    (script,) = (SITE / "_static").rglob("tex-chtml.js")
    assert sum(f.stat().st_size for f in script.parent.rglob("*") if f.is_file()) <= 3_000_000


@pytest.mark.parametrize("path", lab_notebooks(), ids=lambda p: p.name)
def test_lab_can_be_downloaded_from_the_page_of_its_solution(path: Path) -> None:
    link = article(f"solutions/{path.stem}").select_one("p.dlf-lab-offer a")
    assert link is not None
    offered = SITE / "solutions" / str(link["href"])
    assert offered.resolve().read_bytes() == path.read_bytes()


def test_no_raw_directives() -> None:
    for page in PAGES:
        for block in article(page)(["pre", "script", "code"]):
            block.extract()
        assert not re.search(r":::|:label:|\{prf:|\{cite|```", article(page).get_text()), page
    soup.cache_clear()


def test_theorems_are_numbered_by_section() -> None:
    text = article("chapters/15_optimization/02_momentum").get_text()
    assert re.search(r"Theorem 15\.2\.1\b", text)
    assert re.search(r"Fig\. 15\.2\.1\b", text)


@each_page
def test_promised_outputs_are_shown(page: str) -> None:
    for place in article(page).select(".dlf-show"):
        assert place.select("details.dlf-claim, figure.dlx"), "a page announces an output that is not there"
