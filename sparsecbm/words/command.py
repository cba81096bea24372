"""`explain`: why the model predicts what it does for one text, and what a person's correction would change."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import in_steps, only_result_on_stdout, printable, say, show_table, write_json
from sparsecbm.cli.parser import Commands, add_checkpoint, add_json, checkpoint_of, whole
from sparsecbm.errors import InputError
from sparsecbm.revision.command_patches import add_patch, described, patch_of
from sparsecbm.words.methods import DEFAULT_METHOD, METHODS

if TYPE_CHECKING:
    from sparsecbm.types import Word

#: Words shown per target in the tables; the JSON has them all.
WORDS_SHOWN = 6


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "explain",
        help="explain one text: label, concepts, exact contributions and word scores",
        description="Explain one text: the label, the concepts, what each contributes to the label, and word scores.",
    )
    parser.add_argument("text", metavar="TEXT", help="the text, in quotes; put -- before one that starts with a dash")
    parser.add_argument(
        "--target",
        action="append",
        metavar="SUBJECT=NAME",
        help="target of the word scores, e.g. food=Positive, label=5, or label=2:4 for why 2 rather than 4; "
        "repeatable (default: every concept's predicted value and the predicted label)",
    )
    parser.add_argument("--method", metavar="NAME", default=DEFAULT_METHOD,
                        help=f"one of {', '.join(METHODS)} (default: %(default)s)")
    parser.add_argument("--steps", type=whole, metavar="N",
                        help="integration steps, or sampled orders of the words for shapley (default: 32 and 25)")
    parser.add_argument("--no-residual", action="store_true", help="leave the residual out of the label")
    add_override(parser)
    add_patch(parser)
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def add_override(parser: argparse.ArgumentParser) -> None:
    """Which concepts the user sets."""
    parser.add_argument(
        "--override",
        action="append",
        default=[],
        metavar="CONCEPT=VALUE",
        help="set a concept, e.g. food=Positive, or food=0.2,0.3,0.5 for probabilities of its values; repeatable",
    )


def run(options: argparse.Namespace) -> None:
    """Explain the text and write the result."""
    from sparsecbm.export import explanation_json
    from sparsecbm.export.values import patch_json
    from sparsecbm.service import Explainer
    from sparsecbm.types import Target

    with only_result_on_stdout():
        text, patch = utf8(options.text), patch_of(options)
        explainer = Explainer.load(checkpoint_of(options), device=options.device)
        overrides = overrides_of(options.override, explainer.schema)
        targets = [Target.parse(target, explainer.schema) for target in options.target] if options.target else None
        if patch is not None:
            explainer.check_patch(patch)
        explanation = explainer.explain(
            text, targets, method=options.method, steps=options.steps, residual=not options.no_residual,
            changes=() if patch is None else patch.changes)
        intervention = None
        if overrides:
            intervention = explainer.override(explanation.prediction, overrides, residual=not options.no_residual)
        values = explanation_json(explanation, intervention)
        if patch is not None:
            values["patch"] = patch_json(patch, explainer.schema)
    if options.json:
        write_json(values)
    else:
        if patch is not None:
            say(f"With {described(patch)}")
        show(values)


def utf8(text: str) -> str:
    """The text, if it is valid UTF-8: other bytes reach Python as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"The text is not valid UTF-8 at byte {error.start}. Convert it to UTF-8 and try again."
        ) from None
    return text


def overrides_of(texts: Sequence[str], schema: Any) -> dict[str, tuple[float, ...]]:
    """The overrides by concept; InputError when one is malformed, or a concept is set twice."""
    from sparsecbm.concepts.contributions import parse_override

    overrides: dict[str, tuple[float, ...]] = {}
    for text in texts:
        concept, distribution = parse_override(text, schema)
        if concept in overrides:
            raise InputError(f"Override {text!r} sets {concept} a second time. Leave one of the two out.")
        overrides[concept] = distribution
    return overrides


def say_unread(words: "Iterable[Word]") -> None:
    """Name the words that the model does not read as they stand, if there are any."""
    from sparsecbm.words.unread import unread_text

    text = unread_text(list(words))
    if text:
        say(f"Note: {printable(text)}")


def show(values: dict[str, Any]) -> None:
    """The explanation as tables; `values` are those of the JSON."""
    from sparsecbm.familiarity.unlike import unlike_text
    from sparsecbm.types import Word

    if values["truncated"]:
        say(f"Note: the model read the first {values['tokens_read']} of {values['tokens_total']} tokens.")
    if values["unlike_flag"]:
        say(f"Note: {printable(unlike_text(values['unlike']))}")
    intervention = values.get("intervention")
    show_prediction(values, "Prediction" if intervention is None else "Before")
    if intervention is not None:
        say(f"\nOverride: {'; '.join(f'{name} set to {setting(p)}' for name, p in intervention['overrides'].items())}")
        show_prediction(intervention["after"], "After", intervention["overrides"])
    say(f"\nThe {WORDS_SHOWN} words with the largest scores for each target, in logits")
    say_unread(Word(word["word"], 0, 0, word["unread"]) for word in values["attributions"][0]["words"])
    for attribution in values["attributions"]:
        words = sorted(attribution["words"], key=lambda word: -abs(word["score"]))[:WORDS_SHOWN]
        scores = "  ".join(f"{printable(word['word'])}{word['unread'] and ' [' + word['unread'] + ']'} "
                           f"{word['score']:+.2f}" for word in words)
        say(f"  {attribution['target']}: {scores}  (completeness gap {attribution['completeness_gap']:.2g} "
            f"of {attribution['difference']:+.2f})")
    receipt = values["receipt"]
    method = in_steps(receipt["method"], values["attributions"][0]["steps"])
    say(f"\n{method}, checkpoint {receipt['checkpoint'][:12]}, {receipt['device']} {receipt['dtype']}, "
        f"{receipt['milliseconds']:.0f} ms")


def show_prediction(values: dict[str, Any], title: str, overrides: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Label and contributions of a prediction, given as its JSON values; `overrides` are the concepts that were set."""
    label = values["label"]["name"]
    parts = [(c["name"], setting(overrides[c["name"]]) if c["name"] in overrides else best(c["probabilities"]),
              f"{c['contributions'][label]:+.3f}") for c in values["concepts"]]
    rows = [
        ("bias", "", f"{values['label_bias'][label]:+.3f}"),
        *parts,
        ("residual", "", f"{values['residual'][label]:+.3f}"),
        None,
        ("sum", "", f"{values['label']['logits'][label]:+.3f}"),
    ]
    heading = f"{title}: label {best(values['label']['probabilities'])}"
    show_table(heading, ("part", "value", f"logit of label {label}"), rows)


def best(probabilities: dict[str, float]) -> str:
    """The most probable name with its probability; a tie names no single one."""
    name = max(probabilities, key=probabilities.__getitem__)
    if list(probabilities.values()).count(probabilities[name]) > 1:
        return setting(probabilities)
    return f"{name} ({probabilities[name]:.0%})"


def setting(shares: dict[str, float]) -> str:
    """What a concept is set to: a value, or the probability of each."""
    from sparsecbm.figures.text import setting_text

    return setting_text(tuple(shares.values()), tuple(shares))
