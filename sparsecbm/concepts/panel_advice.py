"""What to do next: the concept that is most worth a look, and the fewest concepts to set for a wanted label."""

from collections.abc import Mapping

import streamlit as st

from sparsecbm.concepts.compute_policies import POLICIES
from sparsecbm.concepts.compute_smallest_fix import Fix
from sparsecbm.concepts.contributions import Distribution
from sparsecbm.concepts.panel_controls import FIX, SHOWN, TABLES, set_concepts
from sparsecbm.figures.text import as_html, label_name, listed, percent
from sparsecbm.revision.edit import Override
from sparsecbm.revision.panel_session import current_result, fragment_key, read_only, refresh, state
from sparsecbm.revision.rule import setting_in_words
from sparsecbm.schema import ConceptSchema
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import change, chosen, current_view, seed_widget, text_key, write_address
from sparsecbm.ui.shell import errors_shown

NEXT_HELP = "Which concept is most worth checking in the text itself.  \n" + "  \n".join(
    f"**{policy.title}**: {policy.help}" for policy in POLICIES.values())
FIX_HELP = (
    "The fewest concepts that must be set so that this label becomes the most probable, found by looking through every "
    "combination: no smaller set does it. It starts from the state after your settings, and says so where it changes "
    "one of them. A concept that you are not sure of counts as predicted."
)
#: More fixes than this scroll.
MOST_IN_SIGHT = 5
_WANTED, _WAY = "interventions:wanted", "interventions:way"


def smallest_fix() -> None:
    """All smallest fixes for the wanted label, and a button that applies one."""
    st.markdown("### Smallest fix", help=FIX_HELP)
    st.fragment(_fix, key=fragment_key(FIX))()


def fix_text(fix: Fix, label: str, schema: ConceptSchema, overrides: Mapping[str, Distribution]) -> str:
    """Such as: food to Negative (you set Positive) and service to unknown; then 2 stars 41 %."""

    def setting(concept: str, value: str) -> str:
        if concept not in overrides:
            return f"{concept} to {value}"
        return f"{concept} to {value} (you set {setting_in_words(Override(concept, overrides[concept]), schema)})"

    settings = listed([setting(concept, value) for concept, value in fix.values.items()])
    return f"{settings}; then {label_name(label, schema)} {percent(fix.probability)}"


def _fix() -> None:
    with errors_shown():
        explainer, wanted = load_explainer(), current_view().wanted
        schema = explainer.schema
        write_address(schema)
        key = text_key(_WANTED)
        st.segmented_control(f"Which {as_markdown(schema.label_title)} should it be?", schema.labels, key=key,
                             default=seed_widget(key, wanted), format_func=lambda name: label_name(name, schema),
                             on_change=_wanted_chosen, args=(key,))
        if wanted is None:
            st.html(f"Choose a {as_html(schema.label_title)}, and see the fewest concepts that would have to be "
                    "different for it.")
            return
        found = explainer.smallest_fix(current_result().after, wanted)
        st.html(as_html(found.reason))
        if found.size:
            ways = {fix_text(fix, wanted, schema, state().overrides): fix for fix in found.fixes}
            with st.container(height=190 if len(ways) > MOST_IN_SIGHT else "content", border=False):
                way = st.radio("Ways to do it", list(ways), key=_WAY, label_visibility="collapsed",
                               format_func=as_markdown)
            st.button("Apply this fix", key="interventions:fix", disabled=read_only(), on_click=_apply,
                      args=(ways[way], schema))


def _wanted_chosen(key: str) -> None:
    if chosen(key):
        change(wanted=st.session_state[key])


def _apply(fix: Fix, schema: ConceptSchema) -> None:
    set_concepts({concept: tuple(float(name == value) for name in schema.values)
                  for concept, value in fix.values.items()})
    refresh(SHOWN, FIX, TABLES, live=True)
