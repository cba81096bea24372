"""What an edit does to many reviews: answers that become right to the right, those that become wrong to the left."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from sparsecbm.figures.colour import DARK_PAPER, NEUTRAL, OPPOSES, PAPER, SUPPORTS, mixed
from sparsecbm.figures.plotly_text import hatched, ink, layout, plain, ticks
from sparsecbm.impact.impact import Effect, Impact, Outcome
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import LABEL_TARGET

#: Neither for better nor for worse.
OTHER = (Outcome.MOVED, Outcome.CHANGED)
UNCHANGED = (Outcome.RIGHT, Outcome.WRONG, Outcome.SAME)


def impact_bars(radius: Impact, title: str, dark: bool) -> go.Figure:
    """A bar for the label and for each concept, its counts beside it, and at the right how many stay as they are.

    The `customdata` of a bar are its subject and its outcomes, for whoever wants the reviews behind it.
    """
    paper, effects = DARK_PAPER if dark else PAPER, radius.effects
    names, rows = tuple(_name(effect, radius.schema) for effect in effects), list(range(len(effects)))
    left = [effect.count(Outcome.BROKEN) for effect in effects]
    right = [effect.count(Outcome.FIXED, *OTHER) for effect in effects]
    most = max(1, *left, *right)
    parts = (("becomes wrong", (Outcome.BROKEN,), -1, OPPOSES, "\\"),
             ("becomes right", (Outcome.FIXED,), 1, SUPPORTS, ""),
             ("changes otherwise", OTHER, 1, mixed(paper, NEUTRAL, 0.45), "."))
    traces = [go.Bar(
        name=said, orientation="h", y=rows, x=[side * effect.count(*outcomes) for effect in effects],
        marker={"color": colour, "pattern": hatched(pattern, paper)},
        customdata=[[effect.subject, *outcomes] for effect in effects],
        hovertext=[f"{plain(name)}: {said} in {effect.count(*outcomes):,} of {radius.settings.n:,} reviews"
                   for name, effect in zip(names, effects, strict=True)],
        hovertemplate="%{hovertext}<extra></extra>") for said, outcomes, side, colour, pattern in parts]
    for places, texts, position in (([-count for count in left], [_minus(count) for count in left], "middle left"),
                                    (right, [_plus(effect) for effect in effects], "middle right")):
        traces.append(go.Scatter(x=places, y=rows, mode="text", text=texts, textposition=position, textfont=ink(dark),
                                 hoverinfo="skip", showlegend=False, cliponaxis=False))
    stays = [{"text": f"{effect.count(*UNCHANGED):,} stay as they are", "x": 1, "xref": "paper", "xanchor": "right",
              "y": row, "showarrow": False, "font": ink(dark)} for row, effect in enumerate(effects)]
    return go.Figure(traces, layout(
        title, 130 + 44 * len(names), dark, barmode="relative", bargap=0.3, annotations=stays,
        margin={"l": 10, "r": 10, "t": 76, "b": 10},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom", "traceorder": "normal"},
        xaxis={"title": {"text": "← reviews that become wrong | reviews that become right →"}, "fixedrange": True,
               "range": [-1.3 * most, 2.5 * most], "showticklabels": False, "showgrid": False, "zeroline": True,
               "zerolinecolor": NEUTRAL},
        yaxis=ticks(names, range=[len(names) - 0.5, -0.5])))


def impact_table(radius: Impact) -> pd.DataFrame:
    """The counts of every outcome, and accuracy before and after with what chance leaves open."""
    rows = []
    for effect in radius.effects:
        before, after = effect.accuracy or (None, None)
        low, high = effect.interval or (None, None)
        change = None if before is None or after is None else after - before
        rows.append({
            "answer": _name(effect, radius.schema), **{outcome.value: effect.count(outcome) for outcome in Outcome},
            "right before, percent": _percent(before), "right after, percent": _percent(after),
            "change, points": _percent(change), "change, 95 % from": _percent(low), "to": _percent(high),
            "by chance (exact McNemar p)": round(effect.chance, 3),
        })
    return pd.DataFrame(rows)


def cases_table(
    radius: Impact, texts: Sequence[str], subject: str, outcomes: Sequence[Outcome]
) -> pd.DataFrame:
    """The reviews behind a number; `texts` are those of the whole split, in its order."""
    schema = radius.schema
    shown = dict(zip(schema.labels, schema.label_display, strict=True)) if subject == LABEL_TARGET else {}
    return pd.DataFrame([{
        "review": texts[case.row], "before": shown.get(case.before, case.before),
        "after": shown.get(case.after, case.after), "truth": "unknown to us" if case.truth is None else
        shown.get(case.truth, case.truth), "id": case.id,
    } for case in radius.cases(subject, *outcomes)], columns=["review", "before", "after", "truth", "id"])


def impact_text(radius: Impact) -> str:
    """What the picture shows, for somebody who has never seen one: the label first, then the concepts that change."""
    reviews, title = radius.settings.n, radius.schema.label_title
    label, *concepts = radius.effects
    said = f"Of {reviews:,} review{'' if reviews == 1 else 's'}, {_counted(label, title)}."
    changed = [effect for effect in concepts if effect.count(*UNCHANGED) < reviews]
    said += "".join(f" Of {effect.subject}, {_counted(effect, 'reading')}." for effect in changed)
    if not changed:
        said += " No concept is read differently."
    return said + (f" {_verdict(label, title)}" if label.reached else "")


def _counted(effect: Effect, what: str) -> str:
    """Such as: 7 ratings become right, 3 become wrong and 2 change otherwise."""
    fixed, broken, other = effect.count(Outcome.FIXED), effect.count(Outcome.BROKEN), effect.count(*OTHER)
    if not fixed + broken + other:
        return f"no {what} changes"
    parts = [f"{_amount(fixed)} {what}{'' if fixed == 1 else 's'} {'becomes' if fixed == 1 else 'become'} right",
             f"{f'{broken:,}' if broken else 'none'} {'become' if broken > 1 else 'becomes'} wrong"]
    if other:
        parts.append(f"{other:,} {'changes' if other == 1 else 'change'} otherwise")
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _verdict(label: Effect, title: str) -> str:
    """Whether the label gets better, as far as these reviews can tell."""
    if label.accuracy is None or label.interval is None:
        return f"No true {title} is known, so nothing can be called right or wrong."
    (before, after), (low, high) = label.accuracy, label.interval
    moves = f"stays {100 * before:.1f} %" if before == after else f"goes from {100 * before:.1f} to {100 * after:.1f} %"
    known = "" if label.known == len(label.truth) else f" (of the {label.known:,} whose {title} is known)"
    said = (f"The share of right {title}s {moves}{known}; for reviews like these, expect a change of {_points(low)} to "
            f"{_points(high)} points (95 % interval)")
    if low > 0 or high < 0:
        return f"{said}: the model gets {'better' if low > 0 else 'worse'}."
    return f"{said}: too few to tell whether the model gets better or worse."


def _name(effect: Effect, schema: ConceptSchema) -> str:
    return schema.label_title if effect.subject == LABEL_TARGET else effect.subject


def _minus(count: int) -> str:
    return f"−{count:,}\u00a0" if count else ""


def _plus(effect: Effect) -> str:
    fixed, other = effect.count(Outcome.FIXED), effect.count(*OTHER)
    return "\u00a0" + ", ".join([f"+{fixed:,}"] * bool(fixed) + [f"{other:,} otherwise"] * bool(other))


def _amount(count: int) -> str:
    return f"{count:,}" if count else "no"


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _points(change: float) -> str:
    return f"{100 * change:+.1f}".replace("-", "−")
