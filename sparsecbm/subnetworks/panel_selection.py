"""What is chosen on the Subnetworks page, as a value, and its two-way translation to the address bar."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.model.checkpoint import CONFIG_FILE, MASKS_FILE
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.comparison import sparsity_of
from sparsecbm.subnetworks.figure import SHOWN
from sparsecbm.subnetworks.overlap import MaskOverlap
from sparsecbm.ui.page_state import Address, Kept, repeated_parts, unknown_parts

#: Where a folder is named whose subfolders are checkpoints to compare with, beside those next to the loaded one.
OTHERS_VARIABLE = "SPARSECBM_CHECKPOINTS"
MOST_PERCENT = 99.9


def other_checkpoints(loaded: Path, files: Sequence[str] = (CONFIG_FILE, MASKS_FILE)) -> dict[str, Path]:
    """Checkpoints that have these files, or the sparse ones, by the names to choose them by: only these can be opened,
    never a path that a visitor types.

    Of two folders of the same name, the second one's name has its parent's in front.
    """
    found: dict[str, Path] = {}
    for root in (loaded.resolve().parent, _named_folder()):
        for folder in sorted(root.iterdir()) if root is not None and root.is_dir() else ():
            known = {loaded.resolve(), *(path.resolve() for path in found.values())}
            if folder.resolve() not in known and all((folder / name).is_file() for name in files):
                taken = folder.name in found or sparsity_of(folder.name) is not None
                found[f"{folder.parent.name}/{folder.name}" if taken else folder.name] = folder
    return found


def missing_folder() -> Path | None:
    """The folder that the environment names, when it is none."""
    folder = _named_folder()
    return None if folder is None or folder.is_dir() else folder


def least_percent(overlap: MaskOverlap) -> float:
    """The smallest sparsity, in percent with one decimal, to which every mask can be pruned further."""
    return math.ceil(1000 * (1 - float(overlap.matrices.density.min())) - 1e-6) / 10


def can_be_pruned(overlap: MaskOverlap, against: str) -> bool:
    """True for a text such as "90%" that names a sparsity which these masks can be pruned to."""
    sparsity = sparsity_of(against)
    return sparsity is not None and least_percent(overlap) - 1e-6 <= 100 * sparsity <= MOST_PERCENT


def _named_folder() -> Path | None:
    named = os.environ.get(OTHERS_VARIABLE)
    return Path(named) if named else None


PAIR, LAYER, SHOW, RESIDUAL, CONCEPT, AGAINST = "pair", "layer", "show", "residual", "concept", "against"
LEANING, ADDS, SECTION = "leaning", "adds", "section"
NAMES = (SECTION, PAIR, LAYER, SHOW, RESIDUAL, CONCEPT, AGAINST, LEANING, ADDS)
SWITCH = ("on", "off")
#: The sections of the page, by the name that the address gives them; it opens with the first.
SECTIONS = {"shared": "What do they share?", "proof": "Do they carry their concepts?", "compare": "Beside others",
            "review": "In the review at hand"}


@dataclass(frozen=True)
class Selection:
    """`pair` are two subnetworks to look closer at, if any; `layer` is a layer's name, None for all of them.

    `show` is what the matrix shows, `residual` whether the residual's subnetwork is in it, and `concept` whose heads
    and neurons are listed, None for the pair's first. `against` names another checkpoint to compare with, or a sparsity
    such as "90%"; None compares nothing. `leaning` is the concept whose heads and neurons the review at hand is read
    through, None for the one that matters most to it, and `adds` asks what it adds to the label.
    `section` is the part of the page that is shown.
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


KEPT = Kept("subnetworks", Selection)


def to_address(selection: Selection) -> dict[str, str | list[str]]:
    """The parts of the address that restore the selection; what every page starts with is left out."""
    parts: dict[str, str | list[str]] = {} if selection.pair is None else {PAIR: list(selection.pair)}
    others = {SECTION: None if selection.section == "shared" else selection.section, LAYER: selection.layer,
              SHOW: None if selection.show == "observed" else selection.show,
              RESIDUAL: "on" if selection.residual else None, CONCEPT: selection.concept, AGAINST: selection.against,
              LEANING: selection.leaning, ADDS: "on" if selection.adds else None}
    return parts | {name: part for name, part in others.items() if part is not None}


def from_address(
    parts: Address, overlap: MaskOverlap, others: Sequence[str] = ()
) -> tuple[Selection, tuple[str, ...]]:
    """The selection of an address, and one message for every part that could not be used. Good parts are kept.

    `others` are the names of checkpoints to compare with.
    """
    problems = [*unknown_parts(parts, NAMES), *repeated_parts(parts, NAMES, (PAIR,))]
    passes = overlap.total.passes

    def one(name: str, allowed: Sequence[str], *also: str) -> str | None:
        given = parts[name][-1] if parts.get(name) else None
        if given is None or given in allowed:
            return given
        problems.append(f"{unknown_name(name, given, (*allowed, *also))} (The address says {name}={given}.)")
        return None

    pair = parts.get(PAIR, ())
    try:
        chosen = _pair(pair, passes) if pair else None
    except InputError as error:
        problems.append(f"{error} (The address says {' and '.join(f'{PAIR}={name}' for name in pair)}.)")
        chosen = None
    residual = one(RESIDUAL, SWITCH) == "on" and len(passes) > len(overlap.concepts)
    residual = residual or (chosen is not None and any(name not in overlap.concepts for name in chosen))
    pruned = [name for name in parts.get(AGAINST, ()) if can_be_pruned(overlap, name)]
    sparsities = f"{least_percent(overlap):g}% to {MOST_PERCENT:g}%"
    selection = Selection(
        chosen, one(LAYER, overlap.layers.units),
        one(SHOW, tuple(SHOWN)) or "observed", residual, one(CONCEPT, overlap.concepts),
        one(AGAINST, (*others, *pruned), sparsities), one(LEANING, overlap.concepts), one(ADDS, SWITCH) == "on",
        one(SECTION, tuple(SECTIONS)) or "shared")
    return selection, tuple(problems)


def chosen_pair(selection: Selection, overlap: MaskOverlap) -> tuple[int, int] | None:
    """The two passes that are looked at, as positions; None where none are."""
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
    """The selection at the start of a page run, from the address or the session; what the model has not is dropped."""
    overlap, others = explainer.overlap(), tuple(other_checkpoints(explainer.checkpoint.path))
    selection = KEPT.opened(lambda parts: from_address(parts, overlap, others))
    parts = {name: part if isinstance(part, list) else [part] for name, part in to_address(selection).items()}
    fitting, problems = from_address(parts, overlap, others)
    if problems:  # another model was loaded since
        KEPT.change(**vars(fitting))
    return KEPT.current


def selection_notices() -> None:
    """What could not be used of the address."""
    KEPT.notices()


def _pair(given: Sequence[str], passes: tuple[str, ...]) -> tuple[str, str]:
    for name in given:
        if name not in passes:
            raise InputError(unknown_name("subnetwork", name, passes))
    if len(given) != 2 or given[0] == given[1]:
        raise InputError(f"A pair of {len(set(given))} came; allowed: two different ones of {', '.join(passes)}.")
    first, second = sorted(given, key=passes.index)
    return first, second
