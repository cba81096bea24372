"""The forms of a participant: questions, buttons that do one thing once, and what became of a press."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import streamlit as st

from sparsecbm.errors import CheckpointError, SparseCBMError
from sparsecbm.figures.text import visible
from sparsecbm.schema import ConceptSchema
from sparsecbm.studies.compute_preparation import PREPARATION
from sparsecbm.studies.log import Action, Course, Entry, Status
from sparsecbm.studies.panel_address import current_visit, study_service, study_store
from sparsecbm.studies.panel_participant_clock import deal_with, dealt_with, last_press, press_times
from sparsecbm.studies.protocol import HIGHEST, LONGEST, Kind, Question
from sparsecbm.studies.run import Step
from sparsecbm.ui.loaded_model import explainer_with
from sparsecbm.ui.safe_text import as_markdown, clean_text

_MESSAGE, _MISSING, _CALLED = "study:message", "study:missing", "study:called"
_MESSAGES: Mapping[Status, str] = {
    "stale": "Something was done in another window or tab in the meantime, so this press was not counted. You see "
             "where you are now; please go on in one window only.",
    "repeated": "This was counted already; nothing was counted twice.",
    "late": "The time for this case was over before this press arrived, so it was not counted.",
}
_LOST = ("Your last press did not reach the server in time, so it was not counted. Please check what is marked and "
         "press again.")
#: What the ends of a scale mean.
_ENDS: dict[Kind, tuple[str, str]] = {
    "confidence": ("not at all", "fully"), "agreement": ("do not agree at all", "fully agree")}


@dataclass(frozen=True)
class Fields:
    """The widgets whose values go with a press: that of the answer, and that of each question."""

    answer: str | None = None
    questions: tuple[tuple[Question, str], ...] = ()

    def missing(self) -> str | None:
        """What still has to be filled in."""
        if self.answer is not None and st.session_state.get(self.answer) is None:
            return "Please choose your answer first; nothing was sent yet."
        for question, key in self.questions:
            given = st.session_state.get(key)
            if question.required and (given is None or isinstance(given, str) and not given.strip()):
                return f"Please answer this too: {question.text}"
        return None

    def filled(self, entry: Entry) -> Entry:
        """The entry with these values."""
        values = {question.id: st.session_state.get(key) for question, key in self.questions}
        answers = {name: clean_text(given) if isinstance(given, str) else given for name, given in values.items()
                   if given is not None and given != ""}
        return replace(entry, answers=answers, to=st.session_state[self.answer] if self.answer else entry.to)


@dataclass(frozen=True)
class Revising(Fields):
    """The widgets that say which concept is to be read as which value."""

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
    """A button of a form that does one thing, once, at the step that it was drawn for.

    What the form lacks is said above the `main` button.
    """
    if main and (missing := st.session_state.pop(_MISSING, None)):
        st.warning(as_markdown(missing), icon=":material/edit:")
    entry = Entry(action, step.sequence, "", concept, to)
    press_button(label, ":".join(filter(None, ("study", action, concept, to, str(step.sequence)))), act,
                 (entry, fields), main=main, disabled=disabled, icon=icon)


def press_button(
    label: str, key: str, on_press: Callable[..., None], args: tuple[object, ...], *, main: bool = False,
    disabled: bool = False, icon: str | None = None,
) -> None:
    """A button of a form with `press_times`, whose press is taken even if the connection or the session was lost.

    A session that begins with the press knows no callbacks, and a press can be lost on its way while the browser keeps
    it: then it is taken now. A press that was counted before is not counted again.
    """

    def called() -> None:
        st.session_state[_CALLED] = key
        if not dealt_with(press := last_press()):
            deal_with(press)
            on_press(*args)

    pressed = st.form_submit_button(label, key=key, type="primary" if main else "secondary", disabled=disabled,
                                    icon=icon, on_click=called)
    was_called = st.session_state.pop(_CALLED, None) == key if pressed else False
    press = last_press()
    if not was_called and not disabled and (pressed or press.is_of(key)) and not dealt_with(press):
        deal_with(press)
        on_press(*args)
        st.rerun()


def act(entry: Entry, fields: Fields = NOTHING) -> None:
    """Write what a press means, with its time. For callbacks."""
    say(None)
    missing = fields.missing()
    if missing is not None:
        st.session_state[_MISSING] = missing
        return
    press = last_press()
    timed = entry.action not in ("consent", "answers", "open")
    entry = replace(fields.filled(entry), key=press.key, client_time=press.client_time,
                    elapsed_ms=press.elapsed_ms if timed else None)
    attempt_step(lambda: record(entry))


def record(entry: Entry) -> None:
    """Write an entry of this session's participant, and say so when it did not count."""
    visit = current_visit()
    explainer = explainer_with(study_store().study(visit.study).protocol.checkpoint)
    if visit.code is not None and explainer is not None:  # without the model, the next screen says so
        with PREPARATION.paused():
            recorded = study_service(explainer).act(visit.code, entry)
        say(_MESSAGES.get(recorded.status))


