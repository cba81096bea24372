"""The form of a rule: a line for each of its conditions, and what it sets."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from sparsecbm.figures.text import label_name
from sparsecbm.revision.edit import Override
from sparsecbm.revision.rule import Condition, LabelIs, Rule, TextSays, Unsure, ValueIs, WordCount
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.safe_text import clean_text

MOST_CONDITIONS = 8
LONGEST_WORD, MOST_WORDS = 200, 10_000
IS, IS_NOT = "is", "is not"
_KEY, _LINES, _FORM = "interventions:rules", "interventions:rules:lines", "interventions:rules:number"


@dataclass(frozen=True)
class Draft:
    """The rule as entered so far; `missing` says what must still be entered."""

    conditions: tuple[Condition, ...]
    overrides: tuple[Override, ...]
    missing: tuple[str, ...]

    @property
    def rule(self) -> Rule | None:
        """The rule; None while something is missing."""
        return None if self.missing else Rule(self.conditions, self.overrides)


def rule_form(schema: ConceptSchema) -> Draft:
    """Draw the form and return its contents."""
    conditions = [_condition(line, place, schema) for place, line in enumerate(_lines())]
    st.button("Add a condition", key=f"{_KEY}:add", icon=":material/add:", on_click=_add,
              disabled=len(conditions) >= MOST_CONDITIONS)
    overrides = _settings(schema)
    missing = [said for said in conditions if isinstance(said, str)]
    if not overrides:
        missing.append("Choose which concepts the rule sets.")
    return Draft(tuple(one for one in conditions if not isinstance(one, str)), overrides, tuple(missing))


def begin_again() -> None:
    """Empty the form. For callbacks."""
    st.session_state[_FORM] = _form() + 1  # other keys: a browser keeps the contents of boxes that stay
    st.session_state[_LINES] = (max(_lines(), default=-1) + 1,)


def _form() -> int:
    """The number of rules that were put in force with the form."""
    number: int = st.session_state.setdefault(_FORM, 0)
    return number


def _lines() -> tuple[int, ...]:
    """A number for every condition, which it keeps when another one is removed."""
    lines: tuple[int, ...] = st.session_state.setdefault(_LINES, (0,))
    return lines


def _add() -> None:
    st.session_state[_LINES] = (*_lines(), max(_lines(), default=-1) + 1)


def _remove(line: int) -> None:
    st.session_state[_LINES] = tuple(one for one in _lines() if one != line)


def _condition(line: int, place: int, schema: ConceptSchema) -> Condition | str:
    """One line of the form: its condition, or a sentence on what is missing."""
    kinds = _kinds(schema)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=_key(line, "line")):
        kind = st.selectbox("and" if place else "Whenever", list(kinds), key=_key(line, "kind"), width=220,
                            persist_state="session")
        found = kinds[kind](line, schema)
        st.button("Remove", key=_key(line, "remove"), icon=":material/close:", type="tertiary", on_click=_remove,
                  args=(line,), help=f"Remove condition {place + 1}")
    return found


def _kinds(schema: ConceptSchema) -> Mapping[str, Callable[[int, ConceptSchema], Condition | str]]:
    return {"a concept is predicted as": _value_is, "the text says": _text_says,
            f"the {schema.label_title} is": _label_is, "the model is unsure of": _unsure,
            "the number of words is": _word_count}


def _value_is(line: int, schema: ConceptSchema) -> Condition:
    concept = _choice(line, "concept", "Concept of the condition", schema.concepts)
    negated = _choice(line, "is", "Is or is not", (IS, IS_NOT), 100) == IS_NOT
    return ValueIs(concept, _choice(line, "value", "Value of the condition", schema.values_of(concept)), negated)


def _text_says(line: int, schema: ConceptSchema) -> Condition | str:
    word = st.text_input("Word or phrase", key=_key(line, "word"), max_chars=LONGEST_WORD, width=240,
                          placeholder="waited", persist_state="session")
    whole = st.checkbox("Whole words", True, key=_key(line, "whole"), persist_state="session",
                        help="“wait” does not match “waited”")
    word = clean_text(word).strip()
    return TextSays(word, whole) if word else "Enter the word or phrase that the text must contain."


def _label_is(line: int, schema: ConceptSchema) -> Condition:
    negated = _choice(line, "is", "Is or is not", (IS, IS_NOT), 100) == IS_NOT
    return LabelIs(st.selectbox(schema.label_title.capitalize(), schema.labels, key=_key(line, "label"), width=150,
                                format_func=lambda name: label_name(name, schema), persist_state="session"), negated)


def _unsure(line: int, schema: ConceptSchema) -> Condition:
    concept = _choice(line, "concept", "Concept of the condition", schema.concepts)
    below = st.number_input("Less sure than, percent", 1, 100, 60, key=_key(line, "below"), width=190,
                            persist_state="session")
    return Unsure(concept, below / 100)


def _word_count(line: int, schema: ConceptSchema) -> Condition | str:
    low, high = (st.number_input(f"Words, at {bound}", 0, MOST_WORDS, None, key=_key(line, bound), width=150,
                                 placeholder="no bound", persist_state="session") for bound in ("least", "most"))
    return "Enter at least one bound for the number of words." if low is high is None else WordCount(low, high)


def _settings(schema: ConceptSchema) -> tuple[Override, ...]:
    """What the rule sets: a value for each chosen concept."""
    key = f"{_KEY}:set:{_form()}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{_KEY}:setting"):
        concepts: Sequence[str] = st.multiselect("set", schema.concepts, key=key, width=320,
                                                 placeholder="one or more concepts", persist_state="session")
        to = {concept: st.selectbox(f"{concept} to", schema.values_of(concept), key=f"{key}:{concept}", width=150,
                                    persist_state="session") for concept in concepts}
    return tuple(Override(concept, tuple(float(name == value) for name in schema.values))
                 for concept, value in to.items())


def _choice(line: int, name: str, label: str, options: tuple[str, ...], width: int = 150) -> str:
    chosen: str = st.selectbox(label, options, key=_key(line, name), width=width, persist_state="session",
                               label_visibility="collapsed")
    return chosen


def _key(line: int, name: str) -> str:
    return f"{_KEY}:line:{line}:{name}"
