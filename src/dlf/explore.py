"""Figures that answer to sliders without a kernel.

An ``Explorable`` draws one frame for every point of its grids and puts them, with a few dozen lines of JavaScript and
native range inputs, into the output of its cell. Without JavaScript the first frame stays as a picture.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

MAX_FRAMES = 60
DPI = 110


class Explorable:
    """One function, drawn on a grid of parameters, with a slider for each.

    Parameters
    ----------
    fn: ``fn(ax, **point)`` draws one frame on a Matplotlib axes (an array of axes when ``ncols > 1``).
    alt: what is seen, a string or ``alt(**point)``; every frame has its own text alternative.
    caption: what the reader is to find out by moving the sliders.
    figsize: inches. ncols: axes side by side.
    labels: words for a slider, by parameter name (default: the name with blanks for underscores).
    start: first value shown, by parameter name (default: the first of its grid).
    **grids: the values of each parameter, in the order of ``fn``'s arguments.

    Raises: ValueError on an empty grid, on more than 60 frames, on a start that is not on the grid; TypeError when
    ``alt`` is
    neither a string nor callable.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        *,
        alt: str | Callable[..., str],
        caption: str,
        figsize: tuple[float, float] = (6.4, 3.4),
        ncols: int = 1,
        labels: Mapping[str, str] | None = None,
        start: Mapping[str, Any] | None = None,
        **grids: Sequence[Any],
    ) -> None:
        if not (isinstance(alt, str) and alt.strip()) and not callable(alt):
            raise TypeError(f"alt must be a text or a function of the point that returns one, got {alt!r}")
        if not caption.strip():
            raise ValueError("caption is empty; say what the reader finds by moving the sliders")
        if not grids:
            raise ValueError("an Explorable needs at least one grid, for example momentum=[0.0, 0.5, 0.9]")
        self.grids = {name: [_plain(v) for v in values] for name, values in grids.items()}
        for name, values in self.grids.items():
            if len(values) < 2 or len(set(map(str, values))) < len(values):
                raise ValueError(f"{name} must be a grid of at least two different values, got {values}")
        count = len(self.points())
        if count > MAX_FRAMES:
            raise ValueError(f"{count} frames, at most {MAX_FRAMES} are allowed; make the grids coarser")
        self.fn, self.alt, self.caption = fn, alt, caption
        self.figsize, self.ncols = figsize, ncols
        self.labels = {name: (labels or {}).get(name, name.replace("_", " ")) for name in self.grids}
        self.start = {
            name: self._index(name, (start or {}).get(name, values[0])) for name, values in self.grids.items()
        }

    def _index(self, name: str, value: Any) -> int:
        if _plain(value) not in self.grids[name]:
            raise ValueError(f"start[{name!r}] is {value!r}, which is not on its grid {self.grids[name]}")
        return self.grids[name].index(_plain(value))

    def points(self) -> list[dict[str, Any]]:
        """Return every point of the grid, the last parameter running fastest."""
        return [dict(zip(self.grids, values, strict=True)) for values in itertools.product(*self.grids.values())]

    def draw(self, **point: Any) -> Any:
        """Return a Matplotlib figure of one frame."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=self.figsize, layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        self.fn(figure.subplots(1, self.ncols), **point)
        return figure

    def frames(self) -> list[str]:
        """Return the frames as data URIs (lossless WebP), in the order of ``points()``."""
        return [_webp(self.draw(**point)) for point in self.points()]

    def alts(self) -> list[str]:
        """Return the text alternative of every frame."""
        alts = [self.alt(**p) if callable(self.alt) else f"{self.alt} ({self._setting(p)})" for p in self.points()]
        if len(set(alts)) < len(alts):
            raise ValueError("alt says the same for two points; let it name every slider's value")
        return alts

    def _setting(self, point: Mapping[str, Any]) -> str:
        return ", ".join(f"{self.labels[name]} {value}" for name, value in point.items())

    def live(self) -> Any:
        """Return the same figure under ipywidgets sliders, drawn anew by the kernel (for JupyterLab)."""
        import ipywidgets as widgets
        from IPython.display import display

        sliders = {
            name: widgets.SelectionSlider(options=values, value=values[self.start[name]], description=self.labels[name])
            for name, values in self.grids.items()
        }
        return widgets.interactive(lambda **point: display(self.draw(**point)), **sliders)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        text = f"Explorable: {self.caption} Sliders: " + "; ".join(
            f"{self.labels[name]} in {', '.join(map(str, values))}" for name, values in self.grids.items()
        )
        return {"text/plain": text, "text/html": self._html()}

    def _html(self) -> str:
        frames, alts = self.frames(), self.alts()
        identity = json.dumps([self.grids, self.caption, alts], sort_keys=True)
        name = "dlx-" + hashlib.sha256(identity.encode()).hexdigest()[:10]
        first = 0
        for grid, values in self.grids.items():
            first = first * len(values) + self.start[grid]
        spec = {"grids": self.grids, "labels": self.labels, "start": self.start, "alts": alts, "frames": frames}
        data = json.dumps(spec, ensure_ascii=False).replace("</", "<\\/")
        code = files("dlf").joinpath("explorable.js").read_text(encoding="utf-8").strip()
        width, height = (round(DPI * side) for side in self.figsize)
        return (
            f'<figure class="dlx" id="{name}"><img src="{frames[first]}" width="{width}" height="{height}" '
            f'alt="{html.escape(alts[first], quote=True)}">'
            '<div class="dlx-controls" data-lm-suppress-shortcuts="true" hidden></div>'
            f"<figcaption>{html.escape(self.caption)}</figcaption>"
            f'<script type="application/json" class="dlx-spec">{data}</script>'
            f'<script>{code}(document.getElementById("{name}"));</script></figure>'
        )


def _plain(value: Any) -> Any:
    """Turn NumPy scalars into Python's, so that grids become JSON and print as they are written."""
    return value.item() if hasattr(value, "item") else value


def _webp(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="webp", dpi=DPI, pil_kwargs={"lossless": True, "quality": 50, "method": 2})
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
