import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import lab_text, labs
from tools.lab_text import LabText, cited
from tools.notebooks import ROOT, lab_notebooks, text_of

SOLVED = """def square(x: float) -> float:
    \"\"\"Return x squared.\"\"\"
    ### BEGIN SOLUTION
    return x * x
    ### END SOLUTION
"""


def test_a_solution_becomes_todo() -> None:
    assert labs.stub(SOLVED, "here") == 'def square(x: float) -> float:\n    """Return x squared."""\n    return TODO\n'


@pytest.mark.parametrize("source", ["### BEGIN SOLUTION\nx = 1\n", "x = 1\n### END SOLUTION\n"])
def test_markers_must_pair_up(source: str) -> None:
    with pytest.raises(ValueError, match="pair up"):
        labs.stub(source, "here")


def test_solutions_stand_inside_functions() -> None:
    with pytest.raises(ValueError, match="inside functions"):
        labs.stub("### BEGIN SOLUTION\nx = 1\n### END SOLUTION\n", "here")


def picture(name: str, caption: str) -> nbformat.NotebookNode:
    return new_code_cell(
        "plot()",
        id=name,
        metadata={"mystnb": {"figure": {"name": name, "caption": caption}}},
        outputs=[new_output("display_data", data={"image/png": "AAAA"})],
        execution_count=3,
    )


@pytest.fixture
def solution(tmp_path: Path) -> Path:
    """Write a solution with text, a stub, a slider, a figure left out of the lab and one kept."""
    notebook = new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    slider = new_output("execute_result", data={"text/html": '<figure class="dlx" id="dlx-1"></figure>'})
    left_out = picture("fig-w99-answer", "Left out.")
    left_out.metadata["tags"] = ["solution"]
    notebook.cells = [
        new_markdown_cell(
            "(week99-task)=\n## Task\n\n$$ x = 1 $$ (eq-w99-one)\n\n:::{prf:theorem} T\n:label: thm-w99\n:::"
        ),
        new_code_cell(SOLVED, metadata={"tags": ["hide-input"], "jupyter": {"source_hidden": True}}, execution_count=1),
        new_code_cell("square(2)", outputs=[new_output("stream", text="4")], execution_count=2),
        new_markdown_cell("Answer", metadata={"tags": ["solution"]}),
        new_code_cell("Explorable(draw)", outputs=[slider]),
        left_out,
        picture("fig-w99-kept", "It falls {cite:p}`Ioffe2015Batch`.\n"),
    ]
    path = tmp_path / "week99_test.ipynb"
    nbformat.write(notebook, path)
    return path


def test_a_lab_has_no_solutions_and_no_outputs(solution: Path) -> None:
    lab = labs.lab_of(solution)
    code = [c for c in lab.cells if c.cell_type == "code"]
    assert [c.source for c in code] == [labs.stub(SOLVED, ""), "square(2)", "Explorable(draw)", "plot()"]
    assert all(not c.outputs and c.execution_count is None for c in code)
    assert code[0].metadata == {}
    assert [c.metadata["jupyter"] for c in code[2:]] == [{"source_hidden": True}] * 2
    nbformat.validate(lab)


def test_a_caption_follows_its_figure_with_the_number_of_the_book(solution: Path) -> None:
    """Two figures come before it in the book: a slider, and one that the lab leaves out."""
    figure, caption = labs.lab_of(solution).cells[-2:]
    assert (figure.source, caption.id) == ("plot()", "fig-w99-kept-caption")
    assert caption.source == (
        "(fig-w99-kept)=\n:::{admonition} Fig. W99.3: what it shows\n:class: dropdown\n"
        "It falls ([Ioffe & Szegedy, 2015](https://arxiv.org/abs/1502.03167)).\n:::"
    )
    assert nbformat.writes(labs.lab_of(solution)) == nbformat.writes(labs.lab_of(solution))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("Ioffe2015Batch", "[Ioffe & Szegedy (2015)](https://arxiv.org/abs/1502.03167)"),
        ("Lessard2016Analysis", "[Lessard, Recht & Packard (2016)](https://doi.org/10.1137/15M1009597)"),
        ("Yang2019Mean", "[Yang et al. (2019)](https://arxiv.org/abs/1902.08129)"),
        ("vanLaarhoven2017L2", "[van Laarhoven (2017)](https://arxiv.org/abs/1706.05350)"),
        ("ODonoghue2015Adaptive", "[O'Donoghue & Candès (2015)](https://doi.org/10.1007/s10208-013-9150-3)"),
        ("Wu2018Group", "Wu & He (2018)"),
    ],
)
def test_a_citation_is_written_out(key: str, words: str) -> None:
    assert cited(key, in_sentence=True) == words


