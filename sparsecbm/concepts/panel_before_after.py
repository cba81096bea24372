"""What a person's changes do to the label: both answers side by side, and between them whether it flips."""

import streamlit as st

from sparsecbm.concepts.contributions import Contribution, contribution_table, probability_table
from sparsecbm.figures.text import as_html, label_name, label_with_probability, receipt_line
from sparsecbm.types import InterventionResult, Prediction
from sparsecbm.ui.bars import label_bars_html
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.shell import note


def sides_html(before: str, between: str, after: str) -> str:
    """Both sides and what stands between them; one under the other on a narrow screen."""
    parts = "".join(f'<div style="flex:{share} 1 {least}rem">{part}</div>' for part, share, least in
                    ((before, 5, 13), (between, 2.2, 7), (after, 5, 13)))
    return f'<div style="display:flex;flex-wrap:wrap;gap:1.5rem;align-items:center">{parts}</div>'


def side_html(prediction: Prediction, title: str, note: str, changed: bool) -> str:
    """The answer in words, and a bar per label."""
    heading = f"{title}: <b>{as_html(label_with_probability(prediction))}</b>, {as_html(note)}"
    return f'<div style="margin-bottom:.6rem">{heading}</div>{label_bars_html(prediction, title, changed)}'


def flip_html(result: InterventionResult) -> str:
    """Whether the label flips."""
    old, new = (as_html(label_name(side.label, side.schema)) for side in (result.before, result.after))
    if result.label_changed:
        return arrow_html(f"<b>{old} → {new}</b><br>The label flips.", 1.0)
    return arrow_html(f"The label stays <b>{new}</b>.", 0.45)


def arrow_html(text: str, opacity: float) -> str:
    """An arrow from one side to the other, over some HTML; it is read out when it changes."""
    return (f'<div role="status" style="text-align:center;font-size:.95rem"><div style="font-size:2.6rem;line-height:1;'
            f'opacity:{opacity}">➜</div>{text}</div>')


def result_tables(result: InterventionResult, contributions: dict[str, Contribution], label: str) -> None:
    """The same as tables, and where it came from."""
    left, right = st.columns(2, gap="medium")
    with left:
        note(f"Contributions to {as_markdown(label)}, in logits")
        st.dataframe(contribution_table(contributions), hide_index=True,
                     alt=f"Contributions to {label}, before and after")
    with right:
        note("Probability of every label, in percent")
        st.dataframe(probability_table(result), hide_index=True, alt="Probability of every label, before and after")


def result_receipt(result: InterventionResult) -> str:
    """Where the result came from, for people."""
    return receipt_line(result.receipt, "no backbone pass")
