import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import labs
from tools.notebooks import ROOT

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


def test_a_lab_has_no_solutions_and_no_outputs(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    notebook = new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    output = nbformat.v4.new_output("stream", text="4")
    notebook.cells = [
        new_markdown_cell("Task"),
        new_code_cell(SOLVED, metadata={"tags": ["hide-input"], "jupyter": {"source_hidden": True}}, execution_count=1),
        new_code_cell("square(2)", outputs=[output], execution_count=2),
        new_markdown_cell("Answer", metadata={"tags": ["solution"]}),
        new_code_cell("plot()", metadata={"mystnb": {"figure": {"name": "fig-x", "caption": "x"}}}, execution_count=3),
    ]
    path = tmp_path / "week99_test.ipynb"
    nbformat.write(notebook, path)
    lab = labs.lab_of(path)
    assert [c.source for c in lab.cells][1:] == [labs.stub(SOLVED, ""), "square(2)", "plot()"]
    assert all(not c.get("outputs") and c.get("execution_count") is None for c in lab.cells)
    assert lab.cells[1].metadata == {}
    assert lab.cells[3].metadata["jupyter"] == {"source_hidden": True}


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
