"""`overlap`: how the concepts' subnetworks share weights and, on a labelled split, whether each carries its concept."""

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import printable, say, share_bar, show_table, write_line
from sparsecbm.cli.measurement import Measurement, add_measurement
from sparsecbm.cli.parser import Commands, add_seed, at_least, input_path, input_place
from sparsecbm.errors import InputError
from sparsecbm.subnetworks.command_stability import STABILITY_HELP, show_stability

if TYPE_CHECKING:
    from sparsecbm.model.checkpoint import Checkpoint
    from sparsecbm.subnetworks.comparison import MaskComparison
    from sparsecbm.subnetworks.specificity import SpecificityReport


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


Report = dict[str, Any]


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_measurement(
        commands, "overlap", measure,
        help="show how subnetworks share weights and, with --probe, whether each carries its concept",
        description="Count which weights the concepts' masks share, and compare that with independent masks. With "
        "--probe, also predict each concept through its own mask, through other and random masks, and with weights "
        "knocked out, on a labelled split. With --against, also compare the masks with those of another checkpoint. "
        "With --seeds, also say what repeats when the same training runs with other seeds.",
        split="split to probe on", data_required=False, saved="the result of --probe and of --seeds",
        epilog=f"{JSON_HELP} {STABILITY_HELP}")
    parser.add_argument("--against", type=input_place, metavar="FOLDER_OR_SPARSITY",
                        help="compare with the masks of another checkpoint, or with these masks pruned further by "
                        "magnitude, without training, e.g. runs/other or 90%%")
    parser.add_argument("--seeds", type=input_path, nargs="+", default=[], metavar="FOLDER",
                        help="checkpoints of the same training with other seeds, e.g. runs/mine-1 runs/mine-2: also "
                        "measure which overlaps, heads, neurons or weights repeat")
    parser.add_argument("--probe", action="store_true", help="also measure accuracies on a split; this takes minutes")
    parser.add_argument("--sample", type=at_least(1), metavar="N",
                        help="number of rows to probe, drawn at random without replacement (default: all)")
    parser.add_argument("--random-masks", type=at_least(1), default=5, metavar="N",
                        help="random masks that each concept's own mask is compared with (default: %(default)s)")
    add_seed(parser, "sample and random masks")


def measure(options: argparse.Namespace, load: "Callable[[], Checkpoint]") -> Measurement:
    """Count shared weights, and compare, repeat and probe the masks if the user wants it."""
    from sparsecbm.model.subnetwork_masks import Subnetworks
    from sparsecbm.service import Explainer
    from sparsecbm.subnetworks.compute_overlap import mask_overlap
    from sparsecbm.subnetworks.compute_stability import stability_of
    from sparsecbm.subnetworks.stability import METRICS_KEY

    if options.probe and options.data is None:
        raise InputError("--probe needs labelled texts. Add --data with a folder or zip file of the official files, or "
                         "hub:OWNER/NAME.")
    if options.save and not (options.probe or options.seeds):
        raise InputError("--save needs --probe or --seeds, because only their results are saved. Add one of them, or "
                         "leave --save out.")
    other = None if options.against is None else against(options.against)
    checkpoint = load()
    report: Report = {"checkpoint": checkpoint.hash, **mask_overlap(Subnetworks.of(checkpoint)).to_json()}
    compared = None if other is None else Explainer(checkpoint).compare(other)
    stability = stability_of(checkpoint, options.seeds) if options.seeds else None
    probed = _probe(options, checkpoint) if options.probe else None
    saved = {} if probed is None else probed.to_json()
    if stability is not None:
        saved[METRICS_KEY] = stability.to_json()

    def show() -> None:
        show_overlap(report)
        if compared is not None:
            show_comparison(compared)
        if stability is not None:
            show_stability(stability)
        if probed is not None:
            show_probe(probed)

    return Measurement(report | ({} if compared is None else {"against": compared.to_json()}) | saved, show, saved,
                       _write_card)


