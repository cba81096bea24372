"""How far to trust the scores on screen: what removing words does here, and how the method did on many texts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from sparsecbm.figures.text import percent, signed, target_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import LABEL_TARGET, Attribution, Receipt, Target
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.shell import note
from sparsecbm.words.faithfulness import Faithfulness
from sparsecbm.words.figure_faithfulness import (
    beats_random,
    keeping_text,
    removal_curve,
    removal_table,
    removal_text,
    verdict_text,
)
from sparsecbm.words.methods import method_named

#: The share of removed words that the sentence describes; the curve shows all shares.
NAMED_SHARE = 0.3


def method_verdict(metrics: Mapping[str, Any], attribution: Attribution) -> tuple[bool, str] | None:
    """Whether the method is better than random order for this concept or label on the texts that the checkpoint was
    measured on, and a sentence about it; None where that was not measured, or on too few to tell."""
    methods = (metrics.get("faithfulness") or {}).get("methods") or {}
    numbers = (methods.get(attribution.method) or {}).get(attribution.target.concept or LABEL_TARGET)
    if not numbers or None in (numbers[name]["ci95"] for name in ("comprehensiveness", "random_comprehensiveness")):
        return None
    own, random = (_points(numbers[name]) for name in ("comprehensiveness", "random_comprehensiveness"))
    title = method_named(attribution.method).title
    if numbers["beats_random"]:
        return True, (f"Over many texts, removing the words that this method ranks first lowers the probability by "
                      f"{own}; removing random words, by {random}.")
    return False, (f"Over many texts, {title} did not find important words clearly better than chance: removing the "
                   f"words that it ranks first lowers the probability by {own}, removing random words by {random}, and "
                   "the intervals of the two overlap. Read these words with care, or try another method.")


def faithfulness_strip(faithfulness: Faithfulness, schema: ConceptSchema, receipt: Receipt) -> None:
    """One sentence, the verdict, the curve and its table."""
    name = target_name(faithfulness.target, schema)
    icon = ":material/check_circle:" if beats_random(faithfulness) else ":material/warning:"
    verdict = as_markdown(verdict_text(faithfulness))
    st.markdown(f"{icon} {as_markdown(strip_sentence(faithfulness, name))} **{verdict}**")
    figure = removal_curve(faithfulness, f"{name}: removing words")
    st.plotly_chart(figure, key="explain:removal",
                    config={"toImageButtonOptions": {"format": "svg", "filename": "removal"}},
                    alt=f"{name}: {removal_text(faithfulness)}")
    note(as_markdown(f"{removal_text(faithfulness)} {keeping_text(faithfulness)} {_tau_text(faithfulness)}"))
    st.dataframe(removal_table(faithfulness), hide_index=True, height=200,
                 alt="Probability by the share of removed words, in percent")
    note(as_markdown(f"Checkpoint {receipt.checkpoint[:12]} · {method_named(faithfulness.method).title} · words "
                     f"removed by {faithfulness.removal} · {receipt.device} · {faithfulness.milliseconds:.0f} ms"))


def strip_sentence(faithfulness: Faithfulness, name: str) -> str:
    """What removing some of the words does, in the order of their scores and in random orders."""
    place = int(np.abs(faithfulness.fractions - NAMED_SHARE).argmin())
    share = percent(float(faithfulness.fractions[place]))
    whole, own = _shown(faithfulness.target, faithfulness.probability, float(faithfulness.without_top[place]))
    _, random = _shown(faithfulness.target, 0.0, float(faithfulness.random_without[:, place].mean()))
    return (f"Removing {share} of the words, highest scores first, changes {name} from {whole} to {own}; in random "
            f"order, to {random}.")


def _shown(target: Target, *probabilities: float) -> tuple[str, ...]:
    if target.against is None:
        return tuple(percent(probability) for probability in probabilities)
    return tuple(f"{signed(100 * probability).split('.')[0]} points" for probability in probabilities)


def _tau_text(faithfulness: Faithfulness) -> str:
    if faithfulness.loo_tau is None:
        return ""
    return (f"Kendall's tau between the scores and the effect of leaving out one word at a time: "
            f"{signed(faithfulness.loo_tau)} (1 is the same order, 0 is chance).")


def _points(numbers: Mapping[str, Any]) -> str:
    return f"{100 * numbers['mean']:.0f} points"
