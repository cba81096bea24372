"""Every record of a file comes once, as cells or as a reject with its line, whatever stands in the file."""

import io
from typing import Any

import pytest

from sparsecbm.data import records as module
from sparsecbm.data.records import Lines, Record, Reject, csv_records, json_records, text_records
from sparsecbm.errors import DataError


def lines(content: str) -> Lines:
    data = content.encode()
    return Lines(io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline=""), len(data))


def csv_of(content: str, separator: str = ",") -> list[Record | Reject]:
    return list(csv_records(lines(content), separator, "reviews.csv")[1])


def brief(found: list[Record | Reject]) -> list[Any]:
    return [(one.number, dict(one.cells)) if isinstance(one, Record) else (one.number, one.kind, one.content)
            for one in found]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_records_bear_the_line_that_they_start_on(end: str) -> None:
    content = end.join(["id,text", '1,"two', 'lines, ""quoted"""', "", "2,plain", ""])
    assert brief(csv_of(content)) == [
        (2, {"id": "1", "text": f'two{end}lines, "quoted"'}), (5, {"id": "2", "text": "plain"})]


def test_a_wrong_number_of_cells_is_told_and_the_rest_is_read() -> None:
    found = csv_of("id,text\n1,Good, cheap\n2\n3,Fine\n")
    assert brief(found) == [(2, "wrong number of cells", "1,Good, cheap"), (3, "wrong number of cells", "2"),
                            (4, {"id": "3", "text": "Fine"})]
    assert isinstance(found[0], Reject)
    assert found[0].reason.startswith("3 cells came where the first line names 2")


def test_a_stray_quote_costs_the_rows_that_it_swallows_and_says_which() -> None:
    found = csv_of('id,text\n1,"never closed\n2,plain\n3,"closed, ""yes"""\n4,last\n')
    assert brief(found) == [
        (2, "not CSV", '1,"never closed\n2,plain\n3,"closed, ""yes"""'), (5, {"id": "4", "text": "last"})]
    assert isinstance(found[0], Reject) and found[0].reason.startswith("lines 2 to 4: not CSV (")


@pytest.mark.parametrize("broken", [
    '2,"He said "hi" there.\nThen, he left.\nWell"', '2,"a "b", c\nd, e\n"', '2,"a" b\nc, d\n""e"', '2,"a "b" ,c\n"',
    '2,"a ""b"" "c"\nd, e"', '2,"a "b""', '2,"a " b", c', '2,"a"b\n1,c\n,"', '2,"5" wide"',
    '2,"a ("b" c\n"d" e, f "g""', '2,"Great" soup', '2,"a "b', '2,"a "b and c"',
])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_nothing_of_a_record_that_a_quote_breaks_becomes_another_record(broken: str, end: str) -> None:
    broken = broken.replace("\n", end)
    found = csv_of(end.join(["id,text", '1,"Good, ""very""."', broken, '3,"Fi,ne"', "4,Last", ""]))
    assert [one.number for one in found] == [2, 3, 4 + broken.count("\n"), 5 + broken.count("\n")]
    told = found[1]
    assert isinstance(told, Reject) and told.content == broken
    assert told.last == (3 + broken.count("\n") if "\n" in broken else None)
    assert [one.cells["text"] for one in found if isinstance(one, Record)] == ['Good, "very".', "Fi,ne", "Last"]


def test_a_broken_record_ends_where_the_separator_of_the_file_says_so() -> None:
    assert [one.number for one in csv_of('id;text\n1;"a "b", c\nd;"\n2;Fine\n', ";")] == [2, 4]


def test_a_quote_that_is_open_at_the_end_is_told() -> None:
    assert brief(csv_of('id,text\n1,good\n2,"open\n3,x\n')) == [
        (2, {"id": "1", "text": "good"}), (3, "not CSV", '2,"open\n3,x')]


def test_huge_lines_and_cells_are_told_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINE", 50)
    monkeypatch.setattr(module, "MOST_KEPT", 10)
    found = csv_of("id,text\n1," + "x" * 500 + "\n2,short\n")
    assert brief(found) == [(2, "not CSV", "1,xxxxxxxx ... (cut; 503 characters in all)"),
                            (3, {"id": "2", "text": "short"})]
    assert isinstance(found[0], Reject) and "line 2 has more than 50 characters" in found[0].reason
    assert brief(list(json_records(lines('{"a": "' + "x" * 500 + '"}\n{"a": 1}\n')))) == [
        (1, "not JSON", '{"a": "xxx ... (cut; 510 characters in all)'), (2, {"a": 1})]


def test_a_cell_of_ten_megabytes_is_read() -> None:
    """Above the usual limit of the csv module, which would call it an error."""
    (found,) = csv_of("id,text\n1," + "x" * 10_000_000 + "\n")
    assert isinstance(found, Record) and len(found.cells["text"]) == 10_000_000


def test_the_share_read_grows_to_one() -> None:
    shares = [one.share for one in csv_of("id,text\n" + "1,Good soup.\n" * 5000)]
    assert shares == sorted(shares) and 0 < shares[0] < 0.5 and shares[-1] == 1


def test_the_first_line_must_name_the_columns() -> None:
    for content, says in [
        ("", "names no columns"), ("\n\n", "names no columns"), ("id,text,id \n", "names 'id' more than once"),
        (",".join(map(str, range(200_001))), "names 200,001 columns; allowed: up to 1,000"),
        ('"id,text\n1,Good\n', "the first line cannot be read as CSV"),
    ]:
        with pytest.raises(DataError, match=says):
            csv_of(content)


def test_columns_without_a_name_get_one() -> None:
    assert csv_records(lines(" id ,,text,\u200b\n"), ",", "x")[0] == ("id", "column 2", "text", "column 4")


def test_json_lines() -> None:
    endless, deep = '{"n": ' + "9" * 5000 + "}", "[" * 100_000
    content = f'{{"text": "Good"}}\n\n[1]\n{{"text": \n"x"\n{endless}\n{deep}\n{{"text": "Bad"}}'
    found = list(json_records(lines(content)))
    assert [(one.number, getattr(one, "kind", None)) for one in found] == [
        (1, None), (3, "not an object"), (4, "not JSON"), (5, "not an object"), (6, "not JSON"), (7, "not JSON"),
        (8, None)]
    assert isinstance(found[-1], Record) and found[-1].cells == {"text": "Bad"}


def test_a_json_object_has_one_value_of_each_name() -> None:
    found = list(json_records(lines('{"text": "a", "text": "b"}\n{"a": {"b": 1, "b": 2}}\n{"text": "c"}\n')))
    assert [getattr(one, "kind", None) for one in found] == ["name more than once", "name more than once", None]


def test_one_document_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINE", 20)
    content = 'Good, "cheap.\r\n \nBad;\n' + "x" * 30 + "\nLast"
    assert brief(list(text_records(lines(content), "text"))) == [
        (1, {"text": 'Good, "cheap.'}), (3, {"text": "Bad;"}), (4, "line too long", "x" * 20), (5, {"text": "Last"})]
