"""The folder of a batch that is not finished: its parts, how far it is, and the lock of the run that writes it."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow as pa
from filelock import FileLock, Timeout
from pyarrow import parquet
from pydantic import TypeAdapter, ValidationError

from sparsecbm.batch.compute_outputs import WRITERS
from sparsecbm.data.records import Reject
from sparsecbm.errors import InputError
from sparsecbm.paths import replacing, write_text

STATE_FILE, LOCK_FILE = "state.json", "lock"
FORMAT = 2
#: What a batch writes into its folder, but for the lock; nothing else is ever removed.
_OURS = re.compile(r"part-\d{6,}\.parquet|rejects-\d{6,}\.jsonl|state\.json|\.[0-9a-f]{16}\.new")
#: Windows does not.
_REMOVES_OPEN_FILES = os.name != "nt"


@dataclass(frozen=True)
class Counts:
    """Rows of the input: `read` = `predicted` + `rejected`; of the predicted ones, some are `truncated`."""

    read: int = 0
    predicted: int = 0
    rejected: int = 0
    truncated: int = 0


@dataclass(frozen=True)
class State:
    """What a batch is of, by name and hash, and how far it is."""

    format: int
    of: Mapping[str, str]
    parts: int
    counts: Counts


class Parts:
    """The folder of a batch that is not finished; `held` opens it."""

    def __init__(self, output: Path) -> None:
        self.output, self.folder = output, output.with_name(f"{output.name}.parts")
        self.rejects = output.with_name(f"{output.name}.rejects.jsonl")
        self.state = State(FORMAT, {}, 0, Counts())

    @property
    def written(self) -> tuple[Path, Path, Path]:
        """Every file and folder that a batch writes or removes."""
        return self.output, self.rejects, self.folder

    @contextmanager
    def held(self, of: Mapping[str, str], restart: bool) -> Iterator[None]:
        """Keep the folder for this run alone and read how far the batch `of` these things is.

        InputError when another run writes there, when the batch in it is of other things, or when there is a finished
        output already; with `restart`, what is there is replaced instead.
        """
        self.folder.mkdir(exist_ok=True)
        lock = FileLock(self.folder / LOCK_FILE)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InputError(f"Another run is writing {self.output}; allowed: one at a time. Wait for it, or write to "
                             "another file.") from None
        try:
            self._take_up(of, restart)
            yield
        finally:
            if (self.folder / STATE_FILE).exists():  # another run can go on from there
                lock.release()
            else:
                self._remove(lock)

    def _take_up(self, of: Mapping[str, str], restart: bool) -> None:
        path = self.folder / STATE_FILE
        if restart:
            path.unlink(missing_ok=True)
        elif not path.exists() and (there := [file for file in (self.output, self.rejects) if file.exists()]):
            raise InputError(f"{there[0]} is there already; allowed: a new file. Write to another file, or replace it "
                             "(--restart).")
        self.state = self._found(of) if path.exists() else State(FORMAT, dict(of), 0, Counts())

    def _found(self, of: Mapping[str, str]) -> State:
        path = self.folder / STATE_FILE
        try:
            state = TypeAdapter(State).validate_json(path.read_bytes())
        except ValidationError as error:
            raise InputError(f"{path} is not the state of a batch ({error.errors()[0]['msg'][:80]}); allowed: as this "
                             "program wrote it. Start the batch anew (--restart), or write to another file.") from None
        differ = [name for name in dict.fromkeys([*of, *state.of]) if of.get(name) != state.of.get(name)]
        if differ or state.format != FORMAT:
            others = ", another ".join(differ) or "format"
            raise InputError(f"{self.folder} holds an unfinished batch of another {others}; allowed: the same as it "
                             "was started with. Start the batch anew (--restart), or write to another file.")
        return state

    def add(self, table: pa.Table, rejects: Sequence[Reject], truncated: int) -> None:
        """Keep one more part: predictions and what was rejected among them. It counts once the state says so."""
        number, counts = self.state.parts, self.state.counts
        with replacing(self._part(number)) as new:
            parquet.write_table(table, new)
        write_text(self._rejects(number), "".join(
            json.dumps({"line": one.number} | ({} if one.last is None else {"last_line": one.last})
                       | {"reason": one.reason, "content": one.content}) + "\n" for one in rejects))
        counts = Counts(counts.read + table.num_rows + len(rejects), counts.predicted + table.num_rows,
                        counts.rejected + len(rejects), counts.truncated + truncated)
        self.state = replace(self.state, parts=number + 1, counts=counts)
        write_text(self.folder / STATE_FILE, json.dumps(asdict(self.state), indent=1) + "\n")

    def finish(self, form: pa.Schema) -> None:
        """Make one output and one file of rejects of the parts; the folder goes when it is no longer held."""
        numbers = range(self.state.parts)
        if self.state.counts.rejected:
            with replacing(self.rejects, self.folder) as new, new.open("wb") as file:
                for number in numbers:
                    with self._rejects(number).open("rb") as part:
                        shutil.copyfileobj(part, file)
        else:
            self.rejects.unlink(missing_ok=True)
        with replacing(self.output, self.folder) as new:
            WRITERS[self.output.suffix.lower()](new, map(self._part, numbers), form)
        (self.folder / STATE_FILE).unlink(missing_ok=True)  # a table without rows has none

    def lost(self) -> list[tuple[int, int]]:
        """The first and last lines of rejected records that go over several, once the batch is finished."""
        if not self.state.counts.rejected:
            return []
        with self.rejects.open(encoding="utf-8") as file:
            rows = [row for row in map(json.loads, file) if "last_line" in row]
        return [(row["line"], row["last_line"]) for row in rows]

    def _remove(self, lock: FileLock) -> None:
        """Remove what batches left in the folder, the lock, and the folder if it is empty then."""
        with suppress(OSError):  # a file that cannot be removed now is removed by the next run
            for path in self.folder.iterdir():
                if _OURS.fullmatch(path.name):
                    path.unlink()
        # The lock's file goes while it is held: later another run could hold it. Where no open file can be removed, it
        # goes afterwards, which fails if another run has opened it.
        if not _REMOVES_OPEN_FILES:
            lock.release()
        with suppress(OSError):
            (self.folder / LOCK_FILE).unlink()
            self.folder.rmdir()
        lock.release()

    def _part(self, number: int) -> Path:
        return self.folder / f"part-{number:06d}.parquet"

    def _rejects(self, number: int) -> Path:
        return self.folder / f"rejects-{number:06d}.jsonl"
