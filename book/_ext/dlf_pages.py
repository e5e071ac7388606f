"""What a built page shows besides its own text: outputs of other pages, figures that fit, and no scripted icons."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.util import logging

logger = logging.getLogger(__name__)

PLACE = re.compile(
    r'<div class="dlf-show" data-from="([^"]+)" data-kind="(claim|explorable)"(?: data-id="([^"]+)")?></div>'
)
MARK = {"claim": '<details class="dlf-claim"', "explorable": '<figure class="dlx"'}
ICONS = re.compile(r"\s*<script[^>]*scripts/fontawesome\.js[^>]*></script>")


def show_outputs(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Put a section's stored output where a page asks for it, with a link to its place.

    A page asks with ``<div class="dlf-show" data-from="chapters/..." data-kind="claim" data-id="claim-..."></div>``;
    without an id it gets the first of its kind. An output that is gone is a warning, and so fails the build.
    """
    if 'class="dlf-show"' not in (context.get("body") or ""):
        return

    def fill(place: re.Match[str]) -> str:
        source, kind, name = place[1], place[2], place[3]
        for shown in stored_html(Path(app.srcdir) / f"{source}.ipynb"):
            if MARK[kind] in shown and (not name or f'id="{name}"' in shown):
                home = context["pathto"](source)
                anchor = re.search(r'id="([^"]+)"', shown)
                link = f"{home}#{anchor[1]}" if anchor else home
                shown = re.sub(r'href="#', f'href="{home}#', shown)
                origin = f'<p class="dlf-from"><a href="{link}">its place in the section</a></p>'
                return f'<div class="dlf-show">{shown}{origin}</div>'
        logger.warning("%s shows no %s %s", source, kind, name or "", location=page)
        return ""

    context["body"] = PLACE.sub(fill, context["body"])


def stored_html(notebook: Path) -> Iterator[str]:
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            yield "".join(output.get("data", {}).get("text/html", ""))


def drop_scripted_icons(app: Any, error: Exception | None) -> None:
    """The theme's templates load 1.5 MB of icons as a script; the same icons are in its fonts."""
    if error is not None or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        if "scripts/fontawesome.js" in text:
            page.write_text(ICONS.sub("", text), encoding="utf-8")


def setup(app: Any) -> dict[str, Any]:
    app.setup_extension("dlf_figures")
    app.connect("html-page-context", show_outputs, priority=800)  # before dlf_site moves frames to files
    app.connect("build-finished", drop_scripted_icons, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
