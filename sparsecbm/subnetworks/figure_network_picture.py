"""The picture of the network: layers from bottom to top, and a colour for each concept."""

from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from sparsecbm.figures.style import DARK_PAPER, NEUTRAL, PAPER, ink, ink_on, layout, plain, ticks
from sparsecbm.figures.text import counted, visible
from sparsecbm.subnetworks.network_picture import Cell, NetworkPicture
from sparsecbm.subnetworks.network_picture_text import cell_text, users_text

#: A colour for each concept, and then again from the first. The first four are told apart by people with any colour
#: vision, on both papers; blue, vermillion and green have a meaning elsewhere.
COLOURS = ("#E69F00", "#56B4E9", "#5D3A9B", "#994F00", "#CC79A7", "#117733", "#F0E442", "#882255", "#999933", "#33BBEE")
#: Groups with a smaller share of the layer's neurons have no number in the picture, and on a narrow screen those below
#: the second.
_PRINTED, _PRINTED_NARROW = 0.05, 0.13
#: Where the heads end and the neurons begin in a chart, as shares of its width.
_HEADS_END, _NEURONS_START = 0.4, 0.42
_TITLE = "Who uses which part of the network"


def network_title(picture: NetworkPicture) -> str:
    """The title of the picture."""
    return _TITLE if picture.whole else "Who uses which part of the network most"


def colours(picture: NetworkPicture, cell: Cell) -> list[str]:
    """The colours of a cell, one above the other; none where no concept uses it."""
    if picture.is_core(cell) or cell.mixed:
        return [NEUTRAL]
    return [COLOURS[k % len(COLOURS)] for k in cell.users]


def legend(picture: NetworkPicture) -> list[dict[str, Any]]:
    """The entries of the legend: what each says, its colours, and the concept that it lets a person pick out."""
    def many(cells: list[Cell]) -> str:
        return ", ".join(counted(count, kind) for kind in ("head", "neuron")
                         if (count := sum(len(cell.units) for cell in cells if cell.kind == kind)))

    entries = []
    for k, name in enumerate(picture.passes[: picture.concepts]):
        alone = many([cell for cell in picture.cells if cell.users == (k,) and not cell.mixed]) or "nothing"
        used = many([cell for cell in picture.cells if cell.kept[k]]) or "nothing"
        text = f"most of {alone}" if not picture.whole else used if picture.concepts == 1 else f"{alone} alone"
        entries.append({"name": visible(name), "text": text, "all": f"uses {used}", "concept": k,
                        "colours": [COLOURS[k % len(COLOURS)]]})
    core = [cell for cell in picture.cells if picture.is_core(cell)]
    unused = [cell for cell in picture.cells if not cell.users]
    if core:
        name = "common core" if picture.whole else "all about alike"
        entries.append({"name": name, "text": many(core), "colours": [NEUTRAL]})
    if any(cell.mixed for cell in picture.cells):
        entries.append({"name": "small groups", "text": many([cell for cell in picture.cells if cell.mixed]),
                        "colours": [NEUTRAL], "mixed": True})
    if unused:
        entries.append({"name": "no concept", "text": many(unused), "colours": []})
    if picture.whole and len(picture.passes) > picture.concepts:
        entries.append({"name": "line below", "text": "what the residual uses, too", "colours": [], "residual": True})
    return entries


@lru_cache(4)
def drawn(picture: NetworkPicture, label: str) -> dict[str, Any]:
    """What the component draws: rows from the last layer to the first, each cell with its look and its words."""
    shown = [kind for kind in ("head", "neuron") if not picture.alike(kind)]
    rows = []
    for cells in reversed(picture.layers):
        neurons = sum(len(cell.units) for cell in cells if cell.kind == "neuron")
        rows.append({"name": f"layer {cells[0].layer}", "cells": [
            _look(picture, cell, neurons) | {"place": [cell.layer, cell.kind, cell.units[0]]}
            for cell in cells if cell.kind in shown]})
    return {"label": visible(label), "title": network_title(picture), "legend": legend(picture), "rows": rows,
            "kinds": shown}


