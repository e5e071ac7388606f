"""A decimal number in prose with three or more significant digits comes from an output, a claim, or a cited source."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.notebooks import ROOT, executed_notebooks, output_texts, read

NUMBER = re.compile(r"(?<![\w.\-/#])\d[\d,]*(?:\.\d+)?(?![\w/]|\.\d)")
SECTION = re.compile(r"^1[3-7]\.\d$")
NOT_PROSE = [
    re.compile(r"^(`{3,})(?:\{code|python|bash|text|\n).*?^\1\s*$", re.M | re.S),
    re.compile(r"\$\$.*?\$\$", re.S),
    re.compile(r"\$[^$\n]+(?:\n[^$\n]+)?\$"),
    re.compile(r"`[^`\n]+`"),
    re.compile(r"\]\([^)]*\)"),
    re.compile(r"<[^>]+>"),
]


def prose(text: str) -> str:
    """Return the text without code, formulas and links; roles such as cite keep their name."""
    text = re.sub(r"\{(cite:?\w*)\}`[^`]*`", r"{\1}", text)
    for pattern in NOT_PROSE:
        text = pattern.sub(" ", text)
    return text


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?:])\s+(?=[A-Z(*\[{])|\n\s*\n|\n(?=[-*|])", text)


def significant(number: str) -> int:
    digits = number.replace(",", "").replace(".", "").lstrip("0")
    return len(digits)


def needs_a_source(number: str) -> bool:
    plain = number.replace(",", "")
    if SECTION.match(plain):
        return False
    if "." not in plain:
        return int(plain) >= 10_000
    return significant(plain) >= 3


def unsupported(text: str, outputs: str) -> list[str]:
    """Return the numbers of the prose that have no source."""
    outputs = outputs.replace(",", "")
    found = []
    for sentence in sentences(prose(text)):
        if "{cite" in sentence:
            continue
        for match in NUMBER.finditer(sentence):
            plain = match[0].rstrip(",").replace(",", "")
            if needs_a_source(plain) and not re.search(rf"(?<![\d.]){re.escape(plain)}(?![\d])", outputs):
                found.append(f"{match[0]} in: {sentence.strip()[:100]}")
    return found


@pytest.mark.parametrize(
    ("text", "outputs", "count"),
    [
        ("The rate is 0.818 here.", "", 1),
        ("The rate is 0.818 here.", "rate 0.818", 0),
        ("The rate is 0.818 here.", "rate 0.8181", 1),
        ("The rate is $0.818$ and `0.8181`.", "", 0),
        ("The rate is 0.818 {cite:p}`Polyak1964Some`.", "", 0),
        ("About 0.5, or 95 %, in 1964 and 1,797 images; section 13.8.", "", 0),
        ("There are 20,000 of them.", "", 1),
        ("There are 20,000 of them.", "20000", 0),
    ],
)
def test_the_rule_itself(text: str, outputs: str, count: int) -> None:
    assert len(unsupported(text, outputs)) == count


@pytest.mark.parametrize("path", executed_notebooks(), ids=lambda p: p.relative_to(ROOT).as_posix())
def test_numbers_in_prose_have_a_source(path: Path) -> None:
    cells = read(path).cells
    outputs = "\n".join(
        t for c in cells if c.cell_type == "code" for t in output_texts(c, "stream", "text/plain", "text/html")
    )
    outputs = re.sub(r"[A-Za-z0-9+/=]{200,}", " ", outputs)
    found = [line for c in cells if c.cell_type == "markdown" for line in unsupported(c.source, outputs)]
    assert not found, "\n".join(found)
