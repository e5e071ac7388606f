"""The project's own files agree with each other."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml

from tools import ledger, topics
from tools.notebooks import ROOT, source_of, toc_pages
from tools.requirements import normal, pinned

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SYLLABUS = {
    *(f"13.{i}" for i in range(1, 10)), *(f"14.{i}" for i in range(1, 7)), *(f"15.{i}" for i in range(1, 9)),
    *(f"16.{i}" for i in range(1, 8)), *(f"17.{i}" for i in range(1, 10)), *(f"F.{i}" for i in range(1, 19)),
    *(f"L{i}" for i in range(1, 13)),
}  # fmt: skip


def names(requirements: list[str]) -> set[str]:
    return {normal(re.split(r"[<>=!~;\[ ]", r)[0]) for r in requirements}


def test_everything_that_is_needed_is_pinned_once() -> None:
    needed = names(PROJECT["dependencies"]).union(*(names(r) for r in PROJECT["optional-dependencies"].values()))
    assert needed <= pinned().keys(), f"not in constraints.txt: {sorted(needed - pinned().keys())}"
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert len(lines) == len(pinned())
    assert all(re.fullmatch(r"[A-Za-z0-9_.\-]+==[A-Za-z0-9_.!+\-]+", line) for line in lines)


def test_versions_are_written_in_one_place() -> None:
    exact = [
        r
        for r in PROJECT["dependencies"] + [r for extra in PROJECT["optional-dependencies"].values() for r in extra]
        if "==" in r.partition(";")[0]
    ]
    assert not exact


def test_conda_environment_stands_on_the_same_pins() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    (python, pip, from_pip) = environment["dependencies"]
    assert python.startswith("python=3.")
    assert tuple(map(int, re.findall(r"\d+", python))) >= (3, 11)
    assert pip == "pip"
    assert from_pip == {"pip": ["-c constraints.txt", "-e .[book,lab]"]}


def test_reading_needs_no_torch() -> None:
    assert "torch" not in names(PROJECT["dependencies"]) | names(PROJECT["optional-dependencies"]["book"])


def test_requires_python_is_what_is_tested() -> None:
    assert PROJECT["requires-python"] == ">=3.11"
    assert "requires-python" not in (ROOT / "constraints.txt").read_text()


def test_every_syllabus_row_has_its_topic() -> None:
    assert {str(row["id"]) for row in topics.topics()} == SYLLABUS


def test_every_taught_topic_has_its_heading() -> None:
    assert topics.problems() == []


def test_topic_without_heading_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"id": "15.2", "topic": "x", "page": toc_pages()[0], "heading": "no-such-target"},
        {"id": "15.3", "topic": "x", "page": "no/such/page", "heading": "y"},
    ]
    monkeypatch.setattr(topics, "topics", lambda: rows)
    assert len(topics.problems()) == 2


def test_ledger_refuses_an_id_with_two_homes() -> None:
    home = {"id": "1/x", "see": ""}
    ledger.check_ids([home, {"id": "1/x-again", "see": "1/x"}])
    with pytest.raises(ValueError, match="more than one home: 1/x"):
        ledger.check_ids([home, home])
    with pytest.raises(ValueError, match="names no claim"):
        ledger.check_ids([{"id": "1/y", "see": "1/x"}])


def test_ledger_lists_every_claim() -> None:
    page = ledger.PAGE.read_text(encoding="utf-8")
    assert page == ledger.ledger()
    assert page.count("#claim-") >= 20


def test_no_address_no_buttons() -> None:
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    if not config["repository"]["url"]:
        assert "launch_buttons" not in config
        assert not any(key.startswith("use_") and "button" in key for key in config["html"])


def test_every_page_has_a_source() -> None:
    for page in toc_pages():
        assert source_of(page).is_file()
    assert len(set(toc_pages())) == len(toc_pages())


def test_bibliography_keys_are_unique() -> None:
    keys = re.findall(r"^@\w+\{([^,]+),", (ROOT / "book" / "references.bib").read_text(encoding="utf-8"), re.M)
    assert len(keys) == len(set(keys))
