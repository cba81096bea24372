"""One pair: both versions with the changed words marked, both effects, and their distance; a revision on demand."""

import numpy as np
import streamlit as st
from jaxtyping import Float

from sparsecbm.data.counterfactuals import CounterfactualPairs
from sparsecbm.edits.causal import PairEffects
from sparsecbm.explainer import Explainer
from sparsecbm.figures.changed_words import changed_spans, marked_html
from sparsecbm.figures.dots import dots, dots_table
from sparsecbm.figures.names import percent
from sparsecbm.figures.rewriting import distance_text, effect_dots
from sparsecbm.ui.address import View, to_address
from sparsecbm.ui.chart import chart
from sparsecbm.ui.job import Progress, Work
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import session_job
from sparsecbm.ui.shell import EXPLAIN, link, note

DID, SET, REVISED = "what the rewriting did", "foretold by setting the concept", "foretold by revising the subnetwork"
PANEL, ASKED = "evaluation:pairs", "evaluation:revised"
#: A text, a concept, and the value that it is to get.
Asked = tuple[str, str, str]


def show_pair(
    explainer: Explainer, pairs: CounterfactualPairs, effects: PairEffects, pair: int, l2: Float[np.ndarray, " some"]
) -> None:
    """`pair` is its number; `l2` are the distances of the pairs that it stands among."""
    schema = explainer.schema
    texts = [pairs.split.texts[int(rows[pair])] for rows in (pairs.base, pairs.counterfactual)]
    concept = schema.concepts[int(pairs.concept[pair])]
    judged = [schema.values[int(values[pair])] for values in (pairs.before, pairs.after)]
    read = [schema.values[int(value)] for value in effects.values[pair]]
    st.markdown(f"People judge **{as_markdown(concept)}** as **{judged[0]}** before and **{judged[1]}** after; the "
                f"model reads **{read[0]}** and **{read[1]}**.")
    answers = (effects.base[pair], effects.base[pair] + effects.actual[pair])
    for column, title, text, spans, answer in zip(st.columns(2, gap="medium"), ("Before", "Rewritten"), texts,
                                                  changed_spans(*texts), answers, strict=True):
        with column:
            best = int(answer.argmax())
            st.markdown(f"{title}: **{as_markdown(schema.label_display[best])}** ({percent(float(answer[best]))})")
            with st.container(border=True):
                st.html(marked_html(text, spans, title == "Before"))
            link(EXPLAIN, "Explain it", ":material/arrow_forward:", to_address(View(text), schema))
    foretold = {DID: effects.actual[pair], SET: effects.foretold[pair]}
    revised = _revision(explainer, (texts[0], concept, judged[1])) if explainer.checkpoint.kind == "sparse" else None
    if revised is not None:
        foretold[REVISED] = revised - effects.base[pair]
    points = effect_dots(foretold, schema)
    chart(lambda dark: dots(points, f"Change of every {schema.label_title}'s probability", "points of probability",
                            dark), dots_table(points, {"row": schema.label_title, "series": "effect",
                                                       "value": "points of probability"}),
          "evaluation:pair", f"What rewriting {concept} did to the {schema.label_title}, and what was foretold")
    st.markdown(as_markdown(distance_text({name: float(each[pair]) for name, each in effects.errors.items()}, l2)))
    if revised is not None:
        off = float(np.linalg.norm(foretold[REVISED] - foretold[DID]))
        st.markdown(f"Foretold by revising the subnetwork instead: L2 {off:.3f}.")
    ids = [pairs.split.dataset[int(rows[pair])]["id"] for rows in (pairs.base, pairs.counterfactual)]
    note(as_markdown(f"Checkpoint {explainer.checkpoint.hash[:12]} · reviews {ids[0]} and {ids[1]} of "
                     f"{pairs.split.name} · data {pairs.split.data_hash[:12]} · probabilities rounded to four "
                     "decimals"))


def revision_work(explainer: Explainer, asked: Asked) -> Work:
    """The label's probabilities once the subnetwork of a concept is revised until the concept has a value."""

    def run(progress: Progress) -> Float[np.ndarray, " label"]:
        return np.asarray(explainer.revise(*asked, progress=progress).after.label_probabilities, dtype=np.float64)

    return Work(("revision", explainer.checkpoint.hash, asked), "Revising the subnetwork", run)


def _revision(explainer: Explainer, asked: Asked) -> Float[np.ndarray, " label"] | None:
    """What came of it; None, and the button to ask for it, until it is there."""
    job = session_job(PANEL)
    found: Float[np.ndarray, " label"] | None = job.result(revision_work(explainer, asked))
    if found is None:
        st.button("Revise the subnetwork, too", key=f"{PANEL}:revise", on_click=_ask, args=(asked,),
                  disabled=st.session_state.get(ASKED) == asked,
                  help="Exchange weights of the concept's subnetwork until the concept is read so; takes seconds")
    return found


def _ask(asked: Asked) -> None:
    st.session_state[ASKED] = asked
