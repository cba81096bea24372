"""Differences between arms, their tests, effect sizes and intervals."""

import streamlit as st

from sparsecbm.figures.text import listed
from sparsecbm.studies.analysis import Results
from sparsecbm.studies.figure import differences, with_sign
from sparsecbm.studies.panel_results_numbers import (
    SHOWN,
    compared,
    comparison_rows,
    comparison_table,
    mixed_lines,
    mixed_rows,
    mixed_table,
)
from sparsecbm.ui.chart import chart, title
from sparsecbm.ui.shell import note
from sparsecbm.ui.text import as_markdown

TESTS_HELP = (
    "Each participant is one mean for each arm. Within participants: paired t tests, effect size d_z (the mean "
    "difference by the deviation of the differences). Between them: Welch's t test, effect size Hedges' g. p is "
    "corrected for all comparisons of the same outcome (Holm). Blue and vermillion differ from nothing with all of "
    "their 95 % interval; grey ones may be nothing."
)
MIXED_HELP = (
    "The same outcomes case by case: a linear mixed model with arm and case as fixed effects and a random intercept "
    "for each participant. What it says holds for these cases."
)
#: Stands for accuracy with help held against accuracy without it, in one arm.
HELPED = "with help against without"
_KEY = "studies:results:tests"


def tests_group(results: Results) -> None:
    """One outcome at a time as a picture, and all of them in the tables."""
    found = {HELPED: results.help} | {
        outcome: tuple(one for one in results.comparisons if one.outcome == outcome)
        for outcome in dict.fromkeys(one.outcome for one in results.comparisons)}
    found = {name: some for name, some in found.items() if some}
    title("What differs?", TESTS_HELP)
    if not found:
        note("There is nothing to compare: one arm only, and no answer before the prediction.")
        return
    st.selectbox("Outcome", **SHOWN.choice("outcome", list(found)), format_func=outcome_title, width=330)
    outcome = SHOWN.now.outcome
    some = found[outcome]
    rows, unit = comparison_rows(some), compared(some[0].outcome).unit
    chart(lambda dark: differences(rows, f"Difference: {outcome_title(outcome)}", unit, dark),
          comparison_table([*results.help, *results.comparisons]), f"{_KEY}:chart",
          f"Differences in {outcome_title(outcome)}, with their intervals")
    for row in rows:
        span = "no interval" if row.interval is None else " to ".join(with_sign(bound, 1) for bound in row.interval)
        st.markdown(f"- {as_markdown(row.row)}: **{with_sign(row.value, 1)} {unit}** ({as_markdown(span)}); "
                    f"{as_markdown(row.said)}")
    _mixed(results, some[0].outcome)


def _mixed(results: Results, outcome: str) -> None:
    """The mixed model of an outcome, where one was fitted; all of them in the table."""
    if not results.mixed:
        return
    title("The same in a mixed model", MIXED_HELP)
    models = {model.outcome: model for model in results.mixed}
    rows, of = mixed_rows(models[outcome]) if outcome in models else (), compared(outcome)
    if rows:
        chart(lambda dark: differences(rows, f"Difference in a mixed model: {of.name}", of.unit, dark),
              mixed_table(results.mixed), f"{_KEY}:mixed", f"Differences in {of.name} in a mixed model")
    elif outcome not in models:
        note(f"Mixed models are fitted of {listed([compared(name).name for name in models])}: choose one of these.")
    for line in mixed_lines(results.mixed):
        note(as_markdown(line))


def outcome_title(outcome: str) -> str:
    """An outcome as the lists call it."""
    return f"accuracy, {HELPED}" if outcome == HELPED else compared(outcome).name
