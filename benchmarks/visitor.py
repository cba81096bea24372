"""A scripted visitor: speaks to the running app as a browser does, over its websocket, and looks at what is drawn.

Streamlit's own reader of a page, made for tests, says what there is on it and makes the messages of its widgets.
"""

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.testing.v1.element_tree import ElementTree, parse_tree_from_messages
from websockets.sync.client import connect

PATIENCE = 300.0
CONCEPTS = "panel_concepts"


class Visitor:
    """A session on a page of the app at `address`, e.g. 127.0.0.1:8501. ConnectionError when the server goes.

    `arrived` says after how many milliseconds of the last run each of our components was there.
    """

    def __init__(self, address: str, page: str, **query: str) -> None:
        self._closing = ExitStack()
        self._socket = self._closing.enter_context(
            connect(f"ws://{address}/_stcore/stream", subprotocols=["streamlit"],  # type: ignore[list-item]
                    max_size=None, open_timeout=PATIENCE, close_timeout=1))
        self._first, self._page, self._query = page, "", urlencode(query)
        self._drawn: dict[tuple[int, ...], ForwardMsg] = {}
        self._repeating: dict[str, float] = {}
        self.arrived: dict[str, float] = {}
        self.tree = ElementTree()
        self.run()

    def close(self) -> None:
        """Leave."""
        self._closing.close()

    def run(self, states: WidgetStates | None = None, fragment: str = "") -> float:
        """Have the page run, or one fragment of it, and read all that it draws; returns the milliseconds it took."""
        began, self.arrived = time.perf_counter(), {}
        state = ClientState(query_string=self._query, page_script_hash=self._page, widget_states=states,
                            fragment_id=fragment, page_name="" if self._page else self._first)
        self._socket.send(BackMsg(rerun_script=state).SerializeToString())
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(PATIENCE))
            kind, now = message.WhichOneof("type"), 1000 * (time.perf_counter() - began)
            if kind == "new_session" and not message.metadata.run.fragment_ids:
                self._drawn, self._repeating = {}, {}
            elif kind == "navigation":
                self._page = message.navigation.page_script_hash
            elif kind == "page_info_changed":
                self._query = message.page_info_changed.query_string
            elif kind == "delta":
                self._drawn[tuple(message.metadata.delta_path)] = message
                name = message.delta.new_element.bidi_component.component_name.removeprefix("sparsecbm.")
                if name:
                    self.arrived.setdefault(name, now)
            elif kind == "auto_rerun":
                self._repeating[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            elif kind == "stop_auto_rerun":
                for one in message.stop_auto_rerun.fragment_ids:
                    self._repeating.pop(one, None)
            elif kind == "script_finished":
                if message.script_finished in (ForwardMsg.FINISHED_SUCCESSFULLY,
                                               ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY):
                    break
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    raise ConnectionError(f"The page ended with {message.script_finished}.")
        self.tree = parse_tree_from_messages(list(self._drawn.values()))
        return now

    def stay(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Look at the page, whose fragments draw themselves again, until something is there; False when it is not."""
        end = time.monotonic() + seconds
        while not until():
            wait, fragment = min(((every, name) for name, every in self._repeating.items()), default=(seconds, ""))
            time.sleep(max(0.0, min(wait, end - time.monotonic())))
            if time.monotonic() >= end:
                return False
            if fragment:
                self.run(fragment=fragment)
        return True

    def component(self, name: str) -> dict[str, Any] | None:
        """What one of our components was given to show; None where it is not on the page."""
        found = self._component(name)
        return None if found is None else json.loads(found[0].json)

    @property
    def concepts(self) -> dict[str, Any] | None:
        """What the concept panel shows, where it is there and concepts can be set."""
        data = self.component(CONCEPTS)
        return data if data and data.get("offers") else None

    def act(self, *what: Any) -> float:
        """Press in the concept panel: such as ("unsure", "food"), or ("undo",); returns the milliseconds it took."""
        found, data = self._component(CONCEPTS), self.concepts
        assert found is not None and data is not None
        proto, fragment = found
        press = [data["turn"] + 1, data["document"], clock(), *what]
        states = WidgetStates()
        states.widgets.add(id=_make_trigger_id(proto.id, "events"),
                           json_trigger_value=json.dumps([{"event": "presses", "value": [press]}]))
        return self.run(states, fragment)

    def _component(self, name: str) -> tuple[Any, str] | None:
        """A component as it was sent, and the fragment that it is in."""
        for message in self._drawn.values():
            found = message.delta.new_element.bidi_component
            if found.component_name == f"sparsecbm.{name}":
                return found, message.delta.fragment_id
        return None


def clock() -> dict[str, Any]:
    """What a browser reports of a press."""
    return {"key": token_hex(8), "button": "", "elapsed": 1, "time": datetime.now(UTC).isoformat()}
