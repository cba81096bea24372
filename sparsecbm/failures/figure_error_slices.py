"""Error slices: their rates with intervals, compared with the rate of all documents."""

import textwrap

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.failures.error_tree import ErrorSlice, SliceSearch
from sparsecbm.failures.slices import in_words
from sparsecbm.figures.dots import HIGHLIGHT
from sparsecbm.figures.style import NEUTRAL, ink, layout, plain
from sparsecbm.figures.text import percent
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import LABEL_TARGET

#: Characters of a line of a slice's words; the table has them whole, too.
_LINE = 34
_ROW_PIXELS = 58


def slice_dots(search: SliceSearch, schema: ConceptSchema, title: str, dark: bool) -> go.Figure:
    """A row for each slice: its rate on the validation rows, with its interval, and on the discovery rows. A line marks
    the rate of all validation rows. The `customdata` of a mark is the place of its slice."""
    rows, slices = list(range(len(search.slices))), search.slices
    low, high = zip(*(one.validation.interval for one in slices), strict=True) if slices else ((), ())
    validation, discovery = ([100 * (rate.share or 0.0) for rate in rates]
                             for rates in ([one.validation for one in slices], [one.discovery for one in slices]))
    places, overall = [[row] for row in rows], 100 * (search.validation.share or 0.0)
    hover = [_hover(one, search, schema) for one in slices]
    marks: dict[str, object] = {"y": rows, "customdata": places, "hovertext": hover, "mode": "markers",
                                "hovertemplate": "%{hovertext}<extra></extra>"}
    figure = go.Figure([
        go.Scatter(name="validation", x=validation, marker={"size": 13, "color": HIGHLIGHT}, error_x={
            "type": "data", "symmetric": False, "thickness": 2, "width": 5, "color": HIGHLIGHT,
            "array": [100 * end - rate for end, rate in zip(high, validation, strict=True)],
            "arrayminus": [rate - 100 * end for end, rate in zip(low, validation, strict=True)]}, **marks),
        go.Scatter(name="discovery", x=discovery,
                   marker={"size": 10, "color": NEUTRAL, "symbol": "circle-open", "line": {"width": 2}}, **marks),
    ])
    return figure.update_layout(layout(
        title, 130 + _ROW_PIXELS * len(slices), dark, hovermode="closest",
        shapes=[{"type": "line", "x0": overall, "x1": overall, "y0": 0, "y1": 1, "yref": "paper",
                 "line": {"color": NEUTRAL, "width": 2, "dash": "dash"}}],
        annotations=[{"x": overall, "y": 0, "yref": "paper", "yanchor": "bottom", "xanchor": "right",
                      "showarrow": False, "text": f"all of validation: {percent(overall / 100)} ", "font": ink(dark)}],
        xaxis={"title": {"text": "percent wrong"}, "range": [0, min(100.0, 1.2 * max(
            [overall, *discovery, *(100 * end for end in high)]) + 2)], "fixedrange": True, "zeroline": True},
        yaxis={"tickmode": "array", "tickvals": rows, "ticktext": [_wrapped(in_words(one.slice, schema))
                                                                  for one in slices],
               "automargin": True, "fixedrange": True, "zeroline": False, "range": [len(rows) - 0.5, -0.5]}))


def slice_table(search: SliceSearch, schema: ConceptSchema) -> pd.DataFrame:
    """The same as numbers, on either part and on all labelled documents."""
    rows = []
    for one in search.slices:
        low, high = one.validation.interval
        rows.append({
            "slice": in_words(one.slice, schema), "wrong, percent": _percent(one.validation.share),
            "95 % from": _percent(low), "95 % to": _percent(high), "of texts": one.validation.n,
            "discovery, percent": _percent(one.discovery.share), "of": one.discovery.n,
            "in all, percent": _percent(one.overall.share), "of all": one.overall.n,
            "by chance (p)": round(one.chance, 4)})
    return pd.DataFrame(rows)


def slice_line(one: ErrorSlice, schema: ConceptSchema) -> str:
    """Such as: noise read as Negative, at least 40 words: 38 % wrong (n = 74)."""
    return f"{in_words(one.slice, schema)}: {percent(one.validation.share or 0.0)} wrong (n = {one.validation.n:,})"


def search_text(search: SliceSearch, schema: ConceptSchema) -> str:
    """What was done and what came of it, for somebody who has never seen such a search."""
    subject = f"the {schema.label_title}" if search.subject == LABEL_TARGET else search.subject
    if search.reason:
        return f"There was no search for error slices. {search.reason}"
    done = (f"{search.discovery.n:,} texts were searched for slices in which {subject} is wrong more often than in "
            f"the rest; {_counted(search.candidates)} validated on {search.validation.n:,} other texts.")
    if not search.slices:
        return (f"{done} No slice was confirmed: as far as these texts can tell, the errors of {subject} "
                f"({percent(search.overall.share or 0.0)} of {search.overall.n:,}) do not concentrate anywhere.")
    return (f"{done} {len(search.slices)} {'was' if len(search.slices) == 1 else 'were'} confirmed. Random errors "
            "would show a slice in fewer than 1 of 20 such searches.")


def _counted(candidates: int) -> str:
    return {0: "none stood out to be", 1: "one was"}.get(candidates, f"{candidates} were")


def _hover(one: ErrorSlice, search: SliceSearch, schema: ConceptSchema) -> str:
    low, high = one.validation.interval
    return (f"{_wrapped(in_words(one.slice, schema), 60)}<br>validation: {one.validation.hits:,} of "
            f"{one.validation.n:,} wrong, {percent(one.validation.share or 0.0)} (95 % interval {100 * low:.0f} to "
            f"{100 * high:.0f} %)<br>"
            f"discovery: {one.discovery.hits:,} of {one.discovery.n:,} wrong, {percent(one.discovery.share or 0.0)}<br>"
            f"all of validation: {search.validation.hits:,} of {search.validation.n:,} wrong, "
            f"{percent(search.validation.share or 0.0)}")


def _wrapped(words: str, width: int = _LINE) -> str:
    return "<br>".join(plain(line) for line in textwrap.wrap(words, width, break_long_words=True))


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)
