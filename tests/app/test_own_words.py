"""A model of support tickets: every page speaks of tickets, and of no other domain."""

import csv
import io
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.config import from_json
from sparsecbm.data.table_schema import TableSchema
from sparsecbm.data.table_split import load_table_split
from sparsecbm.evaluation.compute import evaluate
from sparsecbm.evaluation.panel_address import SECTIONS as EVALUATION_SECTIONS
from sparsecbm.model.checkpoint import add_metrics, load_checkpoint
from sparsecbm.subnetworks.panel_selection import SECTIONS as SUBNETWORK_SECTIONS
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE, load_explainer
from sparsecbm.ui.view import SECTIONS
from tests.app.screen import address, fine, open_alone, open_home, panel_data, press, section, set_concept
from tests.app.test_failures import opened
from tests.data.tables import TONE, URGENCY, schema_values, ticket, tickets, write_csv
from tests.helpers import saved_checkpoint

FOREIGN = re.compile(r"\b(reviews?|restaurants?|stars?|food|ambiance|waiters?)\b", re.IGNORECASE)
TEXT = str(ticket(0)["body"])
PAGES = [
    ("pages/1_Explain.py", {"text": TEXT}), ("pages/1_Explain.py", {}), ("pages/5_Studies.py", {}),
    *(("pages/6_Evaluation.py", {"section": name}) for name in EVALUATION_SECTIONS),
    *(("pages/2_Subnetworks.py", {"text": TEXT, "section": name}) for name in SUBNETWORK_SECTIONS),
    *(("pages/3_Interventions.py", {"text": TEXT, "section": name}) for name in SECTIONS),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of the tickets, with its scores."""
    schema = from_json(TableSchema, schema_values())
    folder = tmp_path_factory.mktemp("tickets")
    checkpoint = load_checkpoint(saved_checkpoint(folder / "model", schema=schema.schema), "cpu")
    split = load_table_split(write_csv(folder / "t.csv", tickets(30)), "all", schema)
    report = evaluate(checkpoint, split).to_json()
    add_metrics(checkpoint.path, {"dev": report, "sources": {"table/all": report}, "baselines": {}})
    return checkpoint.path


@pytest.fixture(autouse=True)
def _loaded(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARSECBM_DATABASE_URL", f"sqlite:///{tmp_path}/studies.sqlite")
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(trained))
    monkeypatch.setattr("sparsecbm.ui.offered.CHECKPOINTS", trained)  # no other model is offered


def foreign(at: AppTest) -> list[str]:
    """Words of another domain in anything that the page was given to show, with what stands around them."""
    protos = [one.proto for one in fine(at)._tree if hasattr(one, "proto")]
    shown = "\n".join(str(getattr(proto, "json", "") or proto) for proto in protos).replace('"review":', "")
    return [shown[max(found.start() - 60, 0):found.end() + 30] for found in FOREIGN.finditer(shown)]


@pytest.mark.parametrize(("page", "parts"), PAGES, ids=str)
def test_a_page_speaks_of_tickets_alone(page: str, parts: dict[str, str]) -> None:
    assert foreign(open_alone(page, **parts).run()) == []


def test_home_and_a_table_of_tickets_do_so_too() -> None:
    at = open_home()
    assert foreign(at) == [] and at.text_area(key="home:box").label == "Explain a ticket of your own"
    content = io.StringIO()
    writer = csv.DictWriter(content, list(ticket(0)))
    writer.writeheader()
    writer.writerows(tickets(30))
    at = fine(opened(source="own"))
    at.get("file_uploader")[0].set_value(("tickets.csv", content.getvalue().encode(), "text/csv"))
    at = fine(at.run())
    next(box for box in at.selectbox if box.label == "Texts").set_value("body")
    at = press(fine(at.run()), "Load it")
    assert foreign(at) == [] and any("of 30 tickets" in line.value for line in at.markdown)
    at = section(at, "label")
    assert foreign(at) == []
    at.text_input(key="corrections:queue:who").set_value("Ada")
    for name in ("Begin", "Skip"):
        at = press(at, name)
        assert foreign(at) == [] and any("this ticket" in line.value for line in at.markdown)


def test_a_correction_offers_the_values_of_its_concept() -> None:
    at = open_alone("pages/1_Explain.py", text=TEXT)
    at.session_state["corrections:explain:fold"] = True
    assert foreign(at.run()) == []
    what, really = (next(box for box in at.selectbox if box.label == name)
                    for name in ("What is it about?", "It is really"))
    schema = load_explainer().schema
    assert len(what.options) == 1 + len(schema.concepts) and list(really.options) == list(schema.label_display)
    for concept in schema.concepts:
        at = fine(next(box for box in at.selectbox if box.label == "What is it about?").set_value(concept).run())
        really = next(box for box in at.selectbox if box.label == "It is really")
        assert tuple(really.options) == schema.values_of(concept)


def test_a_concept_is_set_to_a_value_of_its_own() -> None:
    at = fine(open_alone("pages/3_Interventions.py", text=TEXT).run())
    assert panel_data(at)["values"] == [list(URGENCY), list(TONE)]
    at = fine(set_concept(at, "tone", "kind"))
    assert panel_data(at)["after"]["concepts"][1] == [0, 1]
    assert address(at)["override"] == ["tone=kind"]