def attempt_step(action: Callable[[], None]) -> None:
    """Do something; a problem is said on the next screen. For callbacks."""
    try:
        action()
    except CheckpointError:
        pass  # the next screen says what to do about it
    except SparseCBMError as error:
        say(str(error))


def say(text: str | None) -> None:
    """Have the screen say something until the participant does something else."""
    st.session_state[_MESSAGE] = text


def message(course: Course | None) -> None:
    """What there is to say; after a screen is drawn, a press that none of its buttons took is lost."""
    press = last_press()
    if press.button and not dealt_with(press):
        deal_with(press)
        if course is None or all(event.entry.key != press.key for event in course.events):
            say(_LOST)
    text = st.session_state.get(_MESSAGE)
    if text:
        st.info(as_markdown(text), icon=":material/info:")


def asked(questions: Sequence[Question], place: str) -> Fields:
    """Draw questions; `place` tells their widgets from those of other steps."""
    return Fields(questions=tuple((question, _ask(question, f"study:{place}:{question.id}")) for question in questions))


def answered(label: str, schema: ConceptSchema, questions: Sequence[Question], place: str) -> Fields:
    """Draw the choice of a label under `label`, and the questions after it."""
    key = f"study:{place}:answer"
    with st.container(gap="xsmall"):
        st.markdown(as_markdown(label))
        st.radio(label, schema.labels, index=None, key=key, horizontal=True, label_visibility="collapsed",
                 format_func=lambda name: as_markdown(schema.label_display[schema.label_index(name)]))
    return Fields(key, asked(questions, place).questions)


def _ask(question: Question, key: str) -> str:
    name = visible(question.text)  # screen readers get a label as it is, not as Markdown
    with st.container(gap="xsmall"):
        st.markdown(as_markdown(question.text) + ("" if question.required else " :small[(optional)]"))
        if question.kind == "text":
            st.text_area(name, key=key, max_chars=LONGEST["answer"], height=80, label_visibility="collapsed")
            return key
        low, high = _ENDS[question.kind]
        ends = {0: f"0 · {low}", HIGHEST: f"{HIGHEST} · {high}"}
        st.radio(name, range(HIGHEST + 1), index=None, key=key, horizontal=True, label_visibility="collapsed",
                 format_func=lambda number: ends.get(number, str(number)))
    return key


def questions(course: Course, step: Step) -> None:
    """All questions of this moment in one form."""
    start = step.stage == "start"
    st.markdown("### Before you begin" if start else "### Before you finish")
    with st.form(f"study:{step.stage}"):
        press_times(step.stage, None, step.stage)
        fields = asked(course.protocol.asked("start" if start else "end"), step.stage)
        act_button("Go on" if start else "Send and finish", step, "answers", fields=fields, main=True)
