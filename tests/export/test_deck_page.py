"""A deck as one HTML file: all of it there, all text escaped, only its own scripts may run."""

import base64
import hashlib
import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from sparsecbm.deck.deck import Deck, deck_to_json
from sparsecbm.deck.figure import deck_from_json
from sparsecbm.deck.parts import WRONG, Bars, Chart, Heatmap, Passage, Table
from sparsecbm.export.deck_page import cover_html, deck_html, scene_pieces, scene_style
from tests.deck.scenes import NOON, a_chart, a_figure, a_scene

EVIL = "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'>{{ 7 * 7 }}\u202e"


@pytest.fixture(autouse=True)
def _small_plotly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser reads the real one in tests/browser."""
    monkeypatch.setattr("sparsecbm.export.deck_page.get_plotlyjs", lambda: "/* plotly.js v0 */")


class Page(HTMLParser):
    """The tags of a page with their attributes, and the text of every script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._in_script = tag == "script"
        if self._in_script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False

    def handle_data(self, data: str) -> None:
        if self._in_script:
            self.scripts[-1] += data

    def policy(self) -> str:
        return next(attributes["content"] or "" for _, attributes in self.tags
                    if attributes.get("http-equiv") == "Content-Security-Policy")


def an_evil_deck() -> Deck:
    """Every text of a scene is markup, taken in from a file."""
    parts = (Passage(EVIL), Passage(EVIL, quote=True), Heatmap(EVIL, ((0, 9, 1.0), (9, 17, -1.0)), 1.0, EVIL),
             Bars(EVIL, ((EVIL, 0.5),), EVIL), Table((EVIL,), ((EVIL,),)),
             Chart(a_figure("&lt;/script&gt;"), a_figure(), EVIL, Table((EVIL,), ((EVIL,),))))
    scene = a_scene(EVIL, *parts, note=EVIL, query=((EVIL, EVIL),), checkpoint=EVIL[:100], receipt=EVIL)
    return deck_from_json(deck_to_json(Deck((scene, a_scene("Harmless")))).encode())


def test_no_text_of_a_scene_becomes_markup() -> None:
    evil, harmless = Page(deck_html(an_evil_deck())), Page(deck_html(Deck((a_scene("A"), a_scene("B")))))
    assert {tag for tag, _ in evil.tags} <= {tag for tag, _ in harmless.tags} | {"blockquote"}
    assert len(evil.scripts) == len(harmless.scripts) == 3
    attributes = {name for _, found in evil.tags for name in found}
    assert not [name for name in attributes if name.startswith("on")] and "src" not in attributes
    assert "alert(1)" not in "".join(evil.scripts)
    for piece in scene_pieces(an_evil_deck().scenes[0]):
        assert "<script" not in piece.html and "<img" not in piece.html and "\u202e" not in piece.html
    assert "49" not in scene_pieces(a_scene(EVIL, Passage("x")))[0].html


def test_only_the_files_own_scripts_may_run_and_nothing_is_fetched() -> None:
    page = Page(deck_html(Deck((a_scene("A", a_chart("<b>bold</b>")),))))
    data, *code = page.scripts
    digests = {f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in code}
    policy = dict(part.strip().split(" ", 1) for part in page.policy().split(";"))
    assert policy["default-src"] == "'none'" and set(policy["script-src"].split()) == digests
    assert json.loads(data)[0][0]["layout"]["title"]["text"] == "<b>bold</b>" and "<" not in data
    assert not [found for _, found in page.tags if found.keys() & {"href", "src", "srcset", "action"}]


def test_plotly_comes_once_and_only_where_there_is_a_chart() -> None:
    many = deck_html(Deck((a_scene("A", a_chart(), a_chart("Other")), a_scene("B", a_chart()))))
    assert len(re.findall(r"plotly\.js v\d", many)) == 1 and many.count('class="drawn"') == 3
    titles = [light["layout"]["title"]["text"] for light, _ in json.loads(Page(many).scripts[0])]
    assert titles == ["Shares", "Other", "Shares"]
    assert len(deck_html(Deck((a_scene("A", Passage("x")),)))) < 50_000
    assert "no scenes" in deck_html(Deck())


def test_a_scene_says_where_it_comes_from_and_folds_how_it_was_computed() -> None:
    head, *_, foot = scene_pieces(a_scene("A title", Passage("x")))
    assert "A title" in head.html and "A note" in head.html
    assert "0123456789ab · pinned 2026-11-21 12:00 UTC on Explain" in foot.html and "<details" not in foot.html
    foot = scene_pieces(a_scene("A", Passage("x"), receipt="12 ms, 0.1 logits"))[-1]
    shown, _, folded = foot.html.partition("<details")
    assert "logits" in folded and "logits" not in shown


def test_the_cover_names_title_model_date_and_number_of_scenes() -> None:
    scenes = (a_scene("A"), a_scene("B", created=NOON + timedelta(days=2), checkpoint="f" * 64))
    cover = cover_html(Deck(scenes, title="<Title>"))
    for part in ("&lt;Title&gt;", "<dd>2</dd>", "0123456789ab", "f" * 12, "2026-11-21 to 2026-11-23"):
        assert part in cover, part
    assert deck_html(Deck(scenes)).count('class="scene"') == 3 and "f" * 13 not in cover


def test_a_sentence_does_not_repeat_the_title_and_what_is_wrong_is_marked() -> None:
    table = Table(("", "gold", "the model says", ""), (
        ("food", "Positive", "Negative", WRONG), ("noise", "a", "a", "")))
    html = "".join(piece.html for piece in scene_pieces(a_scene("All of it", Passage("all of it: 38 of 38"), table)))
    assert html.count('class="wrong"') == 1 and "<p dir=\"auto\">38 of 38</p>" in html
    assert "All of it, too" in scene_pieces(a_scene("All of it", Passage("All of it, too")))[1].html


def test_pieces_keep_the_order_of_the_parts() -> None:
    pieces = scene_pieces(a_scene("A", Passage("one"), a_chart(), Passage("two"), Passage("three"), a_chart("last")))
    assert [piece.chart is not None for piece in pieces] == [False, False, True, False, True, False]
    assert pieces[3].html.index("two") < pieces[3].html.index("three")


@pytest.mark.parametrize(("dark", "scheme"), [(False, "light"), (True, "dark")])
def test_the_style_of_a_scene_stays_within_it(dark: bool, scheme: str) -> None:
    style = scene_style(dark)
    assert style.startswith(f".scene {{ color-scheme: {scheme};") and style.endswith("}")
    assert style.count("{") == style.count("}") and "</" not in style
