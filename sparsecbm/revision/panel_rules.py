"""The rules section: build a rule, test it on many documents, and only then put it in force.

The panel is one fragment with work of its own. After the first test of a rule, its changes are tested on the same
documents at once: the predictions are cached, and a rule runs no backbone pass.
"""

import numpy as np
import streamlit as st

from sparsecbm.concepts.panel_before_after import flip_html, side_html, sides_html
from sparsecbm.data.reviews import Reviews
from sparsecbm.figures.text import counted_documents, reading_text, setting_text
from sparsecbm.impact.impact import Impact
from sparsecbm.impact.panel import ImpactRequest, impact_view, impact_work, sample_choice
from sparsecbm.revision.compute_rules import check_rule, rule_applies
from sparsecbm.revision.history import EditState, describe
from sparsecbm.revision.panel_rules_form import begin_again, rule_form
from sparsecbm.revision.panel_session import do, fragment_key, predict_with_edits, read_only, refresh, state
from sparsecbm.revision.rule import PredictedTexts, Rule, TextSays, WordCount, edit_key
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.types import InterventionResult, Prediction
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.loaded_sources import opened_reviews, source_titles
from sparsecbm.ui.safe_text import as_markdown
from sparsecbm.ui.session import current_view, run_again, session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.tasks import Job, polling_fragment, request_work, work_state


def rule_effect(explainer: Explainer, rule: Rule, now: EditState) -> None:
    """Whether the rule applies to the current text, and the predictions without and with it."""
    view = current_view()
    if view.blank:
        note("Type a text at the top to see whether the rule applies to it.")
        return
    read = predict_with_edits(explainer, view.text, now).before
    if not rule_applies(rule, read):
        st.markdown(f"**This text:** the rule does not apply. {_failing_text(rule, read)}")
        return
    result = with_rule(explainer, rule, now, read, view.residual)
    st.markdown(f"**This text:** the rule applies. {as_markdown(moves_text(result, rule))}")
    st.html(sides_html(side_html(result.before, "Without the rule", "current edits", changed=False),
                       flip_html(result),
                       side_html(result.after, "With the rule", "once in force", changed=True)))
    note("Neither side includes the concepts that you set for this text; they win over every rule.")


def with_rule(explainer: Explainer, rule: Rule, now: EditState, read: Prediction, residual: bool) -> InterventionResult:
    """A text with the rules in force, and with one more rule after them; `read` is the model's prediction."""
    before, after = (explainer.apply_rules(read, rules, residual=residual)
                     for rules in (now.rules, (*now.rules, rule)))
    return InterventionResult(before.after, after.after, after.overrides, after.receipt)


def moves_text(result: InterventionResult, rule: Rule) -> str:
    """Such as: service changes from Positive 98 % to Negative; food is Negative already."""
    schema, parts = result.before.schema, []
    for concept in (one.concept for one in rule.overrides):
        k = schema.concept_index(concept)
        before, after = (side.concept_probabilities[k].tolist() for side in (result.before, result.after))
        value = setting_text(after, schema.values)
        parts.append(f"{concept} is {value} already" if before == after else
                     f"{concept} changes from {reading_text(result.before, concept)} to {value}")
    return f"{'; '.join(parts)}."


def _failing_text(rule: Rule, read: Prediction) -> str:
    """The conditions that do not hold for a text."""
    failing = [one.in_words(read.schema) for one in rule.conditions
               if not rule_applies(Rule((one,), rule.overrides), read)]
    return as_markdown(f"{'This condition does' if len(failing) == 1 else 'These conditions do'} not hold: "
                       f"{'; '.join(failing)}.")


HELP = (
    "**Whenever** all conditions of a rule hold for a text, the rule **sets** the concepts that you choose. It changes "
    "no weight. Conditions test the text and the model's own prediction, never what another rule has set. Concepts "
    "that you set for one text win over every rule. A rule belongs to your session."
)
TEST_HELP = (
    "The rule alone is tested on texts with gold labels. The first test predicts them all; after that, every "
    "change of the rule is tested at once."
)
_PANEL, _TESTED_ON = "interventions:rules", "interventions:rules-tested-on"


def rules_panel() -> None:
    """The rules in force, a form for a new one, its effect and impact, and a button that puts it in force."""
    st.markdown("### Rules", help=HELP)
    polling_fragment(session_job(_PANEL), _panel, key=fragment_key("rules"))


