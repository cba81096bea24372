"""The controls of the words: what to explain, compared with what, by which method, and how close words stand."""

import streamlit as st

from sparsecbm.figures.text import label_name, signed
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Attribution, Prediction, Target
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import change, chosen, current_view, seed_widget, text_key
from sparsecbm.ui.shell import note
from sparsecbm.ui.view import MOST_STEPS, View
from sparsecbm.words.methods import METHODS, method_named
from sparsecbm.words.panel_tokens import DENSITIES, usual_density

METHOD_HELP = "\n\n".join(f"**{method.title}.** {method.help}" for method in METHODS.values())
_SUBJECT, _METHOD = "explain:subject", "explain:method"
_NOTHING, _WHOLE = "", "whole"


def target_choice(target: Target, prediction: Prediction, label_only: bool) -> None:
    """What is explained: the label or a concept, which value of it, and the value that it is compared with."""
    schema = prediction.schema
    subjects = [schema.label_title] if label_only else [schema.label_title, *schema.concepts]
    subject = target.concept or schema.label_title
    names = schema.labels if target.concept is None else schema.values_of(target.concept)
    others = [_NOTHING, *(name for name in names if name != target.name)]
    subject_key, name_key = text_key(_SUBJECT), text_key(f"explain:target:{subject}")
    against_key = text_key(f"explain:against:{subject}:{target.name}")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control("Explain", subjects, key=subject_key, default=seed_widget(subject_key, subject),
                             required=True, on_change=_subject_chosen, args=(prediction, subject_key))
        own = label_name(prediction.label, schema) if target.concept is None else prediction.value(target.concept)
        st.segmented_control(f"Target (predicted: {own})", names, key=name_key, required=True,
                             default=seed_widget(name_key, target.name), on_change=_name_chosen,
                             args=(target, name_key), format_func=lambda name: _called(name, target, schema))
        st.selectbox("Compared with", others, others.index(seed_widget(against_key, target.against or _NOTHING)),
                     key=against_key, width=150, on_change=_against_chosen, args=(target, against_key),
                     format_func=lambda name: _called(name, target, schema) if name else "an empty text",
                     help="With an empty text, the scores explain the whole prediction; with another value, why it "
                          "is this one and not the other.")


def chosen_density(words: int) -> str:
    """How close the words of the text stand."""
    return st.session_state.get(_density_key(words)) or usual_density(words)


def method_choice(view: View, words: int) -> None:
    """Method, its steps, and how close the words stand."""
    method, density = method_named(view.method), chosen_density(words)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.selectbox("Method", list(METHODS), list(METHODS).index(seed_widget(_METHOD, method.name)), key=_METHOD,
                     format_func=lambda name: METHODS[name].title, width=230, on_change=_method_chosen,
                     help=METHOD_HELP)
        if method.steps is not None:
            steps_key = f"explain:steps:{method.name}"
            st.number_input("Steps", 1, MOST_STEPS, seed_widget(steps_key, view.steps or method.steps), key=steps_key,
                            step=1, width=130, on_change=_steps_chosen, args=(steps_key, method.steps),
                            help=f"{method.steps_help.capitalize()}. More steps are slower and more exact; the "
                                 f"default is {method.steps}.")
        st.segmented_control("Show", list(DENSITIES), key=_density_key(words), required=True,
                             default=seed_widget(_density_key(words), density),
                             format_func=lambda name: DENSITIES[name])


def part_choice(attribution: Attribution, part: str | None) -> None:
    """Through which concept, or the residual, words reach a label; and what all words add up to through each."""
    if len(attribution.parts) < 2:
        return
    key, ways = text_key("explain:part"), [_WHOLE, *attribution.parts]
    st.segmented_control("Through", ways, key=key, default=seed_widget(key, part or _WHOLE), required=True,
                         on_change=_part_chosen, args=(key,),
                         help="Words reach a label through the concepts and through the residual. The parts of a "
                              "word's score add up to its whole score.")
    sums = " · ".join(f"{name} {signed(float(scores.sum()))}" for name, scores in attribution.parts.items())
    note(as_markdown(f"All words together, compared with an empty text: {sums}; in total "
                     f"{signed(float(attribution.scores.sum()))}. The contributions of the concepts are for this text "
                     "alone, without that comparison, so the two sums differ."))


def _density_key(words: int) -> str:
    """Long and short texts have different defaults, and each kind keeps what was chosen for it."""
    return f"explain:density:{usual_density(words)}"


def _called(name: str, target: Target, schema: ConceptSchema) -> str:
    return label_name(name, schema) if target.concept is None else name


def _subject_chosen(prediction: Prediction, key: str) -> None:
    subject = st.session_state[key]
    if not chosen(key):
        return
    if subject == prediction.schema.label_title:
        change(target=None)
    else:
        change(target=Target(subject, prediction.value(subject)))


def _name_chosen(target: Target, key: str) -> None:
    name = st.session_state[key]
    if chosen(key):
        change(target=Target(target.concept, name, None if name == target.against else target.against))


def _against_chosen(target: Target, key: str) -> None:
    if chosen(key):
        change(target=Target(target.concept, target.name, st.session_state[key] or None))


def _method_chosen() -> None:
    name = st.session_state[_METHOD]
    compare = current_view().compare
    change(method=name, steps=None, compare=None if compare == name else compare)


def _steps_chosen(key: str, default: int) -> None:
    steps = st.session_state[key]
    if chosen(key):
        change(steps=None if steps == default else steps)


def _part_chosen(key: str) -> None:
    part = st.session_state[key]
    if chosen(key):
        change(part=None if part == _WHOLE else part)
