"""Driving the participant's side of Studies without a browser."""

import json
import secrets
from typing import Any

from streamlit.testing.v1 import AppTest

from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.studies.protocol import CONFIDENCE, Case, Protocol, Question
from tests.app.screen import fine, open_alone, press_in_panel

STUDIES = "pages/5_Studies.py"
#: What a browser's clock says of each click.
ELAPSED, CLOCK = 4321, "2026-01-31T12:00:00.000Z"
HOSTILE = "<img src=x onerror=alert(1)> **bold** [here](http://example.org)"


def a_study(explainer: Explainer, **changes: Any) -> Protocol:
    """One case in each arm, all questions, for the model that is loaded."""
    arms = changes.get("arms", ("prediction", "overrides"))
    cases = tuple(Case(f"c{i}", f"The soup was cold on visit {i}. {HOSTILE}", "2", {"food": "Negative"})
                  for i in range(len(arms)))
    questions = (Question("often", f"How often? {HOSTILE}", "agreement", "start"), *CONFIDENCE,
                 Question("why", "Why?", "text", "after", required=False), Question("end", "Any words?", "text", "end"))
    settings: dict[str, Any] = {"name": "Soup", "consent": f"I take part. {HOSTILE}", "schema": CEBAB, "arms": arms,
                                "cases": cases, "questions": questions, "checkpoint": explainer.checkpoint.hash,
                                "data_hash": "data"}
    return Protocol(**settings | changes)


def opened(**address: str) -> AppTest:
    """The page in a new session, opened by a link with these parts; nothing failed on it."""
    return fine(run(**address))


def run(**address: str) -> AppTest:
    """The same, whatever it shows."""
    return open_alone(STUDIES, **address).run()


def click(at: AppTest, label: str, which: int = 0, elapsed: int = ELAPSED) -> AppTest:
    """Press a button as a browser does, which sends its clock along."""
    return at._run(pressed(at, label, which, elapsed))


def pressed(at: AppTest, label: str, which: int = 0, elapsed: int = ELAPSED, button: str = "") -> Any:
    """The message that a browser sends for that; `button` is the style class that it reports."""
    [button for button in at.button if button.label == label][which].click()
    states = at._tree.get_widget_states()
    for one in at.get("bidi_component"):
        if json.loads(one.proto.json).keys() >= {"elapsed"}:
            states.widgets.add(id=one.proto.id, json_value=json.dumps({"press": {
                "key": secrets.token_hex(8), "button": button, "elapsed": elapsed, "time": CLOCK}}))
    return states


def act(at: AppTest, *what: Any) -> AppTest:
    """Press in the concept panel, with the browser's clock: such as ("set", "food", "Positive"), or ("undo",)."""
    return press_in_panel(at, what, clock={"key": secrets.token_hex(8), "elapsed": ELAPSED, "time": CLOCK})


def messages(at: AppTest) -> int:
    """How many messages are on screen."""
    return len(at.info) + len(at.warning) + len(at.error)


def agree(at: AppTest) -> AppTest:
    """Consent, and answer what is asked first."""
    click(at, "I agree, and take part")
    if at.radio:
        at.radio[0].set_value(3)
        click(at, "Go on")
    return fine(at)


def answer_alone(at: AppTest, label: str = "2") -> AppTest:
    """Open the next case, and answer before anything of the model is shown."""
    click(at, "Open the case")
    at.radio[0].set_value(label)
    at.radio[1].set_value(1)
    return fine(click(at, "Send my answer"))


def answer_again(at: AppTest, label: str = "3") -> AppTest:
    """The final answer to the case at hand."""
    at.radio[0].set_value(label)
    at.radio[1].set_value(5)
    return fine(click(at, "Send my final answer"))


def labels(at: AppTest) -> set[str]:
    """What can be pressed."""
    return {button.label for button in at.button}


def code_of(at: AppTest) -> str:
    """The participant's code, as the address has it."""
    code = at.query_params["code"]
    return code[0] if isinstance(code, list) else code
