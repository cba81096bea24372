"""The way in and out of a study: consent, the code, withdrawing, and thanks."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.figures.text import as_html
from sparsecbm.studies.external import kept_ids
from sparsecbm.studies.log import Course, Entry, ParticipantKind, Study
from sparsecbm.studies.panel_address import Visit, current_visit, go_on_as, study_store
from sparsecbm.studies.panel_participant_clock import press_times
from sparsecbm.studies.panel_participant_form import act, attempt_step, press_button, say
from sparsecbm.studies.protocol import Protocol
from sparsecbm.studies.run import Step
from sparsecbm.ui.chosen_model import MODEL
from sparsecbm.ui.page_state import listed_names, unknown_names
from sparsecbm.ui.safe_text import as_markdown, clean_text
from sparsecbm.ui.shell import note

_DECLINED, _CODE = "study:declined", "study:code"


def door(study: Study, step: Step | None, external: Mapping[str, str] | None = None) -> None:
    """The consent text and the buttons that answer it; `step` and `external` are those of someone who has a code."""
    if step is None and (study.closed or study.state == "not started" and not current_visit().dry):
        st.info("This study takes no new participants any more. If you have begun already, go on with your code."
                if study.closed else "This study has not begun yet. Please come back later by the same link.",
                icon=":material/lock:")
        _code_box(study.id)
        return
    with st.container(border=True, height=320 if len(study.protocol.consent) > 1200 else "content"):
        link = dict(current_visit().link)
        kept = kept_ids(study.protocol, link) if external is None else external
        st.html(f'<div dir="auto" style="white-space:pre-wrap;overflow-wrap:anywhere">'
                f"{as_html(study.protocol.consent + _stored_ids(study.protocol, kept))}</div>")
    note("You are not asked for your name. Your answers are stored under a random code that only you see. You can stop "
         "at any time and have everything deleted.")
    if dropped := unknown_names(link, (MODEL, *study.protocol.external_ids)):
        note(f"Of your link, {listed_names(dropped)} {'is' if len(dropped) == 1 else 'are'} not stored.")
    with st.form("study:consent", border=False):
        press_times("consent", None, "consent")
        with st.container(horizontal=True):
            entry = Entry("consent", 0 if step is None else step.sequence, "")
            press_button("I agree, and take part", "study:agree", _agree, (entry,), main=True)
            press_button("I do not agree", "study:disagree", _disagree, ())
    if step is None:
        _code_box(study.id)


def _stored_ids(protocol: Protocol, kept: Mapping[str, str]) -> str:
    """What the consent says of the parts of the link that the study keeps; nothing where it keeps none."""
    there = ", ".join(f"{name} ({text})" for name, text in kept.items())
    none = ", ".join(name for name in protocol.external_ids if name not in kept)
    stored = f"\n\nStored with your answers, from your link: {there}." if there else ""
    return stored + (f"\n\nYour link has no {none} that could be stored with your answers." if none else "")


def _code_box(study: str) -> None:
    with st.form("study:resume", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Have you begun already? Continue with your code", key=_CODE, placeholder="K7QX-M2RD-9AHT",
                      width=300, max_chars=40)
        st.form_submit_button("Go on", key="study:resume:go", on_click=_resume, args=(study,))


def has_declined(visit: Visit) -> bool:
    """True when this session did not agree to that study."""
    return bool(st.session_state.get(_DECLINED) == visit)


def declined() -> None:
    """What happens after a refusal: nothing."""
    st.success("You do not take part, and nothing was stored. You can close this page.", icon=":material/check_circle:")
    st.button("Read the text again", key="study:reconsider", on_click=_reconsider)


def wrong_code(visit: Visit, problem: str) -> None:
    """A code that does not work, and what can be done instead."""
    st.warning(f"The code **{as_markdown((visit.code or '')[:40])}** does not work here. {as_markdown(problem)}",
               icon=":material/key_off:")
    _code_box(visit.study)
    st.button("Start from the beginning, with a new code", key="study:anew", on_click=go_on_as,
              args=(replace(visit, code=None),))


def own_data(course: Course, step: Step) -> None:
    """At the foot of each screen: the code to go on by, and the way to have everything deleted."""
    code = course.participant.code
    st.space("small")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Your code: **{code}**", width="content")
        note("Every step is stored at once. Note this code to go on later, or on another computer, by the same link.")
        with st.popover("Withdraw", icon=":material/delete:"):
            st.markdown("**Delete my data.** Everything that you answered and did in this study is deleted, at once "
                        f"and for good, together with your code: {len(course.events)} steps so far. Only the fact "
                        "that somebody withdrew is noted.")
            st.button("Delete all of it", key="study:withdraw", type="primary", on_click=_withdraw, args=(code,))


def thanks(course: Course) -> None:
    """The last page."""
    st.success("**Thank you.** You have finished, and everything is stored. You can close this page now.",
               icon=":material/celebration:")
    if course.participant.kind == "dry_run":
        st.button("Try it out once more", key="study:again", on_click=go_on_as,
                  args=(replace(current_visit(), code=None),))


def _agree(entry: Entry) -> None:
    def enrol() -> None:
        visit = current_visit()
        if visit.code is None:
            kind: ParticipantKind = "dry_run" if visit.dry else "person"
            code = study_store().enrol(visit.study, kind, dict(visit.link))
            go_on_as(replace(visit, code=code))

    st.session_state.pop(_DECLINED, None)
    attempt_step(enrol)
    if current_visit().code is not None:
        act(entry)


def _disagree() -> None:
    st.session_state[_DECLINED] = current_visit()


def _reconsider() -> None:
    st.session_state.pop(_DECLINED, None)


def _resume(study: str) -> None:
    say(None)
    given = clean_text(st.session_state[_CODE]).strip()
    if not given:
        say("Please type your code first.")
        return
    try:
        course = study_store().course(given)
    except InputError as error:
        say(str(error))
        return
    if course.participant.study == study:
        go_on_as(replace(current_visit(), code=course.participant.code))
    else:
        say("This code belongs to another study. Use the link of that study.")


def _withdraw(code: str) -> None:
    def delete() -> None:
        study_store().withdraw(code)
        go_on_as(replace(current_visit(), code=None))
        say("Everything that belonged to your code was deleted, and the code no longer works. Thank you for your time; "
            "you can close this page.")

    attempt_step(delete)
