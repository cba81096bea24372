"""A scripted participant of a study: a visitor who answers what the screens ask."""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

from benchmarks.visitor import CONCEPTS, Visitor, clock
from sparsecbm.figures.text import as_html, percent

#: In the id of each button that writes: the action, and the number that its event will bear.
_STEP = re.compile(r"study:(\w+?)(?::[^$]*)?:(\d+)$")


@dataclass(frozen=True)
class Seen:
    """What a click led to: the number of the next event, the answers that are drawn, and milliseconds until then."""

    sequence: int | None
    drawn: tuple[str, ...]
    milliseconds: float


class Participant(Visitor):
    """A visitor of a study at the app's `address`, e.g. 127.0.0.1:8501. ConnectionError when the server goes."""

    def __init__(self, address: str, **link: str) -> None:
        self._filled = list[WidgetState]()
        super().__init__(address, "Studies", **link)

    @property
    def code(self) -> str | None:
        """The participant's code, as the address has it."""
        return next(iter(parse_qs(self._query).get("code", ())), None)

    @property
    def buttons(self) -> list[Any]:
        """What can be pressed now."""
        return [button for button in self.tree.get("button") if not button.proto.disabled]

    def seen(self, milliseconds: float) -> Seen:
        """What is on screen now, and how long it took."""
        return Seen(self.sequence, self.drawn, milliseconds)

    def press(self, label: str) -> Seen:
        """Press a button, with the clock that a browser sends along."""
        states = WidgetStates(widgets=self._filled)
        button = next(button for button in self.buttons if button.label == label)
        states.widgets.add(id=button.proto.id, trigger_value=True)
        for one in self.tree.get("bidi_component"):
            if "elapsed" in json.loads(one.proto.json):
                states.widgets.add(id=one.proto.id, json_value=json.dumps({"press": clock()}))
        self._filled = []
        return self.seen(self.run(states))

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
        found, data = re.findall(r'role="img" aria-label="([^"]*)"', html), self.component(CONCEPTS)
        if data is not None and data["after"]["title"]:
            shares = zip(data["labels"], data["after"]["labels"], strict=True)
            found.append(as_html(", ".join(f"{name} {percent(share)}" for name, share in shares)))
        return tuple(found)
