"""The reviews whose answer differs between two models: put right, broken, or wrong in another way."""

import time
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import InputError
from sparsecbm.failures.panel_state import predictions
from sparsecbm.figures.text import receipt_line
from sparsecbm.impact.figure import cases_table, impact_bars, impact_table, impact_text
from sparsecbm.impact.impact import Effect, Impact, ImpactSettings, Outcome
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.types import LABEL_TARGET, Receipt
from sparsecbm.ui.chart import chart
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import EXPLAIN, link, note
from sparsecbm.ui.tasks import Progress
from sparsecbm.ui.text import as_markdown, shortened
from sparsecbm.ui.view import View, to_address


def changed_answers(explainer: Explainer, other: Explainer, reviews: Reviews, progress: Progress) -> Impact:
    """The answers of both, the loaded model's first. `progress` gets the share done, 0..1, and may raise Cancelled;
    what is predicted by then is kept. InputError when the other model reads other concepts."""
    require_same(explainer, other)
    started, schema = time.perf_counter(), explainer.schema
    one = predictions(explainer, reviews, lambda share: progress(share / 2))
    two = predictions(other, reviews, lambda share: progress((1 + share) / 2))
    effects = [Effect(LABEL_TARGET, True, one.labels, two.labels, reviews.labels)]
    effects += [Effect(concept, True, one.values[:, k], two.values[:, k], reviews.values[:, k])
                for k, concept in enumerate(schema.concepts)]
    settings = ImpactSettings(explainer.checkpoint.hash, reviews.name, reviews.digest, len(reviews), 0, True,
                             (f"checkpoint {other.checkpoint.hash}",))
    receipt = Receipt(explainer.checkpoint.hash, "two checkpoints", explainer.checkpoint.device,
                      explainer.checkpoint.dtype, 1000 * (time.perf_counter() - started))
    return Impact(settings, schema, np.arange(len(reviews)), reviews.ids, tuple(effects), (), (), receipt)


def require_same(explainer: Explainer, other: Explainer) -> None:
    """InputError when two models do not speak of the same concepts, values and labels."""
    for axis in ("concepts", "values", "labels"):
        ours, theirs = getattr(explainer.schema, axis), getattr(other.schema, axis)
        if ours != theirs:
            raise InputError(f"{other.checkpoint.name} has the {axis} {', '.join(theirs)}, and the loaded model "
                             f"{', '.join(ours)}; allowed: a checkpoint with the same {axis}. Choose another one.")


#: What a changed answer can come to, as people say it of two models.
CHANGED = {Outcome.FIXED: "fixed", Outcome.BROKEN: "broken", Outcome.MOVED: "changed between wrong answers",
           Outcome.CHANGED: "changed, truth not told"}
_SUBJECT, _OUTCOMES = "evaluation:subject", "evaluation:outcomes"


def changed_rows(found: Impact, texts: tuple[str, ...], names: tuple[str, str]) -> None:
    """A picture, the verdict, and the reviews behind it, each of which opens in Explain."""
    one, other = names
    said, schema = impact_text(found), found.schema
    st.markdown(as_markdown(f"From {one} to {other}. {said}"))
    chart(lambda dark: impact_bars(found, f"From {one} to {other}: answers on {found.settings.n:,} reviews", dark),
          impact_table(found), "evaluation:changed", said, _pressed)
    subjects = [effect.subject for effect in found.effects]
    kept = st.session_state.get(_SUBJECT)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        subject = st.selectbox("Answer", subjects, subjects.index(seed_widget(
            _SUBJECT, kept if kept in subjects else LABEL_TARGET)), key=_SUBJECT, width=180,
            format_func=lambda name: schema.label_title if name == LABEL_TARGET else name)
        effect = found.effect(subject)
        options = [outcome.value for outcome in CHANGED if effect.count(outcome)]
        picked = [name for name in st.session_state.get(_OUTCOMES) or () if name in options]
        outcomes = st.pills("What became of it", options, selection_mode="multi", key=_OUTCOMES,
                            default=seed_widget(_OUTCOMES, picked or options),
                            format_func=lambda name: f"{CHANGED[Outcome(name)]}: {effect.count(Outcome(name)):,}")
    if not options:
        note("No answer of this kind differs between the two on these reviews.")
        return
    columns = (f"by {one}", f"by {other}")
    _rows(_table(found, texts, subject, [Outcome(name) for name in outcomes], columns), schema, (subject, *outcomes))
    settings = found.settings
    note(as_markdown(receipt_line(found.receipt, f"other {settings.edits[0]}"[:30],
                                  f"{settings.n:,} reviews of {settings.split}", f"data {settings.data_hash[:12]}")))


def _table(
    found: Impact, texts: tuple[str, ...], subject: str, outcomes: list[Outcome], columns: tuple[str, str]
) -> pd.DataFrame:
    """What was changed comes first, then the review, both answers and the truth."""
    order = ["change", "review", *columns, "truth", "id"]
    tables = [cases_table(found, texts, subject, [outcome]).assign(change=CHANGED[outcome])
              for outcome in CHANGED if outcome in outcomes]
    if not tables:
        return pd.DataFrame(columns=order)
    return pd.concat(tables).rename(columns=dict(zip(("before", "after"), columns, strict=True)))[order]


def _rows(table: pd.DataFrame, schema: ConceptSchema, of: tuple[str, ...]) -> None:
    event: Any = st.dataframe(table, hide_index=True, key=f"evaluation:rows:{'+'.join(of)}",
                              on_select="rerun", selection_mode="single-row", height=min(400, 40 + 36 * len(table)),
                              alt=f"{len(table)} reviews whose answer differs, with both answers and the truth")
    marked = [row for row in event["selection"]["rows"] if row < len(table)]
    if not marked:
        note("Mark a row to open its review.")
        return
    text = str(table["review"].iloc[marked[0]])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"“{as_markdown(shortened(text, 160))}”")
        link(EXPLAIN, "Explain it", ":material/arrow_forward:", to_address(View(text), schema))


def _pressed(pressed: list[str]) -> None:
    subject, *outcomes = pressed
    st.session_state[_SUBJECT] = subject
    st.session_state[_OUTCOMES] = [Outcome(name).value for name in outcomes if Outcome(name) in CHANGED]
