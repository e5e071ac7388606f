"""Make the page that lists every claim of the book, from the stored outputs of its notebooks.

python -m tools.ledger            fail when book/claims_ledger.md is not what the notebooks give
python -m tools.ledger --write    write it
"""

from __future__ import annotations

import html
import sys
from collections import Counter

from tools.notebooks import ROOT, claims, page_of, source_of, title_of, toc_pages

PAGE = ROOT / "book" / "claims_ledger.md"
INTRO = """\
# Claims ledger

Every claim that the book checks, as it was measured when its page was last run. A claim is compared in the notebook
with theory or with a paper; when it does
not hold, the notebook fails and the book is not published. The link of a claim leads to its seal on the page,
beside the code that measured it.
This page is generated from the stored outputs of the notebooks.

"""
COLUMNS = ("Claim", "Measured", "Theory", "Holds if", "Source", "Theorem")


def ledger() -> str:
    """Return the page. Raises ValueError when an id has two homes, or ``see`` names none."""
    pages = [(page, claims(source_of(page))) for page in toc_pages() if source_of(page).suffix == ".ipynb"]
    check_ids([c for _, found in pages for c in found])
    homes = [(page, [c for c in found if not c["see"]]) for page, found in pages]
    total = sum(len(found) for _, found in homes)
    parts = [INTRO, f"{total} claims.\n\n"]
    for page, found in homes:
        if found:
            parts += [f"## {title_of(page)}\n\n", table(page, found), "\n"]
    return "".join(parts)


def check_ids(found: list[dict[str, str]]) -> None:
    homes = Counter(c["id"] for c in found if not c["see"])
    if twice := [name for name, count in homes.items() if count > 1]:
        raise ValueError(f"claims with more than one home: {', '.join(twice)}; give the second showing see=")
    if lost := [c["see"] for c in found if c["see"] and c["see"] not in homes]:
        raise ValueError(f"see= names no claim: {', '.join(lost)}")


def table(page: str, found: list[dict[str, str]]) -> str:
    link = f"../{page}.html"
    rows = []
    for c in found:
        measured = c["measured"] + (f" ± {c['spread']}" if c["spread"] else "")
        theorem = f'<a href="{link}#{html.escape(c["theorem"])}">theorem</a>' if c["theorem"] else ""
        cells = (measured, c["theory"], c["tolerance"], c["source"])
        name = f'<a href="{link}#{c["anchor"]}">{html.escape(c["id"])}</a>'
        rows.append("".join(f"<td>{cell}</td>" for cell in (name, *map(html.escape, cells), theorem)))
    head = "".join(f'<th scope="col">{column}</th>' for column in COLUMNS)
    body = "\n".join(f"<tr>{row}</tr>" for row in rows)
    grid = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    return f'<div class="dlf-ledger" tabindex="0">\n{grid}\n</div>\n'


def main(arguments: list[str]) -> int:
    page = ledger()
    if "--write" in arguments:
        PAGE.write_text(page, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page:
        print(f"{page_of(PAGE)} is not what the notebooks give; run: make ledger", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
