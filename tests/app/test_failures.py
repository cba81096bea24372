"""The Failures page: a source analysis, sliced, sorted, tagged and kept, with the address, on a tiny model."""

import json
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.data.reviews import sample_reviews
from sparsecbm.data.samples import load_samples
from sparsecbm.failures.error_analysis import ErrorAnalysis
from sparsecbm.failures.panel_slice_files import slice_csv
from sparsecbm.schema import CEBAB
from sparsecbm.ui.loaded_model import load_explainer
from tests.app.screen import ROOT, address, fine, press

PAGE = "pages/4_Failures.py"
SAMPLES = load_samples(CEBAB)
FILTER = "failures:filter:box"

pytestmark = pytest.mark.usefixtures("failures_of_a_tiny_model")


def opened(**parts: str | list[str]) -> AppTest:
    at = AppTest.from_file(str(ROOT / PAGE), default_timeout=120)
    for name, part in parts.items():
        at.query_params[name] = part
    return at.run()


def table(at: AppTest) -> pd.DataFrame:
    frame: pd.DataFrame = next(frame.value for frame in at.dataframe if "margin" in frame.value)
    return frame


def texts(at: AppTest) -> list[str]:
    """The beginnings of the texts of the table's page."""
    return [text.removesuffix(" …") for text in table(at)["text"]]


def finding(at: AppTest) -> str:
    """The heading over the pictures: how often the label is wrong in the slice."""
    return next(one.value for one in at.markdown if one.value.startswith("### "))


def shown(at: AppTest) -> int:
    """How many documents the slice has; without filters, all of the samples."""
    found = re.search(r"([\d,]+) of [\d,]+ reviews? are shown", " ".join(one.value for one in at.markdown))
    return int(found[1].replace(",", "")) if found else len(SAMPLES)


def pick(at: AppTest, *rows: int, cell: int | None = None) -> AppTest:
    """Mark rows of the table, or press a cell of one, as the browser says it."""
    frame = next(frame for frame in at.dataframe if "margin" in frame.value)
    states = at._tree.get_widget_states()
    states.widgets.add(id=frame.proto.id, string_value=json.dumps({"selection": {
        "rows": list(rows), "columns": [], "cells": [] if cell is None else [[cell, "text"]]}}))
    return at._run(states)


def tag(at: AppTest, name: str, *rows: int) -> AppTest:
    """Mark rows, type a new tag, and press the button that puts it on them; the page's own way to say a new option."""
    at = pick(at, *rows)
    for pressed in (False, True):
        states, box = at._tree.get_widget_states(), at.selectbox(key="failures:tag:name").proto.id
        kept = [state for state in states.widgets if state.id != box]
        del states.widgets[:]
        states.widgets.extend(kept)
        states.widgets.add(id=box, string_value=name)
        frame = next(frame for frame in at.dataframe if "margin" in frame.value)
        states.widgets.add(id=frame.proto.id, string_value=json.dumps({"selection": {"rows": rows}}))
        if pressed:
            states.widgets.add(id=at.button(key="failures:tag:True").proto.id, trigger_value=True)
        at = at._run(states)
    return at


def with_open(at: AppTest, key: str) -> AppTest:
    """The page with a box opened."""
    at.session_state[key] = True
    return at.run()


def wrong() -> np.ndarray[Any, Any]:
    """Which samples get a wrong label."""
    said = load_explainer().predict_texts([sample.text for sample in SAMPLES]).labels
    return np.array([CEBAB.labels[label] != sample.label for label, sample in zip(said, SAMPLES, strict=True)])


def test_the_samples_are_analysed_and_the_label_furthest_off_comes_first() -> None:
    at = fine(opened())
    assert f"{wrong().sum()} of {len(SAMPLES)} reviews" in finding(at) and "95 % interval" in finding(at)
    page = table(at)
    away = (page["true"].str[0].astype(int) - page["predicted"].str[0].astype(int)).abs()
    assert len(page) == 15 and away.iloc[0] > 0 and away.is_monotonic_decreasing
    assert page["wrong"].str.startswith("rating").all() and not address(at)


