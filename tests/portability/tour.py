"""A tour of the product in a process of its own: each command and each page once, on a tiny model that it trains.

    python -X warn_default_encoding -m tests.portability.tour FOLDER [SIMULATION ...]

A SIMULATION is the name of a function in tests/portability/simulated.py, which is called first.
"""

import os
import sys
from pathlib import Path

from tests.portability import simulated

TEXT = "The soup was tasty → très bon, but the waiter was rude."
PAGES = ("app.py", *(f"pages/{name}" for name in (
    "1_Explain.py", "2_Subnetworks.py", "3_Interventions.py", "4_Failures.py", "5_Studies.py", "6_Evaluation.py")))


def prepared(folder: Path) -> list[str]:
    """A data set and a backbone in the folder, and an environment that stays in it; returns options of `train`."""
    from tests.conftest import write_splits
    from tests.helpers import backbone_folder

    os.environ |= {"SPARSECBM_CACHE": str(folder / "cache"), "SPARSECBM_PATCHES": str(folder / "patches"),
                   "SPARSECBM_STUDIES": str(folder / "studies.sqlite"), "HF_HUB_OFFLINE": "1"}
    data = folder / "data"
    data.mkdir()
    write_splits(data)
    settings = folder / "settings.json"
    settings.write_text('{"prune": {"block": 8, "steps": 2}, "epochs_dense": 1}', encoding="utf-8-sig")
    (folder / "in.csv").write_text(f'text\n"{TEXT}"\n', encoding="utf-8")
    backbone = backbone_folder(folder / "backbone", max_position_embeddings=256)
    return ["--backbone", str(backbone), "--config", str(settings), "--epochs-finetune", "1", "--gradients", "4",
            "--batch-size", "8", "--output", str(folder / "model")]


def commands(folder: Path, training: list[str]) -> None:
    """Each command once, as the command line runs it."""
    from sparsecbm.__main__ import COMMANDS, main
    from sparsecbm.model.checkpoint import write_notes
    from sparsecbm.studies.store import Store
    from tests.studies.toys import a_protocol

    data, model = ["--data", str(folder / "data")], ["--checkpoint", str(folder / "model"), "--device", "cpu"]
    with Store.open() as store:
        study = store.add_study(a_protocol(consent="→ I take part."))
    lines = [
        ["train", *data, "--device", "cpu", *training],
        ["explain", TEXT, *model],
        ["predict", "--input", str(folder / "in.csv"), "--output", str(folder / "out.csv"), "--with-text", *model],
        ["predict", "--input", str(folder / "in.csv"), "--output", str(folder / "out.jsonl"), "--with-text", *model],
        ["intervene", TEXT, "--revise", "food=unknown", "--save-patch", str(folder / "a.safetensors"), *model],
        ["explain", TEXT, "--patch", str(folder / "a.safetensors"), "--json", *model],
        ["evaluate", *data, "--save", *model],
        ["overlap", *model],
        ["curve", *data, "--sample", "4", "--orders", "1", "--revision-rows", "0", *model],
        ["faithfulness", *data, "--sample", "2", "--method", "gradient-x-input", *model],
        ["study", "list"],
        ["study", "export", study, str(folder / "study")],
    ]
    for line in lines:
        assert main(line) == 0, line
    for line in [["--help"], *([name, "--help"] for name in COMMANDS)]:
        try:
            main(line)
        except SystemExit as exit_:
            assert exit_.code == 0, line
    assert (folder / "out.jsonl").read_text(encoding="utf-8").count("→") == 1
    (folder / "noted").mkdir()
    write_notes(folder / "noted", {}, "A card → with an arrow")
    assert (folder / "noted" / "README.md").read_bytes().decode() == "A card → with an arrow"


def pages(folder: Path) -> None:
    """Each page once, with a document where it takes one."""
    from streamlit.testing.v1 import AppTest

    from tests.app.screen import ROOT

    os.environ["SPARSECBM_CHECKPOINT"] = str(folder / "model")
    for page in PAGES:
        at = AppTest.from_file(str(ROOT / page), default_timeout=300)
        at.query_params["text"] = TEXT
        at.run()
        assert not at.exception and not at.error, (page, at.exception, at.error)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        getattr(simulated, name)()
    place = Path(sys.argv[1])
    commands(place, prepared(place))
    pages(place)
