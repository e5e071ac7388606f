"""Make "Find a topic" from book/topics.yml.

python -m tools.topics            fail when a topic's page or heading does not exist, or book/find_a_topic.md is stale
python -m tools.topics --write    write the page
"""

from __future__ import annotations

import sys
from typing import Any

import yaml

from tools.notebooks import ROOT, page_of, source_of, text_of, title_of, toc_pages

TOPICS = ROOT / "book" / "topics.yml"
PAGE = ROOT / "book" / "find_a_topic.md"
INTRO = """\
# Find a topic

What the book teaches or will teach, topic by topic. A linked topic leads to the heading under which it is taught;
the others are planned.

"""
GROUPS = (
    ("13.", "13 Neural network basics"),
    ("14.", "14 Activation functions"),
    ("15.", "15 Optimization"),
    ("16.", "16 Regularization"),
    ("17.", "17 Training strategies"),
    ("L", "Theory labs"),
    ("F.", "Front and back matter"),
)


def topics() -> list[dict[str, Any]]:
    """Return the rows of topics.yml. Raises ValueError on a row that is neither taught nor planned."""
    rows = yaml.safe_load(TOPICS.read_text(encoding="utf-8"))
    for row in rows:
        if not {"id", "topic"} <= row.keys() or bool(row.get("planned")) == ("page" in row):
            raise ValueError(f"topic {row.get('id')}: needs id, topic, and either page and heading or planned: true")
    return list(rows)


def problems() -> list[str]:
    """Return a sentence for every taught topic whose page or heading does not exist."""
    pages, found = set(toc_pages()), []
    for row in topics():
        if row.get("planned"):
            continue
        if row["page"] not in pages:
            found.append(f"{row['id']}: page {row['page']} is not in _toc.yml")
        elif f"({row['heading']})=" not in text_of(source_of(row["page"])):
            found.append(f"{row['id']}: no heading ({row['heading']})= in {row['page']}")
    return found


def page() -> str:
    """Return the text of the page."""
    parts = [INTRO]
    for start, name in GROUPS:
        parts.append(f"## {name}\n\n")
        for row in (r for r in topics() if str(r["id"]).startswith(start)):
            if row.get("planned"):
                parts.append(f"- **{row['id']}** {row['topic']} *(planned)*\n")
            else:
                parts.append(f"- **{row['id']}** [{row['topic']}](#{row['heading']}), in {title_of(row['page'])}\n")
        parts.append("\n")
    return "".join(parts).rstrip() + "\n"


def main(arguments: list[str]) -> int:
    for problem in problems():
        print(problem, file=sys.stderr)
    if problems():
        return 1
    if "--write" in arguments:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page():
        print(f"{page_of(PAGE)} is not what topics.yml gives; run: make ledger", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
