"""What `overlap --seeds` prints: what repeats over the seeds of a training."""

from statistics import fmean
from typing import TYPE_CHECKING

from sparsecbm.cli.console import printable, say, show_table

if TYPE_CHECKING:
    from sparsecbm.subnetworks.stability import MaskStability

#: What the JSON contains.
STABILITY_HELP = (
    "With --seeds, the JSON has one more object, \"stability\". runs are the checkpoints, this one first. pairs has, "
    "of every two concepts and then of each concept and the residual, the jaccard and expected overlap in each run. "
    "concept_pairs and residual_pairs say whether the pairs come in the same order: Spearman's rank correlations of "
    "every two runs, (1, 2), (1, 3), .., (2, 3), .., their mean, chance, the share of random orders that agree as "
    "well, same, and repeats, true where chance is at most 0.05; null where all pairs overlap alike. agreement has by "
    "pass and kind of unit (heads and neurons, or weights) the number kept in each run; jaccard, chance and z of "
    "every two runs; in_all, the units that all runs keep; and in_all_by_chance. layers has by pass the density of "
    "each layer in each run, and whether the layers come in the same order. always lists the heads and neurons that "
    "all runs keep, their numbers with blanks between. differing names the settings other than the seed that are not "
    "the same in all runs."
)


def show_stability(stability: "MaskStability") -> None:
    """The sentences, and the figures behind them as tables."""
    from sparsecbm.subnetworks.stability_text import cautions, details, stability_text

    say("\nOver seeds: " + ", ".join(printable(run.name) for run in stability.runs))
    for sentence in (stability_text(stability), *details(stability), *cautions(stability)):
        say("  " + printable(sentence))
    show_table("Jaccard overlap in each run, and by chance on average", ("pair", *(
        printable(run.name) for run in stability.runs), "chance"),
        [(" and ".join(stability.passes[k] for k in pair), *(f"{seen:.3f}" for seen in stability.jaccard[:, *pair]),
          f"{stability.expected[:, *pair].mean():.3f}") for pair in (*stability.concept_pairs,
                                                                    *stability.residual_pairs)])
    show_table("Units that a subnetwork keeps in two runs, as a share of those that it keeps in either",
               ("subnetwork", "units", "kept", "least", "most", "chance", "in all runs", "by chance"),
               [(name, kind, f"{fmean(one.kept):,.0f}", f"{min(one.jaccard):.3f}", f"{max(one.jaccard):.3f}",
                 f"{fmean(one.chance):.3f}", f"{one.in_all:,}", f"{one.in_all_by_chance:,.1f}")
                for name, kinds in stability.agreement.items() for kind, one in kinds.items()])
