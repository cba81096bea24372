"""The picture, the tables and the sentences of an impact, on rows counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.figures.style import OPPOSES, SUPPORTS
from sparsecbm.impact.figure import cases_table, impact_bars, impact_table, impact_text
from sparsecbm.impact.impact import Effect, Impact, ImpactSettings, Outcome
from sparsecbm.schema import CEBAB
from sparsecbm.types import LABEL_TARGET
from tests.builders import RECEIPT


def an_effect(subject: str, reached: bool = True, *, rows: int = 400, **counts: int) -> Effect:
    """So many rows of each outcome, by its name; the others stay right."""
    kinds = {"FIXED": (0, 1, 1), "BROKEN": (1, 0, 1), "WRONG": (0, 0, 1), "MOVED": (0, 2, 1), "CHANGED": (0, 1, -1),
             "SAME": (0, 0, -1), "RIGHT": (1, 1, 1)}
    counts = counts | {"RIGHT": rows - sum(counts.values())}
    made = np.array([kinds[name] for name, count in counts.items() for _ in range(count)], dtype=np.int64)
    return Effect(subject, reached, *made.T)


def an_impact(*effects: Effect) -> Impact:
    rows = len(effects[0].truth)
    settings = ImpactSettings("hash", "dev", "data", rows, 0, True, ("one",))
    ids = tuple(map(str, range(rows)))
    return Impact(settings, CEBAB, np.arange(rows), ids, effects, ("service",), (), RECEIPT)


IMPACT = an_impact(
    an_effect(LABEL_TARGET, FIXED=7, BROKEN=3, WRONG=90, MOVED=2, CHANGED=1, SAME=19),
    an_effect("food", reached=False, WRONG=40), an_effect("service", FIXED=1, WRONG=40, CHANGED=4))


def test_right_goes_right_and_wrong_goes_left() -> None:
    bars = {trace.name: trace for trace in impact_bars(IMPACT, "Title", False).data if trace.type == "bar"}
    assert {name: list(bar.x) for name, bar in bars.items()} == {
        "becomes wrong": [-3, 0, 0], "becomes right": [7, 0, 1], "changes otherwise": [3, 0, 4]}
    assert (bars["becomes right"].marker.color, bars["becomes wrong"].marker.color) == (SUPPORTS, OPPOSES)
    assert len({bar.marker.pattern.shape for bar in bars.values()}) == 3, "told by more than colour"
    assert bars["becomes wrong"].hovertext[0] == "rating: becomes wrong in 3 of 400 reviews"


def test_counts_stand_next_to_the_bars_and_other_changes_apart() -> None:
    figure = impact_bars(IMPACT, "Title", True)
    said = [[text.replace("\u00a0", "") for text in trace.text] for trace in figure.data if trace.type == "scatter"]
    assert said == [["−3", "", ""], ["+7", "", "+1"], ["3", "", "4"]]
    assert {trace.name: trace.xaxis for trace in figure.data if trace.type == "bar"} == {
        "becomes wrong": "x", "becomes right": "x", "changes otherwise": "x2"}, "on neither side"
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    assert [note.text.split()[0] for note in figure.layout.annotations] == ["387", "400", "395"]
    assert list(figure.layout.yaxis.ticktext) == ["rating", "food", "service"]


def test_a_bar_knows_the_reviews_behind_it() -> None:
    for bar in (trace for trace in impact_bars(IMPACT, "Title", False).data if trace.type == "bar"):
        for (subject, *outcomes), count in zip(bar.customdata, bar.x, strict=True):
            assert len(IMPACT.cases(subject, *map(Outcome, outcomes))) == abs(count)


def test_the_table_has_every_count_and_the_interval() -> None:
    table = impact_table(IMPACT).set_index("answer")
    rating = table.loc["rating"]
    assert rating[[outcome.value for outcome in Outcome]].tolist() == [7, 3, 278, 90, 2, 1, 19]
    assert (rating["right before, percent"], rating["right after, percent"]) == (73.9, 75.0)  # 281 and 285 of 380
    assert rating["change, points"] == 1.1
    assert (rating["change, 95 % from"], rating["to"]) == (-0.7, 2.8)
    assert rating["by chance (exact McNemar p)"] == 0.344
    assert table.loc["food", ["change, 95 % from", "to"]].tolist() == [0, 0]


def test_the_reviews_behind_a_number_are_listed_as_people_say_it() -> None:
    texts = [f"review {row}" for row in range(400)]
    table = cases_table(IMPACT, texts, LABEL_TARGET, [Outcome.FIXED])
    assert table.to_numpy().tolist()[6] == ["review 6", "1 star", "2 stars", "2 stars", "6"] and len(table) == 7
    changed = cases_table(IMPACT, texts, "service", [Outcome.CHANGED])
    assert changed.iloc[0].tolist()[1:3] == ["Negative", "unknown"] and changed["truth"][0] not in CEBAB.values
    named = cases_table(IMPACT, texts, "food", [Outcome.FIXED], ("by one", "by other"))
    assert list(named) == ["text", "by one", "by other", "truth", "id"]


def test_it_is_said_in_words() -> None:
    text = impact_text(IMPACT)
    assert text.startswith("Of 400 reviews, 7 ratings become right, 3 become wrong and 3 change otherwise. Of service, "
                           "1 prediction becomes right, none becomes wrong and 4 change otherwise.")
    assert "73.9 → 75.0 %" in text and "380" in text and "−0.7 to +2.8 points" in text
    assert "food" not in text, "nothing becomes of it"


@pytest.mark.parametrize(("subject", "counts", "verdict"), [
    (LABEL_TARGET, {"FIXED": 40}, "better at rating (90.0 → 100.0 % right; 95 % interval of the change +6.9 to +13.0"),
    (LABEL_TARGET, {"BROKEN": 40}, "gets worse at rating"),
    (LABEL_TARGET, {"MOVED": 1}, "Too few answers change to tell"),
    ("food", {"BROKEN": 57}, "gets worse at food"), (LABEL_TARGET, {"rows": 1, "SAME": 1}, "nothing can be called"),
], ids=str)
def test_the_verdict_follows_the_interval_of_label_and_concepts(
    subject: str, counts: dict[str, int], verdict: str
) -> None:
    effects = [an_effect(subject, **counts)]
    effects = effects if subject == LABEL_TARGET else [an_effect(LABEL_TARGET), *effects]
    assert verdict in impact_text(an_impact(*effects))


def test_an_answer_out_of_reach_has_no_verdict() -> None:
    text = impact_text(an_impact(an_effect(LABEL_TARGET, reached=False)))
    assert text.count(".") == 2 and "%" not in text


def test_names_are_no_markup() -> None:
    hostile = an_impact(IMPACT.effects[0], replace(IMPACT.effects[2], subject="<b>%{x}"))
    figure = impact_bars(hostile, "Title", False)
    assert "<b>" not in str([trace.hovertext for trace in figure.data]) + str(figure.layout.yaxis.ticktext)