def _probe(options: argparse.Namespace, checkpoint: "Checkpoint") -> "SpecificityReport":
    """Measure, unless metrics.json already holds the same measurement of the same checkpoint and data."""
    from dataclasses import asdict

    from sparsecbm.data import load_split
    from sparsecbm.subnetworks.compute_specificity import measure_specificity, specificity_settings
    from sparsecbm.subnetworks.specificity import SpecificityReport

    split = load_split(options.dataset, options.data, options.split, options.schema)
    wanted = (checkpoint, split, options.sample, options.random_masks, options.seed)
    if checkpoint.metrics.get("probe") == asdict(specificity_settings(*wanted)):
        write_line("This was measured before with the same settings; the result is read from metrics.json.")
        return SpecificityReport.from_json(checkpoint.metrics)
    with share_bar("predicting through other masks") as progress:
        return measure_specificity(*wanted, progress=progress)


def _write_card(folder: Path) -> None:
    """Write the card again from the new metrics, if training wrote it from metrics before."""
    from sparsecbm.model.checkpoint import CARD_FILE, METRICS_FILE
    from sparsecbm.paths import write_text
    from sparsecbm.training.card import model_card

    metrics = json.loads((folder / METRICS_FILE).read_bytes())
    if "training" in metrics:
        write_text(folder / CARD_FILE, model_card(metrics))


def show_overlap(report: Report) -> None:
    """The statistics of the masks as tables."""
    concepts = report["concepts"]
    size, users = report["weights"], report["shared_by"]
    show_table("Jaccard overlap of every two masks; in brackets, that of independent masks of the same densities",
               ("", *concepts), [(name, *(f"{seen:.3f} ({chance:.3f})" for seen, chance in zip(*rows, strict=True)))
                                 for name, *rows in zip(concepts, report["jaccard"], report["expected"], strict=True)])
    show_table(f"{size:,} masked weights by the number of concepts that keep them", ("concepts", "weights", "share"),
               [(str(number), f"{count:,}", f"{count / size:.1%}") for number, count in enumerate(users)])
    say(f"common core, kept by every concept: {report['core'] / size:.1%}; kept by one concept only: "
        + ", ".join(f"{name} {count / size:.1%}" for name, count in report["exclusive"].items()))
    for title, parts in (("layer", report["layers"]), ("module", report["modules"])):
        show_table(f"By {title}: density of each mask, and the overlap that is furthest from chance",
                   (title, *concepts, "Jaccard", "chance", "z"),
                   [_part(name.replace("_", " "), part, concepts) for name, part in parts.items()])
    if report["residual"] is not None:
        rest = report["residual"]
        say(f"residual: density {rest['total_density']:.3f}, Jaccard with " + ", ".join(
            f"{name} {value:.3f}" for name, value in rest["jaccard"].items()))


def _part(name: str, part: Mapping[str, Any], concepts: Sequence[str]) -> list[str]:
    pairs = [(i, j) for i in range(len(concepts)) for j in range(i)]
    densities = [f"{part['density'][concept]:.3f}" for concept in concepts]
    if not pairs:
        return [name, *densities, "", "", ""]
    i, j = max(pairs, key=lambda pair: abs(part["z"][pair[0]][pair[1]]))
    figures = zip(("jaccard", "expected", "z"), (".3f", ".3f", "+.1f"), strict=True)
    return [name, *densities, *(f"{part[figure][i][j]:{form}}" for figure, form in figures)]


def show_probe(probed: "SpecificityReport") -> None:
    """The result of the probe as tables, in percent and in points of accuracy."""
    settings, concepts = probed.settings, probed.concepts
    show_table(f"Specificity, {settings.n} texts of {settings.split}: accuracy in percent of each concept's head "
               "(column) through each concept's mask (row)", ("mask", *concepts),
               [(name, *map(_percent, row)) for name, row in zip(concepts, probed.specificity, strict=True)])
    show_table("Necessity: accuracy in percent of each concept through its own and through other masks",
               ("concept", "own", "best other", "complement", "random (sd)", "majority"),
               [(name, _percent(one.own), _percent(max(one.swap.values(), default=float("nan"))),
                 _percent(one.complement), f"{_percent(one.random_mean)} ({_percent(one.random_sd)})",
                 _percent(one.majority)) for name, one in probed.necessity.items()])
    for exclusive, what in ((False, "all weights of a concept's mask"),
                            (True, "only the weights that no other concept keeps")):
        show_table(f"Points of accuracy that each concept (column) loses when {what} (row) are removed from every pass",
                   ("without", *concepts), [(name, *(f"{100 * cost:+.1f}" for cost in row)) for name, row
                                            in zip(concepts, probed.cost(exclusive), strict=True)])


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
