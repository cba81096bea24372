"""What a rule that is not in force yet would do to the review at hand."""

import streamlit as st

from sparsecbm.edits.history import State
from sparsecbm.edits.rule import Rule
from sparsecbm.explainer import Explainer
from sparsecbm.figures.names import percent
from sparsecbm.intervene.rules import matches
from sparsecbm.types import InterventionResult, Prediction
from sparsecbm.ui.before_after import flip_html, side_html, sides_html
from sparsecbm.ui.interventions.reading import read_with
from sparsecbm.ui.markdown import as_markdown
from sparsecbm.ui.session import current_view
from sparsecbm.ui.shell import note


def rule_effect(explainer: Explainer, rule: Rule, now: State) -> None:
    """Whether the rule applies to this review, and both answers where it does."""
    view = current_view()
    if not view.text.strip():
        note("No review is at hand. Type one at the top to see whether the rule applies to it.")
        return
    read = read_with(explainer, view.text, now).before
    if not matches(rule, read):
        st.markdown(f"**This review:** it does not apply, because it is not so that {_failing(rule, read)}.")
        return
    result = with_rule(explainer, rule, now, read, view.residual)
    st.markdown(f"**This review:** it applies. {as_markdown(moves_text(result, rule))}")
    st.html(sides_html(side_html(result.before, "Without the rule", "as it is now", changed=False),
                       flip_html(result, edited=True),
                       side_html(result.after, "With the rule", "once it is in force", changed=True)))
    note("Both sides leave out what you set of this review yourself, which goes before every rule.")


def with_rule(explainer: Explainer, rule: Rule, now: State, read: Prediction, residual: bool) -> InterventionResult:
    """A review with the rules in force, and with one more after them; `read` is what the model says of it."""
    before, after = (explainer.apply_rules(read, rules, residual=residual)
                     for rules in (now.rules, (*now.rules, rule)))
    return InterventionResult(before.after, after.after, after.overrides, after.receipt)


def moves_text(result: InterventionResult, rule: Rule) -> str:
    """Such as: service goes from Positive (98 %) to Negative; food is Negative already."""
    schema, parts = result.before.schema, []
    for concept in (one.concept for one in rule.overrides):
        k = schema.concept_index(concept)
        shares, value = result.before.concept_probabilities[k], result.after.value(concept)
        parts.append(f"{concept} is {value} already" if float(shares[schema.value_index(value)]) == 1.0 else
                     f"{concept} goes from {result.before.value(concept)} ({percent(float(shares.max()))}) to {value}")
    return f"{'; '.join(parts)}."


def _failing(rule: Rule, read: Prediction) -> str:
    """The conditions that do not hold of a review."""
    failing = [one.in_words(read.schema) for one in rule.conditions if not matches(Rule((one,), rule.overrides), read)]
    return as_markdown(" and that ".join(failing))
