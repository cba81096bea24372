"""The controls above the words: what to explain, rather than what, by which method, and how closely set."""

import streamlit as st

from sparsecbm.figures.text import label_name, signed
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Attribution, Prediction, Target
from sparsecbm.ui.session import change, chosen, current_view, seed_widget
from sparsecbm.ui.shell import note
from sparsecbm.ui.text import as_markdown
from sparsecbm.ui.view import MOST_STEPS, View
from sparsecbm.words.methods import METHODS, method_named
from sparsecbm.words.panel_tokens import DENSITIES, usual_density

METHOD_HELP = "\n\n".join(f"**{method.title}.** {method.help}" for method in METHODS.values())
_SUBJECT, _METHOD = "explain:subject", "explain:method"
_NOTHING, _WHOLE = "", "whole"


def chosen_target(view: View, prediction: Prediction, label_only: bool) -> Target:
    """What the view explains; the predicted label where it says nothing, or names a concept that is not there."""
    target = view.target
    if target is None or (label_only and target.concept is not None):
        return Target(None, prediction.label)
    return target


def target_choice(target: Target, prediction: Prediction, label_only: bool) -> None:
    """Subject, answer, and the answer that it is held against."""
    schema = prediction.schema
    subjects = [schema.label_title] if label_only else [schema.label_title, *schema.concepts]
    subject = target.concept or schema.label_title
    names = schema.labels if target.concept is None else schema.values
    others = [_NOTHING, *(name for name in names if name != target.name)]
    name_key, against_key = f"explain:target:{subject}", f"explain:against:{subject}:{target.name}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control("Explain", subjects, key=_SUBJECT, default=seed_widget(_SUBJECT, subject), required=True,
                             on_change=_subject_chosen, args=(prediction,))
        own = label_name(prediction.label, schema) if target.concept is None else prediction.value(target.concept)
        st.segmented_control(f"Answer (the model says {own})", names, key=name_key, required=True,
                             default=seed_widget(name_key, target.name), on_change=_name_chosen,
                             args=(target, name_key), format_func=lambda name: _called(name, target, schema))
        st.selectbox("Rather than", others, others.index(seed_widget(against_key, target.against or _NOTHING)),
                     key=against_key, width=150, on_change=_against_chosen, args=(target, against_key),
                     format_func=lambda name: _called(name, target, schema) if name else "nothing else",
                     help="Explain the difference between two answers: why the first and not the second?")


def chosen_density(words: int) -> str:
    """How closely the words of a review are set."""
    return st.session_state.get(_density_key(words)) or usual_density(words)


def method_choice(view: View, words: int) -> None:
    """Method, its steps, and how closely the words are set."""
    method, density = method_named(view.method), chosen_density(words)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.selectbox("Method", list(METHODS), list(METHODS).index(seed_widget(_METHOD, method.name)), key=_METHOD,
                     format_func=lambda name: METHODS[name].title, width=230, on_change=_method_chosen,
                     help=METHOD_HELP)
        if method.steps is not None:
            steps_key = f"explain:steps:{method.name}"
            st.number_input("Steps", 1, MOST_STEPS, seed_widget(steps_key, view.steps or method.steps), key=steps_key,
                            step=1, width=130, on_change=_steps_chosen, args=(steps_key, method.steps),
                            help=f"{method.steps_help.capitalize()}: more are slower and more exact. The default is "
                                 f"{method.steps}.")
        st.segmented_control("Show", list(DENSITIES), key=_density_key(words), required=True,
                             default=seed_widget(_density_key(words), density),
                             format_func=lambda name: DENSITIES[name])


def part_choice(attribution: Attribution, part: str | None) -> None:
    """Which way the words took to a label, and what went each way."""
    key, ways = "explain:part", [_WHOLE, *attribution.parts]
    st.segmented_control("Through", ways, key=key, default=seed_widget(key, part or _WHOLE), required=True,
                         on_change=_part_chosen, args=(key,),
                         help="Words reach a label through the concepts, and through the residual beside them. A "
                              "word's parts sum to its score for the whole.")
    sums = " · ".join(f"{name} {signed(float(scores.sum()))}" for name, scores in attribution.parts.items())
    note(as_markdown(f"All words together: {sums}; in all {signed(float(attribution.scores.sum()))}"))


def _density_key(words: int) -> str:
    """A long review starts otherwise than a short one, and each keeps what was chosen for its kind."""
    return f"explain:density:{usual_density(words)}"


def _called(name: str, target: Target, schema: ConceptSchema) -> str:
    return label_name(name, schema) if target.concept is None else name


def _subject_chosen(prediction: Prediction) -> None:
    subject = st.session_state[_SUBJECT]
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