def text_count(rule: Rule, reviews: Reviews) -> int | None:
    """The number of documents for which the conditions on the text hold, without a prediction; None without any."""
    on_text = tuple(one for one in rule.conditions if isinstance(one, TextSays | WordCount))
    if not on_text:
        return None
    nothing = np.zeros((len(reviews), len(reviews.schema.concepts), len(reviews.schema.values)))
    predicted = PredictedTexts(reviews.schema, reviews.texts, nothing, np.zeros(len(reviews), dtype=np.int64))
    return int(Rule(on_text, rule.overrides).matches(predicted).sum())


def _panel(polling: bool) -> None:
    """`polling` is True while this fragment draws itself again and again."""
    with errors_shown():
        explainer, now, job = load_explainer(), state(), session_job(_PANEL)
        schema = explainer.schema
        _rules_in_force(now.rules, schema)
        draft, rule = rule_form(schema), None
        with errors_shown():  # such as bounds that exclude every text
            if draft.rule is not None:
                check_rule(draft.rule, schema)
                rule = draft.rule
        if rule is None:
            _impact(job, explainer, None, polling)
            if draft.missing:
                note(" ".join(draft.missing) + " Then test the rule on many texts before you put it in force.")
            return
        said = rule.in_words(schema)
        st.markdown(f"**The rule:** {as_markdown(said)}.")
        if rule in now.rules:
            _impact(job, explainer, None, polling)
            note("This rule is in force already. Change it to make another one.")
            return
        rule_effect(explainer, rule, now)
        _test(explainer, rule, job, polling)


def _test(explainer: Explainer, rule: Rule, job: Job, polling: bool) -> None:
    """The rule's own impact, and the button that puts it in force once that has been computed."""
    schema, found = explainer.schema, source_titles(explainer.schema)
    st.markdown("#### Impact on other texts", help=TEST_HELP)
    impact = _impact(job, explainer, rule, polling) if found else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=f"{_PANEL}:form"):
        if found:
            reviews, source, sample = sample_choice(schema, _PANEL)
            st.button("Test the rule", key=f"{_PANEL}:try", on_click=_ask, args=((source, sample),),
                      type="secondary" if impact else "primary")
        st.button("Put the rule in force", key=f"{_PANEL}:do", on_click=_put_in_force, args=(rule, schema),
                  icon=":material/gavel:", type="primary" if impact else "secondary",
                  disabled=read_only() or (bool(found) and impact is None))
    if not found:
        note("There are no texts with gold labels for the concepts of this model, so the rule cannot be tested.")
        return
    _counted_by_text(rule, reviews)
    work_state(job, _PANEL, _cancel)
    request = _request(rule)
    if impact is None or request is None:
        if not job.running:
            note("Test the rule on other texts first; then you can put it in force.")
        return
    if state().lasting:
        note("This is the impact of the rule alone. The section *Impact* shows all edits in force together.")
    tested_on = opened_reviews(request.source, schema)
    if tested_on is not None:
        impact_view(impact, tested_on, (rule,), _PANEL)


def _rules_in_force(rules: tuple[Rule, ...], schema: ConceptSchema) -> None:
    if rules:
        lines = [f"{number}. {as_markdown(rule.in_words(schema))}" for number, rule in enumerate(rules, 1)]
        st.markdown("**Rules in force** (where two set the same concept, the later one wins):\n\n" + "\n".join(lines))


def _counted_by_text(rule: Rule, reviews: Reviews) -> None:
    count = text_count(rule, reviews)
    if count is not None:
        others = any(not isinstance(one, TextSays | WordCount) for one in rule.conditions)
        note(f"{'Its conditions on the text hold for' if others else 'It applies to'} {count:,} of these "
             f"{counted_documents(len(reviews), reviews.schema)}.")


def _impact(job: Job, explainer: Explainer, rule: Rule | None, polling: bool) -> Impact | None:
    """Have the rule tested on the documents that the person chose; its impact, once it is computed."""
    request = None if rule is None else _request(rule)
    reviews = opened_reviews(request.source, explainer.schema) if request else None
    work = impact_work(explainer, (rule,), request, reviews) if rule and request and reviews else None
    request_work(job, [work] if work else [], polling, run_again)
    return job.result(work) if work else None


def _request(rule: Rule) -> ImpactRequest | None:
    """The test that the person requested, for this rule."""
    tested_on: tuple[str, int | None] | None = st.session_state.get(_TESTED_ON)
    return tested_on and ImpactRequest(*tested_on, current_view().residual, (edit_key(rule),))


def _ask(tested_on: tuple[str, int | None]) -> None:
    st.session_state[_TESTED_ON] = tested_on


def _cancel() -> None:
    st.session_state.pop(_TESTED_ON, None)


def _put_in_force(rule: Rule, schema: ConceptSchema) -> None:
    if not read_only():
        do(rule, describe(rule, schema))
        begin_again()
    refresh()
