"""Any text becomes the name of a file that every system takes, and what other systems write is understood."""

import re
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.data.table_source import open_table
from sparsecbm.errors import DataError, InputError
from sparsecbm.file_names import download_name, kept_name, last_part
from sparsecbm.model.checkpoint import read_notes
from sparsecbm.shipped import DEFAULT_CHECKPOINT
from sparsecbm.studies.compute_export import FORMAT, export_study
from sparsecbm.studies.store import Store
from sparsecbm.training.card import model_card
from sparsecbm.ui.upload import as_file
from tests.helpers import HOSTILE
from tests.portability.source import ROOT, git
from tests.studies.toys import a_protocol

#: What people type, some of which is no name of a file anywhere, or on Windows.
TYPED = (
    "", ".", "..", "what?", "con", "AUX", "nul.txt", "com1", "lpt¹", "a:b", "a/b", "a\\b", "a|b", "a*b", "<a>", '"a"',
    "ends in a dot.", "ends in a blank ", "~", "-rf", "a\x00b", "a\nb", "\u202eb.exe", "é" * 204, "e\u0301" * 102,
    "餐厅" * 102, "𠀀" * 204, "\ud800", "../../etc/passwd", "C:\\con", *HOSTILE.values(),
)
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$",
            *(f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³")}


def is_taken_everywhere(name: str) -> bool:
    """True for a name of a file that Windows, macOS and Linux take."""
    return (0 < len(name.encode()) <= 255 and not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f\u202e]', name)
            and name[-1] not in ". " and name.partition(".")[0].rstrip().lower() not in _DEVICES)


@pytest.mark.parametrize("name", ["con", "a:b", "a.", "a ", "AUX.txt", "é" * 128, "", "a\\b", "com¹"])
def test_such_a_name_is_not_taken_everywhere(name: str) -> None:
    assert not is_taken_everywhere(name)


@pytest.mark.parametrize("typed", TYPED)
def test_any_text_makes_a_name_that_every_system_takes(typed: str, tmp_path: Path) -> None:
    for name in (download_name("deck", typed, "json"), kept_name(typed, "patch", ".safetensors")):
        assert is_taken_everywhere(name)
        (tmp_path / name).touch(exist_ok=False)


def test_other_names_have_other_files_where_case_is_ignored_and_letters_are_composed() -> None:
    names = ("a b", "A b", "a-b", "a b ", "a/b", "é", "e\u0301", "E\u0301", "")
    assert len({kept_name(name, "patch", ".x").lower() for name in names}) == len(names)
    assert all(kept_name(name, "patch", ".x").isascii() for name in names)


@pytest.mark.parametrize(("content", "words"), [
    ("The soup was cold, and bland.", "the-soup-was-cold-and-bland"), ("../../etc/passwd", "etc-passwd"),
    ("o" * 90, "o" * 40), ("\u202e $!", ""), ("Der süße Brei", "der-süße-brei"), ("su\u0308ß", "süß"),
])
def test_a_download_is_named_after_what_it_holds_and_the_day(content: str, words: str) -> None:
    assert download_name("slice", content, "csv") == f"slice-{words}{'-' if words else ''}{date.today()}.csv"


@pytest.mark.parametrize("typed", [f"{typed}.csv" for typed in TYPED] + ["data.CSV. ", "C:\\Users\\ada\\data.csv"])
def test_an_upload_of_any_name_is_read_and_called_by_its_own_name(typed: str) -> None:
    with as_file(typed, b"text\nGood soup.\n") as path:
        assert is_taken_everywhere(path.name) and path.name.isascii() and path.suffix == ".csv"
        assert open_table(path).columns == ("text",)
        folder = path.parent
    with pytest.raises(DataError) as told, as_file(typed, b"%PDF-1.7") as path:
        open_table(path)
    assert last_part(typed) in str(told.value)
    assert str(folder.parent) + "/" not in str(told.value) and "upload-" not in str(told.value)


def test_an_image_of_a_chart_has_a_name_without_signs() -> None:
    """Keys of charts hold the names of concepts and of columns."""
    def page() -> None:
        import pandas as pd
        import plotly.graph_objects as go

        from sparsecbm.ui.chart import chart

        chart(go.Figure(), pd.DataFrame(), "errors:food/drink?:Size", "A chart")

    drawn = AppTest.from_function(page, default_timeout=120).run().get("plotly_chart")[0]
    assert '"filename": "errors-food-drink-size"' in drawn.proto.config


@pytest.mark.parametrize(("path", "name"), [
    ("C:\\models\\mini-lm", "mini-lm"), ("C:\\models\\mini-lm\\", "mini-lm"), ("\\\\server\\ada\\mini-lm", "mini-lm"),
    ("/home/ada/mini-lm/", "mini-lm"), ("C:/models\\mini-lm", "mini-lm"), ("owner/mini-lm", "mini-lm"),
])
def test_a_card_names_the_backbone_and_not_where_it_lay(path: str, name: str) -> None:
    metrics = read_notes(DEFAULT_CHECKPOINT)[0]
    metrics["training"]["config"]["backbone"] = path
    card = model_card(metrics)
    assert f"Backbone: `{name}`" in card and path not in card.replace(f"`{name}`", "")


@pytest.mark.parametrize("left", [".DS_Store", "Thumbs.db", "desktop.ini", "._events.csv", ".localized"])
def test_what_a_system_leaves_in_a_folder_does_not_fill_it(left: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / left).write_bytes(b"\x00")
    with Store.open(f"sqlite:///{tmp_path.as_posix()}/s.sqlite") as store:
        study = store.add_study(a_protocol())
        assert export_study(store, study, folder)["format"] == FORMAT
        with pytest.raises(InputError, match="empty"):
            export_study(store, study, folder)


def test_every_file_of_the_repository_can_be_checked_out_anywhere() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("this is no clone")
    paths = git("ls-files", "-z").split("\0")[:-1]
    parts = {part for path in paths for part in path.split("/")}
    assert all(is_taken_everywhere(part) for part in parts) and max(map(len, paths)) < 160
    assert len({path.lower() for path in paths}) == len(paths)
