"""What the same edits do to a second text, compared with the one that is loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from sparsecbm.figures.text import (
    as_html,
    label_name,
    label_with_probability,
    listed,
    reading_text,
    receipt_line,
    setting_text,
)
from sparsecbm.revision.compute_rules import rule_applies
from sparsecbm.revision.history import EditState
from sparsecbm.revision.panel_session import fragment_key, predict_with_edits, state
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.types import Prediction
from sparsecbm.ui.bars import label_bars_html
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.review import text_form
from sparsecbm.ui.safe_text import as_markdown, shortened, table_html
from sparsecbm.ui.session import change, current_view, run_again, seed_widget
from sparsecbm.ui.shell import errors_shown, note

HELP = (
    "Does an edit do the same to other texts? Compare with a second one: the revisions and rules in force apply to "
    "both, and so do the concepts that you set, if you like. Both are updated whatever you do on this page."
)
#: Characters of each text that are shown above its bars.
LONGEST_SHOWN = 400
_KEYS = "interventions:beside"
_SAME, _SETS = f"{_KEYS}:same", f"{_KEYS}:sets"


@dataclass(frozen=True, eq=False)
class Compared:
    """One of the two texts without and with the edits; `rules` are the numbers, from 1, of those that apply.

    `overrides` are the concepts that a person or a rule sets.
    """

    name: str
    before: Prediction
    after: Prediction
    rules: tuple[int, ...]
    overrides: Mapping[str, Sequence[float]]


def comparison_panel() -> None:
    """A box for the second text, and both texts without and with the edits."""
    st.markdown("### Comparison with another text", help=HELP)
    st.fragment(_panel, key=fragment_key("beside", live=bool((current_view().beside or "").strip())))()


def side(
    explainer: Explainer, name: str, text: str, edits: EditState, overrides: Mapping[str, Sequence[float]],
    residual: bool,
) -> Compared:
    """One text under some edits. InputError on a blank text."""
    plain, reading = explainer.predict(text), predict_with_edits(explainer, text, edits)
    applied = tuple(number for number, rule in enumerate(edits.rules, 1) if rule_applies(rule, reading.before))
    before, after = (explainer.override(start, sets, residual).after
                     for start, sets in ((plain, {}), (reading.after, overrides)))
    return Compared(name, before, after, applied, {**reading.overrides, **overrides})


def _panel() -> None:
    with errors_shown():
        explainer, view, now = load_explainer(), current_view(), state()
        other = view.beside or ""
        text_form(_KEYS, ("Compare with", "Or take a sample"), other, explainer.schema, "Compare", _take)
        if not other.strip():
            note("Type a second text or take a sample. You will see what the edits in force do to it and to the text "
                 "above.")
            return
        sets = _sets_too(now)
        if not view.beside_fits_address:
            note("Both texts together are too long for a link, so the address leaves the second one out.")
        sides = (side(explainer, "This text", view.text, now, now.overrides, view.residual),
                 side(explainer, "The other text", other, now, now.overrides if sets else {}, view.residual))
        st.markdown(as_markdown(both_text(sides, now)))
        for draw in (_text_html, _before_html, _after_html):  # line by line, so that the bars stand level
            for column, one in zip(st.columns(2, gap="large"), sides, strict=True):
                column.html(draw(one))
        st.html(table_html("Both texts without and with the edits", *_table(sides, explainer.schema)))
        note(as_markdown(receipt_line(sides[1].after.receipt, "the second text")))


def both_text(sides: Sequence[Compared], edits: EditState) -> str:
    """What happens to both labels, and which rules apply to which text."""
    if not edits.entries:
        return "No edit is in force: both are as predicted."
    said = []
    for one in sides:
        old, new = (label_name(answer.label, answer.schema) for answer in (one.before, one.after))
        said.append(f"{one.name.lower()} {f'goes from {old} to {new}' if old != new else f'stays {old}'}"
                    + (f" (rule {listed([str(number) for number in one.rules])} applies)" if one.rules else ""))
    return f"With the edits in force: {'; '.join(said)}."


def _text_html(one: Compared) -> str:
    text = one.after.text
    cut = f" First {one.after.tokens_read:,} of {one.after.tokens_total:,} tokens read." if one.after.truncated else ""
    return f"<b>{as_html(one.name)}</b>: {as_html(shortened(text, LONGEST_SHOWN))}{cut}"


def _before_html(one: Compared) -> str:
    return _bars_html(one.name, "without the edits", one.before, changed=False)


def _after_html(one: Compared) -> str:
    return _bars_html(one.name, "with the edits", one.after, changed=True)


def _bars_html(review: str, when: str, answer: Prediction, changed: bool) -> str:
    heading = f"{when.capitalize()}: <b>{as_html(label_with_probability(answer))}</b>"
    return f'<div style="margin-bottom:.4rem">{heading}</div>{label_bars_html(answer, f"{review} {when}", changed)}'


def _table(sides: Sequence[Compared], schema: ConceptSchema) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Every concept's answer and the label, without and with the edits."""
    columns = ("", *(f"{one.name}, {when}" for one in sides for when in ("without", "with the edits")))
    answers = [answer for one in sides for answer in (one.before, one.after)]
    settings = [set_ for one in sides for set_ in ({}, one.overrides)]
    rows = [(concept, *(reading_text(answer, concept) if concept not in set_
                        else setting_text(set_[concept], schema.values)
                        for answer, set_ in zip(answers, settings, strict=True))) for concept in schema.concepts]
    return columns, [*rows, (schema.label_title, *(label_with_probability(answer) for answer in answers))]


def _sets_too(now: EditState) -> bool:
    """Whether the concepts that are set for the text above are set for the second one, too."""
    sets: bool = st.session_state.setdefault(_SETS, True)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.toggle("Set the same concepts for it, too", seed_widget(_SAME, sets), key=_SAME, on_change=_switched,
                  disabled=not now.overrides, help="Revisions and rules apply to it in any case")
        st.button("Remove it", key=f"{_KEYS}:away", icon=":material/close:", type="tertiary", on_click=_take,
                  args=("",))
    return sets


def _switched() -> None:
    st.session_state[_SETS] = st.session_state[_SAME]


def _take(text: str) -> None:
    """A second text, or none; the address changes with it."""
    change(beside=text if text.strip() else None)
    run_again()
