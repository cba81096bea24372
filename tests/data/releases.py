"""Toy files in the shape of the CEBaB release: builders with overrides, and reviews of our own."""

import json
from pathlib import Path
from typing import Any

RawRow = dict[str, Any]


def raw(number: int, **changes: Any) -> RawRow:
    """One release row: good food, service voted unknown, ambiance and noise never asked, 4 stars."""
    row: RawRow = {
        "id": f"{number:06d}_000000",
        "description": f"Review {number}: the noodles were a delight.",
        "review_majority": "4",
        "review_label_distribution": {"4": 4, "5": 1},
        "opentable_metadata": {"region": "south"},
    }
    for aspect, majority, votes in (
        ("food", "Positive", {"Positive": 4, "unknown": 1}),
        ("ambiance", "", ""),
        ("service", "unknown", {"unknown": 5}),
        ("noise", "", ""),
    ):
        row[f"{aspect}_aspect_majority"] = majority
        row[f"{aspect}_aspect_label_distribution"] = votes
    return row | changes


def without(row: RawRow, column: str) -> RawRow:
    """The row with one column less."""
    return {name: value for name, value in row.items() if name != column}


def toy_rows() -> list[RawRow]:
    """Six rows, one per case of the label policy; the last two are to be dropped."""
    tie = {"Negative": 2, "Positive": 2, "unknown": 1}
    return [
        raw(1),
        raw(2, review_majority="no majority", description="Loud, but what a view!\nI'd return. \U0001f35c"),
        raw(3, food_aspect_majority="no majority", food_aspect_label_distribution=tie),
        raw(4, review_majority="1", noise_aspect_majority="Negative",
            noise_aspect_label_distribution={"Negative": 3, "Positive": 0, "unknown": 2}),
        raw(5, description=" \n\t"),
        raw(1, description="The same id with another text."),
    ]


def write(folder: Path, split: str, rows: list[RawRow]) -> Path:
    """Write one split into a folder, made if needed, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{split}.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")
    return folder
