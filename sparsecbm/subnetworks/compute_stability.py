"""How the masks of several runs of the same training agree, counted on their packed bits or their units."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool

from sparsecbm.errors import InputError
from sparsecbm.file_names import last_part
from sparsecbm.model.checkpoint import Outline, load_outline
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.subnetwork_masks import Subnetworks
from sparsecbm.model.units import KINDS
from sparsecbm.subnetworks.comparison import MaskSource
from sparsecbm.subnetworks.compute_overlap import count, mask_overlap
from sparsecbm.subnetworks.compute_variants import require_same
from sparsecbm.subnetworks.counts import MaskCounts
from sparsecbm.subnetworks.stability import Agreement, LayerUnits, MaskStability, Run

#: Settings that may differ between runs of the same training, or only say where something lay.
_FREE = {"seed", "backbone", "start"}


def stability_of(first: Outline, folders: Sequence[Path]) -> MaskStability:
    """The masks of a checkpoint and of the same training with other seeds, in these folders; no weights are read.

    CheckpointError where one has no masks, InputError where they cannot be compared or one comes twice.
    """
    outlines = [first, *map(load_outline, folders)]
    runs = [Run(one.path.resolve().name, one.hash, _settings(one).get("seed")) for one in outlines]
    hashes = [run.checkpoint for run in runs]
    for place, run in enumerate(runs):
        if run.checkpoint in hashes[:place]:
            raise InputError(f"{run.name} is the same model as {runs[hashes.index(run.checkpoint)].name}; allowed: "
                             "checkpoints of different seeds. Name each run once.")
    backbones = {last_part(one["backbone"]) for one in map(_settings, outlines) if one and not one.get("start")}
    if len(backbones) > 1:
        raise InputError(f"The runs start from the backbones {', '.join(sorted(backbones))}, so that their units "
                         "have nothing to do with each other; allowed: one backbone. Name runs of the same.")
    return mask_stability(runs, [Subnetworks.of(one) for one in outlines], differing(list(map(_settings, outlines))))


def mask_stability(
    runs: Sequence[Run], subnetworks: Sequence[Subnetworks], differing: Sequence[str] = ()
) -> MaskStability:
    """The same of masks that are at hand; InputError for fewer than two runs, or masks of different networks."""
    if len(runs) < 2:
        raise InputError("A single run came; allowed: two runs or more, of different seeds. Name another checkpoint.")
    first = subnetworks[0]
    for run, other in zip(runs[1:], subnetworks[1:], strict=True):
        require_same(first, other, (MaskSource(runs[0].name, runs[0].checkpoint, {}),
                                    MaskSource(run.name, run.checkpoint, {})))
    structured = [one.masks.layout is not None for one in subnetworks]
    if len(set(structured)) > 1:
        raise InputError("Some runs keep whole heads and neurons, others single weights; allowed: masks of one kind. "
                         "Name runs of the same settings.")
    found = [mask_overlap(one) for one in subnetworks]
    passes = first.masks.passes
    kept = [KeptUnits.of(one.masks) for one in subnetworks] if structured[0] else []
    agreement = {name: {kind: Agreement.of(counts) for kind, counts in (
        _by_units(kept, k) if structured[0] else _by_weights(subnetworks, k)).items()}
        for k, name in enumerate(passes)}
    return MaskStability(
        tuple(runs), passes, len(first.concepts), found[0].layers.units,
        np.stack([one.total.jaccard[0] for one in found]), np.stack([one.total.expected_jaccard[0] for one in found]),
        np.stack([one.layers.density for one in found]), agreement,
        {name: _always(kept, k) for k, name in enumerate(passes)} if structured[0] else {}, tuple(differing))


def differing(settings: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Names of the settings, such as `prune.beta`, that are not the same in all trainings whose settings are known."""
    flat = [dict(_flat(one)) for one in settings if one]
    names = dict.fromkeys(name for one in flat for name in one)
    return tuple(name for name in names if name not in _FREE and any(
        one.get(name) != flat[0].get(name) for one in flat))


def _settings(outline: Outline) -> Mapping[str, Any]:
    found: Mapping[str, Any] = outline.metrics.get("training", {}).get("config", {})
    return found


def _flat(settings: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found = []
    for name, value in settings.items():
        found += _flat(value, f"{before}{name}.") if isinstance(value, Mapping) else [(before + name, value)]
    return found


def _by_weights(subnetworks: Sequence[Subnetworks], k: int) -> dict[str, MaskCounts]:
    """A row for every matrix; the passes are the runs."""
    first, names = subnetworks[0], tuple(str(run) for run in range(len(subnetworks)))
    bits = {name: torch.stack([one.masks.bits[name][k].cpu() for one in subnetworks]) for name in first.sites}
    masks = ConceptMasks(names, first.masks.shapes, bits)
    return {"weights": mask_overlap(Subnetworks(masks, first.sites, names, first.heads)).matrices}


def _by_units(kept: Sequence[KeptUnits], k: int) -> dict[str, MaskCounts]:
    """For heads and for neurons a row for every layer; the passes are the runs."""
    found, names = {}, tuple(str(run) for run in range(len(kept)))
    for kind in KINDS:
        units = _of_runs(kept, kind, k)
        both, exclusive, shared_by = count(np.packbits(units, axis=-1), len(kept))
        weights = np.full(units.shape[1], units.shape[2], dtype=np.int64)
        shared_by[:, 0] = weights - shared_by.sum(axis=1)
        layers = tuple(map(str, kept[0].layout.layers))
        found[f"{kind}s"] = MaskCounts.of(layers, names, weights, both, exclusive, shared_by)
    return found


def _always(kept: Sequence[KeptUnits], k: int) -> tuple[LayerUnits, ...]:
    common = [np.logical_and.reduce(_of_runs(kept, kind, k)) for kind in KINDS]
    return tuple(LayerUnits(layer, *(tuple(np.flatnonzero(units[row]).tolist()) for units in common))
                 for row, layer in enumerate(kept[0].layout.layers))


def _of_runs(kept: Sequence[KeptUnits], kind: str, k: int) -> Bool[np.ndarray, "run layer unit"]:
    return np.stack([one.of_kind(kind)[k].numpy() for one in kept])
