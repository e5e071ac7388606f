from pathlib import Path

import pytest

from tools import times

REPORT = """<testsuites><testsuite>
<testcase classname="chapters.15_optimization.02_momentum.ipynb" name="Cell 0" time="{0}"/>
<testcase classname="chapters.15_optimization.02_momentum.ipynb" name="Cell 1" time="2.0"/>
<testcase classname="solutions.week08_project.ipynb" name="Cell 0" time="5.0"/>
</testsuite></testsuites>"""


@pytest.mark.parametrize(("first", "status"), [(4.0, 0), (89.0, 1)])
def test_cells_are_summed_by_notebook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], first: float, status: int
) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT.format(first), encoding="utf-8")
    assert times.seconds(report)["chapters.15_optimization.02_momentum.ipynb"] == first + 2.0
    assert times.main([str(report)]) == status
    assert ("TOO SLOW" in capsys.readouterr().out) == bool(status)
