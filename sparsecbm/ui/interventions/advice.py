"""What to do next: the concept that is most worth a look, and the fewest concepts to set for a wanted label."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from sparsecbm.figures.escaping import as_html
from sparsecbm.figures.names import label_name, listed, percent
from sparsecbm.intervene.policies import POLICIES, Suggestion
from sparsecbm.intervene.smallest_fix import Fix
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.interventions.controls import FIX, control_key, set_concepts
from sparsecbm.ui.interventions.reading import current_result
from sparsecbm.ui.interventions.session import follow, read_only, refresh
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import change, current_view, seed_widget
from sparsecbm.ui.shell import errors_shown

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

NEXT_HELP = (
    "Which concept is most worth your look: read the review yourself and set that concept. The expected change of the "
    "label is how far its probabilities will move, weighing the concept's values as the model does; other ways to "
    "choose are there for comparison."
)
FIX_HELP = (
    "The fewest concepts that must be set so that this label becomes the most probable, found by looking through every "
    "combination: no smaller set does it. It starts from the state on the right, your settings included."
)
#: More fixes than this scroll.
MOST_IN_SIGHT = 5
_POLICY, _WANTED, _WAY, _JUMP = (f"interventions:{name}" for name in ("policy", "wanted", "way", "jump"))

_jump = st.components.v2.component("sparsecbm.jump", js="""export default function({data}) {
    const control = document.querySelector(data.control);
    control?.scrollIntoView({block: "center"});
    control?.querySelector("[role=radio]")?.focus();
    control?.animate([{outline: "3px solid #8488E8"}, {outline: "3px solid transparent"}], {duration: 2500});
}""")


def next_step() -> "DeltaGenerator":
    """How to choose the concept to check next, and a button that goes to its control; returns the place for its name
    and the reason."""
    st.markdown("#### Check this next", help=NEXT_HELP)
    place = st.empty()
    st.fragment(_next_controls)()
    return place


def next_html(found: Sequence[Suggestion]) -> str:
    """The concept to check next, and why."""
    if not found:
        return "Every concept is set: nothing is left to check."
    others = f" Then {as_html(listed([one.concept for one in found[1:]]))}." if found[1:] else ""
    return f"<b>{as_html(found[0].concept)}</b>: {as_html(found[0].reason)}{others}"


def smallest_fix() -> None:
    """All smallest fixes for the wanted label, and a button that applies one."""
    st.markdown("#### Smallest fix", help=FIX_HELP)
    st.fragment(_fix, key=follow(FIX))()


def fix_text(fix: Fix, label: str, schema: ConceptSchema) -> str:
    """Such as: food to Negative and service to unknown (2 stars 41 %)."""
    settings = listed([f"{concept} to {value}" for concept, value in fix.values.items()])
    return f"{settings} ({label_name(label, schema)} {percent(fix.probability)})"


def _next_controls() -> None:
    policy = current_view().policy
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Go to its control", key="interventions:go", icon=":material/arrow_upward:", on_click=_go)
        st.selectbox("Chosen by", list(POLICIES), list(POLICIES).index(seed_widget(_POLICY, policy)), key=_POLICY,
                     format_func=lambda name: POLICIES[name].title, on_change=_policy_chosen, width=260,
                     help="  \n".join(f"**{one.title}**: {one.help}" for one in POLICIES.values()))
    concept = st.session_state.pop(_JUMP, None)
    if concept is not None:
        _jump(data={"control": f".st-key-{control_key(concept).replace(':', '-')}"}, key="interventions:jumped")


def _fix() -> None:
    with errors_shown():
        explainer, wanted = load_explainer(), current_view().wanted
        schema = explainer.schema
        st.segmented_control(f"Which {as_markdown(schema.label_title)} should it be?", schema.labels, key=_WANTED,
                             default=seed_widget(_WANTED, wanted), format_func=lambda name: label_name(name, schema),
                             on_change=_wanted_chosen)
        if wanted is None:
            st.html(f"Choose a {as_html(schema.label_title)}, and see the fewest concepts that would have to be "
                    "different for it.")
            return
        found = explainer.smallest_fix(current_result().after, wanted)
        st.html(as_html(found.reason))
        if found.size:
            ways = {fix_text(fix, wanted, schema): fix for fix in found.fixes}
            with st.container(height=190 if len(ways) > MOST_IN_SIGHT else "content", border=False):
                way = st.radio("Ways to do it", list(ways), key=_WAY, label_visibility="collapsed",
                               format_func=as_markdown)
            st.button("Apply this fix", key="interventions:fix", disabled=read_only(), on_click=_apply,
                      args=(ways[way], schema))


def _go() -> None:
    result, view = current_result(), current_view()
    found = load_explainer().suggest(result.after, view.policy, result.overrides)
    st.session_state[_JUMP] = found[0].concept if found else None


def _policy_chosen() -> None:
    change(policy=st.session_state[_POLICY])
    refresh(live=True)


def _wanted_chosen() -> None:
    change(wanted=st.session_state[_WANTED])


def _apply(fix: Fix, schema: ConceptSchema) -> None:
    set_concepts({concept: tuple(float(name == value) for name in schema.values)
                  for concept, value in fix.values.items()})
    refresh()
