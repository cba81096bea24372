"""Which column of a table holds what, and what its spellings mean: guessed, shown beside some rows, set by a person."""

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from sparsecbm.data.records import Record, Reject
from sparsecbm.data.spellings import guessed_name, other_spellings
from sparsecbm.data.tables import Columns, suggest_columns
from sparsecbm.errors import DataError
from sparsecbm.figures.escaping import visible
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.markdown import as_markdown, shortened
from sparsecbm.ui.shell import note

#: Rows of the preview, columns of it, and spellings that can be given a meaning.
_ROWS, _COLUMNS, _SPELLINGS = 5, 12, 12
_KEY = "failures:columns"

Records = Sequence[Record | Reject]


def column_choice(
    key: str, columns: tuple[str, ...], records: Records, schema: ConceptSchema
) -> Columns | None:
    """A list for each thing that a column may hold, and the first rows; None while no column of texts is chosen."""
    preview = [one.cells for one in records if isinstance(one, Record)][:_ROWS]
    st.dataframe(pd.DataFrame([{name: visible(shortened(str(row.get(name, "")), 120)) for name in columns[:_COLUMNS]}
                               for row in preview]), hide_index=True, alt="The first rows of the table")
    unusable = sum(isinstance(one, Reject) for one in records)
    if unusable:
        note(f"{unusable:,} of the first {len(records):,} rows cannot be read; they will be listed.")
    try:
        guess = suggest_columns(columns, schema)
    except DataError:
        guess = Columns("")
    title = schema.label_title

    def choice(name: str, label: str, guessed: str | None, nothing: str) -> str | None:
        index = columns.index(guessed) if guessed in columns else None
        chosen: str | None = st.selectbox(label, columns, index, key=f"{_KEY}:{key}:{name}", width=190,
                                          placeholder=nothing)
        return chosen

    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        text = choice("text", "Texts", guess.text, "choose one")
        name = choice("id", "Ids", guess.id, "line numbers")
        label = choice("label", f"True {as_markdown(title)}", guess.label, "not told")
        chosen = {concept: choice(f"concept:{concept}", f"True {as_markdown(concept)}", guess.concepts.get(concept),
                                  "not told") for concept in schema.concepts}
    concepts = {concept: column for concept, column in chosen.items() if column is not None}
    label_names = _meanings(f"{key}:{label}", f"true {title}", records, [label] if label else [], schema.labels,
                            schema.label_display)
    value_names = _meanings(f"{key}:{concepts}", "true concept", records, list(concepts.values()), schema.values,
                            schema.values)
    if text is None:
        note(":material/arrow_upward: Say which column holds the texts.")
        return None
    return Columns(text, name, label, concepts, label_names, value_names)


def _meanings(
    key: str, what: str, records: Records, columns: Sequence[str], names: tuple[str, ...], display: tuple[str, ...]
) -> Mapping[str, str]:
    """What spellings mean that are none of the names; rows with one that means nothing are left out, and listed."""
    if not columns:
        return {}
    found = other_spellings(records, columns, names)
    if not found:
        return {}
    shown, meant = found.most_common(_SPELLINGS), dict[str, str]()
    st.markdown(f"**What does it mean?** These stand where a {as_markdown(what)} is expected. Rows with one that has "
                "no meaning cannot be used; they will be listed.")
    with st.container(horizontal=True, gap="small"):
        for cell, count in shown:
            guess = guessed_name(cell, names, display)
            picked = st.selectbox(f"{as_markdown(shortened(cell, 30))} ({count:,})", names,
                                  None if guess is None else names.index(guess), key=f"{_KEY}:{key}:means:{cell}",
                                  format_func=lambda name: display[names.index(name)], placeholder="nothing", width=150)
            if picked is not None:
                meant[cell] = picked
    if len(found) > len(shown):
        note(f"{len(found) - len(shown):,} more such spellings have no meaning. Is it the right column?")
    return meant