def test_every_work_can_be_cited() -> None:
    for key in lab_text.entries():
        assert not set("{}\\") & set(cited(key, in_sentence=False)), key


def test_an_unknown_work_is_refused() -> None:
    with pytest.raises(ValueError, match="Nobody1900Nothing is cited"):
        cited("Nobody1900Nothing", in_sentence=True)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("as {cite:p}`Ioffe2015Batch,Wu2018Group` say",
         "as ([Ioffe & Szegedy, 2015](https://arxiv.org/abs/1502.03167); Wu & He, 2018) say"),
        ("{cite:t}`Wu2018Group`, {cite:t}`Wu2018Group`, not `{cite:t}`",
         "Wu & He (2018), Wu & He (2018), not `{cite:t}`"),
        ("```\n{cite:t}`Wu2018Group`\n```", "```\n{cite:t}`Wu2018Group`\n```"),
        ("{numref}`fig-w99-kept`, {numref}`fig-w99-answer`", "[Fig. W99.3](#fig-w99-kept), Fig. W99.2"),
        ("{numref}`picture %s <fig-w99-kept>`", "[picture W99.3](#fig-w99-kept)"),
        ("{eq}`eq-w99-one` {prf:ref}`thm-w99`", "{eq}`eq-w99-one` {prf:ref}`thm-w99`"),
        ("[task](#week99-task)", "[task](#week99-task)"),
        ("[the ball](#thm-15-2-heavy-ball)", "[the ball](../chapters/15_optimization/02_momentum.ipynb)"),
        ("[derive it](#week08-derivations)", "[derive it](week08_batch_normalization.ipynb)"),
        ("{prf:ref}`the bound <thm-15-2-heavy-ball>`", "[the bound](../chapters/15_optimization/02_momentum.ipynb)"),
    ],
)  # fmt: skip
def test_what_jupyterlab_cannot_resolve_becomes_words_or_a_link(solution: Path, text: str, plain: str) -> None:
    assert LabText(solution).plain(text) == plain


def test_a_bare_reference_to_another_notebook_gets_its_title(solution: Path) -> None:
    written = LabText(solution).plain("{prf:ref}`thm-15-2-heavy-ball`")
    assert written.startswith("[15.2 Momentum")
    assert written.endswith("](../chapters/15_optimization/02_momentum.ipynb)")


@pytest.mark.parametrize("path", lab_notebooks(), ids=lambda p: p.stem)
def test_links_of_a_lab_lead_somewhere(path: Path) -> None:
    text = text_of(path)
    own = lab_text.labels([text])
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= own
    assert set(re.findall(r"\{(?:eq|prf:ref|numref|ref)\}`([^`]+)`", text)) <= own
    files = re.findall(r"\]\((?!#|https?:)([^)\s]+)\)", text)
    assert [name for name in files if not (path.parent / name.split("#")[0]).is_file()] == []


def test_labs_are_what_solutions_give() -> None:
    assert labs.differing() == []


def test_an_edited_lab_is_found(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    for path in (ROOT / "labs").glob("*.ipynb"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(labs, "LABS", tmp_path)
    assert labs.differing() == []
    first = sorted(tmp_path.glob("*.ipynb"))[0]
    first.write_text(first.read_text(encoding="utf-8").replace("TODO", "DONE", 1), encoding="utf-8")
    assert labs.differing() == [first.name]
    first.unlink()
    (tmp_path / "week77_extra.ipynb").write_text("{}", encoding="utf-8")
    assert labs.differing() == [first.name, "week77_extra.ipynb"]
