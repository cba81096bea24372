"""A scripted participant: speaks to the running app as a browser does, over its websocket, and looks at what is drawn.

Streamlit's own reader of a page, made for tests, says what there is on it and makes the messages of its widgets.
"""

import json
import re
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qs, urlencode

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.testing.v1.element_tree import ElementTree, parse_tree_from_messages
from websockets.sync.client import connect

from sparsecbm.figures.text import as_html, percent

PATIENCE = 300.0
#: In the id of each button that writes: the action, and the number that its event will bear.
_STEP = re.compile(r"study:(\w+?)(?::[^$]*)?:(\d+)$")


@dataclass(frozen=True)
class Seen:
    """What a click led to: the number of the next event, the answers that are drawn, and milliseconds until then."""

    sequence: int | None
    drawn: tuple[str, ...]
    milliseconds: float


class Participant:
    """A session of the app at `address`, e.g. 127.0.0.1:8501. ConnectionError when the server goes."""

    def __init__(self, address: str, **link: str) -> None:
        self._closing = ExitStack()
        self._socket = self._closing.enter_context(
            connect(f"ws://{address}/_stcore/stream", subprotocols=["streamlit"],  # type: ignore[list-item]
                    max_size=None, open_timeout=PATIENCE, close_timeout=1))
        self._page, self._query = "", urlencode(link)
        self._filled = list[WidgetState]()
        self.tree = ElementTree()
        self.run()

    def close(self) -> None:
        """Leave."""
        self._closing.close()

    @property
    def code(self) -> str | None:
        """The participant's code, as the address has it."""
        return (parse_qs(self._query).get("code") or [None])[0]

    @property
    def buttons(self) -> list[Any]:
        """What can be pressed now."""
        return [button for button in self.tree.get("button") if not button.proto.disabled]

    def run(self, states: Any = None) -> Seen:
        """Have the page run, and read all that it draws."""
        began = time.perf_counter()
        state = ClientState(query_string=self._query, page_script_hash=self._page, widget_states=states,
                            page_name="" if self._page else "Studies")
        self._socket.send(BackMsg(rerun_script=state).SerializeToString())
        drawn = list[ForwardMsg]()
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(PATIENCE))  # type: ignore[arg-type]
            kind = message.WhichOneof("type")
            if kind == "new_session":
                drawn = []
            elif kind == "navigation":
                self._page = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif kind == "delta":
                drawn.append(message)
            elif kind == "script_finished":
                if message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    break
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    raise ConnectionError(f"The page ended with {message.script_finished}.")
        self.tree = parse_tree_from_messages(drawn)
        return Seen(self.sequence, self.drawn, 1000 * (time.perf_counter() - began))

    def press(self, label: str) -> Seen:
        """Press a button, with the clock that a browser sends along."""
        states = WidgetStates(widgets=self._filled)
        button = next(button for button in self.buttons if button.label == label)
        states.widgets.add(id=button.proto.id, trigger_value=True)
        for one in self.tree.get("bidi_component"):
            if "elapsed" in json.loads(one.proto.json):
                states.widgets.add(id=one.proto.id, json_value=json.dumps({"press": _clock()}))
        self._filled = []
        return self.run(states)

    @property
    def concepts(self) -> dict[str, Any] | None:
        """What the concept panel shows, where it is there and concepts can be set."""
        panel = self._panel()
        data: dict[str, Any] = {} if panel is None else json.loads(panel.json)
        return data if data.get("offers") else None

    def act(self, *what: Any) -> Seen:
        """Press in the concept panel: such as ("unsure", "food"), or ("undo",)."""
        panel, data = self._panel(), self.concepts
        assert panel is not None and data is not None
        press = [data["turn"] + 1, data["document"], _clock(), *what]
        states = WidgetStates()
        states.widgets.add(id=_make_trigger_id(panel.id, "events"),
                           json_trigger_value=json.dumps([{"event": "presses", "value": [press]}]))
        return self.run(states)

    def _panel(self) -> Any:
        found = (one.proto for one in self.tree.get("bidi_component"))
        return next((one for one in found if one.component_name == "sparsecbm.panel_concepts"), None)

    def choose(self, number: int, option: int) -> None:
        """Choose an option of a question, both counted from 0."""
        radio: Any = self.tree.get("radio")[number]
        self._filled.append(WidgetState(id=radio.proto.id, string_value=radio.options[option]))

    def write(self, text: str) -> None:
        """Type into the text box."""
        self._filled.append(WidgetState(id=self.tree.get("text_area")[0].proto.id, string_value=text))

    @property
    def sequence(self) -> int | None:
        """The number of the next event, as the buttons have it; None where none of them writes."""
        found = (_STEP.search(button.proto.id) for button in self.tree.get("button"))
        return next((int(match[2]) for match in found if match), None)

    @property
    def drawn(self) -> tuple[str, ...]:
        """The model's answers on screen, as a screen reader has them."""
        html = "".join(one.proto.body for one in self.tree.get("html"))
        found, panel = re.findall(r'role="img" aria-label="([^"]*)"', html), self._panel()
        if panel is not None and (data := json.loads(panel.json))["after"]["title"]:
            shares = zip(data["labels"], data["after"]["labels"], strict=True)
            found.append(as_html(", ".join(f"{name} {percent(share)}" for name, share in shares)))
        return tuple(found)


def _clock() -> dict[str, Any]:
    """What a browser reports of a press."""
    return {"key": token_hex(8), "button": "", "elapsed": 1, "time": datetime.now(UTC).isoformat()}
