"""The results tables print what was stored of runs, and measuring a run stores it."""

import json
from pathlib import Path

import pytest

from benchmarks import table
from benchmarks.table_measure import run_name, store
from sparsecbm.errors import InputError
from sparsecbm.model.checkpoint import hashed_files, save_checkpoint, write_notes
from tests.helpers import saved_checkpoint, structured_masks, tiny_encoder, tiny_model, toy_split

REPORT = {
    "label": {"accuracy": 0.7, "macro_f1": 0.6}, "concepts": {"a": {"macro_f1": 0.8}, "b": {"macro_f1": 0.6}},
    "specificity": [[0.9, 0.5], [0.8, 0.7]], "jaccard": [[1, 0.2, 0.4], [0.2, 1, 0.3], [0.4, 0.3, 1]],
    "correction": {kind: {"rows_with_wrong_concept": accuracy} for kind, accuracy in
                   (("predicted", 0.5), ("corrected", 0.48))},
}
MEASURED = REPORT | {
    "megabytes": 45.9, "passes": {"over_dense": 1.5},
    "probe": {"necessity": {"a": {"own": 0.9, "random": {"mean": 0.5}}, "b": {"own": 0.7, "random": {"mean": 0.6}}}},
    "correction": REPORT["correction"] | {"gain": {"ci95": [-0.05, 0.01]}},
}


def columns(title: str, text: str, row: str) -> dict[str, str]:
    """The cells of one row of one table by their headings."""
    part = text[text.index(title):].split("\n\n")[1].splitlines()
    cells = next(line for line in part if line.startswith(f"| {row} |"))
    return dict(zip(*([cell.strip() for cell in line.split("|")[1:-1]] for line in (part[0], cells)), strict=True))


def test_mean_and_spread_over_seeds_and_a_dash_for_what_was_not_measured(tmp_path: Path) -> None:
    other = MEASURED | {"label": {"accuracy": 0.72, "macro_f1": 0.6}, "specificity": [[0.9, 0.5], [0.8, 0.9]]}
    for name, report in (("dense-0", REPORT | {"jaccard": None, "specificity": None}), ("structured_70-0", MEASURED),
                         ("structured_70-1", other), ("independent-0", REPORT)):
        (tmp_path / f"{name}.json").write_text(json.dumps(report), encoding="utf-8")
    agreement = {kind: {"jaccard": [0.5, 0.7], "chance": [0.3, 0.3]} for kind in ("heads", "neurons")}
    (tmp_path / "structured_70-seeds.json").write_text(json.dumps({
        "passes": ["a", "b", "residual"], "concepts": 2, "concept_pairs": {"mean": -0.5, "chance": 0.75},
        "agreement": dict.fromkeys(("a", "b", "residual"), agreement)}), encoding="utf-8")
    text = table.tables(3, tmp_path)
    title = "SparseCBM, 70 % pruned, contrastive heads and neurons"
    first, second = (columns(name, text, title) for name in table.TABLES)
    assert first == {
        "model": title, "seeds": "2", "rating accuracy": "71.0 ± 1.4", "rating macro F1": "60.0 ± 0.0",
        "concept macro F1": "70.0 ± 0.0", "gain of correcting": "−2.0 ± 0.0",
        "its 95 % interval": "−5.0 to +1.0", "megabytes": "45.9 ± 0.0", "× one dense pass": "1.50 ± 0.00"}
    assert second["leads"] == "10.0 ± 0.0 / 30.0 ± 14.1" and second["least lead"] == "10.0 ± 0.0"
    assert second["necessity"] == "40.0 ± 0.0 / 10.0 ± 0.0" and second["least necessity"] == "10.0 ± 0.0"
    assert second["Jaccard of pairs"] == "0.20 ± 0.00 to 0.40 ± 0.00"
    assert list(second.values())[-2:] == ["−0.50 (p 0.75)", "heads 60 (30) / 60 (30); neurons 60 (30) / 60 (30)"]
    assert columns("Accuracy", text, "dense CBM")["megabytes"] == "-"
    assert "dense CBM" not in text[text.index("Subnetworks"):]
    assert list(columns("Subnetworks", text, "SparseCBM, 70 % pruned, independent masks").values())[-5:] == [
        "-", "-", "0.20 to 0.40", "-", "-"]


def test_the_results_page_has_the_tables_as_they_are_printed() -> None:
    page = (Path(__file__).parents[1] / "docs" / "results.md").read_text(encoding="utf-8")
    assert [line for line in table.tables(3).splitlines() if line.startswith("|") and line not in page] == []


@pytest.mark.slow
def test_finished_runs_are_measured(tmp_path: Path) -> None:
    folders = []
    for seed in range(2):
        model, folder = tiny_model(mask_kind="structured"), tmp_path / "runs" / f"toy-{seed}"
        save_checkpoint(folder, model, tiny_encoder(), structured_masks(model, seed=seed), "float32")
        folders.append(folder)
    dense = saved_checkpoint(tmp_path / "runs" / "dense-0", kind="dense")
    for folder in (*folders, dense):
        write_notes(folder, {}, "")
    store([folders[1], dense, folders[0]], toy_split(1), tmp_path / "results", "cpu", sample=4)
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "results").iterdir()}
    assert set(found) == {"toy-0", "toy-1", "toy-seeds", "dense-0"}
    toy = found["toy-1"]
    assert toy["megabytes"] == sum(path.stat().st_size for path in hashed_files(folders[1])) / 1e6
    assert toy["passes"]["over_dense"] == pytest.approx(toy["passes"]["ms"] / toy["passes"]["dense_ms"])
    assert toy["passes"]["tokens"] == 45 and toy["probe"]["probe"]["n"] == 4 and toy["n"] == 9
    assert "probe" not in found["dense-0"] and found["dense-0"]["passes"]["ms"] > 0
    assert [run["name"] for run in found["toy-seeds"]["runs"]] == ["toy-0", "toy-1"]
    assert all(column.cell([toy]) != "" for columns in table.TABLES.values() for column in columns)
    assert len(table.stability_cells(found["toy-seeds"])) == len(table.STABILITY)


def test_only_finished_runs_with_a_name_and_a_seed_are_measured(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="NAME-SEED"):
        run_name(tmp_path / "structured_70-best")
    (tmp_path / "toy-3").mkdir()
    with pytest.raises(InputError, match="finished"):
        run_name(tmp_path / "toy-3")
    write_notes(tmp_path / "toy-3", {}, "")
    assert run_name(tmp_path / "toy-3") == ("toy", 3)


def test_a_run_with_other_settings_has_a_line_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "structured_70-1-beta=2-floor=0.05"
    folder.mkdir()
    write_notes(folder, {}, "")
    assert run_name(folder) == ("structured_70-beta=2-floor=0.05", 1)
    for name in ("structured_70-0", "structured_70-beta=2-floor=0.05-0"):
        (tmp_path / f"{name}.json").write_text(json.dumps(MEASURED), encoding="utf-8")
    title = "SparseCBM, 70 % pruned, contrastive heads and neurons"
    lines = [line.split(" | ")[0].strip("| ") for line in table.tables(3, tmp_path).splitlines() if title in line]
    assert lines == [title, f"{title}, beta=2, floor=0.05"] * 2
