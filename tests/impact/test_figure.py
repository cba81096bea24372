"""The picture, the tables and the sentences of a blast radius, on rows counted by hand."""

from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.figures.colour import OPPOSES, SUPPORTS
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


def a_radius(*effects: Effect) -> Impact:
    rows = len(effects[0].truth)
    settings = ImpactSettings("hash", "dev", "data", rows, 0, True, ("one",))
    ids = tuple(map(str, range(rows)))
    return Impact(settings, CEBAB, np.arange(rows), ids, effects, ("service",), (), RECEIPT)


RADIUS = a_radius(
    an_effect(LABEL_TARGET, FIXED=7, BROKEN=3, WRONG=90, MOVED=2, CHANGED=1, SAME=19),
    an_effect("food", reached=False, WRONG=40), an_effect("service", FIXED=1, WRONG=40, CHANGED=4))


def test_right_goes_right_and_wrong_goes_left() -> None:
    bars = {trace.name: trace for trace in impact_bars(RADIUS, "Title", False).data if trace.type == "bar"}
    assert {name: list(bar.x) for name, bar in bars.items()} == {
        "becomes wrong": [-3, 0, 0], "becomes right": [7, 0, 1], "changes otherwise": [3, 0, 4]}
    assert (bars["becomes right"].marker.color, bars["becomes wrong"].marker.color) == (SUPPORTS, OPPOSES)
    assert len({bar.marker.pattern.shape for bar in bars.values()}) == 3, "told by more than colour"
    assert bars["becomes wrong"].hovertext[0] == "rating: becomes wrong in 3 of 400 reviews"


def test_counts_stand_beside_the_bars_with_their_sign() -> None:
    figure = impact_bars(RADIUS, "Title", True)
    left, right = ([text.replace("\u00a0", "") for text in trace.text] for trace in figure.data[3:])
    assert left == ["−3", "", ""] and right == ["+7, 3 otherwise", "", "+1, 4 otherwise"]
    assert [note.text for note in figure.layout.annotations] == [
        "387 stay as they are", "400 stay as they are", "395 stay as they are"]
    assert list(figure.layout.yaxis.ticktext) == ["rating", "food", "service"]


def test_a_bar_knows_the_reviews_behind_it() -> None:
    for bar in impact_bars(RADIUS, "Title", False).data[:3]:
        for (subject, *outcomes), count in zip(bar.customdata, bar.x, strict=True):
            assert len(RADIUS.cases(subject, *map(Outcome, outcomes))) == abs(count)


def test_the_table_has_every_count_and_the_interval() -> None:
    table = impact_table(RADIUS).set_index("answer")
    rating = table.loc["rating"]
    assert rating[[outcome.value for outcome in Outcome]].tolist() == [7, 3, 278, 90, 2, 1, 19]
    assert (rating["right before, percent"], rating["right after, percent"]) == (73.9, 75.0)  # 281 and 285 of 380
    assert rating["change, points"] == 1.1
    assert (rating["change, 95 % from"], rating["to"]) == (-0.7, 2.8)
    assert rating["by chance (exact McNemar p)"] == 0.344
    assert table.loc["food", ["change, 95 % from", "to"]].tolist() == [0, 0]


def test_the_reviews_behind_a_number_are_listed_as_people_say_it() -> None:
    texts = [f"review {row}" for row in range(400)]
    table = cases_table(RADIUS, texts, LABEL_TARGET, [Outcome.FIXED])
    assert table.to_numpy().tolist()[6] == ["review 6", "1 star", "2 stars", "2 stars", "6"] and len(table) == 7
    changed = cases_table(RADIUS, texts, "service", [Outcome.CHANGED])
    assert changed.iloc[0].tolist()[1:4] == ["Negative", "unknown", "unknown to us"]
    assert list(cases_table(RADIUS, texts, "food", [Outcome.FIXED])) == list(changed)


def test_it_is_said_in_words() -> None:
    assert impact_text(RADIUS) == (
        "Of 400 reviews, 7 ratings become right, 3 become wrong and 3 change otherwise. Of service, 1 reading becomes "
        "right, none becomes wrong and 4 change otherwise. The share of right ratings goes from 73.9 to 75.0 % (of the "
        "380 whose rating is known); for reviews like these, expect a change of −0.7 to +2.8 points (95 % interval): "
        "too few to tell whether the model gets better or worse.")


@pytest.mark.parametrize(("label", "said"), [
    (an_effect(LABEL_TARGET, FIXED=40), "Of 400 reviews, 40 ratings become right and none becomes wrong. No concept is "
     "read differently. The share of right ratings goes from 90.0 to 100.0 %; for reviews like these, expect a change "
     "of +6.9 to +13.0 points (95 % interval): the model gets better."),
    (an_effect(LABEL_TARGET, BROKEN=40),
     "expect a change of −13.0 to −6.9 points (95 % interval): the model gets worse."),
    (an_effect(LABEL_TARGET, MOVED=1), "Of 400 reviews, no ratings become right, none becomes wrong and 1 changes "
     "otherwise. No concept is read differently. The share of right ratings stays 99.8 %; for reviews like these, "
     "expect a change of −0.7 to +0.7 points"),
    (an_effect(LABEL_TARGET, reached=False), "Of 400 reviews, no rating changes. No concept is read differently."),
    (an_effect(LABEL_TARGET, rows=1, SAME=1), "Of 1 review, no rating changes. No concept is read differently. No true "
     "rating is known, so nothing can be called right or wrong."),
])
def test_the_verdict_follows_the_interval(label: Effect, said: str) -> None:
    assert said in impact_text(a_radius(label))


def test_names_are_no_markup() -> None:
    hostile = a_radius(RADIUS.effects[0], replace(RADIUS.effects[2], subject="<b>%{x}"))
    figure = impact_bars(hostile, "Title", False)
    assert "<b>" not in str([trace.hovertext for trace in figure.data]) + str(figure.layout.yaxis.ticktext)
