"""Figures in the built page: explorables are numbered like the others, pictures keep their place and a readable size.

A cell with an explorable may name it for ``{numref}`` as a figure is named, ``mystnb: {figure: {name: fig-15-2-...}}``.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.transforms import SphinxTransform

EXPLORABLE = re.compile(
    r'<figure class="dlx" id="(?P<id>[^"]+)">(?P<picture>.*?)<figcaption>(?P<caption>.*?)</figcaption>(?P<scripts>.*)'
    r"</figure>",
    re.S,
)
PICTURE = re.compile(
    r'(?P<link><a class="reference internal image-reference"[^>]*>)?'
    r'(?P<image><img[^>]*?\bsrc="[^"]*_images/(?P<name>[\w.-]+)")(?P<rest>[^>]*>)(?(link)\s*</a>)'
)
WIDTH = re.compile(r'\bwidth="(\d+)"')
FRAME_DPI = 110  # of explorables: dlf.explore.DPI (a test compares the two; the book is built without the package)
POINTS = 72  # per inch
PHONE = 360  # pixels; what nearly fits a phone need not scroll


class NumberedExplorables(SphinxTransform):
    """Make the output of an explorable a figure of the document, so that it is numbered and can be referred to."""

    default_priority = 800  # before smart quotes

    def apply(self, **options: Any) -> None:
        for raw in list(self.document.findall(nodes.raw)):
            if match := EXPLORABLE.fullmatch(raw.astext().strip()):
                self.enclose(raw, match)

    def enclose(self, raw: nodes.raw, parts: re.Match[str]) -> None:
        figure = self.figure_of(raw)
        figure["classes"].append("dlx")
        figure["ids"].append(parts["id"])
        identity = figure["ids"][0]  # the name, where the cell has one
        scripts = parts["scripts"].replace(f'getElementById("{parts["id"]}")', f'getElementById("{identity}")')
        raw.parent.replace(raw, nodes.raw("", parts["picture"] + scripts, format="html"))
        if not any(isinstance(child, nodes.caption) for child in figure):
            caption = html.unescape(parts["caption"])
            figure += nodes.caption(caption, caption)

    def figure_of(self, raw: nodes.raw) -> nodes.figure:
        """Return the figure around an output; MyST-NB has made one where the cell has a name for it."""
        bundle = raw.parent.parent
        if isinstance(bundle.parent, nodes.figure):
            return bundle.parent
        figure = nodes.figure()
        figure.source, figure.line = bundle.source, bundle.line
        bundle.replace_self(figure)
        figure += bundle
        return figure


def fit_pictures(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Write the sizes of pictures into the page, so that the text below does not move when they arrive, and give each a
    box to scroll in: there it keeps a pixel for every point of its letters on a narrow screen too."""
    if "_images/" not in (context.get("body") or ""):
        return
    files = {name: Path(app.srcdir) / path for path, (_, name) in app.env.images.items()}

    def fitted(picture: re.Match[str]) -> str:
        file, text = files.get(picture["name"]), picture[0]
        if file is not None and file.suffix == ".png":
            width, height, dpi = png_size(file)
            if not WIDTH.search(text):
                text = text.replace(picture["image"], f'{picture["image"]} width="{width}" height="{height}"')
        elif match := WIDTH.search(text):
            width, dpi = int(match[1]), FRAME_DPI
        else:
            return text
        if not dpi:
            return text
        least = round(POINTS * width / dpi)
        bound = f"{least}px" if least > PHONE else f"min({least}px, 100%)"
        return f'<div class="dlf-picture" style="--least: {bound}">{text}</div>'

    context["body"] = PICTURE.sub(fitted, context["body"])


def png_size(path: Path) -> tuple[int, int, float]:
    """Return width and height in pixels, and pixels per inch (0 where the file does not say)."""
    with path.open("rb") as file:
        header = file.read(512)
    width, height = (int.from_bytes(header[i : i + 4], "big") for i in (16, 20))
    at = header.find(b"pHYs") + 4
    per_meter = int.from_bytes(header[at : at + 4], "big") if at > 4 else 0
    return width, height, 0.0254 * per_meter


def setup(app: Any) -> dict[str, Any]:
    app.add_transform(NumberedExplorables)
    app.connect("html-page-context", fit_pictures, priority=950)  # when the frames of explorables are files
    return {"version": "1", "env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}
