"""From a stranger's table to a measured model, on the command line alone."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.__main__ import build_parser, main
from sparsecbm.data import load_split
from sparsecbm.data.named_split import NamedSplit
from sparsecbm.errors import InputError
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.model.prediction import predict
from sparsecbm.training.command import sources
from tests.data.tables import TONE, URGENCY, Row, tickets, write_csv

pytestmark = pytest.mark.slow

QUICK = ["--device", "cpu", "--epochs-dense", "1", "--epochs-finetune", "1", "--gradients", "4", "--probe-rows", "0",
         "--batch-size", "16", "--max-tokens", "32"]


def proposed(folder: Path, rows: list[Row], capsys: Any, *arguments: str) -> list[str]:
    """The options that name a table and its proposed schema."""
    table = write_csv(folder / "tickets.csv", rows)
    assert main(["schema", str(table), *arguments]) == 0
    (folder / "schema.json").write_text(capsys.readouterr().out, encoding="utf-8")
    return ["--dataset", "table", "--data", str(table), "--schema", str(folder / "schema.json")]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_backbone: Path) -> tuple[Path, list[str]]:
    """A sparse model of the tickets, and the options that name their table."""
    from tests.data.tables import write_schema

    folder = tmp_path_factory.mktemp("tickets")
    rows = [row | {"trust": 0.5 + number % 2} for number, row in enumerate(tickets(90, tone=[""] * 12))]
    options = ["--dataset", "table", "--data", str(write_csv(folder / "t.csv", rows)),
               "--schema", str(write_schema(folder / "schema.json"))]
    settings = folder / "settings.json"
    settings.write_text(json.dumps({"prune": {"block": 8, "steps": 1}}), encoding="utf-8")
    assert main(["train", *options, "--weight-column", "trust", "--backbone", str(tiny_backbone), "--config",
                 str(settings), "--output", str(folder / "run"), *QUICK]) == 0
    return folder / "run", options


def test_a_model_of_a_table_speaks_its_words(run: tuple[Path, list[str]]) -> None:
    found = load_checkpoint(run[0], "cpu")
    schema = found.model.config.schema
    assert (schema.name, schema.documents, schema.values) == ("tickets", "tickets", (*URGENCY, *TONE))
    training = found.metrics["training"]
    learned = load_split("table", run[1][3], "train", run[1][5], "trust")
    (source,) = training["sources"]
    assert source["annotated"] == learned.annotated and source["data_hash"] == learned.data_hash
    assert source["annotated"]["tone"] < source["annotated"]["priority"] == source["rows"] == 63
    assert f"Annotated: priority 63, urgency 63, tone {source['annotated']['tone']}." in found.card
    assert "restaurant" not in found.card and "review" not in found.card
    masks = found.masks
    assert masks is not None
    said = predict(found.model, found.encoder, found.model.masked_weights(masks), "It can wait.", found.hash)
    np.testing.assert_allclose(said.concept_probabilities[0, 3:].sum() + said.concept_probabilities[1, :3].sum(), 0,
                               atol=1e-6)


@pytest.mark.parametrize("command", [
    ["evaluate", "--split", "test"], ["curve", "--revision-rows", "1", "--orders", "1"],
    ["overlap", "--probe", "--random-masks", "1", "--sample", "8"],
    ["faithfulness", "--sample", "2", "--method", "occlusion", "--shuffled", "0"]], ids=lambda command: command[0])
def test_each_measurement_reads_the_table(run: tuple[Path, list[str]], command: list[str], capsys: Any) -> None:
    folder, options = run
    assert main([*command, *options, "--checkpoint", str(folder), "--device", "cpu", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_a_field_test_names_tables_as_sources(run: tuple[Path, list[str]], capsys: Any) -> None:
    folder, options = run
    named = [f"table:{options[3]}:{split}" for split in ("test", "train")]
    assert main(["field-test", "--data", named[0], "--learned-from", named[1], *options[4:], "--checkpoint",
                 str(folder), "--device", "cpu", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["sources"]
    assert list(found) == ["table/test"] and found["table/test"]["in_domain"]
    assert set(found["table/test"]["subjects"]) == {"label", "urgency", "tone"}


def test_predictions_have_the_columns_of_each_concepts_values(
    run: tuple[Path, list[str]], tmp_path: Path, capsys: Any
) -> None:
    folder, options = run
    assert main(["predict", "--input", options[3], *options[4:], "--output", str(tmp_path / "out.csv"), "--checkpoint",
                 str(folder), "--device", "cpu"]) == 0
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 90 and {"urgency=low", "tone=rude"} < set(rows[0])
    assert not {"urgency=rude", "tone=low"} & set(rows[0])
    assert "'body'" in capsys.readouterr().out


@pytest.mark.parametrize("more", [[], ["--no-residual"]], ids=["residual", "no residual"])
@pytest.mark.parametrize(("concepts", "values", "labels"), [(2, 2, 2), (20, 7, 10)])
def test_few_or_many_concepts_values_and_labels_train(
    concepts: int, values: int, labels: int, more: list[str], tiny_backbone: Path, tmp_path: Path, capsys: Any
) -> None:
    rows = [{"text": f"Some text with number {n}.", "label": n % labels,
             **{f"c{k}": f"v{(n // (k + 1)) % values}" for k in range(concepts)}} for n in range(140)]
    options = proposed(tmp_path, rows, capsys, "--label-column", "label")
    assert main(["train", *options, "--backbone", str(tiny_backbone), "--output", str(tmp_path / "run"), "--kind",
                 "dense", "--epochs-prune", "0", *more, *QUICK]) == 0
    out = capsys.readouterr().out
    assert "labels of c1" in out
    config = load_checkpoint(tmp_path / "run", "cpu").model.config
    assert (len(config.schema.concepts), len(config.schema.values), len(config.schema.labels)) == (
        concepts, values, labels)


def named(*arguments: str) -> tuple[list[NamedSplit], list[NamedSplit]]:
    return sources(build_parser().parse_args(["train", "--output", "o", *arguments]))


def test_a_table_may_be_one_source_of_several() -> None:
    """Its schema and its weights go with it, and with no other; the data set alone trains on `train`."""
    own = ["--schema", "s.json", "--weight-column", "w"]
    learned, scored = named("--data", "table:t.csv:train=2", "--data", "yelp:y:train", *own)
    table = NamedSplit("table", "t.csv", "train", 2.0, Path("s.json"), "w")
    assert learned == [table, NamedSplit("yelp", "y", "train")]
    assert scored == [NamedSplit("table", "t.csv", "dev", 1.0, Path("s.json"), "w"), NamedSplit("yelp", "y", "dev")]
    assert named("--dataset", "table", "--data", "t.csv", *own[:2])[0] == [
        NamedSplit("table", "t.csv", "train", 1.0, Path("s.json"))]
    with pytest.raises(InputError, match="no source is one"):
        named("--data", "yelp:y:train", *own)


def test_what_does_not_vary_in_training_is_refused(tiny_backbone: Path, tmp_path: Path, capsys: Any) -> None:
    """The tone varies in the table, but every ticket that the column puts into training is kind."""
    rows = [row | {"split": "train" if row["tone"] == "kind" else "dev"} for row in tickets(60)]
    options = proposed(tmp_path, rows, capsys, "--label-column", "priority")
    assert main(["train", *options, "--backbone", str(tiny_backbone), "--output", str(tmp_path / "run")]) == 2
    assert "say the same of tone" in capsys.readouterr().err
