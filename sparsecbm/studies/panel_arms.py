"""What a case's screens show of the model, worked out before anyone opens the case: once for all participants.

The word scores of one text take seconds; one thread makes them, text after text, and rests while somebody acts. The
thread knows no Streamlit.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager

import numpy as np
import streamlit as st
from cachetools import LRUCache

from sparsecbm.concepts.panel_before_after import arrow_html, sides_html
from sparsecbm.figures.text import as_html, label_name, percent, target_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.studies.log import Shown
from sparsecbm.studies.protocol import Protocol, offers
from sparsecbm.types import Explanation, Target
from sparsecbm.ui.bars import label_shares_html
from sparsecbm.ui.shell import is_dark
from sparsecbm.words.figure import full_colour, heatmap_html, legend_html
from sparsecbm.words.panel_word_scores import plain_review

#: A longer text scrolls, so that the answer below it stays in sight.
_HEIGHT = "20rem"


def text_panel(text: str, explanation: Explanation | None = None) -> None:
    """The text of a case, where it is explained with its words shaded by how much they move the predicted label."""
    if explanation is None:
        plain_review(text, _HEIGHT)
        return
    attribution = explanation.attributions[0]
    limit, dark = full_colour((attribution,)), is_dark()
    name = target_name(attribution.target, explanation.prediction.schema)
    with st.container(border=True):
        st.html(heatmap_html(attribution, text, limit, dark, explanation.prediction.truncated, _HEIGHT))
        st.html(legend_html(limit, dark, name))


def model_panel(schema: ConceptSchema, first: Shown, last: Shown, edited: bool) -> None:
    """The model's answer, beside its first one where the participant has changed something."""
    if not edited:
        st.html(_answer(schema, first, "The model answers", False))
        return
    labels = [label_name(one["label"], schema) for one in (first, last)]
    said = f"The answer is now {labels[1]}." if labels[0] != labels[1] else f"The answer stays {labels[1]}."
    st.html(sides_html(_answer(schema, first, "At first", False), arrow_html(as_html(said), 0.5),
                       _answer(schema, last, "With your changes", True)))


def shares_of(schema: ConceptSchema, shown: Shown, concept: str) -> np.ndarray:
    """The probability of each value of a concept, as it was shown."""
    shares: Mapping[str, float] = shown["concepts"][concept]
    return np.array([shares[value] for value in schema.values])


def _answer(schema: ConceptSchema, shown: Shown, title: str, changed: bool) -> str:
    shares = np.array([shown["probabilities"][label] for label in schema.labels])
    name = f"{label_name(shown['label'], schema)} ({percent(float(shares.max()))})"
    return (f'<div style="margin-bottom:.6rem">{as_html(title)}: <b>{as_html(name)}</b></div>'
            + label_shares_html(schema, shares, shown["label"], title, changed))


#: Texts that are kept, some ten kilobytes each.
TEXTS_KEPT = 1024
#: Seconds after which it goes on although somebody still acts, so that those who wait for a case get it.
LONGEST_REST = 2.0


class Ahead:
    """Explanations of the predicted label by text, each made once. Safe for many threads."""

    def __init__(self) -> None:
        self._lock, self._quiet, self._acting = threading.Lock(), threading.Event(), 0
        self._quiet.set()
        self._thread: threading.Thread | None = None
        self._made: LRUCache[Hashable, Future[Explanation | None]] = LRUCache(TEXTS_KEPT)
        self._waiting: OrderedDict[Hashable, tuple[Explainer, str, bool, Future[Explanation | None]]] = OrderedDict()

    def prepare(self, explainer: Explainer, protocol: Protocol) -> None:
        """Have every case of a study worked out, in the order of the protocol: its words where an arm shows them."""
        words = any(offers(arm, "words") for arm in protocol.arms)
        for case in (*protocol.practice, *protocol.cases):
            self._ask(explainer, case.text, words)

    def explained(self, explainer: Explainer, text: str) -> Future[Explanation | None]:
        """The words of a text behind the predicted label, before all that still waits."""
        return self._ask(explainer, text, True, next_=True)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Let somebody act: the thread goes no further than it must."""
        self._act(1)
        try:
            yield
        finally:
            self._act(-1)

    def _act(self, more: int) -> None:
        with self._lock:
            self._acting += more
            self._quiet.clear() if self._acting else self._quiet.set()

    def _ask(self, explainer: Explainer, text: str, words: bool, next_: bool = False) -> Future[Explanation | None]:
        key = explainer.checkpoint.hash, text, words
        with self._lock:
            found = self._made.get(key)
            if found is None:
                found = self._made[key] = Future()
                self._waiting[key] = explainer, text, words, found
            if next_ and key in self._waiting:
                self._waiting.move_to_end(key, last=False)
            if self._thread is None and self._waiting:
                self._thread = threading.Thread(target=self._work, name="study", daemon=True)
                self._thread.start()
        return found

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                explainer, text, words, made = self._waiting.popitem(last=False)[1]
            try:
                prediction = explainer.predict_changed(text, ())
                made.set_result(explainer.explain(text, [Target(None, prediction.label)],
                                                  progress=lambda _: self._rest()) if words else None)
            except Exception as error:  # whoever asks is told
                made.set_exception(error)

    def _rest(self) -> None:
        """Between two batches, when nobody else has to wait for the model."""
        self._quiet.wait(LONGEST_REST)


#: That of this process.
AHEAD = Ahead()
