"""Tables of support tickets, made for tests: two concepts with values of their own, and a label that counts them."""

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sparsecbm.data.table_schema import FORMAT

URGENCY, TONE = ("low", "medium", "high"), ("rude", "kind")
#: What a ticket says for each value; for a medium urgency nothing.
PHRASES = {"low": "It can wait.", "medium": "", "high": "We are blocked!", "rude": "Your tool is awful.",
           "kind": "Thank you for your help."}
Row = dict[str, Any]


def ticket(number: int) -> Row:
    """A row; its priority, 1 to 4, is higher for an urgent and for a rude ticket."""
    urgency, tone = URGENCY[number % 3], TONE[number // 3 % 2]
    return {"body": f"Ticket {number}. {PHRASES[urgency]} {PHRASES[tone]}", "urgency": urgency, "tone": tone,
            "priority": 1 + URGENCY.index(urgency) + (tone == "rude")}


def tickets(count: int = 60, **changes: Sequence[Any]) -> list[Row]:
    """So many rows; each change is a column's cells, the last ones of which are left as they are."""
    rows = [ticket(number) for number in range(count)]
    for column, cells in changes.items():
        for row, cell in zip(rows, cells, strict=False):
            row[column] = cell
    return rows


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """The rows as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def schema_values(**changes: Any) -> dict[str, Any]:
    """The contents of a schema of the tickets."""
    def answers(names: Sequence[str]) -> list[dict[str, Any]]:
        return [{"name": name} for name in names]

    return {
        "format": FORMAT, "name": "tickets", "document": ["ticket", "tickets"], "text": "body",
        "label": {"column": "priority", "title": "priority", "labels": answers("1234")},
        "concepts": [{"column": name, "name": name, "help": f"The {name}.", "values": answers(values)}
                     for name, values in (("urgency", URGENCY), ("tone", TONE))],
    } | changes


def write_schema(path: Path, **changes: Any) -> Path:
    """The same as a file."""
    path.write_text(json.dumps(schema_values(**changes)), encoding="utf-8")
    return path
