"""A deck as one standalone HTML file: a slide at a time, large, no network, dark or light as the reader's system is."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from plotly.offline import get_plotlyjs

from sparsecbm.deck.deck import Deck, Scene
from sparsecbm.deck.figure import enlarged
from sparsecbm.deck.parts import WRONG, Chart, Part, Passage
from sparsecbm.export.page import environment

#: How much larger than on a page everything in a scene is.
LARGE = 1.6
#: The title of a deck that has none of its own.
USUAL_TITLE = "What the model predicts, and why"
_HERE = Path(__file__).parent
#: Script that says which slide a key leads to, and how a slide is called.
KEYS_SCRIPT = (_HERE / "keys.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Piece:
    """Either HTML, everything in it escaped, or a chart."""

    html: str = ""
    chart: Chart | None = None


@dataclass(frozen=True)
class _Shown:
    scene: Scene
    pieces: tuple[Piece, ...]


def deck_html(deck: Deck) -> str:
    """The page: a cover, then the scenes. Arrow keys turn it, and on paper every slide has a sheet of its own.

    Only the page's own scripts may run on it, each named by its hash, so that no text of a scene ever could.
    """
    scenes = [_Shown(scene, scene_pieces(scene)) for scene in deck.scenes]
    figures = [[enlarged(paper, LARGE, one.scene.title) for paper in (piece.chart.light, piece.chart.dark)]
               for one in scenes for piece in one.pieces if piece.chart is not None]
    scripts = [*([get_plotlyjs()] if figures else []), KEYS_SCRIPT + (_HERE / "deck.js").read_text(encoding="utf-8")]
    templates = environment()
    return templates.get_template("deck.html.j2").render(
        title=deck.title or USUAL_TITLE, cover=cover_html(deck), scenes=scenes, scripts=scripts, digest=_digest,
        figures=_as_script(figures), table=_macros().table)  # type: ignore[attr-defined]


def cover_html(deck: Deck) -> str:
    """The first slide: title, number of scenes, model and date."""
    days = sorted({scene.created.date() for scene in deck.scenes})
    return str(_macros().cover(  # type: ignore[attr-defined]
        deck.title or USUAL_TITLE, len(deck.scenes), list(dict.fromkeys(scene.checkpoint for scene in deck.scenes)),
        " to ".join(day.isoformat() for day in dict.fromkeys((days[0], days[-1]))) if days else ""))


def scene_pieces(scene: Scene) -> tuple[Piece, ...]:
    """The pieces of a scene, from the top."""
    macros = _macros()
    pieces, html = list[Piece](), list[str]()
    for number, part in enumerate(scene.parts):
        if isinstance(part, Chart):
            pieces += [_html(html), Piece(chart=part)]
            html = []
        else:
            part = part if number else _without_title(part, scene.title)
            html.append(macros.part(part, scene, WRONG))  # type: ignore[attr-defined]
    head, foot = str(macros.head(scene)), str(macros.foot(scene))  # type: ignore[attr-defined]
    return (Piece(head), *(piece for piece in (*pieces, _html(html)) if piece.html or piece.chart), Piece(foot))


def scene_style(dark: bool) -> str:
    """Style for a scene inside another page, where it stands in elements of the class `scene`."""
    page, scene, colours = (environment().get_template(f"{name}.css").render() for name in ("page", "scene", "colours"))
    return f".scene {{ color-scheme: {'dark' if dark else 'light'}; color: var(--ink); {colours} {page} {scene} }}"


def _macros() -> object:
    return environment().get_template("scene.html.j2").module


def _without_title(part: Part, title: str) -> Part:
    """The first part; a sentence does not repeat the title that stands above it."""
    if not isinstance(part, Passage) or part.quote or not part.text.casefold().startswith(f"{title.casefold()}:"):
        return part
    rest = part.text[len(title) + 1 :].lstrip()
    return replace(part, text=rest[:1].upper() + rest[1:])


def _html(parts: Sequence[str]) -> Piece:
    return Piece(f'<div class="parts">{"".join(parts)}</div>' if parts else "")


def _digest(script: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def _as_script(values: object) -> str:
    """JSON that ends no script element."""
    plain = json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return plain.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
