"""Pairs of reviews of which a person rewrote one concept: what that did to the answer, and what was predicted.

All texts are predicted once, in the background, for only then is it known which pairs have the largest errors.
"""


import numpy as np
import streamlit as st
from jaxtyping import Bool, Float

from sparsecbm.data.catalogue import DATA_VARIABLE, HELD_OUT
from sparsecbm.data.cebab import CounterfactualPairs, load_pairs
from sparsecbm.data.sources import SPLITS, splits_there
from sparsecbm.evaluation.causal import PairEffects
from sparsecbm.evaluation.figure_causal import SORTS, distance_text, effect_dots, ordered_pairs
from sparsecbm.evaluation.panel_address import STATE, TO, changes
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.figures.text import changed_spans, marked_html, percent
from sparsecbm.paths import path_in
from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.ui.chart import chart
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import chosen, seed_widget, session_job
from sparsecbm.ui.shell import EXPLAIN, errors_shown, link, note
from sparsecbm.ui.tasks import Job, Progress, Work, polling_fragment, request_work, work_state
from sparsecbm.ui.view import View, to_address

DID, SET, REVISED = "the rewriting", "predicted by setting the concept", "predicted by revising the subnetwork"
PANEL, REQUESTED = "evaluation:pairs", "evaluation:revised"
#: A text, a concept, and the value that it is to get.
RevisionRequest = tuple[str, str, str]


def show_pair(
    explainer: Explainer, pairs: CounterfactualPairs, effects: PairEffects, pair: int, l2: Float[np.ndarray, " some"]
) -> None:
    """`pair` is its number; `l2` are the distances of the pairs that it stands among."""
    schema = explainer.schema
    texts = [pairs.split.texts[int(rows[pair])] for rows in (pairs.base, pairs.counterfactual)]
    concept = schema.concepts[int(pairs.concept[pair])]
    judged = [schema.values[int(values[pair])] for values in (pairs.before, pairs.after)]
    read = [schema.values[int(value)] for value in effects.values[pair]]
    st.markdown(f"Annotators label **{as_markdown(concept)}** as **{judged[0]}** before and **{judged[1]}** after; the "
                f"model predicts **{read[0]}** and **{read[1]}**.")
    answers = (effects.base[pair], effects.base[pair] + effects.actual[pair])
    for column, title, text, spans, answer in zip(st.columns(2, gap="medium"), ("Before", "Rewritten"), texts,
                                                  changed_spans(*texts), answers, strict=True):
        with column:
            best = int(answer.argmax())
            st.markdown(f"{title}: **{as_markdown(schema.label_display[best])}** ({percent(float(answer[best]))})")
            with st.container(border=True):
                st.html(marked_html(text, spans, title == "Before"))
            link(EXPLAIN, "Explain it", ":material/arrow_forward:", to_address(View(text), schema))
    shown = {DID: effects.actual[pair], SET: effects.predicted[pair]}
    revised = _revision(explainer, (texts[0], concept, judged[1])) if explainer.checkpoint.kind == "sparse" else None
    if revised is not None:
        shown[REVISED] = revised - effects.base[pair]
    points = effect_dots(shown, schema)
    chart(lambda dark: dots(points, f"Change of every {schema.label_title}'s probability", "points of probability",
                            dark), dots_table(points, {"row": schema.label_title, "series": "effect",
                                                       "value": "points of probability"}),
          "evaluation:pair", f"What rewriting {concept} did to the {schema.label_title}, and what was predicted")
    st.markdown(as_markdown(distance_text({name: float(each[pair]) for name, each in effects.errors.items()}, l2)))
    if revised is not None:
        off = float(np.linalg.norm(shown[REVISED] - shown[DID]))
        st.markdown(f"Error when the subnetwork is revised instead: L2 distance {off:.3f}.")
    ids = [pairs.split.dataset[int(rows[pair])]["id"] for rows in (pairs.base, pairs.counterfactual)]
    note(as_markdown(f"Checkpoint {explainer.checkpoint.hash[:12]} · texts {ids[0]} and {ids[1]} of "
                     f"{pairs.split.name} · data {pairs.split.data_hash[:12]} · probabilities rounded to four "
                     "decimals"))


def revision_work(explainer: Explainer, request: RevisionRequest) -> Work:
    """The label's probabilities once the subnetwork of a concept is revised until the concept has a value."""

    def run(progress: Progress) -> Float[np.ndarray, " label"]:
        return np.asarray(explainer.revise(*request, progress=progress).after.label_probabilities, dtype=np.float64)

    return Work(("revision", explainer.checkpoint.hash, request), "Revising the subnetwork", run)


def _revision(explainer: Explainer, request: RevisionRequest) -> Float[np.ndarray, " label"] | None:
    """The result; None, and the button that requests it, until it is there."""
    job = session_job(PANEL)
    found: Float[np.ndarray, " label"] | None = job.result(revision_work(explainer, request))
    if found is None:
        st.button("Also revise the subnetwork", key=f"{PANEL}:revise", on_click=_request_revision, args=(request,),
                  disabled=st.session_state.get(REQUESTED) == request,
                  help="Exchange weights of the concept's subnetwork until the model predicts so; takes seconds")
    return found


def _request_revision(request: RevisionRequest) -> None:
    st.session_state[REQUESTED] = request


