"""Encodings and separators are found out and said; what is no text is refused by name."""

import codecs
import hashlib
from pathlib import Path

import pytest

from sparsecbm.data import text_form as module
from sparsecbm.data.text_form import csv_form, text_form
from sparsecbm.errors import DataError, InputError

TEXT = "id,text\n1,Café très bon\n2,“Quoted” – 😀\n"


def put(folder: Path, content: bytes, name: str = "reviews.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_marks_and_utf8(tmp_path: Path) -> None:
    for content, encoding, says in [
        (TEXT.encode(), "utf-8", ()),
        (TEXT.encode("utf-8-sig"), "utf-8-sig", ("encoding utf-8-sig, by the mark at its start",)),
        (TEXT.encode("utf-16"), "utf-16", ("encoding utf-16, by the mark at its start",)),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16", ("encoding utf-16, by the mark at its start",)),
        (TEXT.encode("utf-32"), "utf-32", ("encoding utf-32, by the mark at its start",)),
        (b"", "utf-8", ()),
    ]:
        path = put(tmp_path, content)
        form = text_form(path)
        assert (form.encoding, form.notes) == (encoding, says)
        assert form.digest == hashlib.sha256(content).hexdigest()
        assert path.read_text(encoding=form.encoding) == (TEXT if content else "")


def test_latin_1_is_read_and_said_with_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever pieces the file comes in; a euro sign shows that it is Windows-1252."""
    for chunk in [1, 3, 2**20]:
        monkeypatch.setattr(module, "_CHUNK", chunk)
        form = text_form(put(tmp_path, "id,text\n1,plain\n2,5 € au café\n".encode("cp1252")))
        assert form.encoding == "cp1252"
        assert len(form.notes) == 1 and "line 3" in form.notes[0] and "Windows-1252" in form.notes[0]


def test_what_windows_1252_lacks_is_latin_1(tmp_path: Path) -> None:
    form = text_form(put(tmp_path, b"text\nnot \x81 in cp1252\n"))
    assert form.encoding == "latin-1" and "so read as Latin-1" in form.notes[0]


def test_a_named_encoding_is_held_to(tmp_path: Path) -> None:
    path = put(tmp_path, "text\nБорщ\n".encode("cp1251"))
    form = text_form(path, "cp1251")
    assert (form.encoding, form.notes) == ("cp1251", ())
    with pytest.raises(DataError, match="near line 2: not utf-8-sig text"):
        text_form(path, "utf-8")
    with pytest.raises(DataError, match="near line 2: not ascii text"):
        text_form(path, "ascii")
    assert text_form(put(tmp_path, TEXT.encode()), "UTF8").encoding == "utf-8-sig"  # with the mark or without


def test_what_reads_anything_can_be_named(tmp_path: Path) -> None:
    for name in ("latin-1", "cp1252", "CP1252", "windows-1252", "iso-8859-15", "utf-8-sig"):
        for content in (TEXT.encode(), b"text\ncaf\xe9\n", b"text\nplain\n"):
            if name == "utf-8-sig" and b"\xe9\n" in content:
                continue
            if "1252" in name and content == TEXT.encode():  # 0x9d, of a quotation mark, means nothing there
                with pytest.raises(DataError, match="near line 3: not"):
                    text_form(put(tmp_path, content), name)
                continue
            form = text_form(put(tmp_path, content), name)
            assert (form.encoding, form.notes) == (name, ())


def test_an_unknown_encoding(tmp_path: Path) -> None:
    for name in ["klingon", "rot13", "base64", "utf\0"]:
        with pytest.raises(InputError, match="Unknown encoding .*allowed: names such as"):
            text_form(put(tmp_path, b"text\nGood.\n"), name)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    for content, says in [
        (b"PK\x03\x04rest", "a zip file or an Excel workbook"), (b"\x1f\x8brest", "a gzip file"),
        (b"%PDF-1", "a PDF file"),
        (b"\x28\xb5\x2f\xfdrest", "a zstandard file"), (b"SQLite format 3\0", "an SQLite database"),
        (b"\xd0\xcf\x11\xe0rest", "an old Office file"), (b"text\n\0\x01\x02\n", "holds NUL bytes"),
        (TEXT.encode("utf-16-le"), "holds NUL bytes: it is no text, or UTF-16 without a mark"),
    ]:
        with pytest.raises(DataError, match=says):
            text_form(put(tmp_path, content))


def test_utf_16_without_a_mark_can_be_named(tmp_path: Path) -> None:
    path = put(tmp_path, TEXT.encode("utf-16-le"))
    assert path.read_text(encoding=text_form(path, "utf-16-le").encoding) == TEXT


def test_the_separator_is_found_by_records_that_agree(tmp_path: Path) -> None:
    for content, separator, notes in [
        ("id,text\n1,Good\n", ",", ()),
        ("id;text\n1;Good, really\n2;Bad, very, very\n", ";", ("cells are separated by semicolons",)),
        ("id;text, rating\n1;Good, really\n2;Bad\n", ";", ("cells are separated by semicolons",)),
        ("id\ttext\n1\tGood; cheap, too\n", "\t", ("cells are separated by tabs",)),
        ("id|text\n1|Good\n", "|", ("cells are separated by bars",)),
        ('id,"text; really"\n1,"Good; cheap"\n', ",", ()),
        ("text\nGood; bad; ugly\n", ",", ()),
        ("", ",", ()),
    ]:
        form = csv_form(put(tmp_path, content.encode()), "utf-8")
        assert (form.separator, form.notes, form.hint) == (separator, notes, False)


def test_a_first_line_may_name_the_separator(tmp_path: Path) -> None:
    for first, separator in [("sep=;", ";"), ('"sep=,"', ","), ("SEP=\t", "\t"), ("sep=|", "|")]:
        for end in ("\n", "\r\n"):
            path = put(tmp_path, f"{first}{end}id{separator}text{end}1{separator}a, b; c{end}".encode("utf-16"))
            form = csv_form(path, "utf-16")
            assert (form.separator, form.hint) == (separator, True)
            assert csv_form(path, "utf-16", "|").separator == "|"  # who names one is right
    with pytest.raises(DataError, match="says that ':' separates cells; allowed: commas, semicolons"):
        csv_form(put(tmp_path, b"sep=:\nid:text\n"), "utf-8")
    assert not csv_form(put(tmp_path, b"sep=;id,text\n1,a\n"), "utf-8").hint


def test_a_separator_can_be_named(tmp_path: Path) -> None:
    path = put(tmp_path, b"id,text\n1,Good\n")
    form = csv_form(path, "utf-8", ";")
    assert (form.separator, form.notes) == (";", ())
    with pytest.raises(InputError, match="Unknown separator '::'"):
        csv_form(path, "utf-8", "::")
