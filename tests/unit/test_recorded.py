import json
from dataclasses import dataclass
from pathlib import Path

import pytest

import dlf.recorded
from dlf.recorded import StaleRecord, code_hash, recorded


def measure(steps: int = 3, rate: float = 0.1) -> list[dict[str, object]]:
    return [{"step": k, "value": _decay(k, rate)} for k in range(steps)]


def _decay(k: int, rate: float) -> float:
    return (1 - rate) ** k


def other(steps: int = 3, rate: float = 0.1) -> list[dict[str, object]]:
    return [{"step": k, "value": _decay(k, rate) + 1} for k in range(steps)]


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "_toc.yml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dlf.recorded, "_cuda", lambda: False)
    return tmp_path


def make(monkeypatch: pytest.MonkeyPatch, name: str = "decay") -> None:
    monkeypatch.setenv("DLF_RECORD", name)
    recorded(name, measure)
    monkeypatch.delenv("DLF_RECORD")


def test_an_absent_record_says_so(book: Path) -> None:
    shown = recorded("decay", measure)
    assert shown.rows is None
    assert "no recording exists yet" in repr(shown)
    assert "make record NAME=decay" in shown._repr_mimebundle_()["text/html"]
    assert not (book / "book").exists()


def test_a_record_keeps_rows_and_provenance(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(monkeypatch)
    kept = json.loads((book / "book" / "records" / "decay.json").read_text())
    assert kept["settings"] == {"steps": 3, "rate": 0.1}
    assert {"device", "date", "versions", "python", "seconds", "code"} <= kept.keys()
    shown = recorded("decay", measure)
    assert shown.rows == measure()
    assert "recorded on" in repr(shown)


def test_changed_code_makes_it_stale(
    book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make(monkeypatch)
    assert recorded("decay", other).rows == measure()
    assert "remake it with" in capsys.readouterr().out
    monkeypatch.setenv("DLF_STRICT", "1")
    recorded("decay", measure)
    with pytest.raises(StaleRecord, match="make record NAME=decay"):
        recorded("decay", other)


def test_the_hash_follows_the_code_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_hash(measure)
    assert before == code_hash(measure)
    assert before != code_hash(other)

    def helper(k: int, rate: float) -> float:
        return 0.0

    monkeypatch.setitem(measure.__globals__, "_decay", helper)
    assert code_hash(measure) != before


@dataclass(frozen=True)
class Settings:
    width: int = 8


@dataclass(frozen=True)
class Wider:
    width: int = 16


def with_settings() -> list[dict[str, object]]:
    return [{"width": Settings().width}]


def test_a_dataclass_counts_with_its_fields_and_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_hash(with_settings)
    Wider.__qualname__, Wider.__name__ = "Settings", "Settings"
    monkeypatch.setitem(with_settings.__globals__, "Settings", Wider)
    assert code_hash(with_settings) != before


def uses_dlf() -> list[dict[str, object]]:
    return [{"name": dlf.recorded.Recording.__name__}]


def test_the_hash_follows_the_modules_of_dlf(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_hash(uses_dlf)
    source = dlf.recorded.inspect.getsource
    monkeypatch.setattr(
        dlf.recorded.inspect, "getsource", lambda thing: source(thing) + ("\nx = 1" if thing is dlf.recorded else "")
    )
    assert code_hash(uses_dlf) != before


def test_cuda_runs_live_where_it_is_present(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dlf.recorded, "_cuda", lambda: True)
    monkeypatch.setattr(dlf.recorded, "_device", lambda: "a GPU")
    shown = recorded("decay", measure, needs="cuda")
    assert shown.live
    assert "measured now on a GPU" in repr(shown)
    assert not (book / "book").exists()


def needs_argument(x: int) -> list[dict[str, object]]:
    return [{"x": x}]


def wrong_rows() -> list[dict[str, object]]:
    return [{"x": [1, 2]}]


def no_rows() -> list[dict[str, object]]:
    return "rows"  # type: ignore[return-value]


def test_bad_arguments(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="name must be"):
        recorded("Bad name", measure)
    with pytest.raises(ValueError, match="needs must be"):
        recorded("decay", measure, needs="gpu")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="without defaults: x"):
        recorded("decay", needs_argument)
    monkeypatch.setenv("DLF_RECORD", "decay")
    with pytest.raises(TypeError, match="column 'x' holds list"):
        recorded("decay", wrong_rows)
    with pytest.raises(TypeError, match="list of dictionaries"):
        recorded("decay", no_rows)