def _look(picture: NetworkPicture, cell: Cell, neurons: int) -> dict[str, Any]:
    own, head = colours(picture, cell), cell.kind == "head"
    share = len(cell.units) / max(neurons, 1)
    return {
        "kind": cell.kind, "width": 1 if head else len(cell.units), "colours": own, "mixed": cell.mixed,
        "text": str(cell.units[0]) if head else f"{len(cell.units):,}" if share >= _PRINTED else "",
        "narrow": not head and share < _PRINTED_NARROW, "ink": ink_on(own[0]) if len(own) == 1 else "",
        "users": list(cell.users), "label": visible(cell_text(picture, cell)),
        "residual": cell.share(-1) if picture.whole and len(picture.passes) > picture.concepts else 0.0}


def network_figure(picture: NetworkPicture, dark: bool) -> go.Figure:
    """The same as a Plotly chart, for a deck."""
    paper, colour = DARK_PAPER if dark else PAPER, ink(dark)["color"]
    shapes, points = list[dict[str, Any]](), list[tuple[float, int, str]]()
    for row, cells in enumerate(picture.layers):
        for cell, left, right in _spans(cells):
            edge = {"type": "rect", "x0": left, "x1": right, "line": {"color": paper, "width": 1}}
            own = colours(picture, cell)
            height = 0.84 / max(len(own), 1)
            shapes += [edge | {"y0": row + 0.42 - height * (part + 1), "y1": row + 0.42 - height * part,
                               "line": {"width": 0}, "fillcolor": fill} for part, fill in enumerate(own)]
            shapes.append(edge | {"y0": row - 0.42, "y1": row + 0.42,
                                  "line": {"color": paper if own else NEUTRAL, "width": 1}})
            if picture.whole and len(picture.passes) > picture.concepts and cell.kept[-1]:
                shapes.append({"type": "line", "x0": left, "x1": left + (right - left) * cell.share(-1),
                               "y0": row - 0.42, "y1": row - 0.42, "line": {"color": colour, "width": 4}})
            points.append(((left + right) / 2, row, plain(cell_text(picture, cell))))
    traces = [go.Scatter(x=[None], y=[None], mode="markers", name=plain(f"{entry['name']}: {entry['text']}"),
                         marker={"symbol": "line-ew-open" if entry.get("residual") else "square", "size": 12,
                                 "color": (entry["colours"] or [colour if entry.get("residual") else paper])[0],
                                 "line": {"color": colour if entry.get("residual") else NEUTRAL, "width": 1}})
              for entry in legend(picture)]
    x, y, text = (list(part) for part in zip(*points, strict=True))
    traces.append(go.Scatter(x=x, y=y, mode="markers", marker={"size": 18, "opacity": 0}, text=text, showlegend=False,
                             hovertemplate="%{text}<extra></extra>"))
    notes = [{"text": words, "x": at, "y": len(picture.layers) - 0.45, "showarrow": False, "yanchor": "bottom",
              "font": ink(dark)} for words, at in (("attention heads", _HEADS_END / 2),
                                                   ("neurons, by how many", (1 + _NEURONS_START) / 2))]
    names = tuple(f"layer {number}" for number in picture.numbers)
    return go.Figure(traces, layout(
        network_title(picture), 150 + 34 * len(names), dark, shapes=shapes, annotations=notes, hovermode="closest",
        hoverdistance=-1, xaxis={"visible": False, "range": [0, 1], "fixedrange": True},
        yaxis=ticks(names, range=[-0.5, len(names)])))


def _spans(cells: tuple[Cell, ...]) -> list[tuple[Cell, float, float]]:
    """Where the cells of a layer lie across the chart."""
    spans = []
    for kind, start, end in (("head", 0.0, _HEADS_END), ("neuron", _NEURONS_START, 1.0)):
        found = [cell for cell in cells if cell.kind == kind]
        sizes = np.array([1 if kind == "head" else len(cell.units) for cell in found])
        edges = start + (end - start) * np.concatenate([[0], np.cumsum(sizes)]) / max(sizes.sum(), 1)
        spans += list(zip(found, edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    return spans


def network_table(picture: NetworkPicture) -> pd.DataFrame:
    """A row for each cell; heads by their number."""
    cells = picture.cells
    shown = range(picture.concepts if picture.whole else 0, len(picture.passes))
    return pd.DataFrame({
        "layer": [cell.layer for cell in cells], "kind": [cell.kind for cell in cells],
        "concepts": [users_text(picture, cell) for cell in cells],
        "head": [str(cell.units[0]) if cell.kind == "head" else "" for cell in cells],
        "units": [len(cell.units) for cell in cells], "weights": [cell.weights for cell in cells],
        **{f"{picture.passes[k]} keeps": [cell.kept[k] for cell in cells] for k in shown}})
