"""Charts of a deck: ours are drawn large, those of others are refused unless they are as harmless as ours."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from sparsecbm.deck.figure import check_figure, enlarged, figure_json
from sparsecbm.errors import InputError
from sparsecbm.figures.cell_table import Cells
from sparsecbm.figures.dots import Dot, dots
from tests.deck.scenes import a_figure
from tests.helpers import HOSTILE


def made(data: list[Any] | None = None, **layout: Any) -> str:
    return json.dumps({"data": [{"type": "bar", "x": [1]}] if data is None else data, "layout": layout})


def bar(**changes: Any) -> str:
    return made([{"type": "bar", "x": [1]} | changes])


@pytest.mark.parametrize("name", [*HOSTILE.values(), "a < b, <b>c</b>"])
def test_our_own_figures_pass_whatever_they_are_called(name: str) -> None:
    figures = [dots([Dot(name, name, 1.0, (0.5, 1.5))], name, "percent", True),
               Cells(np.array([[0.5]]), (name,), (name,), name, [["<1 %"]], [["x<br>y"]]).figure(False)]
    for figure in figures:
        check_figure(figure_json(figure))
    assert "template" not in json.loads(figure_json(figures[0]))["layout"]


@pytest.mark.parametrize("text", [
    "", "[]", "3", "{", "[" * 100_000, '{"data":[]}', '{"data":{},"layout":{}}', '{"data":[],"layout":{},"frames":[]}',
    made([{"type": "pie", "values": [1]}]), made([{"type": "image", "source": "https://evil.example/x.png"}]),
    made([{"type": "scattergeo", "lat": [1]}]), made([3]), made([{"type": "bar"}] * 61),
    made(images=[{"source": "https://evil.example/x.png"}]), made(template={"layout": {"images": [{"source": "x"}]}}),
    made(updatemenus=[{"buttons": []}]), made(sliders=[{}]), made(geo={}), made(map={"style": "https://evil.example"}),
    made(title={"text": '<a href="https://evil.example">press</a>'}), made(title={"text": "<a href='javascript:x'>"}),
    made(annotations=[{"text": "<span style='position:fixed'>x</span>"}]), made(title="<script>alert(1)</script>"),
    made(title="<<b>a href='https://evil.example'>press</a>"),
    bar(text="<img src=x onerror=alert(1)>"), bar(hovertemplate='<a href="//evil.example">x</a>'),
    bar(customdata=["<!--"]), bar(onclick="x"), bar(marker={"color": "url(https://evil.example)"}),
    bar(x=[float("nan")]), bar(x=[float("inf")]), '{"data":[{"type":"bar","x":[1e999]}],"layout":{}}',
    bar(meta={"a": [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}),
])
def test_a_foreign_figure_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="allowed: bar, heatmap, scatter"):
        check_figure(text)


def test_a_figure_grows_and_loses_a_title_that_stands_above_it() -> None:
    figure = go.Figure(go.Scatter(x=[1], y=[1], marker={"size": 10, "color": "#111111"}),
                       {"title": {"text": "A &amp; B", "font": {"size": 15}}, "height": 300, "margin": {"t": 44}})
    grown = enlarged(figure_json(figure), 2.0, "another")
    assert grown["data"][0]["marker"] == {"size": 20, "color": "#111111"}
    layout = grown["layout"]
    assert (layout["title"]["font"]["size"], layout["font"]["size"], layout["height"]) == (30, 24, 600)
    assert layout["margin"] == {"t": 88}
    without = enlarged(figure_json(figure), 2.0, "A & B")["layout"]
    assert "title" not in without and without["margin"]["t"] < 88
    go.Figure(grown), go.Figure(enlarged(made(height=None, margin=None, font=None, title=None), 2.0, ""))


def test_a_dark_figure_keeps_its_colours() -> None:
    assert enlarged(a_figure(colour="#111111"), 1.6, "")["data"][0]["marker"]["color"] == "#111111"
