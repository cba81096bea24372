"""The filters of a slice, to choose from with counts; what is set stands above as words that a press removes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import streamlit as st

from sparsecbm.failures.error_analysis import ErrorAnalysis, Rows
from sparsecbm.failures.outcomes import OUTCOMES, outcome_name
from sparsecbm.failures.panel_state import MOST_ANALYSES, marks, set_slice, the_slice
from sparsecbm.failures.slices import Slice, conditions_in_words
from sparsecbm.failures.tags import tag_name
from sparsecbm.ui.safe_text import as_markdown, clean_text, shortened
from sparsecbm.ui.session import chosen, seed_widget
from sparsecbm.ui.shell import note

#: A column of text with more different cells than this offers no choices; the search looks at the texts only.
MOST_CELLS = 30
#: How wide a box is that opens.
BOX_PIXELS = 600
_KEY = "failures:filter"

Options = Mapping[Any, str]


def filter_bar(analysis: ErrorAnalysis) -> None:
    """The search, everything else in a box that opens, and the conditions that are set."""
    now = the_slice()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{_KEY}:bar"):
        words = " ".join(now.says)
        st.text_input("Search", seed_widget(f"{_KEY}:says", words), key=f"{_KEY}:says", width=260, max_chars=200,
                      placeholder="Search words of the text", label_visibility="collapsed",
                      on_change=_says, args=(f"{_KEY}:says",))
        box = st.popover("Filter", icon=":material/filter_list:", key=f"{_KEY}:box", on_change="rerun")
        if box.open:  # what is in it is worked out only while it is open
            with box, st.container(width=BOX_PIXELS):
                _boxes(analysis, now)
        for field, said in conditions_in_words(now, analysis.reviews.schema):
            st.button(as_markdown(shortened(said, 90)), key=f"{_KEY}:drop:{field}", icon=":material/close:",
                      on_click=_drop, args=(field,), help="Remove this condition")
        if len(now.conditions) > 1:
            st.button("Show all", key=f"{_KEY}:clear", type="tertiary", on_click=set_slice, args=(Slice(),))


def _boxes(analysis: ErrorAnalysis, now: Slice) -> None:
    left, right = st.columns(2, gap="medium")
    own, options = marks(), fields_of(analysis)
    if own:
        options = {**options, "marks": ("Your tags", {mark: mark for mark in sorted(own)})}
    every = now.rows(analysis, own)
    for number, (field, (label, names)) in enumerate(options.items()):
        among = now.without(field).rows(analysis, own) if field in now.conditions else every
        held = _holding(analysis)[field] if field != "marks" else {
            mark: Slice(marks=(mark,)).rows(analysis, own) for mark in own}
        with (left, right)[number % 2]:
            _box(field, label, names, {option: int((rows & among).sum()) for option, rows in held.items()},
                 getattr(now, field))
    with st.container(horizontal=True, gap="small"):
        for side, label in enumerate(("Words, at least", "Words, at most")):
            key = f"{_KEY}:words:{side}"
            st.number_input(label, 0, 100_000, seed_widget(key, now.words[side]), key=key, width=150,
                            on_change=_words, args=(key, side))
        numbers = [str(name) for name in analysis.reviews.columns if analysis.reviews.columns[name].dtype.kind == "f"]
        if numbers:
            _range(numbers, now)
    for tag, why in analysis.tags.missing.items():
        note(as_markdown(f"{tag_name(tag, analysis.reviews.schema).capitalize()} cannot be computed: {why}"))


def fields_of(analysis: ErrorAnalysis) -> Mapping[str, tuple[str, Options]]:
    """Every field with a closed list of choices: its title, and the title of each choice."""
    schema, title = analysis.reviews.schema, analysis.reviews.schema.label_title
    labels = dict(zip(schema.labels, schema.label_display, strict=True))
    pairs = {(concept, value): f"{concept} {value}" for concept in schema.concepts
             for value in schema.values_of(concept)}
    labelled, read = analysis.reviews.has_values, analysis.has_concepts
    found: dict[str, tuple[str, Options, bool]] = {
        "outcomes": ("Outcome", {outcome: outcome_name(outcome, schema) for outcome in OUTCOMES}, True),
        "tags": ("Smart tags", {tag: tag_name(tag, schema) for tag in analysis.tags.held}, True),
        "true_labels": (f"True {title}", labels, analysis.reviews.has_labels),
        "predicted_labels": (f"Predicted {title}", labels, True),
        "true_values": ("True concepts", pairs, labelled),
        "predicted_values": ("Predicted concepts", pairs, read),
        "misread": ("Misread concepts", {concept: concept for concept in schema.concepts}, labelled and read),
        "cells": ("Other columns", _cells(analysis), True),
    }
    return {field: (label, options) for field, (label, options, there) in found.items() if there and options}


def _box(field: str, label: str, options: Options, counts: Mapping[Any, int], chosen_: Sequence[Any]) -> None:
    """One field; the counts are of the rows that all other conditions hold of."""
    key, names = f"{_KEY}:{field}", {str(option): option for option in options}
    st.multiselect(label, list(names), seed_widget(key, [str(option) for option in chosen_ if option in options]),
                   key=key, placeholder="any", on_change=_chosen, args=(key, field, names),
                   format_func=lambda name: f"{options[names[name]]} ({counts[names[name]]:,})")


@lru_cache(MOST_ANALYSES)
def _holding(analysis: ErrorAnalysis) -> Mapping[str, Mapping[Any, Rows]]:
    """The rows of every choice, by field."""
    found: dict[str, dict[Any, Rows]] = {}
    for field, (_, options) in fields_of(analysis).items():
        only: dict[Any, Any] = {option: {field: (option,)} for option in options}
        found[field] = {option: Slice(**condition).rows(analysis) for option, condition in only.items()}
    return found


def _cells(analysis: ErrorAnalysis) -> Options:
    """Every cell of the columns that have few different ones."""
    found: dict[tuple[str, str], str] = {}
    for name, column in analysis.reviews.columns.items():
        if column.dtype.kind == "O":
            different = sorted({cell or "" for cell in column.unique()})
            if 1 < len(different) <= MOST_CELLS:
                found |= {(str(name), cell): f"{name}: {cell or '(empty)'}" for cell in different}
    return found


def _range(numbers: Sequence[str], now: Slice) -> None:
    """Bounds of one number column; of a slice with several, the first is shown."""
    column, low, high = now.ranges[0] if now.ranges else (numbers[0], None, None)
    keys = [f"{_KEY}:range:{part}" for part in ("column", "low", "high")]
    st.selectbox("Number column", numbers, numbers.index(seed_widget(keys[0], column)), key=keys[0], width=150,
                 on_change=_ranged, args=(keys,))
    for key, label, bound in zip(keys[1:], ("from", "to"), (low, high), strict=True):
        st.number_input(label, value=seed_widget(key, bound), key=key, width=110, on_change=_ranged, args=(keys,))


def _says(key: str) -> None:
    word = clean_text(st.session_state[key]).strip()
    if chosen(key):
        set_slice(replace(the_slice(), says=(word,) if word else ()))


def _chosen(key: str, field: str, names: Mapping[str, Any]) -> None:
    picked = st.session_state[key]
    if chosen(key):
        set_slice(replace(the_slice(), **{field: tuple(names[name] for name in picked if name in names)}))


def _words(key: str, side: int) -> None:
    bounds = list(the_slice().words)
    bounds[side] = st.session_state[key]
    if chosen(key):
        set_slice(replace(the_slice(), words=(bounds[0], bounds[1])))


def _ranged(keys: Sequence[str]) -> None:
    column, low, high = (st.session_state[key] for key in keys)
    set_slice(replace(the_slice(), ranges=((column, low, high),) if (low, high) != (None, None) else ()))


def _drop(field: str) -> None:
    set_slice(the_slice().without(field))
