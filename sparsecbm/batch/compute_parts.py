"""The finished parts of a batch, kept next to its output until all is done, so that a stopped run can go on."""

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet
from pydantic import TypeAdapter, ValidationError

from sparsecbm.batch.compute_outputs import write_output
from sparsecbm.data.records import Reject
from sparsecbm.errors import InputError

STATE_FILE, LOCK_FILE = "state.json", "lock"
FORMAT = 1


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

    @contextmanager
    def held(self, of: Mapping[str, str], restart: bool) -> Iterator[None]:
        """Keep the folder for this run alone and read how far the batch `of` these things is.

        InputError when another run writes there, when the batch in it is of other things, or when there is a finished
        output already; with `restart`, what is there is replaced instead.
        """
        self.folder.mkdir(exist_ok=True)
        with (self.folder / LOCK_FILE).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(f"Another run is writing {self.output}; allowed: one at a time. Wait for it, or write "
                                 "to another file.") from None
            path = self.folder / STATE_FILE
            if restart:
                path.unlink(missing_ok=True)
            elif self.output.exists() and not path.exists():
                shutil.rmtree(self.folder)
                raise InputError(f"{self.output} is there already; allowed: a new file. Write to another file, or "
                                 "replace it (--restart).")
            self.state = self._found(of) if path.exists() else State(FORMAT, dict(of), 0, Counts())
            try:
                yield
            finally:
                if not path.exists():  # nothing is done that another run could go on from
                    shutil.rmtree(self.folder, ignore_errors=True)

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
        parquet.write_table(table, self._part(number))
        with self._rejects(number).open("w", encoding="utf-8", newline="") as file:
            file.writelines(json.dumps({"line": one.number, "reason": one.reason, "content": one.content}) + "\n"
                            for one in rejects)
        counts = Counts(counts.read + table.num_rows + len(rejects), counts.predicted + table.num_rows,
                        counts.rejected + len(rejects), counts.truncated + truncated)
        self.state = replace(self.state, parts=number + 1, counts=counts)
        new = self.folder / f"{STATE_FILE}.new"
        new.write_text(json.dumps(asdict(self.state), indent=1) + "\n", encoding="utf-8")
        new.replace(self.folder / STATE_FILE)

    def finish(self, form: pa.Schema) -> None:
        """Make one output and one file of rejects of the parts, and remove the parts."""
        numbers = range(self.state.parts)
        if self.state.counts.rejected:
            with self.rejects.open("wb") as file:
                for number in numbers:
                    file.write(self._rejects(number).read_bytes())
        else:
            self.rejects.unlink(missing_ok=True)
        write_output(self.output, map(self._part, numbers), form)
        (self.folder / STATE_FILE).unlink(missing_ok=True)  # first: a half removed batch must not go on
        shutil.rmtree(self.folder)

    def _part(self, number: int) -> Path:
        return self.folder / f"part-{number:06d}.parquet"

    def _rejects(self, number: int) -> Path:
        return self.folder / f"rejects-{number:06d}.jsonl"
