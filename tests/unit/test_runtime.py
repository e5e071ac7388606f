from pathlib import Path

import numpy as np
import pytest

from dlf.runtime import book_root, pick_device, scale, seed_everything, strict


def test_same_seed_same_numbers() -> None:
    import torch

    first = (seed_everything(3).random(4), np.random.rand(), torch.rand(3))
    again = (seed_everything(3).random(4), np.random.rand(), torch.rand(3))
    assert np.array_equal(first[0], again[0])
    assert first[1] == again[1]
    assert torch.equal(first[2], again[2])
    assert torch.get_num_threads() == 1


@pytest.mark.parametrize("bad", [1.0, "0", None, True])
def test_seed_of_wrong_type(bad: object) -> None:
    with pytest.raises(TypeError, match="seed must be an integer"):
        seed_everything(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [-1, 2**32])
def test_seed_out_of_range(bad: int) -> None:
    with pytest.raises(ValueError, match="seed must lie in"):
        seed_everything(bad)


def test_device(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == "cpu"
    assert pick_device("cpu") == "cpu"
    with pytest.raises(ValueError, match="no CUDA device"):
        pick_device("cuda")
    with pytest.raises(ValueError, match="preference must be"):
        pick_device("gpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert pick_device("auto") == "cuda"


def test_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    assert scale() == "quick"
    monkeypatch.setenv("DLF_SCALE", "full")
    assert scale("quick") == "full"
    monkeypatch.setenv("DLF_SCALE", "huge")
    with pytest.raises(ValueError, match="scale must be"):
        scale()


def test_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not strict()
    monkeypatch.setenv("DLF_STRICT", "0")
    assert not strict()
    monkeypatch.setenv("DLF_STRICT", "1")
    assert strict()


def test_book_root(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert book_root(deep) == deep
    (tmp_path / "_toc.yml").touch()
    assert book_root(deep) == tmp_path
