"""MAMS from its release files: which aspects tell of a concept, what stays unknown, and XML that is not to be read.

Set SPARSECBM_MAMS to the folder with the release's XML files to run the recount on them too.
"""

import os
from pathlib import Path

import pytest

from sparsecbm.data import load_split
from sparsecbm.data import mams as module
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB

DATA = Path(os.environ.get("SPARSECBM_MAMS", "nowhere"))
NEVER, UNKNOWN, BAD, GOOD = -1, 1, 0, 2

#: Aspects of a sentence, and what they tell of food, ambiance and service.
POLICY = {
    "food+ service-": (GOOD, UNKNOWN, BAD),
    "staff+ ambience-": (UNKNOWN, BAD, GOOD),
    "staff- service-": (UNKNOWN, UNKNOWN, BAD),
    "staff- service+": (UNKNOWN, UNKNOWN, NEVER),  # they contradict each other
    "staff- service0": (UNKNOWN, UNKNOWN, NEVER),
    "food0 ambience0": (NEVER, NEVER, UNKNOWN),
    "menu+ place-": (NEVER, NEVER, UNKNOWN),  # these may mean food and ambiance
    "menu0 food+ place0 ambience-": (NEVER, NEVER, UNKNOWN),
    "price+ miscellaneous0": (UNKNOWN, UNKNOWN, UNKNOWN),
}
POLARITIES = {"+": "positive", "-": "negative", "0": "neutral"}


def sentence(text: str, aspects: str) -> str:
    marked = "".join(f'<aspectCategory category="{one[:-1]}" polarity="{POLARITIES[one[-1]]}"/>'
                     for one in aspects.split())
    return f"<sentence><text>{text}</text><aspectCategories>{marked}</aspectCategories></sentence>"


def write(folder: Path, *sentences: str, name: str = "val.xml", head: str = "") -> Path:
    content = f'<?xml version="1.0" encoding="utf-8"?>{head}<sentences>{"".join(sentences)}</sentences>'
    (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.mark.parametrize("aspects", POLICY)
def test_aspects_become_concepts(aspects: str, tmp_path: Path) -> None:
    split = load_split("mams", write(tmp_path, sentence("Soup &amp; café.", aspects)), "dev")
    assert split.schema == CEBAB and split.texts == ["Soup & café."] and split.dataset["id"] == ["dev-0001"]
    assert split.concepts.tolist() == [[*POLICY[aspects], NEVER]] and split.labels.tolist() == [NEVER]
    assert split.shares[0].sum(-1) == pytest.approx(1) and split.shares[0, 3] == pytest.approx(1 / 3)


def test_each_case_is_counted(tmp_path: Path) -> None:
    rows = [sentence(text, aspects) for text, aspects in (
        ("One.", "food0 staff-"), ("One.", "food+ staff-"), (" ", "food+ staff-"), ("Two.", "place+ menu-"))]
    report = load_split("mams", write(tmp_path, *rows), "validation").report
    assert (report.split, report.read, report.kept) == ("dev", 4, 2)
    assert report.dropped == {"text seen before": 1, "blank text": 1}
    unused = "(no concept loss, no concept score)"
    assert report.notes == {f"ambiance beside place {unused}": 1, f"food beside menu {unused}": 1,
                            f"food neutral {unused}": 1, f"noise never asked {unused}": 2}


BOMB = '<!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("head", [BOMB, FILE, "<!DOCTYPE sentences>"])
def test_documents_with_a_type_are_refused_before_any_entity_is_read(head: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="val.xml declares a document type"):
        load_split("mams", write(tmp_path, sentence("&a;", "food+"), head=head), "dev")


@pytest.mark.parametrize(("content", "says"), [
    ("<sentences><sentence>", "not valid XML"),
    ("<reviews/>", "holds 'reviews'; allowed: `sentences`"),
    ("<sentences><sentence/></sentences>", "sentence 1 has no `text`"),
    (f"<sentences>{sentence('x', 'drinks+')}</sentences>", "sentence 1: category is 'drinks'; allowed: ambience, food"),
    (f"<sentences>{sentence('x', 'food+').replace('positive', 'mixed')}</sentences>", "polarity is 'mixed'"),
    ('<?xml version="1.0" encoding="klingon"?><sentences/>', "not valid XML"),
    ("<sentences/>", "no row is left of 0 read"),
])
def test_what_is_not_the_release_is_told(content: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "train.xml").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=says):
        load_split("mams", tmp_path, "train")


def test_a_larger_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    with pytest.raises(DataError, match="allowed: up to 100"):
        load_split("mams", write(tmp_path, sentence("x" * 100, "food+")), "dev")


@pytest.mark.skipif(not (DATA / "train.xml").is_file(), reason="the release is not here")
def test_the_release_is_read_whole() -> None:
    found = load_split("mams", DATA, "train"), load_split("mams", DATA, "dev")
    assert [split.report.read for split in found] == [len(split) for split in found] == [3149, 400]
