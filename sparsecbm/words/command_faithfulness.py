"""`faithfulness`: whether the word scores of a checkpoint are faithful, by method, compared with random order."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import in_steps, progress_bar, say, show_table, write_line
from sparsecbm.cli.measurement import Measurement, add_measurement
from sparsecbm.cli.parser import Commands, add_seed, at_least, whole

if TYPE_CHECKING:
    from sparsecbm.model.checkpoint import Checkpoint

#: Where the result is saved in metrics.json.
METRICS_KEY = "faithfulness"


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = add_measurement(
        commands, "faithfulness", measure,
        help="test word scores: remove words in the order of their scores and measure how the prediction changes",
        description="Test the word scores of every concept's predicted value and of the predicted label. "
        "Comprehensiveness is the probability lost without the top words (higher is better), sufficiency the "
        "probability lost with nothing but the top words (lower is better); both are compared with random orders.",
        split="split to draw texts from")
    parser.add_argument("--sample", type=at_least(1), default=100, metavar="N",
                        help="number of texts, drawn at random without replacement (default: %(default)s)")
    parser.add_argument("--method", action="append", metavar="NAME",
                        help="a method to test; repeatable (default: all; shapley takes most of the time)")
    parser.add_argument("--steps", type=whole, metavar="N",
                        help="steps of those methods that take steps (default: each method's own)")
    parser.add_argument("--replacement", action="store_true",
                        help="also replace words by the mask token instead of deleting them")
    parser.add_argument("--shuffled", type=at_least(0), default=20, metavar="N",
                        help="number of texts that are also scored with shuffled weights, as a sanity check: the two "
                        "scores should not be correlated (default: %(default)s)")
    add_seed(parser, "sample, shuffle and intervals")


def measure(options: argparse.Namespace, load: "Callable[[], Checkpoint]") -> Measurement:
    """Test every method on the sample."""
    from sparsecbm.data import load_split
    from sparsecbm.service import default_targets
    from sparsecbm.words.compute_faithfulness import benchmark_methods
    from sparsecbm.words.compute_removal import REMOVALS
    from sparsecbm.words.faithfulness import interval, summarise

    methods = _methods(options)
    split = load_split(options.dataset, options.data, options.split, options.schema)
    checkpoint = load()
    texts = [split.texts[row] for row in split.draw(options.sample, options.seed)]
    if len(texts) < options.sample:
        write_line(f"Split {split.name} has only {len(texts)} texts, fewer than {options.sample}; all are used.")
    first = -1 if checkpoint.model.config.kind == "black_box" else 0  # a black box predicts the label only
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
    return Measurement(report, lambda: show(report), {METRICS_KEY: report})


def _methods(options: argparse.Namespace) -> dict[str, int | None]:
    """The methods to test, with the steps of each."""
    from sparsecbm.words.methods import METHODS, method_named

    methods = [method_named(name) for name in dict.fromkeys(options.method or METHODS)]
    some_step = any(method.steps is not None for method in methods)
    return {method.name: method.checked_steps(None if some_step and method.steps is None else options.steps)
            for method in methods}


def show(report: dict[str, Any]) -> None:
    """The numbers as tables: means over texts with 95 % intervals."""
    for method, subjects in report["methods"].items():
        title = f"{in_steps(method, report['steps'][method])}, {report['n']} texts of {report['split']}"
        _show_method(f"{title}, words deleted", subjects)
        replaced = {subject: entry["replacement"] for subject, entry in subjects.items() if "replacement" in entry}
        if replaced:
            _show_method(f"{title}, words replaced", replaced)
        if method in report["randomisation"]:
            say(f"rank correlation with the scores under shuffled weights, {report['randomisation_n']} texts: "
                f"{_shown(report['randomisation'][method])}; near 0 is good")
    say("\nMeans over texts with 95 % intervals. Comprehensiveness is the probability lost without the top words, "
        "sufficiency the probability lost with nothing but the top words, loo tau the agreement with leaving out one "
        "word at a time.")


def _show_method(title: str, subjects: Mapping[str, Any]) -> None:
    rows: list[Sequence[str] | None] = []
    for subject, numbers in subjects.items():
        rows += [(subject if measure == "comprehensiveness" else "", measure.replace("_", " "),
                  _shown(numbers[measure]), _shown(numbers.get(f"random_{measure}")))
                 for measure in ("comprehensiveness", "sufficiency", "loo_tau")]
        rows.append(None)
    show_table(title, ("target", "", "by its scores", "in random order"), rows[:-1])
    for beats, heading in ((True, "better than random order"), (False, "not better than random order")):
        names = [subject for subject, numbers in subjects.items() if numbers["beats_random"] == beats]
        if names:
            say(f"{heading} in comprehensiveness: {', '.join(names)}")


def _shown(numbers: Mapping[str, Any] | None) -> str:
    if numbers is None or numbers["mean"] is None:
        return ""
    ends = "" if numbers["ci95"] is None else " [{:.3f}, {:.3f}]".format(*numbers["ci95"])
    return f"{numbers['mean']:.3f}{ends}"
