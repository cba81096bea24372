"""Corrections of the tiny data's reviews, as a file that was exported."""

from collections.abc import Sequence
from pathlib import Path

from sparsecbm.corrections.correction_files import COLUMNS, history_rows, written
from sparsecbm.corrections.label_correction import Kept, schema_hash
from sparsecbm.schema import CEBAB
from tests.conftest import review
from tests.corrections.toys import a_correction


def text_of(number: int) -> str:
    """A review of the tiny dev split."""
    return str(review(number)["description"])


def correction_file(path: Path, corrections: Sequence[tuple[str, str, str, str]]) -> Path:
    """A file of (text, field, value, who), of CEBaB's concepts."""
    history = [Kept(a_correction(number, new, text=text, field=field, old=new, who=who, schema=schema_hash(CEBAB)))
               for number, (text, field, new, who) in enumerate(corrections)]
    path.write_bytes(written(history_rows(history), COLUMNS, path.suffix))
    return path
