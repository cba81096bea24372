"""What is chosen on the Subnetworks page, as a value, and how the address holds it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.fields import Field, switch
from sparsecbm.model.checkpoint import CONFIG_FILE, MASKS_FILE
from sparsecbm.service import Explainer
from sparsecbm.shipped import CHECKPOINTS_VARIABLE, named_folders
from sparsecbm.subnetworks.comparison import sparsity_of
from sparsecbm.subnetworks.figure_pairs import SHOWN
from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.ui.offered import missing_folders
from sparsecbm.ui.page_state import Checked, PageState

#: Names folders whose subfolders are checkpoints to compare with, beside those next to the loaded one.
OTHERS_VARIABLE = CHECKPOINTS_VARIABLE
MOST_PERCENT = 99.9


def other_checkpoints(loaded: Path, files: Sequence[str] = (CONFIG_FILE, MASKS_FILE)) -> dict[str, Path]:
    """Checkpoints that have these files, or the sparse ones, by the names to choose them by: only these can be opened,
    never a path that a visitor types.

    Of two folders of the same name, the second one's name has its parent's in front.
    """
    found: dict[str, Path] = {}
    for root in (loaded.resolve().parent, *named_folders()):
        for folder in sorted(root.iterdir()) if root.is_dir() else ():
            known = {loaded.resolve(), *(path.resolve() for path in found.values())}
            if folder.resolve() not in known and all((folder / name).is_file() for name in files):
                taken = folder.name in found or sparsity_of(folder.name) is not None
                found[f"{folder.parent.name}/{folder.name}" if taken else folder.name] = folder
    return found


def missing_folder() -> Path | None:
    """The first folder that the environment names and that is none."""
    return next(iter(missing_folders()), None)


def least_percent(overlap: MaskOverlap) -> float:
    """The smallest sparsity, in percent with one decimal, to which every mask can be pruned further.

    Whole heads and neurons are pruned over the network, single weights in each matrix.
    """
    parts = overlap.matrices
    if overlap.kind is not None:
        parts = parts.summed(["network"] * len(parts.units))
    return math.ceil(1000 * (1 - float(parts.density.min())) - 1e-6) / 10


def can_be_pruned(overlap: MaskOverlap, against: str) -> bool:
    """True for a text such as "90%" that names a sparsity which these masks can be pruned to."""
    sparsity = sparsity_of(against)
    return sparsity is not None and least_percent(overlap) - 1e-6 <= 100 * sparsity <= MOST_PERCENT


#: The sections of the page, by the name that the address gives them; it opens with the first.
SECTIONS = {"shared": "Overlap", "proof": "Specificity", "compare": "Comparison", "review": "In one text"}


@dataclass(frozen=True)
class Selection:
    """`pair` are two subnetworks to compare in detail, if any; `layer` is a layer's name, None for all of them.

    `show` is what the matrix shows, `residual` whether the residual's subnetwork is in it, and `concept` whose heads
    and neurons are listed, None for the pair's first. `against` names another checkpoint to compare with, or a sparsity
    such as "90%"; None compares nothing. `leaning` is the concept whose heads and neurons are scored for the open
    review, None for the one that moves its label most, and `adds` scores what the concept adds to the label.
    `section` is the part of the page that is shown. `part` is the head or neuron whose cell is open in the picture of
    the network: layer, kind and number.
    """

    pair: tuple[str, str] | None = None
    layer: str | None = None
    show: str = "observed"
    residual: bool = False
    concept: str | None = None
    against: str | None = None
    leaning: str | None = None
    adds: bool = False
    section: str = "shared"
    part: tuple[int, str, int] | None = None


@dataclass(frozen=True)
class Known:
    """What can be chosen among: the loaded subnetworks, and the names of checkpoints to compare them with."""

    overlap: MaskOverlap
    others: Sequence[str] = ()


def _pair(given: Sequence[str], known: Known) -> tuple[str, str]:
    passes = known.overlap.total.passes
    for name in given:
        if name not in passes:
            raise InputError(unknown_name("subnetwork", name, passes))
    if len(given) != 2:
        raise InputError(f"A pair of {len(given)} came; allowed: two different ones of {', '.join(passes)}.")
    first, second = sorted(given, key=passes.index)
    return first, second


def _against(given: str, known: Known) -> str:
    if given not in known.others and not can_be_pruned(known.overlap, given):
        sparsities = f"{least_percent(known.overlap):g}% to {MOST_PERCENT:g}%"
        raise InputError(unknown_name("against", given, (*known.others, sparsities)))
    return given


def _concepts(known: Known) -> tuple[str, ...]:
    return known.overlap.concepts


def _part(given: str, known: Known) -> tuple[int, str, int]:
    layer, kind, number = (*given.split("-"), "", "")[:3]
    allowed = known.overlap.layers.units
    if layer not in allowed or kind not in ("head", "neuron") or not (number.isascii() and number.isdigit()
                                                                      and len(number) < 8) or given.count("-") != 2:
        raise InputError(f"The part {given[:40]!r} came; allowed: a layer of {', '.join(allowed)}, head or neuron, and "
                         "its number, such as 0-head-1. Press a cell of the picture.")
    return int(layer), kind, int(number)


#: How the address holds a selection.
FIELDS = (
    Field("section", allowed=SECTIONS),
    Field("pair", gather=_pair),
    Field("layer", allowed=lambda known: known.overlap.layers.units),
    Field("show", allowed=SHOWN),
    switch("residual"),
    Field("concept", allowed=_concepts),
    Field("against", _against),
    Field("leaning", allowed=_concepts),
    switch("adds"),
    Field("part", _part, lambda part, _: "-".join(map(str, part))),
)


def _checked(selection: Selection, known: Known) -> Checked[Selection]:
    """A pair with the residual brings it along; a model without one has none to show."""
    passes, concepts = known.overlap.total.passes, known.overlap.concepts
    residual = selection.residual and len(passes) > len(concepts)
    return replace(selection, residual=residual or not set(selection.pair or ()) <= set(concepts)), ()


STATE = PageState("subnetworks", Selection(), FIELDS, _checked)


def chosen_pair(selection: Selection, overlap: MaskOverlap) -> tuple[int, int] | None:
    """The chosen two passes, as positions; None without a choice."""
    if selection.pair is None:
        return None
    first, second = selection.pair
    return overlap.total.passes.index(first), overlap.total.passes.index(second)


def all_pairs(passes: int) -> list[tuple[int, int]]:
    """Every two of so many, each once."""
    return [(i, j) for i in range(passes) for j in range(i + 1, passes)]


def shown_passes(selection: Selection, overlap: MaskOverlap) -> tuple[str, ...]:
    """The passes that the matrix has."""
    return overlap.total.passes if selection.residual else overlap.concepts


def with_residual(selection: Selection, residual: bool, overlap: MaskOverlap) -> Selection:
    """The same with or without the residual; a pair that has it goes when it does."""
    gone = not residual and selection.pair is not None and not set(selection.pair) <= set(overlap.concepts)
    return replace(selection, residual=residual, pair=None if gone else selection.pair)


def opened_selection(explainer: Explainer) -> Selection:
    """The selection at the start of a page run, from the address or the session."""
    return STATE.opened(Known(explainer.overlap(), tuple(other_checkpoints(explainer.checkpoint.path))))


def selection_notices() -> None:
    """What could not be used of the address."""
    STATE.notices()
