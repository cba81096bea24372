"""Replay of an exported study: every prediction that was shown is recomputed and compared with the log."""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sparsecbm.errors import CheckpointError, DataError
from sparsecbm.service import Explainer
from sparsecbm.studies.compute_export import EVENTS_FILE, FORMAT, PROTOCOL_FILE, STUDY_FILE
from sparsecbm.studies.compute_service import ModelAnswers, shown
from sparsecbm.studies.design import Trial, trials
from sparsecbm.studies.log import Entry, Event, Shown
from sparsecbm.studies.protocol import Protocol
from sparsecbm.studies.run import Edits, edits_of

#: Probabilities that differ by no more are the same up to rounding, which differs between devices.
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Changed:
    """A prediction that differs now, or a revision of other weights; `difference` is the largest of a probability."""

    participant: str
    sequence: int
    case: str
    action: str
    recorded: str
    now: str
    difference: float
    other_weights: bool


@dataclass(frozen=True)
class Replay:
    """A replayed study. `recorded` and `loaded` are the checkpoints' hashes; `largest` is the largest difference."""

    study: str
    version: int
    recorded: str
    loaded: str
    predictions: int
    identical: int
    largest: float
    changed: tuple[Changed, ...]

    def to_json(self) -> dict[str, Any]:
        """The replay as plain JSON values."""
        return asdict(self)


def replay(folder: Path, explainer: Explainer, progress: Callable[[float], None] = lambda _: None) -> Replay:
    """Recompute a study's predictions with a model, which may be another one than the study's.

    `progress` gets the share done, 0..1, and may raise Cancelled. DataError when the folder is not an exported study,
    was changed, or has a course that the protocol does not assign; CheckpointError for a model of other concepts.
    """
    account, protocol, rows = read_study(folder)
    schema, answers = explainer.schema, ModelAnswers(explainer)
    if (schema.concepts, schema.values, schema.labels) != (
            protocol.schema.concepts, protocol.schema.values, protocol.schema.labels):
        raise CheckpointError(f"The model has the concepts {', '.join(schema.concepts)}, the study "
                              f"{', '.join(protocol.schema.concepts)}; allowed: the same names. Load another model.")
    here: dict[tuple[str, int], list[Event]] = {}
    made: dict[tuple[str, str], Shown] = {}
    assigned: dict[int, tuple[Trial, ...]] = {}
    changed, identical, largest, done = list[Changed](), 0, 0.0, 0
    for place, row in enumerate(rows):
        if row["number"] not in assigned:
            assigned[row["number"]] = trials(protocol, row["number"])
        event = _event(row, assigned[row["number"]])
        if event.position is None or event.case is None:
            continue
        so_far = here.setdefault((row["participant"], event.position), [])
        so_far.append(event)
        if event.after is None:
            continue
        edits, text = edits_of(so_far), protocol.case_of[event.case].text
        key = event.case, repr((edits.overrides, [(one.concept, one.to, one.portion, one.steps)
                                                  for one in edits.revisions]))
        if key not in made:
            made[key] = shown(answers.prediction(text, edits))
        gap, other = difference(event.after, made[key]), _other_weights(event, answers, text, edits)
        largest, done = max(largest, gap), done + 1
        if gap <= TOLERANCE and event.after["label"] == made[key]["label"] and not other:
            identical += 1
        else:
            changed.append(Changed(row["participant"], event.entry.sequence, event.case, event.entry.action,
                                   event.after["label"], made[key]["label"], gap, other))
        progress((place + 1) / len(rows))
    return Replay(account["study"], protocol.version, protocol.checkpoint, explainer.checkpoint.hash, done, identical,
                  largest, tuple(changed))


def difference(one: Shown, other: Shown) -> float:
    """The largest difference between any probabilities, of labels or of concepts' values."""
    pairs = [(one["probabilities"], other["probabilities"]),
             *((shares, other["concepts"][concept]) for concept, shares in one["concepts"].items())]
    return max(abs(float(share - there[name])) for here, there in pairs for name, share in here.items())


def read_study(folder: Path) -> tuple[dict[str, Any], Protocol, list[dict[str, Any]]]:
    """Account, protocol and events of an exported study. DataError when the folder is none, or was changed."""
    try:
        account = json.loads((folder / STUDY_FILE).read_bytes())
        contents = {name: (folder / name).read_bytes() for name in (PROTOCOL_FILE, EVENTS_FILE)}
        wrong = [name for name, content in contents.items()
                 if account["sha256"][name] != hashlib.sha256(content).hexdigest()]
        if account["format"] != FORMAT or wrong:
            raise DataError(f"{folder} has format {account['format']!r} and changed files: "
                            f"{', '.join(wrong) or 'none'}; allowed: format {FORMAT} as it was exported. Export the "
                            "study again.")
        protocol = Protocol.from_json(json.loads(contents[PROTOCOL_FILE]), str(folder / PROTOCOL_FILE))
        return account, protocol, pq.read_table(io.BytesIO(contents[EVENTS_FILE])).to_pylist()
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise DataError(f"{folder} is not an exported study ({type(error).__name__}: {str(error)[:200]}); allowed: a "
                        f"folder with {STUDY_FILE}, {PROTOCOL_FILE} and {EVENTS_FILE}. Export it again.") from None


def _event(row: Mapping[str, Any], assigned: tuple[Trial, ...]) -> Event:
    entry = Entry(row["action"], row["sequence"], row["key"], row["concept"], row["to"], row["portion"], row["steps"])
    position, after, detail = row["position"], row["after"], row["detail"]
    if position is not None and (position >= len(assigned) or assigned[position].case != row["case"]):
        raise DataError(f"Participant {row['participant']}, event {row['sequence']}: case {row['case']!r} is not the "
                        f"one that the protocol assigns to place {position}. Export the study again.")
    return Event(entry, row["at"], position, row["case"], after=None if after is None else json.loads(after),
                 detail=None if detail is None else json.loads(detail))


def _other_weights(event: Event, answers: ModelAnswers, text: str, edits: Edits) -> bool:
    """True when a revision changes other weights now than it did then."""
    if event.detail is None:
        return False
    return bool(answers.changes(text, edits.revisions)[-1].digest != event.detail["digest"])
