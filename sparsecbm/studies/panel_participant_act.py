"""What a participant does: checked, written at the desk, and what became of it said on the next screen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import streamlit as st

from sparsecbm.errors import CheckpointError, SparseCBMError
from sparsecbm.studies.compute_service import new_key
from sparsecbm.studies.log import Action, Entry, Status
from sparsecbm.studies.panel_address import current_visit
from sparsecbm.studies.panel_arms import AHEAD
from sparsecbm.studies.panel_participant_clock import last_click
from sparsecbm.studies.panel_store import desk
from sparsecbm.studies.protocol import Question
from sparsecbm.studies.run import Step
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.text import as_markdown, typed

_SAID = "study:said"
_TOLD: Mapping[Status, str] = {
    "stale": "Something was done in another window or tab meanwhile, so this click was not counted. This is where you "
             "are now; please go on in one window only.",
    "repeated": "This was counted already; nothing was counted twice.",
    "late": "The time for this case was over before this click came, so it was not counted.",
}


@dataclass(frozen=True)
class Fields:
    """The widgets whose values go with a click: that of the answer, and that of each question."""

    answer: str | None = None
    questions: tuple[tuple[Question, str], ...] = ()

    def missing(self) -> str | None:
        """What still has to be filled in."""
        if self.answer is not None and st.session_state.get(self.answer) is None:
            return "Please choose your answer first; it was not sent yet."
        for question, key in self.questions:
            given = st.session_state.get(key)
            if question.required and (given is None or isinstance(given, str) and not given.strip()):
                return f"Please answer this too: {question.text}"
        return None

    def filled(self, entry: Entry) -> Entry:
        """The entry with these values."""
        values = {question.id: st.session_state.get(key) for question, key in self.questions}
        answers = {name: typed(given) if isinstance(given, str) else given for name, given in values.items()
                   if given is not None and given != ""}
        return replace(entry, answers=answers, to=st.session_state[self.answer] if self.answer else entry.to)


@dataclass(frozen=True)
class Revising(Fields):
    """The widgets that say which concept is to be read as what."""

    concept: str = ""
    value: str = ""

    def filled(self, entry: Entry) -> Entry:
        """The entry with these values."""
        return replace(entry, concept=st.session_state[self.concept], to=st.session_state[self.value])


NOTHING = Fields()


def act_button(
    label: str, step: Step, action: Action, *, concept: str | None = None, to: str | None = None,
    fields: Fields = NOTHING, main: bool = False, disabled: bool = False, icon: str | None = None,
) -> None:
    """A button of a form that does one thing, once: its key goes with it, and so does the step that it was drawn for.
    """
    entry = Entry(action, step.sequence, new_key(), concept, to)
    st.form_submit_button(label, key=":".join(filter(None, ("study", action, concept, to, str(step.sequence)))),
                          type="primary" if main else "secondary", disabled=disabled, on_click=done,
                          args=(entry, fields), icon=icon)


def done(entry: Entry, fields: Fields = NOTHING) -> None:
    """Write what a click means, with its time. For callbacks."""
    missing = fields.missing()
    if missing is not None:
        say(missing)
        return
    click = last_click()
    entry = replace(fields.filled(entry), client_time=click.client_time,
                    elapsed_ms=None if entry.action in ("consent", "answers", "open") else click.elapsed_ms)
    attempt(lambda: record(entry))


def record(entry: Entry) -> None:
    """Write an entry of this session's participant, and say so when it did not count."""
    code = current_visit().code
    if code is not None:
        with AHEAD.resting():
            recorded = desk(load_explainer()).act(code, entry)
        say(_TOLD.get(recorded.status))


def attempt(action: Callable[[], None]) -> None:
    """Do something; a problem is said on the next screen. For callbacks."""
    try:
        action()
    except CheckpointError:
        pass  # the next screen says what to do about it
    except SparseCBMError as error:
        say(str(error))


def say(text: str | None) -> None:
    """Have the next screen say something."""
    st.session_state[_SAID] = text


def said() -> None:
    """What there is to say, once."""
    text = st.session_state.pop(_SAID, None)
    if text:
        st.info(as_markdown(text), icon=":material/info:")