def test_words_conditions_and_order_travel_in_the_address() -> None:
    at = fine(opened())
    at.text_input(key="failures:filter:says").set_value("soup").run()
    at = fine(at.selectbox(key="failures:table:sort").set_value("long").run())
    held = [sample for sample in SAMPLES if "soup" in sample.text.lower().split() or "soup" in sample.text.lower()]
    assert 0 < shown(at) <= len(held)
    at = fine(with_open(at, FILTER))
    at = fine(at.multiselect(key="failures:filter:true_labels").set_value(["1"]).run())
    assert address(at) == {"says": ["soup"], "sort": ["long"], "true": ["1"]}
    read = texts(at)
    assert set(table(at)["true"]) == {"1 star"} and all("soup" in text.lower() or len(text) > 90 for text in read)
    again = fine(opened(says="soup", sort="long", true="1"))
    assert texts(again) == read
    again = fine(press(again, "failures:filter:drop:says"))
    assert address(again) == {"sort": ["long"], "true": ["1"]} and len(table(again)) > len(read)


def test_a_link_with_mistakes_keeps_its_good_parts() -> None:
    at = opened(source="nowhere", sort="upside", page="-1", true=["1", "9"], tag="short", cell="colour=red", more="x")
    assert not at.exception and not at.error
    said = "".join(warning.value for warning in at.warning)
    for part in ("nowhere", "upside", "9", "short", "colour"):
        assert part in said, part
    assert set(table(at)["true"]) == {"1 star"}
    assert address(fine(press(at, "Dismiss"))) == {"true": ["1"]}


def test_a_review_is_read_and_the_next_one_keeps_the_slice() -> None:
    at = fine(opened(true="2", sort="source", page="1"))
    ids = [sample.id for sample in SAMPLES if sample.label == "2"]
    at = fine(pick(at, cell=14))
    assert address(at)["open"] == [ids[14]] and list(table(at)[""]).index("▶") == 14
    sample = next(sample for sample in SAMPLES if sample.id == ids[14])
    assert any(sample.text[:40].split("'")[0] in block.proto.body for block in at.get("html"))
    at = fine(press(at, "failures:row:Right"))
    assert address(at) == {"true": ["2"], "sort": ["source"], "page": ["2"], "open": [ids[15]]}
    assert list(table(at)[""]).index("▶") == 0
    at = fine(press(at, "failures:row:Left"))
    assert address(at)["open"] == [ids[14]] and "page" not in address(at)
    at = fine(press(at, "failures:row:close"))
    assert "open" not in address(at) and "▶" not in set(table(at)[""])


def test_rows_are_tagged_together_exported_and_taken_up_again() -> None:
    at = fine(tag(opened(sort="source"), "=sarcasm", 1, 3))
    assert ["“=sarcasm”" in tags for tags in table(at)["tags"][:5]] == [False, True, False, True, False]
    at = with_open(at, FILTER)
    at = fine(at.multiselect(key="failures:filter:marks").set_value(["=sarcasm"]).run())
    assert shown(at) == 2 and address(at) == {"sort": ["source"], "mark": ["=sarcasm"]}

    reviews, explainer = sample_reviews(CEBAB), load_explainer()
    analysis = ErrorAnalysis.of(reviews, explainer.predict_texts(reviews.texts), None)
    file = slice_csv(analysis, np.array([1, 3]), {"=sarcasm": {SAMPLES[1].id, SAMPLES[3].id}})
    other = with_open(fine(opened()), "failures:saved:files")
    other.get("file_uploader")[0].set_value(("slice.csv", file.encode(), "text/csv")).run()
    other = fine(press(other, "failures:saved:import"))
    assert shown(other) == 2
    assert all("“=sarcasm”" in tags for tags in table(other)["tags"])
    assert address(other) == {"id": [SAMPLES[1].id, SAMPLES[3].id]}


def test_a_slice_is_saved_by_name_and_looked_at_again() -> None:
    at = fine(opened(true="1", said="1"))
    counted = finding(at)
    at.text_input(key="failures:saved:name").set_value("rightly bad")
    at = fine(press(at, "Save"))
    at = with_open(fine(press(at, "Show all")), "failures:saved:list")
    assert any("rightly bad" in block.proto.body and "1 star" in block.proto.body for block in at.get("html"))
    at = fine(press(at, "failures:saved:look"))
    assert finding(at) == counted and address(at) == {"true": ["1"], "said": ["1"]}
