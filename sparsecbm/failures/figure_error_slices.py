"""Slices in which the model is wrong more often: their rates with intervals, beside the rate of all reviews."""

import textwrap

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.failures.error_tree import FoundSlice, Search
from sparsecbm.failures.slices import in_words
from sparsecbm.figures.colour import NEUTRAL
from sparsecbm.figures.dots import HIGHLIGHT
from sparsecbm.figures.plotly_text import ink, layout, plain
from sparsecbm.figures.text import percent
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import LABEL_TARGET

#: Characters of a line of a slice's words; the table has them whole, too.
_LINE = 34
_ROW_PIXELS = 58


def slice_dots(search: Search, schema: ConceptSchema, title: str, dark: bool) -> go.Figure:
    """A row for each slice: its rate on the half that it was checked on, with its interval, and on the one it was found
    on. A line marks the rate of all that were checked. The `customdata` of a mark is the place of its slice."""
    rows, slices = list(range(len(search.slices))), search.slices
    low, high = zip(*(one.checked.interval for one in slices), strict=True) if slices else ((), ())
    checked, found = ([100 * (rate.share or 0.0) for rate in rates]
                      for rates in ([one.checked for one in slices], [one.found for one in slices]))
    places, overall = [[row] for row in rows], 100 * (search.checked.share or 0.0)
    hover = [_hover(one, search, schema) for one in slices]
    marks: dict[str, object] = {"y": rows, "customdata": places, "hovertext": hover, "mode": "markers",
                                "hovertemplate": "%{hovertext}<extra></extra>"}
    figure = go.Figure([
        go.Scatter(name="where it was checked", x=checked, marker={"size": 13, "color": HIGHLIGHT}, error_x={
            "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": HIGHLIGHT,
            "array": [100 * end - rate for end, rate in zip(high, checked, strict=True)],
            "arrayminus": [rate - 100 * end for end, rate in zip(low, checked, strict=True)]}, **marks),
        go.Scatter(name="where it was found", x=found,
                   marker={"size": 10, "color": NEUTRAL, "symbol": "circle-open", "line": {"width": 2}}, **marks),
    ])
    return figure.update_layout(layout(
        title, 130 + _ROW_PIXELS * len(slices), dark, hovermode="closest", margin={"l": 10, "r": 10, "t": 84, "b": 10},
        shapes=[{"type": "line", "x0": overall, "x1": overall, "y0": 0, "y1": 1, "yref": "paper",
                 "line": {"color": NEUTRAL, "width": 2, "dash": "dash"}}],
        annotations=[{"x": overall, "y": 0, "yref": "paper", "yanchor": "bottom", "xanchor": "right",
                      "showarrow": False, "text": f"all checked: {percent(overall / 100)} ", "font": ink(dark)}],
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom", "font": ink(dark)},
        xaxis={"title": {"text": "percent wrong"}, "range": [0, min(100.0, 1.2 * max(
            [overall, *found, *(100 * end for end in high)]) + 2)], "fixedrange": True, "zeroline": True},
        yaxis={"tickmode": "array", "tickvals": rows, "ticktext": [_wrapped(in_words(one.slice, schema))
                                                                  for one in slices],
               "automargin": True, "fixedrange": True, "zeroline": False, "range": [len(rows) - 0.5, -0.5]}))


def slice_table(search: Search, schema: ConceptSchema) -> pd.DataFrame:
    """The same as numbers, on each half and on all reviews of which the truth is told."""
    rows = []
    for one in search.slices:
        low, high = one.checked.interval
        rows.append({
            "slice": in_words(one.slice, schema), "wrong, percent": _percent(one.checked.share),
            "95 % from": _percent(low), "95 % to": _percent(high), "of reviews": one.checked.n,
            "where found, percent": _percent(one.found.share), "of": one.found.n,
            "in all, percent": _percent(one.everywhere.share), "of all": one.everywhere.n,
            "by chance (p)": round(one.chance, 4)})
    return pd.DataFrame(rows)


def slice_line(one: FoundSlice, schema: ConceptSchema) -> str:
    """Such as: noise read as Negative, at least 40 words: 38 % wrong (n = 74)."""
    return f"{in_words(one.slice, schema)}: {percent(one.checked.share or 0.0)} wrong (n = {one.checked.n:,})"


def search_text(search: Search, schema: ConceptSchema) -> str:
    """What was done and what came of it, for somebody who has never seen such a search."""
    subject = f"the {schema.label_title}" if search.subject == LABEL_TARGET else search.subject
    if search.reason:
        return f"No slices were looked for. {search.reason}"
    done = (f"The {search.searched.n:,} reviews of one half were searched for slices in which {subject} is wrong more "
            f"often than in the rest, and {_counted(search.candidates)} checked on the {search.checked.n:,} others.")
    if not search.slices:
        return (f"{done} None of them held there: nothing says that errors of {subject} (wrong in "
                f"{percent(search.overall.share or 0.0)} of {search.overall.n:,}) gather anywhere in particular.")
    return (f"{done} {_held(len(search.slices))} there. Errors that fall at random would show a slice in fewer than 1 "
            "of 20 such searches.")


def _counted(candidates: int) -> str:
    return {0: "none had to be", 1: "one was"}.get(candidates, f"{candidates} were")


def _held(slices: int) -> str:
    return "One held" if slices == 1 else f"{slices} held"


def _hover(one: FoundSlice, search: Search, schema: ConceptSchema) -> str:
    low, high = one.checked.interval
    return (f"{_wrapped(in_words(one.slice, schema), 60)}<br>checked: {one.checked.hits:,} of {one.checked.n:,} wrong, "
            f"{percent(one.checked.share or 0.0)} (95 % interval {100 * low:.0f} to {100 * high:.0f} %)<br>"
            f"found: {one.found.hits:,} of {one.found.n:,} wrong, {percent(one.found.share or 0.0)}<br>"
            f"all checked: {search.checked.hits:,} of {search.checked.n:,} wrong, "
            f"{percent(search.checked.share or 0.0)}")


def _wrapped(words: str, width: int = _LINE) -> str:
    return "<br>".join(plain(line) for line in textwrap.wrap(words, width, break_long_words=True))


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
