"""Every test process runs with the network off (loopback stays on), with its own folder for lab progress."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OFFLINE = Path(__file__).resolve().parent / "offline"

exec(
    compile((OFFLINE / "sitecustomize.py").read_text(encoding="utf-8"), "sitecustomize", "exec"),
    {"__name__": "offline"},
)
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(OFFLINE), os.environ.get("PYTHONPATH", "")]))
os.environ.pop("DLF_STRICT", None)  # strictness is for the notebooks of the book; tests ask for it where they need it
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


@pytest.fixture(autouse=True)
def own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the progress of lab checks out of the reader's folder."""
    monkeypatch.setenv("DLF_PROGRESS_DIR", str(tmp_path))
    monkeypatch.delenv("DLF_STRICT", raising=False)
    monkeypatch.delenv("DLF_RECORD", raising=False)
