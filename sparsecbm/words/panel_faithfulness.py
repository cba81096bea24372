"""How far to believe the words on screen: what taking them out does, and how the method did on many reviews."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from sparsecbm.figures.text import percent, signed, target_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import LABEL_TARGET, Attribution, Faithfulness, Receipt, Target
from sparsecbm.ui.shell import note
from sparsecbm.ui.text import as_markdown
from sparsecbm.words.figure_faithfulness import (
    beats_random,
    keeping_text,
    removal_curve,
    removal_table,
    removal_text,
    verdict_text,
)
from sparsecbm.words.methods import method_named

#: Of how many of the words one sentence tells; the curve tells of all shares.
TOLD_SHARE = 0.3


def method_verdict(metrics: Mapping[str, Any], attribution: Attribution) -> tuple[bool, str] | None:
    """Whether the method beats random order for this subject on the reviews that the checkpoint was measured on, and a
    sentence about it; None where that was not measured."""
    methods = (metrics.get("faithfulness") or {}).get("methods") or {}
    numbers = (methods.get(attribution.method) or {}).get(attribution.target.concept or LABEL_TARGET)
    if not numbers:
        return None
    own, random = (_points(numbers[name]) for name in ("comprehensiveness", "random_comprehensiveness"))
    title = method_named(attribution.method).title
    if numbers["beats_random"]:
        return True, (f"Measured on many reviews: taking out the words that this method names first costs the answer "
                      f"{own}, taking out random words {random}.")
    return False, (f"Measured on many reviews, {title} did not point at words that matter clearly better than chance "
                   f"did: taking out the words it names first costs the answer {own}, random words {random}; "
                   "the intervals of the two meet. Read these words with care, or try another method.")


def faithfulness_strip(faithfulness: Faithfulness, schema: ConceptSchema, receipt: Receipt) -> None:
    """One sentence, the verdict, the curve and its table."""
    name = target_name(faithfulness.target, schema)
    icon = ":material/check_circle:" if beats_random(faithfulness) else ":material/warning:"
    verdict = as_markdown(verdict_text(faithfulness))
    st.markdown(f"{icon} {as_markdown(strip_sentence(faithfulness, name))} **{verdict}**")
    figure = removal_curve(faithfulness, f"Without its words: {name}")
    st.plotly_chart(figure, key="explain:removal",
                    config={"toImageButtonOptions": {"format": "svg", "filename": "removal"}},
                    alt=f"{name}: {removal_text(faithfulness)}")
    note(as_markdown(f"{removal_text(faithfulness)} {keeping_text(faithfulness)} {_tau_text(faithfulness)}"))
    st.dataframe(removal_table(faithfulness), hide_index=True, height=200,
                 alt="Probability over the share of words taken out, in percent")
    note(as_markdown(f"Checkpoint {receipt.checkpoint[:12]} · {method_named(faithfulness.method).title} · "
                     f"words go by {faithfulness.removal} · {receipt.device} · {faithfulness.milliseconds:.0f} ms"))


def strip_sentence(faithfulness: Faithfulness, name: str) -> str:
    """What taking out some of the words does, in the scores' order and in random ones."""
    told = int(np.abs(faithfulness.fractions - TOLD_SHARE).argmin())
    share = percent(float(faithfulness.fractions[told]))
    whole, own = _shown(faithfulness.target, faithfulness.probability, float(faithfulness.without_top[told]))
    _, random = _shown(faithfulness.target, 0.0, float(faithfulness.random_without[:, told].mean()))
    return (f"Taking out {share} of the words, those with the highest scores first: {name} goes {whole} → {own}; in "
            f"random order it goes to {random}.")


def _shown(target: Target, *probabilities: float) -> tuple[str, ...]:
    if target.against is None:
        return tuple(percent(probability) for probability in probabilities)
    return tuple(f"{signed(100 * probability).split('.')[0]} points" for probability in probabilities)


def _tau_text(faithfulness: Faithfulness) -> str:
    if faithfulness.loo_tau is None:
        return ""
    return (f"Kendall's tau with what leaving out each word alone costs: {signed(faithfulness.loo_tau)} (1 is the same "
            "order, 0 is chance).")


def _points(numbers: Mapping[str, Any]) -> str:
    return f"{100 * numbers['mean']:.0f} points of probability"
