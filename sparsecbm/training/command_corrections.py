"""The part of `train` that learns from corrections: which files, what is replayed, and what the checkpoint decides."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.parser import number, whole
from sparsecbm.errors import InputError
from sparsecbm.paths import keep_apart, path_of

if TYPE_CHECKING:
    from sparsecbm.model.checkpoint import Outline
    from sparsecbm.schema import ConceptSchema
    from sparsecbm.training.training_sources import Source

#: How a file of corrections is named among sources.
PREFIX = "corrections:"
FORM = f"{PREFIX}FILE or {PREFIX}FILE=WEIGHT"
#: Rows of each replayed source, and the share of the corrected texts that is held out, unless stated.
REPLAY_ROWS, HELD_OUT_SHARE = 2000, 0.2
#: What a model that is corrected keeps of the settings that it was trained with.
_KEPT = ("prune", "regime", "concept_targets", "gamma", "residual_l2")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what concerns corrections alone."""
    parser.add_argument("--replay", action="append", default=[], metavar="DATASET:PLACE:SPLIT",
                        help=f"with --data {PREFIX}FILE: source of which a random sample is learned as well, so that "
                        "what the model knows is not lost; may come several times")
    parser.add_argument("--replay-rows", type=whole, metavar="N", help="texts of each --replay source "
                        f"(default: {REPLAY_ROWS})")
    parser.add_argument("--held-out", type=number, metavar="SHARE", help="share of the corrected texts that is not "
                        "learned from, 0..1, so that `corrections impact` can tell whether learning helped (default: "
                        f"{HELD_OUT_SHARE})")


def others(options: argparse.Namespace) -> list[str]:
    """The sources to learn from that are no files of corrections: those of --data, then those of --replay."""
    return [text for text in (*options.data, *options.replay) if not text.startswith(PREFIX)]


def check_options(options: argparse.Namespace) -> None:
    """InputError for options of corrections without a file of them."""
    if any(text.startswith(PREFIX) for text in options.data):
        return
    for name in ("replay", "replay_rows", "held_out"):
        if getattr(options, name) not in (None, []):
            raise InputError(f"--{name.replace('_', '-')} came without corrections to learn from; allowed: with --data "
                             f"{PREFIX}FILE. Leave it out, or add such a file.")


@dataclass(frozen=True)
class CorrectionRound:
    """What `train --start CHECKPOINT --data corrections:FILE` learns: the file, its weight, and from what it starts.

    `share` of the corrected texts is held out; of the sources named `replay`, so many rows are learned as well.
    """

    file: Path
    weight: float
    start: "Outline"
    share: float
    replay: frozenset[str]
    replay_rows: int

    @property
    def schema(self) -> "ConceptSchema":
        """The concepts, values and labels of the model, which the corrections are of."""
        return self.start.model.config.schema

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of a run that keeps the model as it is, masks too; whatever else is stated goes before them."""
        from sparsecbm.config import to_json

        trained = self.start.metrics.get("training", {}).get("config", {})
        kept = {name: trained[name] for name in _KEPT if name in trained}
        epochs = {"epochs_dense": 2, "epochs_prune": 0, "epochs_finetune": 0}
        if self.start.masks is not None:
            epochs = {"epochs_dense": 0, "epochs_prune": 0, "epochs_finetune": 2}
            density = self.start.masks.density().values()
            kept.setdefault("prune", {
                "sparsity": 1 - sum(density) / len(density), "start": 0.0,
                "scheme": "core_exclusive" if self.start.masks.layout is None else "contrastive"})
        return kept | epochs | {"model": to_json(self.start.model.config)}

    def mixed(
        self, learned: "Sequence[Source]", scored: "Sequence[Source]", seed: int
    ) -> "tuple[list[Source], list[Source], dict[str, Any]]":
        """Corrections first, then the other sources, and what to score on; with what the checkpoint shall note.

        Of the sources to replay a sample is drawn. A corrected text is learned as it was corrected, or held out:
        no other source has it, nor is it scored on, so that what people corrected on a dev split can be learned.
        """
        from sparsecbm.corrections.correction_files import read_history
        from sparsecbm.corrections.correction_split import CORRECTIONS, deal, replayed
        from sparsecbm.training.training_sources import Source

        dealt = deal(read_history(self.file, self.schema), self.schema, self.file, self.share, seed,
                     self.start.metrics.get("training"))
        others = [replace(one, split=replayed(one.split, dealt.texts, self.replay_rows, seed) if one.name in self.replay
                          else one.split.without(dealt.texts, "corrected since")) for one in learned]
        left = [replace(one, split=one.split.without(dealt.texts, "corrected since")) for one in scored]
        drawn = {one.name: len(one.split) for one in others if one.name in self.replay}
        return ([Source(CORRECTIONS, dealt.learned, self.weight), *others], left,
                {CORRECTIONS: dealt.notes() | {"replayed": drawn}})


def correction_round(options: argparse.Namespace, settings: Mapping[str, Any]) -> CorrectionRound | None:
    """What is learned from corrections, by the options and the settings of --config; None without a file of them.

    InputError for more than one file, or where no checkpoint is named to start from.
    """
    check_options(options)
    files = [text for text in options.data if text.startswith(PREFIX)]
    if not files:
        return None
    from sparsecbm.data.named_split import named_split
    from sparsecbm.model.checkpoint import load_outline
    from sparsecbm.model.hub import located

    if len(files) > 1:
        raise InputError(f"{len(files)} files of corrections came; allowed: one. Import them into one database, and "
                         "export that.")
    start = options.start or settings.get("start")
    if not start:
        raise InputError("Corrections came without a model that learns from them; allowed: with --start CHECKPOINT. "
                         "Name the checkpoint that was corrected.")
    if not others(options) and not options.eval:
        raise InputError("Corrections came without another source, so no epoch could be chosen as the best; allowed: "
                         "with --replay DATASET:PLACE:SPLIT, whose dev split chooses, or with --eval. Add one.")
    rows = REPLAY_ROWS if options.replay_rows is None else options.replay_rows
    if rows < 1:
        raise InputError(f"--replay-rows came as {rows}; allowed: 1 or more. Give another number.")
    file, weight = _file_and_weight(files[0])
    keep_apart([options.output], [file])
    share = HELD_OUT_SHARE if options.held_out is None else options.held_out
    replay = frozenset(named_split(text).name for text in options.replay)
    return CorrectionRound(file, weight, load_outline(located(start)), share, replay, rows)


def _file_and_weight(text: str) -> tuple[Path, float]:
    name = text.removeprefix(PREFIX)
    place, stated, weight = name.rpartition("=")
    if not stated or path_of(name).exists():  # a file's name may have such a sign itself
        place, weight = name, "1"
    try:
        return path_of(place), float(weight)
    except ValueError:
        raise InputError(f"{text!r} ends in a weight of {weight!r}; allowed: {FORM}, such as {PREFIX}labels.jsonl=2. "
                         "Correct it.") from None
