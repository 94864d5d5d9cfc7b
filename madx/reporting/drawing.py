"""The look of the figures, places in inches, and files that are equal for equal figures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from seaborn import color_palette

from madx.files import atomic_path
from madx.methods import METHODS

INK, PALE = "#222222", "#777777"
MARGIN = 0.12  # inches, that long titles leave at the sides
# colour (seaborn's colour-blind palette) and marker of each method, the same in every figure
_COLOURS, _MARKERS = color_palette("colorblind").as_hex(), "Xv^Dso"
METHOD_LOOK = {
    method: (colour, marker)
    for method, colour, marker in zip(METHODS, [_COLOURS[i] for i in (7, 8, 1, 4, 2, 0)], _MARKERS, strict=True)
}


@contextmanager
def style() -> Iterator[None]:
    """Settings under which figures are drawn and saved: a font that comes with matplotlib, embedded as TrueType."""
    with rc_context({"font.family": "DejaVu Sans", "pdf.fonttype": 42, "axes.edgecolor": PALE, "text.color": INK}):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of a size in inches, outside pyplot's global state."""
    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place in inches from the figure's lower left corner."""
    w, h = figure.get_size_inches()
    return figure.add_axes((left / w, bottom / h, width / w, height / h))


def write_at(figure: Figure, left: float, bottom: float, text: str, **settings) -> None:
    """Text at a place in inches."""
    w, h = figure.get_size_inches()
    figure.text(left / w, bottom / h, text, **settings)


def write_title(figure: Figure, left: float, bottom: float, text: str) -> None:
    """A title from a place in inches; a long one begins further left, and is smaller if it must be."""
    width, height = figure.get_size_inches()
    title = figure.text(left / width, bottom / height, text, fontsize=10.5, weight="bold")
    length, room = title.get_window_extent(figure.canvas.get_renderer()).width / figure.dpi, width - 2 * MARGIN
    if length > room:
        title.set_fontsize(title.get_fontsize() * room / length)
    title.set_x(min(left, MARGIN + max(0.0, room - length)) / width)


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write <path>.pdf and <path>.png (200 dpi) without dates or program versions: equal figures give equal bytes."""
    for ending, settings in (
        ("pdf", {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}}),
        ("png", {"metadata": {"Software": None}, "dpi": 200}),
    ):
        with atomic_path(Path(f"{path}.{ending}")) as temporary:
            figure.savefig(temporary, facecolor="white", **settings)
