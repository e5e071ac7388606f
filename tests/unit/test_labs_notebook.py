"""The lab in a Jupyter kernel: one message a check, the source of a class, an endless loop."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

SETUP = """\
import numpy as np
from dlf.labs import Lab, TODO, mine
lab = Lab("week08")
axes = mean = view = object()  # names of the notebook that the class below uses as its own locals"""

CLASS = """\
class BatchNormalization:
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.gamma, self.beta = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)
        self.eps, self.momentum = eps, momentum

    def forward(self, x, training=True):
        axes, view = (0, *range(2, x.ndim)), (1, -1, *(1,) * (x.ndim - 2))
        mean, var = self.running_mean, self.running_var
        if training:
            if x.size == x.shape[1]:
                raise ValueError("one row")
            mean, var = x.mean(axis=axes), x.var(axis=axes)
            unbiased = x.var(axis=axes, ddof=1)
            self.running_mean = self.running_mean + self.momentum * (mean - self.running_mean)
            self.running_var = self.running_var + self.momentum * (unbiased - self.running_var)
        xhat = (x - mean.reshape(view)) / np.sqrt(var + self.eps).reshape(view)
        return self.gamma.reshape(view) * xhat + self.beta.reshape(view)"""

CELLS = [
    SETUP,
    CLASS,
    'lab.check("BatchNormalization.forward", BatchNormalization)',
    "from dlf.labs import store\nprint('class BatchNormalization:' in "
    "store.passed_file('week08', 'BatchNormalization').read_text())",
    'def batch_statistics(x):\n    return TODO\nlab.check("batch_statistics", batch_statistics)',
    'result = lab.check("batch_statistics", lambda x: None)',
    "result",
    "def batch_statistics(x):\n    while True:\n        pass\nlab.check('batch_statistics', batch_statistics)",
    "def fold(weight, bias, layer):\n    return weight.no_such_thing\nlab.check('fold', fold);",
]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    notebook = new_notebook(cells=[new_code_cell(c) for c in CELLS])
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    nbformat.validate(notebook)
    return [c.outputs for c in notebook.cells]


def text(output):
    return output.get("text") or output["data"]["text/plain"]


@pytest.mark.parametrize("cell", [2, 4, 5, 6, 7, 8])
def test_a_check_shows_its_message_once(cells, cell):
    assert len(cells[cell]) == 1
    assert set(cells[cell][0]["data"]) == {"text/plain", "text/html"}


def test_what_the_cells_say(cells):
    assert text(cells[2][0]).startswith("✓ BatchNormalization.forward: pass")
    assert text(cells[3][0]) == "True\n"
    assert text(cells[4][0]).startswith("○ batch_statistics: todo")
    assert "is the return missing?" in text(cells[5][0])
    assert text(cells[6][0]) == text(cells[5][0])
    assert "was stopped after 2 seconds" in text(cells[7][0])
    assert "line 2, in fold:" in text(cells[8][0])
    assert "return weight.no_such_thing" in text(cells[8][0])


def test_outputs_are_the_same_on_every_machine(cells):
    shown = "".join(text(o) for outputs in cells for o in outputs)
    assert "ipykernel" not in shown
    assert "/tmp" not in shown
