"""`faithfulness`: whether the word scores of a checkpoint deserve belief, method by method, beside random order."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sparsecbm.cli.console import in_steps, only_result_on_stdout, progress_bar, say, show_table, write_json, write_line
from sparsecbm.cli.parser import (
    Commands,
    add_checkpoint,
    add_json,
    add_save,
    check_save,
    checkpoint_of,
    device_of,
    whole,
)
from sparsecbm.errors import InputError
from sparsecbm.evaluation.command import add_data

#: Under this name the result stands in metrics.json.
METRICS_KEY = "faithfulness"


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "faithfulness",
        help="test word scores: remove words in their order and see whether the prediction goes with them",
        description="Test the word scores of every concept's predicted value and of the predicted label. "
        "Comprehensiveness is the probability lost without the best words (higher is better), sufficiency the "
        "probability lost with nothing but them (lower is better), both beside random orders of the words.",
    )
    add_data(parser)
    parser.add_argument("--split", default="dev", help="split to draw reviews from (default: %(default)s)")
    parser.add_argument("--sample", type=whole, default=100, metavar="N",
                        help="reviews drawn at random, without replacement (default: %(default)s)")
    parser.add_argument("--method", action="append", metavar="NAME",
                        help="a method to test; repeatable (default: all; shapley takes most of the time)")
    parser.add_argument("--steps", type=whole, metavar="N",
                        help="steps of those methods that take any (default: each method's own)")
    parser.add_argument("--replacement", action="store_true",
                        help="also put the mask token in place of words instead of deleting them")
    parser.add_argument("--shuffled", type=whole, default=20, metavar="N",
                        help="reviews, of those drawn, that are also scored with shuffled weights, as a sanity check: "
                        "scores should then have nothing in common (default: %(default)s)")
    parser.add_argument("--seed", type=whole, default=0,
                        help="seed of sample, shuffle and intervals (default: %(default)s)")
    add_save(parser)
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Measure every method on the sample and write the numbers."""
    from sparsecbm.data import load_split
    from sparsecbm.model.checkpoint import add_metrics, load_checkpoint
    from sparsecbm.service import default_targets
    from sparsecbm.words.compute_faithfulness import benchmark_methods
    from sparsecbm.words.compute_removal import REMOVALS
    from sparsecbm.words.faithfulness import interval, summarise

    with only_result_on_stdout():
        methods = _methods(options)
        source = checkpoint_of(options)
        _check(options, source)
        split = load_split(options.dataset, options.data, options.split)
        checkpoint = load_checkpoint(source, device_of(options))
        texts = [split.texts[row] for row in split.draw(options.sample, options.seed)]
        if len(texts) < options.sample:
            write_line(f"Split {split.name} has {len(texts)} reviews, fewer than {options.sample}: all of them are "
                       "used.")
        first = -1 if checkpoint.model.config.kind == "black_box" else 0  # a black box knows the label only
        with progress_bar("removing words", len(texts) * len(methods)) as progress:
            benchmark = benchmark_methods(checkpoint, texts, lambda prediction: default_targets(prediction)[first:],
                                          methods, REMOVALS[: 1 + options.replacement], options.shuffled, options.seed,
                                          progress)
    report = {
        "n": len(texts), "split": split.name, "sample": options.sample, "seed": options.seed, "steps": methods,
        "checkpoint": checkpoint.hash, "methods": summarise(benchmark.faithfulness, options.seed),
        "randomisation": {method: interval(values, options.seed)
                          for method, values in benchmark.shuffled_correlation.items()},
        "randomisation_n": min(options.shuffled, len(texts)),
    }
    if options.json:
        write_json(report)
    else:
        show(report)
    if options.save:  # last: what cannot be saved has at least been shown
        add_metrics(checkpoint.path, {METRICS_KEY: report})


def _methods(options: argparse.Namespace) -> dict[str, int | None]:
    """The methods asked for and the steps of each."""
    from sparsecbm.words.methods import METHODS, method_named

    methods = [method_named(name) for name in dict.fromkeys(options.method or METHODS)]
    some_step = any(method.steps is not None for method in methods)
    return {method.name: method.checked_steps(None if some_step and method.steps is None else options.steps)
            for method in methods}


def _check(options: argparse.Namespace, source: str | Path) -> None:
    """What would fail after a long time fails at once."""
    for name, least in (("sample", 1), ("shuffled", 0), ("seed", 0)):
        if getattr(options, name) < least:
            raise InputError(f"--{name} {getattr(options, name)} came; allowed: {least} or more. Give another number.")
    check_save(options, source)


def show(report: dict[str, Any]) -> None:
    """The numbers as a person reads them: means over reviews with 95 % intervals."""
    for method, subjects in report["methods"].items():
        title = f"{in_steps(method, report['steps'][method])}, {report['n']} reviews of {report['split']}"
        _show_method(f"{title}, words deleted", subjects)
        replaced = {subject: entry["replacement"] for subject, entry in subjects.items() if "replacement" in entry}
        if replaced:
            _show_method(f"{title}, words replaced", replaced)
        if method in report["randomisation"]:
            say(f"rank correlation with the scores of shuffled weights, {report['randomisation_n']} reviews: "
                f"{_shown(report['randomisation'][method])}; near 0 is good")
    say("\nMeans over reviews with 95 % intervals. Comprehensiveness is the probability lost without the best words, "
        "sufficiency that lost with nothing but them, loo tau the agreement with leaving out each word alone.")


def _show_method(title: str, subjects: Mapping[str, Any]) -> None:
    rows: list[Sequence[str] | None] = []
    for subject, numbers in subjects.items():
        rows += [(subject if measure == "comprehensiveness" else "", measure.replace("_", " "),
                  _shown(numbers[measure]), _shown(numbers.get(f"random_{measure}")))
                 for measure in ("comprehensiveness", "sufficiency", "loo_tau")]
        rows.append(None)
    show_table(title, ("target", "", "by its scores", "in random order"), rows[:-1])
    for beats, heading in ((True, "beats random order"), (False, "does not beat random order")):
        names = [subject for subject, numbers in subjects.items() if numbers["beats_random"] == beats]
        if names:
            say(f"{heading} in comprehensiveness: {', '.join(names)}")


def _shown(numbers: Mapping[str, Any] | None) -> str:
    if numbers is None or numbers["mean"] is None:
        return ""
    low, high = numbers["ci95"]
    return f"{numbers['mean']:.3f} [{low:.3f}, {high:.3f}]"
