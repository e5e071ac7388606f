import subprocess
import sys

import numpy as np
import pytest

from dlf.data import CHARACTERS, CONFUSABLE, FONTS, HELD_OUT_FONTS, digits, glyphs


def test_loading_digits_draws_nothing() -> None:
    """In a fresh process, where scikit-learn is imported for the first time."""
    code = "import random; from dlf.data import digits; s = random.getstate(); digits(); assert s == random.getstate()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_digits() -> None:
    pixels, labels = digits()
    assert pixels.shape == (1797, 64)
    assert pixels.dtype == np.float64
    assert (pixels.min(), pixels.max()) == (0.0, 1.0)
    assert np.array_equal(np.unique(labels), np.arange(10))


def test_same_seed_same_bytes() -> None:
    first, again, other = glyphs(40, seed=5), glyphs(40, seed=5), glyphs(40, seed=6)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


def test_shapes_and_classes() -> None:
    images, labels, fonts = glyphs(200, size=24, classes=10)
    assert images.shape == (200, 24, 24)
    assert images.dtype == np.uint8
    assert labels.max() < 10
    assert fonts.max() < len(FONTS)
    assert images.reshape(200, -1).std(1).min() > 10  # no picture is empty


def test_font_split_is_disjoint() -> None:
    train, held = glyphs(300, fonts="train")[2], glyphs(300, fonts="held_out")[2]
    assert not set(train) & set(held)
    assert {FONTS[i] for i in held} <= set(HELD_OUT_FONTS)


def test_every_font_draws_every_character_differently() -> None:
    from dlf.data import _drawing

    for font in FONTS:
        assert len({_drawing(font, c, 0, 32).tobytes() for c in CHARACTERS}) == len(CHARACTERS), font


def test_confusable_are_characters() -> None:
    assert all(set(group) <= set(CHARACTERS) for group in CONFUSABLE)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"n": 0}, ValueError, "n must lie in"),
        ({"n": 1.5}, TypeError, "n must be an integer"),
        ({"n": 5, "classes": 63}, ValueError, "classes must lie in"),
        ({"n": 5, "size": 4}, ValueError, "size must lie in"),
        ({"n": 5, "seed": -1}, ValueError, "seed must lie in"),
        ({"n": 5, "fonts": "some"}, ValueError, "fonts must be"),
    ],
)
def test_bad_arguments(arguments: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        glyphs(**arguments)  # type: ignore[arg-type]
