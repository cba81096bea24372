"""The text as words that can be clicked away: a Streamlit component around the pieces of `token_pieces`.

The text reaches its script as data only.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from sparsecbm.figures.text import visible
from sparsecbm.types import Word
from sparsecbm.ui.component import component, sent
from sparsecbm.ui.session import at_hand
from sparsecbm.words.figure import PRINTED_FROM, look_of
from sparsecbm.words.unread import TIPS

#: How close words stand: by name, what people see on the button.
DENSITIES: Mapping[str, str] = {"comfortable": "All words", "compact": "Compact", "strong": "Strong words only"}
#: A longer text starts compact.
COMFORTABLE_WORDS = 120
#: Fewer weak words in a row than this are not worth folding.
SHORTEST_FOLD = 4

Piece = dict[str, Any]


def usual_density(words: int) -> str:
    """How a text with so many words is shown at first."""
    return "comfortable" if words <= COMFORTABLE_WORDS else "compact"


def token_pieces(
    words: Sequence[Word], scores: Sequence[float] | None, text: str, limit: float, dark: bool, density: str,
    hidden: Collection[int] = (), truncated: bool = False,
) -> list[Piece]:
    """The whole text in order; `limit` is the score, in logits, that gets the full colour, `hidden` are word numbers.

    Without `scores` no word is coloured; words that the model does not read as they stand say so. Density "strong"
    folds runs of weak words into one piece each. What follows the last word that the model read is a piece of its own,
    marked as unread when the text was `truncated`.
    """
    starts = [0, *(word.end for word in words)]
    folds = {}
    if density == "strong" and scores is not None:
        folds = {run.start: run for run in weak_runs([score / limit for score in scores], hidden)}

    def single(number: int) -> list[Piece]:
        shown = visible(words[number].text)
        look = {"style": "", "mark": "", "tip": "", "say": shown} if scores is None else (
            _look(shown, scores[number], limit, dark, density))
        unread = words[number].unread
        if unread:
            look |= {"tip": "; ".join(filter(None, (look["tip"], TIPS[unread]))), "say": f"{look['say']}, {unread}"}
        piece = {"shown": shown, "word": number, "hidden": number in hidden, "unread": unread, **look}
        between = visible(text[starts[number] : words[number].start])
        return [{"text": between}, piece] if between else [piece]

    pieces: list[Piece] = []
    number = 0
    while number < len(words):
        run = folds.get(number, range(number, number + 1))
        inside = [piece for member in run for piece in single(member)]
        if number in folds:
            lead = [inside.pop(0)] if "text" in inside[0] else []
            inside = [*lead, {"fold": len(run), "inside": inside}]
        pieces += inside
        number = run.stop
    rest = visible(text[starts[-1] :])
    if rest:
        pieces.append({"text": rest, "unread": truncated and bool(rest.strip())})
    return pieces


def weak_runs(shares: Sequence[float], kept: Collection[int] = ()) -> tuple[range, ...]:
    """The runs of at least SHORTEST_FOLD neighbours whose score would not be printed; words `kept` break a run."""
    runs, start = [], 0
    for end in range(len(shares) + 1):
        if end == len(shares) or abs(shares[end]) >= PRINTED_FROM or end in kept:
            if end - start >= SHORTEST_FOLD:
                runs.append(range(start, end))
            start = end + 1
    return tuple(runs)


def _look(shown: str, score: float, limit: float, dark: bool, density: str) -> Piece:
    look = look_of(score, limit, dark)
    number = look.tip.partition(":")[0].replace("+", "plus ").replace("−", "minus ")
    return {"style": look.style, "mark": look.mark[:1] if density == "compact" else look.mark, "tip": look.tip,
            "say": f"{shown}, {number}, {look.effect}"}


_component = component(__file__)


def token_view(
    key: str, label: str, text: str, pieces: Sequence[Piece], density: str,
    changed: Callable[[tuple[int, ...]], None],
) -> None:
    """Draw the pieces under the name `label`; `changed` gets the numbers of all hidden words when one is clicked.

    A click reports all of them, not the one, and is numbered. What is drawn carries the number of the last click it
    knows of, so that no click is lost while the page is still busy with the one before.
    """
    turn = f"{key}:turn"

    def pressed() -> None:
        press = sent(key, "hidden")
        if press is not None and at_hand(key):
            st.session_state[turn] = int(press["turn"])
            changed(tuple(int(number) for number in press["hidden"]))

    _component(key=key, on_hidden_change=pressed, data={
        "label": label, "review": text, "pieces": list(pieces), "density": density,
        "turn": st.session_state.get(turn, 0)})
