"""A table of numbers as coloured cells: each prints its number, explains itself on hover, and can be pressed."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from sparsecbm.figures.dots import HIGHLIGHT
from sparsecbm.figures.style import (
    DARK_PAPER,
    PAPER,
    SHARED,
    colour_bar,
    diverging,
    ink_on,
    layout,
    mixed,
    plain,
    ticks,
)

Numbers = Float[np.ndarray, "row column"]

#: More columns than this get no printed numbers.
MOST_PRINTED = 16
_ROW_PIXELS = 46


@dataclass(frozen=True, eq=False)
class Cells:
    """Shares 0..1 from the paper to `hue`; with `limit`, signed numbers on the diverging scale, full colour at +-limit.

    NaN cells stay blank. `printed` is the text in a cell and `hover` its HTML on hover, [row][column]. `chosen` cells
    (row, column) get a frame; `axes` are the titles of rows and columns. Names are plain text, which whoever draws must
    escape. `form` formats the ends of the scale, in the syntax that Python and Plotly share.
    """

    numbers: Numbers
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    title: str
    printed: list[list[str]]
    hover: list[list[str]]
    limit: float | None = None
    chosen: tuple[tuple[int, int], ...] = ()
    axes: tuple[str, str] = ("", "")
    form: str = ""
    hue: str = SHARED

    def colour(self, number: float, dark: bool) -> str:
        """The background of a number's cell."""
        paper = DARK_PAPER if dark else PAPER
        if np.isnan(number):
            return paper
        if self.limit is None:
            return mixed(paper, self.hue, max(float(number), 0.0))
        return diverging(number / self.limit, paper)

    @property
    def domain(self) -> tuple[float, float]:
        """Both ends of the scale."""
        return (0.0, 1.0) if self.limit is None else (-self.limit, self.limit)

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends of the scale as they are written."""
        low, high = (format(end, self._form).replace("-", "−") for end in self.domain)
        return low, high

    def stops(self, dark: bool) -> list[tuple[float, str]]:
        """The scale as colours at 0, the middle and 1."""
        low, high = self.domain
        return [(step, self.colour(low + step * (high - low), dark)) for step in (0.0, 0.5, 1.0)]

    def figure(self, dark: bool) -> go.Figure:
        """As a Plotly chart. A heatmap reports no press, so an invisible mark with `customdata` [row, column] lies on
        every cell."""
        rows, columns, (low, high) = self.rows, self.columns, self.domain
        places = [(row, column) for row in range(len(rows)) for column in range(len(columns))]
        y, x = ([place[axis] for place in places] for axis in (0, 1))
        inks = [ink_on(self.colour(float(self.numbers[place]), dark)) for place in places]
        traces = [
            go.Heatmap(z=np.asarray(self.numbers).tolist(), zmin=low, zmax=high, colorscale=self.stops(dark),
                       hoverinfo="skip", xgap=2, ygap=2,
                       colorbar=colour_bar(dark, self._form)),
            go.Scatter(x=x, y=y, mode="markers", marker={"symbol": "square", "size": 24, "opacity": 0},
                       showlegend=False, customdata=[list(place) for place in places],
                       text=[self.hover[row][column] for row, column in places],
                       hovertemplate="%{text}<extra></extra>", selected={"marker": {"opacity": 0}},
                       unselected={"marker": {"opacity": 0}}),
        ]
        if len(columns) <= MOST_PRINTED:
            traces.append(go.Scatter(x=x, y=y, mode="text", text=[self.printed[row][column] for row, column in places],
                                     textfont={"color": inks, "size": 13}, hoverinfo="skip", showlegend=False))
        frames = [{"type": "rect", "x0": column - 0.48, "x1": column + 0.48, "y0": row - 0.48, "y1": row + 0.48,
                   "line": {"color": HIGHLIGHT, "width": 3}} for row, column in self.chosen]
        return go.Figure(traces, layout(
            self.title, 110 + _ROW_PIXELS * len(rows), dark, hovermode="closest", hoverdistance=-1, shapes=frames,
            xaxis=ticks(columns, title={"text": plain(self.axes[1])}, range=[-0.5, len(columns) - 0.5]),
            yaxis=ticks(rows, title={"text": plain(self.axes[0])}, range=[len(rows) - 0.5, -0.5])))

    @property
    def _form(self) -> str:
        return self.form or (".1f" if self.limit is None else "+.2f")
