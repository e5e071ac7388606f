import base64
import io
import json
import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from PIL import Image

from dlf.explore import Explorable


def draw(ax: Axes, slope: float, shift: float) -> None:
    ax.plot([0, 1], [shift, shift + slope])


def make(**changes: object) -> Explorable:
    arguments: dict[str, object] = {
        "alt": lambda slope, shift: f"a line of slope {slope}, shifted by {shift}",
        "caption": "Move it.",
        "slope": [0.0, 1.0, 2.0],
        "shift": np.array([0.0, 0.5]),
    }
    return Explorable(draw, **{**arguments, **changes})  # type: ignore[arg-type]


def test_every_point_has_its_frame_and_its_text() -> None:
    shown = make()
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    data = re.search(r'class="dlx-spec">(.*?)</script>', bundle["text/html"], re.S)
    assert data is not None
    spec = json.loads(data[1])
    assert spec["alts"][3] == "a line of slope 1.0, shifted by 0.5"
    assert len(set(spec["frames"])) == 6
    picture = Image.open(io.BytesIO(base64.b64decode(spec["frames"][0].split(",")[1])))
    assert picture.format == "WEBP"
    assert picture.size == (704, 374)


def test_the_first_frame_stands_without_javascript() -> None:
    page = make(start={"slope": 2.0})._repr_mimebundle_()["text/html"]
    image = re.search(r'<img src="(data:[^"]+)"[^>]*alt="([^"]+)"', page)
    assert image is not None
    assert image[2] == "a line of slope 2.0, shifted by 0.0"


def test_same_output_twice() -> None:
    assert make()._repr_mimebundle_() == make()._repr_mimebundle_()


def test_a_text_may_not_close_the_script() -> None:
    page = make(alt="</script><b>")._repr_mimebundle_()["text/html"]
    data = re.search(r'class="dlx-spec">(.*?)</script>', page, re.S)
    assert data is not None
    assert json.loads(data[1])["alts"][0].startswith("</script><b>")


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"alt": ""}, TypeError, "alt must be"),
        ({"alt": 3}, TypeError, "alt must be"),
        ({"caption": " "}, ValueError, "caption is empty"),
        ({"slope": [1.0]}, ValueError, "slope must be a grid"),
        ({"slope": [1.0, 1.0]}, ValueError, "slope must be a grid"),
        ({"slope": list(range(31))}, ValueError, "62 frames, at most 60"),
        ({"start": {"slope": 7.0}}, ValueError, "not on its grid"),
    ],
)
def test_bad_arguments(changes: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        make(**changes)


def test_a_text_that_forgets_a_slider_is_refused() -> None:
    with pytest.raises(ValueError, match="same for two points"):
        make(alt=lambda slope, shift: f"a line of slope {slope}").alts()


def test_no_grid() -> None:
    with pytest.raises(ValueError, match="at least one grid"):
        Explorable(lambda ax: None, alt="x", caption="y")


def test_live_has_a_slider_for_each_parameter() -> None:
    widget = make().live()
    assert [child.description for child in widget.children[:2]] == ["slope", "shift"]
