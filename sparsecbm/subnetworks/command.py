"""`overlap`: how the concepts' subnetworks share weights and, on a labelled split, whether each carries its concept."""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import only_result_on_stdout, say, share_bar, show_table, write_json, write_line
from sparsecbm.cli.parser import Commands, add_checkpoint, add_json, check_save, checkpoint_of, device_of, whole
from sparsecbm.errors import InputError
from sparsecbm.evaluation.command import add_data
from sparsecbm.subnetworks.command_comparison import JSON_HELP, against, show_comparison

if TYPE_CHECKING:
    from sparsecbm.model.checkpoint import Checkpoint
    from sparsecbm.subnetworks.specificity import SubnetworkProbe


Report = dict[str, Any]


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "overlap",
        help="show how subnetworks share weights and, with --probe, whether each carries its concept",
        description="Count which weights the concepts' masks share, beside what independent masks would share. With "
        "--probe, also read each concept through its own mask, through other and random masks, and with weights "
        "knocked out, on a labelled split. With --against, also count what they have in common with other masks.",
        epilog=JSON_HELP,
    )
    parser.add_argument("--against", metavar="FOLDER_OR_SPARSITY",
                        help="compare with another checkpoint's masks, or with these pruned further by magnitude, "
                        "without training, e.g. runs/other or 90%%")
    parser.add_argument("--probe", action="store_true", help="also measure accuracies on a split; this takes minutes")
    add_data(parser, required=False)
    parser.add_argument("--split", default="dev", help="split to probe on (default: %(default)s)")
    parser.add_argument("--sample", type=whole, metavar="N",
                        help="probe on so many rows drawn at random, without replacement (default: all)")
    parser.add_argument("--random-masks", type=whole, default=5, metavar="N",
                        help="random masks that each concept's own is compared with (default: %(default)s)")
    parser.add_argument("--seed", type=whole, default=0, help="seed of sample and random masks (default: %(default)s)")
    parser.add_argument("--save", action="store_true",
                        help="also write what the probe measured into metrics.json of the checkpoint, for the app, and "
                        "into its card")
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Count, measure if asked to, and write the numbers."""
    from sparsecbm.model.checkpoint import load_checkpoint
    from sparsecbm.model.units import Subnetworks
    from sparsecbm.service import Explainer
    from sparsecbm.subnetworks.compute_overlap import mask_overlap

    with only_result_on_stdout():
        source = checkpoint_of(options)
        _check(options, source)
        other = None if options.against is None else against(options.against)
        checkpoint = load_checkpoint(source, device_of(options))
        report: Report = {"checkpoint": checkpoint.hash, **mask_overlap(Subnetworks.of(checkpoint)).to_json()}
        compared = None if other is None else Explainer(checkpoint).compare(other)
        probed = _probe(options, checkpoint) if options.probe else None
    measured = {} if probed is None else probed.to_json()
    if options.json:
        write_json(report | ({} if compared is None else {"against": compared.to_json()}) | measured)
    else:
        show_overlap(report)
        if compared is not None:
            show_comparison(compared)
        if probed is not None:
            show_probe(probed)
    if options.save:  # last: what cannot be saved has at least been shown
        _save(checkpoint.path, measured)


def _check(options: argparse.Namespace, source: str | Path) -> None:
    """What would fail after a long time fails at once."""
    if options.probe and options.data is None:
        raise InputError("--probe came without --data; allowed: a folder or zip with the official files, or "
                         "hub:OWNER/NAME. Say where the labelled texts are.")
    if options.save and not options.probe:
        raise InputError("--save came without --probe; allowed: both, for only what the probe measures is kept. Add "
                         "--probe, or leave --save out.")
    check_save(options, source)


def _probe(options: argparse.Namespace, checkpoint: "Checkpoint") -> "SubnetworkProbe":
    """Measure, unless metrics.json already holds the same measurement of the same checkpoint and data."""
    from dataclasses import asdict

    from sparsecbm.data import load_split
    from sparsecbm.subnetworks.compute_specificity import probe, probe_settings
    from sparsecbm.subnetworks.specificity import SubnetworkProbe

    split = load_split(options.dataset, options.data, options.split)
    wanted = (checkpoint, split, options.sample, options.random_masks, options.seed)
    if checkpoint.metrics.get("probe") == asdict(probe_settings(*wanted)):
        write_line("The same was measured before: metrics.json of the checkpoint has it.")
        return SubnetworkProbe.from_json(checkpoint.metrics)
    with share_bar("reading through other masks") as progress:
        return probe(*wanted, progress=progress)


def _save(folder: Path, measured: Mapping[str, Any]) -> None:
    """Keep what was measured: in metrics.json and, where training wrote a card from that file, in the card."""
    from sparsecbm.model.checkpoint import CARD_FILE, METRICS_FILE, add_metrics
    from sparsecbm.training.card import model_card

    add_metrics(folder, measured)
    metrics = json.loads((folder / METRICS_FILE).read_text())
    if "training" in metrics:
        (folder / CARD_FILE).write_text(model_card(metrics))


def show_overlap(report: Report) -> None:
    """The statistics of the masks as a person reads them."""
    concepts = report["concepts"]
    size, users = report["weights"], report["shared_by"]
    show_table("Jaccard overlap of every two masks; chance for independent masks of these densities in brackets",
               ("", *concepts), [(name, *(f"{seen:.3f} ({chance:.3f})" for seen, chance in zip(*rows, strict=True)))
                                 for name, *rows in zip(concepts, report["jaccard"], report["expected"], strict=True)])
    show_table(f"Of {size:,} masked weights, those that so many concepts keep", ("concepts", "weights", "share"),
               [(str(number), f"{count:,}", f"{count / size:.1%}") for number, count in enumerate(users)])
    say(f"common core, kept by every concept: {report['core'] / size:.1%}; kept by one concept alone: "
        + ", ".join(f"{name} {count / size:.1%}" for name, count in report["exclusive"].items()))
    for title, parts in (("layer", report["layers"]), ("module", report["modules"])):
        show_table(f"By {title}: density of each mask, and the overlap furthest from chance",
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


def show_probe(probed: "SubnetworkProbe") -> None:
    """What was measured on the split, in percent and in points of accuracy."""
    settings, concepts = probed.settings, probed.concepts
    show_table(f"Specificity, {settings.n} texts of {settings.split}: accuracy in percent of each concept's head "
               "(column) through each concept's mask (row)", ("mask", *concepts),
               [(name, *map(_percent, row)) for name, row in zip(concepts, probed.specificity, strict=True)])
    show_table("Necessity: accuracy in percent of each concept through other masks than its own",
               ("concept", "own", "best other", "complement", "random (sd)", "majority"),
               [(name, _percent(one.own), _percent(max(one.swap.values(), default=float("nan"))),
                 _percent(one.complement), f"{_percent(one.random_mean)} ({_percent(one.random_sd)})",
                 _percent(one.majority)) for name, one in probed.necessity.items()])
    for exclusive, what in ((False, "all weights of a concept's mask"), (True, "only the weights that are its own")):
        show_table(f"Points of accuracy that each concept (column) loses when {what} (row) are taken out of every pass",
                   ("without", *concepts), [(name, *(f"{100 * cost:+.1f}" for cost in row)) for name, row
                                            in zip(concepts, probed.cost(exclusive), strict=True)])


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
