"""The picture of a blast radius, its table, and the reviews behind every number."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from sparsecbm.data.split import Split
from sparsecbm.edits.blast_radius import BlastRadius, Effect, Outcome
from sparsecbm.edits.rule import Lasting, Rule
from sparsecbm.figures.blast_radius import blast_bars, blast_table, blast_text, cases_table
from sparsecbm.figures.names import receipt_line
from sparsecbm.types import LABEL_TARGET
from sparsecbm.ui.chart import chart
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import run_again, seed_widget, start_review
from sparsecbm.ui.shell import is_dark, note

#: What is listed first where it happened at all: a person who keeps an edit must see what it breaks.
FIRST = (Outcome.BROKEN, Outcome.FIXED, Outcome.MOVED, Outcome.CHANGED)


def blast_view(radius: BlastRadius, split: Split, edits: Sequence[Lasting], key: str) -> None:
    """`split` is what the edits were tried on; `key` tells the widgets of one such view from those of another."""
    said = blast_text(radius)
    st.markdown(as_markdown(said))
    rules = [edit for edit in edits if isinstance(edit, Rule)]
    for rule, rows in zip(rules, radius.matched, strict=True):
        note(as_markdown(f"Applies to {len(rows):,} of {radius.settings.n:,} reviews: {rule.in_words(radius.schema)}."))
    chart(blast_bars(radius, f"What becomes of the answers of {radius.settings.n:,} reviews", is_dark()),
          blast_table(radius), f"{key}:bars", said, lambda pressed: _pressed(key, pressed))
    _cases(radius, split, key)
    settings = radius.settings
    note(as_markdown(receipt_line(radius.receipt, f"{settings.n:,} reviews of {settings.split}",
                                  f"data {settings.data_hash[:12]}", f"seed {settings.seed}", f"key {settings.key}")))


def _cases(radius: BlastRadius, split: Split, key: str) -> None:
    subjects, schema = [effect.subject for effect in radius.effects], radius.schema
    st.markdown("#### The reviews behind a number", help="Press a bar above, or choose here.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.session_state.get(_subject(key))
        start = chosen if chosen in subjects else LABEL_TARGET
        subject = st.selectbox(
            "Answer", subjects, subjects.index(seed_widget(_subject(key), start)), key=_subject(key), width=180,
            format_func=lambda name: schema.label_title if name == LABEL_TARGET else name)
        effect = radius.effect(subject)
        names = [outcome.value for outcome in Outcome if effect.count(outcome)]
        kept = [name for name in st.session_state.get(_outcomes(key, subject)) or () if name in names]
        outcomes = st.pills("What became of it", names, selection_mode="multi", key=_outcomes(key, subject),
                            default=seed_widget(_outcomes(key, subject), kept or _first(effect)),
                            format_func=lambda name: f"{name}: {effect.count(Outcome(name)):,}")
    cases = cases_table(radius, split.texts, subject, [Outcome(name) for name in outcomes])
    picked: Any = st.dataframe(cases, hide_index=True, key=f"{key}:cases:{subject}:{'+'.join(outcomes)}",
                               on_select="rerun", selection_mode="single-row", height=min(400, 40 + 36 * len(cases)),
                               alt=f"{len(cases)} reviews: what they were read as before and after, and the truth")
    rows = [row for row in picked["selection"]["rows"] if row < len(cases)]
    st.button("Take the marked review to the top", key=f"{key}:open", disabled=not rows, on_click=_open,
              args=(str(cases["review"].iloc[rows[0]]) if rows else "",), icon=":material/arrow_upward:",
              help="Mark a row to look at its review closer: it becomes the review at hand")


def _first(effect: Effect) -> list[str]:
    return [next((one.value for one in (*FIRST, *Outcome) if effect.count(one)), Outcome.RIGHT.value)]


def _pressed(key: str, pressed: Sequence[str]) -> None:
    """A bar was pressed: its `customdata` are its subject and outcomes."""
    subject, *outcomes = pressed
    st.session_state[_subject(key)] = subject
    st.session_state[_outcomes(key, subject)] = [Outcome(name).value for name in outcomes]


def _open(text: str) -> None:
    start_review(text)
    run_again()


def _subject(key: str) -> str:
    return f"{key}:subject"


def _outcomes(key: str, subject: str) -> str:
    return f"{key}:outcomes:{subject}"
