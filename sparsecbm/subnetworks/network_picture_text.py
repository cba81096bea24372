"""What the picture of the network says, in words: of a cell, and of the whole."""

from itertools import combinations

import numpy as np
from jaxtyping import Int

from sparsecbm.figures.text import counted, listed, percent, percent_range
from sparsecbm.subnetworks.counts import MaskCounts
from sparsecbm.subnetworks.network_picture import Cell, NetworkPicture


def users_text(picture: NetworkPicture, cell: Cell) -> str:
    """Who uses a cell, e.g. "food + service"."""
    names = [picture.passes[k] for k in cell.users]
    if not names:
        return "no concept"
    if picture.is_core(cell):
        return f"all {len(names)} concepts" if picture.whole else "all concepts about alike"
    joined = " + ".join(names)
    if cell.mixed:
        return f"small groups of {joined}"
    return joined if picture.whole else f"mostly {joined}"


def units_text(cell: Cell) -> str:
    """What a cell is, e.g. "head 3 of layer 4" or "412 neurons of layer 4"."""
    what = f"head {cell.units[0]}" if cell.kind == "head" else counted(len(cell.units), "neuron")
    return f"{what} of layer {cell.layer}"


def cell_text(picture: NetworkPicture, cell: Cell) -> str:
    """A cell with its numbers, in words."""
    said = f"{units_text(cell).capitalize()}: {users_text(picture, cell)}."
    residual = len(picture.passes) > picture.concepts
    if not picture.whole:
        shares = [f"{name} {percent(cell.share(k))}" for k, name in enumerate(picture.passes)]
        return f"{said} Of its {cell.weights:,} weights keep: {', '.join(shares)}."
    whole = sum(one.weights for one in picture.layers[picture.numbers.index(cell.layer)])
    said = f"{said} {counted(cell.weights, 'weight')}, {percent(cell.weights / whole)} of the layer."
    if residual and cell.kept[-1]:
        count = round(cell.share(-1) * len(cell.units))
        said += " The residual uses it, too." if count == len(cell.units) == 1 else (
            f" The residual uses {count:,} of them, too.")
    return said


def network_text(picture: NetworkPicture, total: MaskCounts) -> list[str]:
    """What is whose, what is shared, and where, a sentence each; at least one."""
    return _whole_text(picture, total) if picture.whole else _parts_text(picture)


def _whole_text(picture: NetworkPicture, total: MaskCounts) -> list[str]:
    names, weights = picture.passes[: picture.concepts], picture.weights
    own = [picture.by_layer((k,)) for k in range(len(names))]
    order = sorted(range(len(names)), key=lambda k: -own[k].sum())
    shares = [percent(own[k].sum() / weights) for k in order]
    where = [f", {where_text(picture, own[k])}" if own[k].any() else "" for k in order]
    said = [f"{names[order[0]]} has most to itself: {shares[0]} of all weights{where[0]}; then " + ", ".join(
        f"{names[k]} {share}{f' ({place[2:]})' if place else ''}" for k, share, place
        in zip(order[1:], shares[1:], where[1:], strict=True)) + "."] if len(names) > 1 else [
            f"{names[0]} uses {shares[0]} of all weights{where[0]}."]
    if len(names) > 1 and not any(part.any() for part in own):
        said = ["No concept has anything to itself."]
    pairs = sorted(combinations(range(len(names)), 2), key=lambda pair: -total.jaccard[0][pair])
    if pairs:
        first = f"{listed([names[k] for k in pairs[0]])} share {percent(total.jaccard[0][pairs[0]])} of what they use"
        said.append(f"{first}." if len(pairs) == 1 else
                    f"Of all pairs, {listed([names[k] for k in pairs[0]])} share most "
                    f"({percent(total.jaccard[0][pairs[0]])} of what either uses), "
                    f"{listed([names[k] for k in pairs[-1]])} least ({percent(total.jaccard[0][pairs[-1]])}).")
        core, none = (picture.by_layer(users).sum() / weights for users in (tuple(range(len(names))), ()))
        said.append(f"All {len(names)} use {percent(core)} of the weights; none uses {percent(none)}.")
    if len(picture.passes) > len(names):
        kept = picture.kept_by_layer(len(names))
        said.append(f"What the residual uses is {where_text(picture, kept)}." if kept.any() else
                    "The residual uses nothing.")
    return said


def where_text(picture: NetworkPicture, weights: Int[np.ndarray, " layer"]) -> str:
    """The fewest layers that have more than half of these weights, e.g. "mostly in layers 0 and 1"."""
    order = np.argsort(-weights, kind="stable")
    enough = 1 + int(np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2, side="right"))
    if 1 < enough > len(weights) / 2:
        return "spread over the layers"
    rows = sorted(order[:enough].tolist())
    found = [str(picture.numbers[row]) for row in rows]
    if len(rows) > 2 and rows[-1] - rows[0] == len(rows) - 1:
        return f"mostly in layers {found[0]} to {found[-1]}"
    return f"mostly in layer{'s' if len(found) > 1 else ''} {listed(found)}"


def _parts_text(picture: NetworkPicture) -> list[str]:
    names = picture.passes[: picture.concepts]
    heads = [cell for cell in picture.cells if cell.kind == "head"]
    said = list[str]()
    if heads and picture.alike("head"):
        said.append("All concepts use every attention head about alike.")
    elif heads:
        own = {name: sum(cell.users == (k,) for cell in heads) for k, name in enumerate(names)}
        where = np.array([sum(cell.kind == "head" and 0 < len(cell.users) < len(names) for cell in cells)
                          for cells in picture.layers])
        most = ", ".join(f"{name} {many}" for name, many in own.items() if many)
        said += [f"{where.sum()} of {len(heads)} attention heads are used by one concept more than by the others "
                 f"({most}), {where_text(picture, where)}.",
                 "The other heads all concepts use about alike."]
    if picture.neuron_shares and picture.alike("neuron"):
        ranges = [percent_range(np.array([row.get((k,), 0.0) for row in picture.neuron_shares]))
                  for k in range(len(names))]
        said.append("The neurons divide alike in every layer: " + ", ".join(
            f"{name} uses {share} of them most" for name, share in zip(names, ranges, strict=True)) + ".")
    return said or ["Neurons are drawn by the concept that uses them most."]
