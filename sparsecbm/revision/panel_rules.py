"""Rules: an edit for every review of a kind, tried on many of them before it is put in force.

The panel is one fragment with work of its own. Once a rule was tried, changes of it are tried on the same reviews at
once: what the model says of them is kept, and a rule runs no backbone pass.
"""

import numpy as np
import streamlit as st

from sparsecbm.concepts.panel_before_after import flip_html, side_html, sides_html
from sparsecbm.data.reviews import Reviews
from sparsecbm.figures.text import percent
from sparsecbm.impact.impact import Impact
from sparsecbm.impact.panel import ImpactRequest, impact_view, impact_work, sample_choice
from sparsecbm.revision.compute_rules import check_rule, matches
from sparsecbm.revision.conditions import Readings, TextSays, WordCount
from sparsecbm.revision.history import State, describe
from sparsecbm.revision.panel_rules_form import begin_again, rule_form
from sparsecbm.revision.panel_session import do, follow, read_only, read_with, refresh, state
from sparsecbm.revision.rule import Rule, edit_key
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.types import InterventionResult, Prediction
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.session import current_view, run_again, session_job
from sparsecbm.ui.shell import errors_shown, note
from sparsecbm.ui.sources import opened_reviews, source_titles
from sparsecbm.ui.tasks import Job, polling_fragment, request_work, work_state
from sparsecbm.ui.text import as_markdown


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


HELP = (
    "A rule sets concepts of every review of a kind: **whenever** all of its conditions hold, it **sets** what you "
    "say. It changes no weight. Conditions look at the text and at what the model says by itself, never at what "
    "another rule has set. What you set of one review yourself goes before every rule. A rule belongs to your session."
)
TRY_HELP = (
    "The rule alone, tried on reviews whose right answers are known. The first time the model must read them all; "
    "then every change of the rule shows at once."
)
_PANEL, _TRIED_ON = "interventions:rules", "interventions:rules-tried-on"


def rules_panel() -> None:
    """The rules in force, a form for another one, what it does, and a button that puts it in force."""
    st.markdown("### Rules", help=HELP)
    polling_fragment(session_job(_PANEL), _panel, key=follow("rules"))


def text_count(rule: Rule, reviews: Reviews) -> int | None:
    """Reviews of which the conditions on the text alone hold, for which nothing is read; None without such one."""
    on_text = tuple(one for one in rule.conditions if isinstance(one, TextSays | WordCount))
    if not on_text:
        return None
    unread = np.zeros((len(reviews), len(reviews.schema.concepts), len(reviews.schema.values)))
    readings = Readings(reviews.schema, reviews.texts, unread, np.zeros(len(reviews), dtype=np.int64))
    return int(Rule(on_text, rule.overrides).matches(readings).sum())


def _panel(looking: bool) -> None:
    """`looking` tells whether this fragment draws itself again and again."""
    with errors_shown():
        explainer, now, job = load_explainer(), state(), session_job(_PANEL)
        schema = explainer.schema
        _in_force(now.rules, schema)
        draft, rule = rule_form(schema), None
        with errors_shown():  # such as bounds that exclude every text
            if draft.rule is not None:
                check_rule(draft.rule, schema)
                rule = draft.rule
        if rule is None:
            _want(job, explainer, None, looking)
            if draft.missing:
                note(" ".join(draft.missing) + " The rule is then said in words here, and you can try it on many "
                     "reviews before you put it in force.")
            return
        said = rule.in_words(schema)
        st.markdown(f"**In words:** {as_markdown(said[0].upper() + said[1:])}.")
        if rule in now.rules:
            _want(job, explainer, None, looking)
            note("This very rule is in force. Change it to make another one.")
            return
        rule_effect(explainer, rule, now)
        _try(explainer, rule, job, looking)


def _try(explainer: Explainer, rule: Rule, job: Job, looking: bool) -> None:
    """The rule's own impact, and the button that puts it in force once that was seen."""
    schema, found = explainer.schema, source_titles(explainer.schema)
    st.markdown("#### Its impact", help=TRY_HELP)
    impact = _want(job, explainer, rule, looking) if found else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=f"{_PANEL}:form"):
        if found:
            reviews, source, sample = sample_choice(schema, _PANEL)
            st.button("Try it on them", key=f"{_PANEL}:try", on_click=_ask, args=((source, sample),),
                      type="secondary" if impact else "primary")
        st.button("Put in force", key=f"{_PANEL}:do", on_click=_put, args=(rule, schema), icon=":material/gavel:",
                  type="primary" if impact else "secondary",
                  disabled=read_only() or (bool(found) and impact is None))
    if not found:
        note("There are no reviews with known answers for the concepts of this model, so nobody can tell beforehand "
             "what the rule does to others.")
        return
    _counted_by_text(rule, reviews)
    work_state(job, _PANEL, _cancel)
    request = _request(rule)
    if impact is None or request is None:
        if not job.running:
            note("Not tried yet: see what the rule does to other reviews, then put it in force.")
        return
    if state().lasting:
        note("This is the rule by itself. What it does together with the revisions and rules in force is under "
             "*Impact*, once it is in force, too.")
    tried_on = opened_reviews(request.source, schema)
    if tried_on is not None:
        impact_view(impact, tried_on, (rule,), _PANEL)


def _in_force(rules: tuple[Rule, ...], schema: ConceptSchema) -> None:
    if rules:
        lines = [f"{number}. {as_markdown(rule.in_words(schema))}" for number, rule in enumerate(rules, 1)]
        st.markdown("**Rules in force**; where two set the same concept, the later one does:\n\n" + "\n".join(lines))
        note("*Undo* takes the last edit out again.")


def _counted_by_text(rule: Rule, reviews: Reviews) -> None:
    count = text_count(rule, reviews)
    if count is not None:
        others = any(not isinstance(one, TextSays | WordCount) for one in rule.conditions)
        note(f"{'Its conditions on the text hold' if others else 'It applies to'}{' of' if others else ''} "
             f"{count:,} of all {len(reviews):,} reviews there.")


def _want(job: Job, explainer: Explainer, rule: Rule | None, looking: bool) -> Impact | None:
    """Have the rule tried where a person wanted that; its impact, once it is there."""
    request = None if rule is None else _request(rule)
    reviews = opened_reviews(request.source, explainer.schema) if request else None
    work = impact_work(explainer, (rule,), request, reviews) if rule and request and reviews else None
    request_work(job, [work] if work else [], looking, run_again)
    return job.result(work) if work else None


def _request(rule: Rule) -> ImpactRequest | None:
    """On which reviews a person wanted rules tried."""
    tried_on: tuple[str, int | None] | None = st.session_state.get(_TRIED_ON)
    return tried_on and ImpactRequest(*tried_on, current_view().residual, (edit_key(rule),))


def _ask(tried_on: tuple[str, int | None]) -> None:
    st.session_state[_TRIED_ON] = tried_on


def _cancel() -> None:
    st.session_state.pop(_TRIED_ON, None)


def _put(rule: Rule, schema: ConceptSchema) -> None:
    if not read_only():
        do(rule, describe(rule, schema))
        begin_again()
    refresh()
