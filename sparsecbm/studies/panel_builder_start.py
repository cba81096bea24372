"""A summary of the study, its trial as a participant, its start, and its protocol as a file."""

import json
from collections.abc import Callable

import streamlit as st

from sparsecbm.service import Explainer
from sparsecbm.studies.design import participants_to_balance, practice_of, trials
from sparsecbm.studies.log import Study
from sparsecbm.studies.panel_address import STATE, link_to, start, study_store, study_title
from sparsecbm.studies.panel_builder_draft import DRAFT, Draft, as_version, draft_of
from sparsecbm.studies.protocol import Protocol, load_protocol
from sparsecbm.ui.action_result import attempt, clear_result, show_result
from sparsecbm.ui.loaded_model import load_explainer
from sparsecbm.ui.safe_text import as_markdown, table_html
from sparsecbm.ui.shell import errors_shown
from sparsecbm.ui.upload import as_file

START_HELP = (
    "Trying it out stores this version of the study; what you do then is marked as a trial and never counts. Starting "
    "it opens it to participants. A stored version cannot be changed: whatever you change here makes the next version."
)
#: The number of participants whose orders are shown, and the largest file of a protocol in megabytes.
SHOWN, MOST_MEGABYTES = 8, 10
_KEY, _FILE, _UPLOADS = "studies:start", "studies:protocol", "studies:protocol:uploads"


def files_part(explainer: Explainer) -> None:
    """A protocol from a file, or an empty form."""
    fold = st.expander("Start from a protocol in a file, or from an empty form", key=f"{_FILE}:fold",
                       on_change="rerun")
    show_result(_FILE)
    if not fold.open:
        return
    with fold, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        key = f"{_FILE}:upload:{st.session_state.setdefault(_UPLOADS, 0)}"
        given = st.file_uploader("A protocol (JSON)", type=["json"], key=key, max_upload_size=MOST_MEGABYTES, width=430)
        st.button("Load it", key=f"{_FILE}:load", icon=":material/upload:", disabled=given is None, on_click=_try,
                  args=(_FILE, lambda: _load(key)))
        st.button("Empty the form", key=f"{_FILE}:clear", icon=":material/restart_alt:", on_click=_try,
                  args=(_FILE, _clear))


def start_part(explainer: Explainer) -> None:
    """What each participant will see, what is still missing, and the buttons that try the study and start it."""
    st.markdown("### 5. Check and start", help=START_HELP)
    draft, store = DRAFT.now, study_store()
    if draft.missing:
        st.info("Still to do: " + " ".join(draft.missing), icon=":material/checklist:")
    protocol: Protocol | None = None
    same: Study | None = None
    if not draft.missing:
        with errors_shown():
            protocol, same = as_version(draft.protocol(explainer), store.studies())
    state = "a new version" if same is None else same.state
    begun = state not in ("a new version", "not started")
    if protocol is not None:
        _said(protocol, state)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button("Try it as a participant", key=f"{_KEY}:try", icon=":material/science:", on_click=_try,
                  args=(_KEY, _keep), disabled=protocol is None)
        st.button("Start the study", key=f"{_KEY}:go", icon=":material/play_arrow:", type="primary", on_click=_try,
                  args=(_KEY, _start), disabled=protocol is None or begun)
        if protocol is not None:
            st.download_button("Save as JSON", _as_json(protocol), "protocol.json", "application/json",
                               key=f"{_KEY}:json", on_click="ignore", icon=":material/download:")
    show_result(_KEY)
    if same is not None:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.link_button("Open the trial in a new tab", link_to(same.id, dry=True),
                           icon=":material/open_in_new:")
            if begun:
                st.button("Monitor it", key=f"{_KEY}:follow", icon=":material/arrow_forward:", on_click=_follow,
                          args=(same.id,))


def _said(protocol: Protocol, state: str) -> None:
    """The design in words, and who sees what first."""
    per_arm = len(protocol.cases) // (1 if protocol.between else len(protocol.arms))
    blocks = 1 if protocol.between else len(protocol.arms)
    practices = [len(practice_of(protocol, block)) for block in range(blocks)]
    total, limit = blocks * per_arm + sum(practices), protocol.time_limit_s
    what = f"one of the arms {', '.join(protocol.arms)}, and all {per_arm} cases in it" if protocol.between else (
        f"{per_arm} cases in each of {', '.join(protocol.arms)}" if blocks > 1 else
        f"{per_arm} cases with {protocol.arms[0]}")
    counts = " or ".join(str(count) for count in sorted(set(practices)))
    practice = f", {'each time ' if blocks > 1 else ''}after {counts} for practice" if protocol.practice else ""
    time = f"; at most {limit} seconds for each, {-(-total * limit // 60)} minutes in all" if limit else ""
    balance = participants_to_balance(protocol)
    st.markdown(f"**Version {protocol.version} of {as_markdown(protocol.name)}** ({state}). Each participant sees "
                f"{what}{practice}: {total} in all{time}. **{balance} participants, or a multiple of it, balance the "
                "design exactly.**")
    fold = st.expander("Who sees what first", key=f"{_KEY}:orders", on_change="rerun")
    if fold.open:
        rows = []
        for number in range(min(SHOWN, balance)):
            mine = [trial for trial in trials(protocol, number) if not trial.practice]
            rows.append([str(number + 1), " → ".join(dict.fromkeys(trial.arm for trial in mine)),
                         ", ".join(trial.case for trial in mine)])
        with fold:
            st.html(table_html("The first participants", ("Participant", "Arms in their order", "Cases"), rows))


def _keep() -> str:
    made = _kept()
    return (f"{study_title(made)} is stored. Open the trial in a new tab: nothing of it counts. Whatever you change "
            "here makes the next version.")


def _start() -> str:
    made = _kept()
    start(made)
    STATE.change(section="run", study=made.id)
    clear_result(_FILE)
    return f"{study_title(made)} has started and is frozen."


def _kept() -> Study:
    """The draft as a study of the database."""
    store = study_store()
    protocol, same = as_version(DRAFT.now.protocol(load_explainer()), store.studies())
    return same or store.study(store.add_study(protocol))


def _follow(study: str) -> None:
    STATE.change(section="run", study=study)


def _load(key: str) -> str:
    given = st.session_state[key]
    with as_file(given.name, given.getvalue()) as path:
        protocol = load_protocol(path)
    explainer = load_explainer()
    DRAFT.set(draft_of(protocol, explainer, f"the file {given.name}"))
    st.session_state[_UPLOADS] += 1  # the next box is empty
    other = "" if protocol.checkpoint == explainer.checkpoint.hash else (
        " It was made for another model, and its cases were balanced for that model's predictions: draw them again "
        "for the loaded one.")
    return f"The protocol {protocol.name!r} is loaded.{other}"


def _clear() -> str:
    DRAFT.set(Draft())
    clear_result(_KEY)
    return "The form is empty."


def _as_json(protocol: Protocol) -> str:
    return json.dumps(protocol.to_json(), ensure_ascii=False, indent=1) + "\n"


def _try(key: str, action: Callable[[], str]) -> None:
    attempt(key, action, "The study cannot be stored")