PAIRS_HELP = (
    "A person rewrote a text so that one concept changed, and other people labelled both versions. The model reads "
    "both, and the difference is the effect of the rewriting. Compare it with the effect that is predicted from the "
    "first version alone, when that concept is set to its new value."
)
_ANY = ""  # no concept and no change is called so
#: The texts go on being predicted for so long, in seconds, after the page was last seen.
GOES_ON = 900.0


def rewritings_panel(explainer: Explainer) -> None:
    """One pair at a time, chosen by concept, change, and the error of the predicted effect."""
    st.markdown("### Rewriting by rewriting", help=PAIRS_HELP)
    with errors_shown():
        split = _split()
        if explainer.schema != CEBAB or explainer.checkpoint.kind == "black_box":
            st.info("Rewritten texts exist for CEBaB's concepts only, and need a model that predicts concepts.",
                    icon=":material/info:")
            return
        if split is None:
            st.info(f"Set the environment variable `{DATA_VARIABLE}` to a folder or zip with CEBaB's release files "
                    "(`dev.json`), and start the app again: then real rewritings are shown here, pair by pair.",
                    icon=":material/folder_open:")
            return
        polling_fragment(session_job(PANEL, GOES_ON), _panel, split)


def _split() -> str | None:
    """The held-out split of the folder; None where there is none."""
    folder = path_in(DATA_VARIABLE)
    if folder is None:
        return None
    there = splits_there(folder, SPLITS, ".json") or HELD_OUT[:1]
    return next((name for name in HELD_OUT if name in there), None)


@st.cache_resource(max_entries=2, show_spinner="Reading the texts…")
def _pairs(folder: str, split: str) -> CounterfactualPairs:
    return load_pairs(folder, split)


def _panel(split: str, looking: bool) -> None:
    """`looking` is True while this fragment draws itself again and again."""
    with errors_shown():
        explainer, job = load_explainer(), session_job(PANEL, GOES_ON)
        pairs = _pairs(str(path_in(DATA_VARIABLE)), split)
        work = _work(explainer, pairs)
        request = st.session_state.get(REQUESTED)
        request_work(job, [work, *([revision_work(explainer, request)] if request else [])], looking, STATE.run_again)
        work_state(job, PANEL, lambda: _stop(job), "Pairs are shown once all texts are predicted.")
        effects: PairEffects | None = job.result(work)
        if effects is not None:
            _choose(explainer, pairs, effects)


def _work(explainer: Explainer, pairs: CounterfactualPairs) -> Work:
    def run(progress: Progress) -> PairEffects:
        return explainer.pair_effects(pairs, progress)

    return Work(("pairs", explainer.checkpoint.hash, pairs.split.data_hash),
                f"Predicting {len(pairs.split):,} texts and rewritings", run)


def _choose(explainer: Explainer, pairs: CounterfactualPairs, effects: PairEffects) -> None:
    schema, looking = explainer.schema, STATE.current
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"{PANEL}:choice"):
        for name, label, options, width in (("concept", "Concept", (_ANY, *schema.concepts), 150),
                                            ("change", "Change", (_ANY, *changes(schema)), 230),
                                            ("sort", "Order", tuple(SORTS), 190)):
            key = f"{PANEL}:{name}"
            st.selectbox(label, options, options.index(seed_widget(key, getattr(looking, name) or _ANY)), key=key,
                         width=width, format_func=_option_name, on_change=_chosen, args=(name,))
        shown = ordered_pairs(_wanted(pairs, looking.concept, looking.change), effects.errors["l2"], looking.sort)
        place = next((k for k, number in enumerate(shown) if number + 1 == looking.pair), 0)
        for by, label, shortcut in ((-1, "Previous", "Left"), (1, "Next", "Right")):
            to = place + by if 0 <= place + by < len(shown) else None
            st.button(label, key=f"{PANEL}:{shortcut}", shortcut=shortcut, disabled=to is None, on_click=_open,
                      args=(None if to is None else int(shown[to]) + 1,))
    if not len(shown):
        note("No pair was rewritten in this way. Choose another concept or change.")
        return
    st.markdown(f"**{place + 1:,} of {len(shown):,}** pairs")
    show_pair(explainer, pairs, effects, int(shown[place]), effects.errors["l2"][shown])


def _wanted(pairs: CounterfactualPairs, concept: str | None, change: str | None) -> Bool[np.ndarray, " pair"]:
    rows = np.ones(len(pairs), dtype=bool)
    schema = pairs.split.schema
    if concept:
        rows &= pairs.concept == schema.concept_index(concept)
    if change:
        before, after = change.split(TO)
        rows &= (pairs.before == schema.value_index(before)) & (pairs.after == schema.value_index(after))
    return rows


def _option_name(name: str) -> str:
    return SORTS.get(name) or name.replace(TO, " → ") or "any"


def _stop(job: Job) -> None:
    job.cancel()
    st.session_state.pop(REQUESTED, None)


def _chosen(name: str) -> None:
    if chosen(f"{PANEL}:{name}"):
        st.session_state.pop(REQUESTED, None)
        STATE.change(**{name: st.session_state[f"{PANEL}:{name}"] or None, "pair": None})


def _open(pair: int | None) -> None:
    st.session_state.pop(REQUESTED, None)
    STATE.change(pair=pair)
