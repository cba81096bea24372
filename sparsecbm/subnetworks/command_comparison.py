"""`overlap --against`: the masks of a checkpoint compared with others."""

from pathlib import Path
from typing import TYPE_CHECKING

from sparsecbm.cli.console import printable, say, show_table
from sparsecbm.errors import InputError

if TYPE_CHECKING:
    from sparsecbm.subnetworks.comparison import MaskComparison


#: What the JSON contains.
JSON_HELP = (
    "With --against, the JSON has one more object, \"against\". name, checkpoint and sparsity describe the other "
    "masks; identical says whether both are the same bit for bit. first (these masks) and second (the others) have "
    "density by pass, own_share by concept (of its weights, those that no other concept keeps) and mean_overlap (mean "
    "Jaccard of two concepts). jaccard, expected and z are tables [concept of first][concept of second]; expected is "
    "what independent masks of these densities would have. passes, and layers for each layer, have for every pass the "
    "jaccard, expected and z of the same pass in both, and contained, the share of the first's weights that the second "
    "keeps. whole, of all of a concept's weights in first, and own, of those that no other concept keeps, have by "
    "concept: weights, their number, and shares of it that second keeps for the same concept (same), for other "
    "concepts only (other) and for none (nowhere); others, for any other concept on average; rival and best, for which "
    "other concept most and how much; lead, same less best; chance, what independent masks would keep for the same "
    "concept."
)


def against(text: str) -> Path | float:
    """The folder or the sparsity, 0..1, that the user named; InputError when it is neither."""
    from sparsecbm.subnetworks.comparison import sparsity_of

    sparsity = sparsity_of(text)
    if sparsity is None and not Path(text).is_dir():
        raise InputError(f"--against {text!r} is neither a folder on this machine nor a sparsity. Check the path, or "
                         "write a sparsity with a percent sign, such as 90%.")
    return Path(text) if sparsity is None else sparsity


def show_comparison(comparison: "MaskComparison") -> None:
    """The comparison as sentences and tables."""
    from sparsecbm.subnetworks.comparison_text import advice, cautions, findings, headline, side_by_side

    values, other = comparison.to_json(), printable(comparison.second.name)
    concepts, passes = comparison.concepts, comparison.passes
    say(f"\nCompared with {other}")
    for sentence in (headline(comparison), *findings(comparison), advice(comparison), *cautions(comparison)):
        say("  " + printable(sentence.replace("\u00a0", " ")))
    for part, whose in (("whole", "a concept's weights"), ("own", "the weights that only one concept keeps")):
        show_table(f"Percent of {whose} that {other} keeps: for the same concept, only for other concepts, for none; "
                   "for another concept on average, for the same one by chance",
                   ("", "weights", "same", "others only", "none", "another", "chance"),
                   [(concept, f"{one['weights']:,}", *(f"{100 * one[name]:.1f}" for name in (
                       "same", "other", "nowhere", "others", "chance"))) for concept, one in values[part].items()])
    show_table(f"Jaccard overlap of each concept (row) with each of {other} (column); chance in brackets",
               ("", *concepts), [(name, *(f"{seen:.3f} ({chance:.3f})" for seen, chance in zip(*rows, strict=True)))
                                 for name, *rows in zip(concepts, values["jaccard"], values["expected"], strict=True)])
    show_table("Jaccard overlap of the same subnetwork in both, by layer", ("layer", *passes),
               [(layer, *(f"{row[name]['jaccard']:.3f}" for name in passes))
                for layer, row in values["layers"].items()])
    table = side_by_side(comparison)
    show_table("Side by side", [printable(name) for name in table.columns], table.to_numpy().tolist())
