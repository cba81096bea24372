"""The impact as a picture: what becomes wrong to the left, what becomes right to the right, other changes apart."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.figures.style import (
    DARK_PAPER,
    NEUTRAL,
    OPPOSES,
    PAPER,
    SUPPORTS,
    hatched,
    ink,
    layout,
    mixed,
    plain,
    ticks,
)
from sparsecbm.figures.text import counted_documents, plural
from sparsecbm.impact.impact import Effect, Impact, Outcome
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import LABEL_TARGET

#: Neither for better nor for worse.
OTHER = (Outcome.MOVED, Outcome.CHANGED)
UNCHANGED = (Outcome.RIGHT, Outcome.WRONG, Outcome.SAME)
#: Where the two sides end and the place for other changes begins, as shares of the width.
_SIDES, _APART = (0.0, 0.62), (0.68, 0.86)


def impact_bars(impact: Impact, title: str, dark: bool) -> go.Figure:
    """A row for the label and for each concept, and at the right how many documents keep their answer.

    Changes that are neither for better nor for worse have an axis of their own. The `customdata` of a bar are its
    subject and its outcomes.
    """
    paper, effects = DARK_PAPER if dark else PAPER, impact.effects
    names, rows = tuple(_name(effect, impact.schema) for effect in effects), list(range(len(effects)))
    parts = (("becomes wrong", (Outcome.BROKEN,), -1, OPPOSES, "\\", "x"),
             ("becomes right", (Outcome.FIXED,), 1, SUPPORTS, "", "x"),
             ("changes otherwise", OTHER, 1, mixed(paper, NEUTRAL, 0.45), ".", "x2"))
    traces: list[go.Bar | go.Scatter] = []
    for said, outcomes, side, colour, pattern, axis in parts:
        counts = [effect.count(*outcomes) for effect in effects]
        traces.append(go.Bar(
            name=said, orientation="h", y=rows, x=[side * count for count in counts], xaxis=axis,
            marker={"color": colour, "pattern": hatched(pattern, paper)},
            customdata=[[effect.subject, *outcomes] for effect in effects],
            hovertext=[f"{plain(name)}: {said} in {count:,} of {impact.settings.n:,} {impact.schema.documents}"
                       for name, count in zip(names, counts, strict=True)],
            hovertemplate="%{hovertext}<extra></extra>"))
        sign = {"x2": ""}.get(axis, "−" if side < 0 else "+")
        traces.append(go.Scatter(
            x=[side * count for count in counts], y=rows, xaxis=axis, mode="text", hoverinfo="skip", showlegend=False,
            text=[f"\u00a0{sign}{count:,}\u00a0" if count else "" for count in counts], textfont=ink(dark),
            textposition="middle left" if side < 0 else "middle right", cliponaxis=False))
    most = max(1, *(effect.count(outcome) for effect in effects for outcome in (Outcome.BROKEN, Outcome.FIXED)))
    most_other = max(1, *(effect.count(*OTHER) for effect in effects))
    wide, narrow = (end - start for start, end in (_SIDES, _APART))
    scale = max(2.8 * most / wide, 1.8 * most_other / narrow)  # the same for both axes: bars can be compared
    stays = [{"text": f"{effect.count(*UNCHANGED):,} stay", "x": 1, "xref": "paper", "xanchor": "right", "y": row,
              "showarrow": False, "font": ink(dark)} for row, effect in enumerate(effects)]
    plain_axis = {"fixedrange": True, "showticklabels": False, "showgrid": False, "zeroline": True,
                  "zerolinecolor": NEUTRAL}
    return go.Figure(traces, layout(
        title, 130 + 44 * len(names), dark, barmode="overlay", bargap=0.3, annotations=stays,
        xaxis=plain_axis | {"title": {"text": "← becomes wrong | becomes right →"}, "domain": _SIDES,
                            "range": [-scale * wide / 2, scale * wide / 2]},
        xaxis2=plain_axis | {"title": {"text": "otherwise", "font": ink(dark)}, "domain": _APART,
                             "range": [0, scale * narrow]},
        yaxis=ticks(names, range=[len(names) - 0.5, -0.5])))


def impact_table(impact: Impact) -> pd.DataFrame:
    """The counts of every outcome, and accuracy before and after with the interval of its change."""
    rows = []
    for effect in impact.effects:
        before, after = effect.accuracy or (None, None)
        low, high = effect.interval or (None, None)
        change = None if before is None or after is None else after - before
        rows.append({
            "answer": _name(effect, impact.schema), **{outcome.value: effect.count(outcome) for outcome in Outcome},
            "right before, percent": _percent(before), "right after, percent": _percent(after),
            "change, points": _percent(change), "change, 95 % from": _percent(low), "to": _percent(high),
            "by chance (exact McNemar p)": round(effect.chance, 3),
        })
    return pd.DataFrame(rows)


def cases_table(
    impact: Impact, texts: Sequence[str], subject: str, outcomes: Sequence[Outcome],
    sides: tuple[str, str] = ("before", "after"),
) -> pd.DataFrame:
    """The documents behind a number; `texts` are those of the whole split, in its order, and `sides` name the two
    answers."""
    schema = impact.schema
    shown = dict(zip(schema.labels, schema.label_display, strict=True)) if subject == LABEL_TARGET else {}
    return pd.DataFrame([{
        "text": texts[case.row], sides[0]: shown.get(case.before, case.before),
        sides[1]: shown.get(case.after, case.after),
        "truth": "not labelled" if case.truth is None else shown.get(case.truth, case.truth), "id": case.id,
    } for case in impact.cases(subject, *outcomes)], columns=["text", *sides, "truth", "id"])


def impact_text(impact: Impact) -> str:
    """What the picture shows, for somebody who has never seen one: counts, then the verdict on each answer."""
    reviews, schema = impact.settings.n, impact.schema
    label, *concepts = impact.effects
    said = [f"Of {counted_documents(reviews, schema)}, {_counted(label, schema.label_title)}."]
    changed = [effect for effect in concepts if effect.count(*UNCHANGED) < reviews]
    said += [f"Of {effect.subject}, {_counted(effect, 'prediction')}." for effect in changed]
    if not changed:
        said.append("No concept's prediction changes.")
    said += [_verdict(effect, _name(effect, schema)) for effect in (label, *changed) if effect.reached]
    return " ".join(said)


def _counted(effect: Effect, what: str) -> str:
    """Such as: 7 ratings become right, 3 become wrong and 2 change otherwise."""
    fixed, broken, other = effect.count(Outcome.FIXED), effect.count(Outcome.BROKEN), effect.count(*OTHER)
    if not fixed + broken + other:
        return f"no {what} changes"
    parts = [f"{f'{fixed:,}' if fixed else 'no'} {what if fixed == 1 else plural(what)} "
             f"{'becomes' if fixed == 1 else 'become'} right",
             f"{f'{broken:,}' if broken else 'none'} {'become' if broken > 1 else 'becomes'} wrong"]
    if other:
        parts.append(f"{other:,} {'changes' if other == 1 else 'change'} otherwise")
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _verdict(effect: Effect, name: str) -> str:
    """Whether the model gets better at one answer, as far as these documents can tell."""
    if effect.accuracy is None or effect.interval is None:
        return f"No gold {name} is known, so nothing can be called right or wrong."
    (before, after), (low, high) = effect.accuracy, effect.interval
    moves = f"{100 * before:.1f} % right" if before == after else f"{100 * before:.1f} → {100 * after:.1f} % right"
    known = "" if effect.known == len(effect.truth) else f" of the {effect.known:,} with a known answer"
    said = f"{moves}{known}; 95 % interval of the change {_points(low)} to {_points(high)} points"
    if low > 0 or high < 0:
        return f"The model gets {'better' if low > 0 else 'worse'} at {name} ({said})."
    return f"Too few answers change to tell whether the model gets better or worse at {name} ({said})."


def _name(effect: Effect, schema: ConceptSchema) -> str:
    return schema.label_title if effect.subject == LABEL_TARGET else effect.subject


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _points(change: float) -> str:
    return f"{100 * change:+.1f}".replace("-", "−")
