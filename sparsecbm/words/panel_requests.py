"""What the word panels have worked out in the background: one list, read from the view and from what is open."""

from dataclasses import dataclass

import streamlit as st

from sparsecbm.service import Explainer, default_targets
from sparsecbm.types import Explanation, Prediction, Progress, Target
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.session import current_view
from sparsecbm.ui.tasks import Work
from sparsecbm.ui.view import View
from sparsecbm.words.faithfulness import Faithfulness
from sparsecbm.words.methods import method_named
from sparsecbm.words.panel_copy import changed_text

#: Keys of the sections; what is in one is worked out only while it is open.
ALL_TARGETS, TWO_METHODS, EDIT, FAITHFULNESS = "explain:all", "explain:two", "explain:editing", "explain:faithfulness"


@dataclass(frozen=True)
class WordRequests:
    """The scores of the target at hand, and what else is asked for; None where a section is closed."""

    target: Target
    scores: Work
    copy: Work | None
    other_method: Work | None
    all_targets: Work | None
    faithfulness: Work | None

    @property
    def works(self) -> list[Work]:
        """The most urgent first."""
        every = (self.scores, self.copy, self.other_method, self.all_targets, self.faithfulness)
        return [work for work in every if work is not None]


def word_requests(prediction: Prediction) -> WordRequests:
    """What this session asks for of the text of a prediction."""
    explainer, view = load_explainer(), current_view()
    only_label = explainer.checkpoint.kind == "black_box"
    target = chosen_target(view, prediction, only_label)
    copy = changed_text(view, explainer.words(view.text))
    targets = default_targets(prediction)[-1:] if only_label else default_targets(prediction)
    return WordRequests(
        target,
        scores_work(explainer, view.text, (target,), view),
        scores_work(explainer, copy, (target,), view, title="Scoring the words of the changed text")
        if copy and copy.strip() and is_open(EDIT, view.edit is not None) else None,
        scores_work(explainer, view.text, (target,), view, view.compare) if view.compare else None,
        scores_work(explainer, view.text, targets, view, title="Scoring words for every concept")
        if is_open(ALL_TARGETS) else None,
        faithfulness_work(explainer, view.text, target, view) if is_open(FAITHFULNESS) else None)


def is_open(section: str, at_first: bool = False) -> bool:
    """Whether a section is open; `at_first` until it has been drawn."""
    return bool(st.session_state.get(section, at_first))


def chosen_target(view: View, prediction: Prediction, only_label: bool) -> Target:
    """What the view explains; the predicted label where it says nothing, or names a concept that does not exist."""
    target = view.target
    if target is None or (only_label and target.concept is not None):
        return Target(None, prediction.label)
    return target


def scores_work(
    explainer: Explainer, text: str, targets: tuple[Target, ...], view: View, method: str | None = None,
    title: str = "Scoring words",
) -> Work:
    """Word scores of some targets by the view's method, or by another one with its default number of steps."""
    name, steps = (view.method, view.steps) if method is None else (method, None)

    def run(progress: Progress) -> Explanation:
        return explainer.explain(text, targets, name, steps, view.residual, progress)

    key = ("words", explainer.checkpoint.hash, text, targets, name, steps, view.residual)
    return Work(key, title if method is None else f"{title} by {method_named(name).title.lower()}", run)


def faithfulness_work(explainer: Explainer, text: str, target: Target, view: View) -> Work:
    """What removing words does to the prediction, in the order of their scores and in random orders."""

    def run(progress: Progress) -> Faithfulness:
        explanation = explainer.explain(text, (target,), view.method, view.steps, view.residual, progress)
        return explainer.faithfulness(explanation.attributions[0], text, view.residual, progress=progress)

    key = ("faithfulness", explainer.checkpoint.hash, text, target, view.method, view.steps, view.residual)
    return Work(key, "Removing words", run)
