"""Which answers changed: the picture, what it says, and the documents behind every number."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from sparsecbm.data.reviews import Reviews
from sparsecbm.errors import InputError
from sparsecbm.failures.panel_state import predictions
from sparsecbm.figures.text import receipt_line
from sparsecbm.impact.figure import cases_table, impact_bars, impact_table, impact_text
from sparsecbm.impact.impact import Effect, Impact, ImpactSettings, Outcome, impact_between
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.types import LABEL_TARGET, Receipt
from sparsecbm.ui.chart import chart
from sparsecbm.ui.safe_text import as_markdown, shortened
from sparsecbm.ui.session import seed_widget
from sparsecbm.ui.shell import EXPLAIN, link, note
from sparsecbm.ui.tasks import Progress
from sparsecbm.ui.view import View, to_address

#: What is listed first where it happened at all: a person who keeps an edit must see what it breaks.
FIRST = (Outcome.BROKEN, Outcome.FIXED, Outcome.MOVED, Outcome.CHANGED)

Take = Callable[[str], None]


def changes_view(
    impact: Impact, texts: Sequence[str], key: str, heading: str, sides: tuple[str, str] = ("before", "after"),
    take: tuple[str, Take] | None = None,
) -> None:
    """`texts` are those of the whole split; `key` starts the keys of one such view's widgets; `sides` are what the two
    answers are called. `take` is a button for the marked document: what it says, and what it does with its text."""
    said = impact_text(impact)
    st.markdown(as_markdown(said))
    chart(lambda dark: impact_bars(impact, heading, dark), impact_table(impact), f"{key}:bars", said,
          lambda pressed: _pressed(key, pressed))
    _cases(impact, texts, key, sides, take)
    settings = impact.settings
    note(as_markdown(receipt_line(impact.receipt, f"{settings.n:,} {impact.schema.documents} of {settings.split}",
                                  f"data {settings.data_hash[:12]}", f"seed {settings.seed}", f"key {settings.key}")))


def _cases(
    impact: Impact, texts: Sequence[str], key: str, sides: tuple[str, str], take: tuple[str, Take] | None
) -> None:
    subjects, schema = [effect.subject for effect in impact.effects], impact.schema
    st.markdown("#### The texts behind a number", help="Press a bar above, or choose here.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.session_state.get(_subject(key))
        start = chosen if chosen in subjects else LABEL_TARGET
        subject = st.selectbox(
            "Answer", subjects, subjects.index(seed_widget(_subject(key), start)), key=_subject(key), width=180,
            format_func=lambda name: schema.label_title if name == LABEL_TARGET else name)
        effect = impact.effect(subject)
        names = [outcome.value for outcome in Outcome if effect.count(outcome)]
        kept = [name for name in st.session_state.get(_outcomes(key, subject)) or () if name in names]
        outcomes = st.pills("What became of it", names, selection_mode="multi", key=_outcomes(key, subject),
                            default=seed_widget(_outcomes(key, subject), kept or _first(effect)),
                            format_func=lambda name: f"{name}: {effect.count(Outcome(name)):,}")
    table = cases_table(impact, texts, subject, [Outcome(name) for name in outcomes], sides)
    picked: Any = st.dataframe(table, hide_index=True, key=f"{key}:cases:{subject}:{'+'.join(outcomes)}",
                               on_select="rerun", selection_mode="single-row", height=min(400, 40 + 36 * len(table)),
                               column_config={"text": st.column_config.Column(width="large")},
                               alt=f"{len(table)} texts with their answers before and after, and the gold answer")
    _marked(table, [row for row in picked["selection"]["rows"] if row < len(table)], key, schema, take)


def _marked(
    table: pd.DataFrame, rows: Sequence[int], key: str, schema: ConceptSchema, take: tuple[str, Take] | None
) -> None:
    """What can be done with the marked document."""
    if not rows:
        note("Mark a row to open its text.")
        return
    text = str(table["text"].iloc[rows[0]])
    st.markdown(f"“{as_markdown(shortened(text, 160))}”")
    with st.container(horizontal=True, vertical_alignment="center"):
        if take is not None:
            st.button(take[0], key=f"{key}:open", on_click=take[1], args=(text,), icon=":material/arrow_upward:")
        link(EXPLAIN, "Explain it", ":material/arrow_forward:", to_address(View(text), schema))


def _first(effect: Effect) -> list[str]:
    return [next((one.value for one in (*FIRST, *Outcome) if effect.count(one)), Outcome.RIGHT.value)]


def _pressed(key: str, pressed: Sequence[str]) -> None:
    """A bar was pressed: its `customdata` are its subject and outcomes."""
    subject, *outcomes = pressed
    st.session_state[_subject(key)] = subject
    st.session_state[_outcomes(key, subject)] = [Outcome(name).value for name in outcomes]


def _subject(key: str) -> str:
    return f"{key}:subject"


def _outcomes(key: str, subject: str) -> str:
    return f"{key}:outcomes:{subject}"


def impact_of_checkpoint(explainer: Explainer, other: Explainer, reviews: Reviews, progress: Progress) -> Impact:
    """What changes when the other model answers in place of the loaded one.

    `progress` gets the share done, 0..1, and may raise Cancelled; what is predicted by then is kept. InputError when
    the other model has other concepts.
    """
    require_same(explainer, other)
    started, split = time.perf_counter(), reviews.split
    before = predictions(explainer, reviews, lambda share: progress(share / 2))
    after = predictions(other, reviews, lambda share: progress((1 + share) / 2))
    settings = ImpactSettings(explainer.checkpoint.hash, reviews.name, reviews.digest, len(reviews), 0, True,
                              (f"checkpoint {other.checkpoint.hash}",))
    receipt = Receipt(explainer.checkpoint.hash, "two checkpoints", explainer.checkpoint.device,
                      explainer.checkpoint.dtype, 1000 * (time.perf_counter() - started))
    return impact_between(before, after, split, settings, receipt)


def require_same(explainer: Explainer, other: Explainer) -> None:
    """InputError when two models do not have the same concepts, values and labels."""
    for axis in ("concepts", "values", "labels"):
        ours, theirs = getattr(explainer.schema, axis), getattr(other.schema, axis)
        if ours != theirs:
            raise InputError(f"{other.checkpoint.name} has the {axis} {', '.join(theirs)}, and the loaded model "
                             f"{', '.join(ours)}; allowed: a checkpoint with the same {axis}. Choose another one.")
