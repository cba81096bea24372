"""The review as words that can be clicked away: a Streamlit component around the pieces of `tokens`.

The review reaches its script as data only.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import streamlit as st

from sparsecbm.figures.colour import DARK_PAPER, PAPER, diverging, ink_on
from sparsecbm.figures.text import signed, visible
from sparsecbm.types import Attribution
from sparsecbm.ui.component import component
from sparsecbm.words.figure import PRINTED_FROM, SHADED_FROM, effect_text

#: How close words stand: by name, what people see on the button.
DENSITIES: Mapping[str, str] = {"comfortable": "All words", "compact": "Compact", "strong": "Strong words only"}
#: A longer review starts compact.
COMFORTABLE_WORDS = 120
#: Fewer weak words in a row than this are not worth folding.
SHORTEST_FOLD = 4

Piece = dict[str, Any]


def usual_density(words: int) -> str:
    """How a review of so many words is shown at first."""
    return "comfortable" if words <= COMFORTABLE_WORDS else "compact"


def token_pieces(
    attribution: Attribution, text: str, limit: float, dark: bool, density: str, hidden: Collection[int] = (),
    truncated: bool = False,
) -> list[Piece]:
    """The whole text in order; `limit` is the score, in logits, that gets the full colour, `hidden` are word numbers.

    Density "strong" folds runs of weak words into one piece each. What follows the last word that the model read is a
    piece of its own, marked as unread when the text was `truncated`.
    """
    words, shares = attribution.words, [float(score) / limit for score in attribution.scores]
    starts = [0, *(word.end for word in words)]
    folds = {run.start: run for run in weak_runs(shares, hidden)} if density == "strong" else {}

    def single(number: int) -> list[Piece]:
        word = words[number]
        piece = _word(visible(word.text), float(attribution.scores[number]), shares[number], dark, density)
        between = visible(text[starts[number] : word.start])
        piece |= {"word": number, "hidden": number in hidden}
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


def _word(shown: str, score: float, share: float, dark: bool, density: str) -> Piece:
    number, effect = signed(score), effect_text(share)
    shaded = abs(share) >= SHADED_FROM
    mark = number if density != "compact" else number[0]
    background = diverging(share, DARK_PAPER if dark else PAPER) if shaded else ""
    return {
        "shown": shown,
        "tip": f"{number}: {effect}",
        "say": f"{shown}, {number.replace('+', 'plus ').replace('−', 'minus ')}, {effect}",
        "mark": mark if abs(share) >= PRINTED_FROM else "",
        "background": background,
        "ink": ink_on(background) if shaded else "",
    }


_component = component(__file__)


def token_view(
    key: str, label: str, review: str, pieces: Sequence[Piece], density: str,
    changed: Callable[[tuple[int, ...]], None],
) -> None:
    """Draw the pieces under the name `label`; `changed` gets the numbers of all hidden words when one is pressed.

    A press reports all of them, not the one, and is numbered. What is drawn carries the number of the last press it
    knows of, so that none is lost when the page is still busy with the press before.
    """
    turn = f"{key}:turn"

    def pressed() -> None:
        press = st.session_state[key].get("hidden")
        if press is not None:
            st.session_state[turn] = int(press["turn"])
            changed(tuple(int(number) for number in press["hidden"]))

    _component(key=key, on_hidden_change=pressed, data={
        "label": label, "review": review, "pieces": list(pieces), "density": density,
        "turn": st.session_state.get(turn, 0)})
