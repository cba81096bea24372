"""`train`: from a data set and a backbone to a checkpoint folder. Options map onto TrainConfig, one to one."""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from sparsecbm.cli.console import log_shown, only_result_on_stdout, say
from sparsecbm.cli.parser import Commands, add_device, add_schema, input_path, input_place, number, output_path, whole
from sparsecbm.config import (
    Bottleneck,
    Kind,
    MaskKind,
    Precision,
    Regime,
    Saliency,
    Scheme,
    Targets,
    TrainConfig,
    from_json,
    to_json,
)
from sparsecbm.errors import ConfigError, InputError
from sparsecbm.evaluation.command import show
from sparsecbm.paths import keep_apart, place_of
from sparsecbm.schema import ConceptSchema
from sparsecbm.training.command_corrections import PREFIX, add_options, correction_round, others

if TYPE_CHECKING:
    from sparsecbm.data.named_split import NamedSplit

#: How a source is stated in one word.
FORM = "DATASET:PLACE:SPLIT or DATASET:PLACE:SPLIT=WEIGHT"
#: The splits to train on where none is stated.
DEFAULT_SPLIT, TABLE_SPLIT = "train_exclusive", "train"


@dataclass(frozen=True)
class Setting:
    """One option and the setting of TrainConfig that it writes, e.g. `prune.sparsity`."""

    option: str
    path: str
    help: str
    kind: Callable[[str], Any] = str
    choices: tuple[str, ...] | None = None


SETTINGS = (
    Setting("--backbone", "backbone", "folder or Hub id of the pretrained transformer to start from", input_place),
    Setting("--start", "start", "checkpoint folder to go on from: a sparse one with fine-tuning epochs only, a dense "
            "one to prune it", input_place),
    Setting("--teacher", "teacher", "checkpoint folder of a model whose answers to the training texts are learned as "
            "well", input_place),
    Setting("--kind", "model.kind", "what to train: label only, concepts, or concepts with one mask each",
            choices=get_args(Kind)),
    Setting("--bottleneck", "model.bottleneck", "input of the label head for each concept",
            choices=get_args(Bottleneck)),
    Setting("--max-tokens", "model.max_tokens", "maximum number of tokens of a text; the rest is cut off", whole),
    Setting("--mask-kind", "model.mask_kind", "what a mask keeps or drops: single weights, or whole heads and neurons",
            choices=get_args(MaskKind)),
    Setting("--scheme", "prune.scheme", "how the masks share weights", choices=get_args(Scheme)),
    Setting("--saliency", "prune.saliency", "which score decides what weights are kept", choices=get_args(Saliency)),
    Setting("--sparsity", "prune.sparsity", "share of the masked weights that every pass drops, 0..1", number),
    Setting("--gradients", "prune.gradients", "per-text gradients that estimate the saliency", whole),
    Setting("--beta", "prune.beta", "how much it counts, in contrastive masks, that no other pass needs it", number),
    Setting("--regime", "regime", "how the label head is trained", choices=get_args(Regime)),
    Setting("--concept-targets", "concept_targets", "hard labels or annotators' shares", choices=get_args(Targets)),
    Setting("--epochs-dense", "epochs_dense", "epochs before pruning", whole),
    Setting("--epochs-prune", "epochs_prune", "epochs over which the masks are found", whole),
    Setting("--epochs-finetune", "epochs_finetune", "epochs at the final sparsity", whole),
    Setting("--batch-size", "batch_size", "most texts per step", whole),
    Setting("--batch-tokens", "batch_tokens", "most tokens per step, padding included; fewer texts where they are long",
            whole),
    Setting("--learning-rate", "learning_rate", "peak learning rate of the backbone", number),
    Setting("--mixup", "mixup", "alpha of concept-level MixUp, for concept labels that may be wrong; 0 leaves it out",
            number),
    Setting("--concept-noise", "concept_noise", "share of the training texts whose concept labels are made wrong, "
            "0..1, to measure what that costs", number),
    Setting("--foreign-penalty", "foreign_penalty",
            "weight of the leakage loss: what a concept's head can predict from another's pass", number),
    Setting("--teacher-weight", "teacher_weight", "how much the teacher's answers count, 0..1", number),
    Setting("--temperature", "temperature", "by which logits are divided before they are compared with the teacher's",
            number),
    Setting("--passes-per-step", "passes_per_step", "passes trained per masked step, drawn at random", whole),
    Setting("--probe-rows", "probe_rows", "rows on which the subnetworks are probed at the end, 0 for none", whole),
    Setting("--precision", "precision", "of the passes in training; auto tries at the start whether bfloat16 is faster",
            choices=get_args(Precision)),
    Setting("--seed", "seed", "seed of everything that is random", whole),
)


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "train",
        help="train a model and write a checkpoint folder",
        description="Train a model and write a checkpoint folder. Settings that neither an option nor --config gives "
        "have the defaults of sparsecbm/config.py.",
    )
    parser.add_argument(
        "--data", required=True, action="append", metavar="SOURCE",
        help=f"what to train on: folder or zip file with the official files, a table, or hub:OWNER/NAME; or {FORM}, "
        f"which may come several times; clauses:SEED:NUMBER makes texts; {PREFIX}FILE is what `corrections export` "
        "wrote. Every text comes once per epoch; the weight, 1 unless stated, multiplies its loss")
    add_options(parser)
    parser.add_argument(
        "--eval", action="append", metavar="DATASET:PLACE:SPLIT",
        help="sources that choose the best epoch, the first of which makes the checkpoint's report; may come several "
        "times (default: the dev split of every source)")
    parser.add_argument("--dataset", metavar="NAME", help="name of the data set, where --data does not state it "
                        "(default: cebab)")
    parser.add_argument("--split", metavar="NAME", help="split to train on, where --data does not state it (default: "
                        f"{DEFAULT_SPLIT}, of a table {TABLE_SPLIT})")
    parser.add_argument("--eval-split", metavar="NAME", help="split that chooses the best epoch, where --data does not "
                        "state a split (default: dev)")
    add_schema(parser)
    parser.add_argument("--weight-column", metavar="NAME", help="column of a table with the weight of each row, which "
                        "multiplies its loss (default: the schema's, or else 1)")
    parser.add_argument("--output", required=True, type=output_path, metavar="DIR", help="checkpoint folder to write")
    parser.add_argument("--config", type=input_path, metavar="FILE.json",
                        help="settings as JSON; options on the command line override them")
    for setting in SETTINGS:
        parser.add_argument(setting.option, type=setting.kind, choices=setting.choices, help=setting.help)
    parser.add_argument("--concept-weight", action="append", default=[], metavar="NAME=WEIGHT",
                        help="what the labels of a concept count, or the concept labels of a training source such as "
                        "yelp/train, which a machine may have made (default: 1); may come several times")
    parser.add_argument("--no-residual", action="store_true", help="compute the label from the concepts alone")
    parser.add_argument("--resume", action="store_true",
                        help="continue an interrupted run from its last complete epoch")
    add_device(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Train, then show the scores of the checkpoint on every evaluation source."""
    from sparsecbm.model.checkpoint import load_checkpoint
    from sparsecbm.training.train import train
    from sparsecbm.training.training_sources import Source

    corrected = correction_round(options, _read(options.config))
    learned, scored = sources(options)
    keep_apart([options.output], [place for one in (*learned, *scored) for place in (one.place, one.schema)])
    with only_result_on_stdout(), log_shown():
        splits = {one: one.load() for one in dict.fromkeys((*learned, *scored))}
        training, evaluation = ([Source(one.dataset, splits[one], one.weight) for one in some]
                                for some in (learned, scored))
        if corrected is None:  # the settings are the options', or else those of the checkpoint that was corrected
            config, notes = train_config(options, training[0].split.schema), dict[str, Any]()
        else:
            config = train_config(options, corrected.schema, corrected.settings)
            training, evaluation, notes = corrected.mixed(training, evaluation, config.seed)
        keep_apart([options.output], [config.backbone, config.start, config.teacher])  # --config may name them too
        options.output.mkdir(parents=True, exist_ok=True)  # what cannot be written should not be trained first
        folder = train(config, training, evaluation, options.output, options.device, options.resume, notes)
        metrics = load_checkpoint(folder, "cpu").metrics
    for split in dict.fromkeys(source.split for source in (*training, *evaluation)):
        for line in split.report.lines():
            say(line)
    for source in metrics["training"]["sources"]:
        say(f"learned from {source['rows']} texts of {source['name']}, weight {source['weight']:g}, with "
            + ", ".join(f"{count} labels of {what}" for what, count in source["annotated"].items()))
    for name, report in metrics["sources"].items():
        say(f"\nOn {name}:")
        show(report)
    say(f"\nCheckpoint written to {folder}")


def sources(options: argparse.Namespace) -> "tuple[list[NamedSplit], list[NamedSplit]]":
    """What to train on, and what to choose the best epoch on; InputError for options that contradict each other."""
    from sparsecbm.data.catalogue import TABLE
    from sparsecbm.data.named_split import NamedSplit, is_named_split, named_split

    own = options.schema, options.weight_column
    data = others(options)
    stated = [is_named_split(text) for text in data]
    single = (options.dataset, options.split, options.eval_split)
    if data == options.data and not any(stated):
        if len(data) > 1:
            raise InputError(f"--data came {len(data)} times without saying what each is; allowed: {FORM}. "
                             "Write each so.")
        dataset, place, eval_split = options.dataset or "cebab", place_of(data[0]), options.eval_split
        split = options.split or (TABLE_SPLIT if dataset == TABLE else DEFAULT_SPLIT)
        if eval_split is not None and options.eval:
            raise InputError("--eval and --eval-split cannot be combined. Leave one of them out.")
        learned = [NamedSplit(dataset, place, split, 1.0, *own)]
        scored = [NamedSplit(dataset, place, eval_split or "dev", 1.0, *own)]
    elif not all(stated) or any(single):
        one = data[stated.index(True)] if any(stated) else options.data[0]
        raise InputError(f"{one!r} states its data set and split, so every --data has to, and --dataset, --split and "
                         "--eval-split must not come. Leave them out.")
    else:
        learned = [named_split(text, *own) for text in data]
        scored = list(dict.fromkeys(one.dev for one in learned if one.dev is not None))
    scored = [named_split(text, *own) for text in options.eval] if options.eval else scored
    if any(own) and not any(one.dataset == TABLE for one in (*learned, *scored)):
        raise InputError("--schema and --weight-column are for tables, but no source is one. Leave them out, or add "
                         f"--dataset {TABLE}.")
    return learned, scored


def train_config(
    options: argparse.Namespace, schema: ConceptSchema, base: Mapping[str, Any] | None = None
) -> TrainConfig:
    """Settings of `base`, then of the --config file, then those of the options, checked as a whole."""
    settings = _read(options.config)
    for name, value in (base or {}).items():
        own = settings.get(name, value)
        settings[name] = value | own if isinstance(value, dict) and isinstance(own, dict) else own
    for setting in SETTINGS:
        value = getattr(options, setting.option.removeprefix("--").replace("-", "_"))
        if value is not None:
            _write(settings, setting.path, value)
    if options.concept_weight:
        settings["concept_weights"] = dict(map(_named_weight, options.concept_weight))
    if options.no_residual:
        _write(settings, "model.residual", False)
    if settings.get("start") is not None:
        settings.setdefault("backbone", settings["start"])
    if "backbone" not in settings:
        raise ConfigError("No backbone was given. Add --backbone with the folder or the Hub id of a pretrained "
                          "transformer.")
    _write(settings, "model.schema", to_json(schema))
    return from_json(TrainConfig, settings, options.config or "Options")


def _named_weight(text: str) -> tuple[str, str]:
    """A name and its weight; whether that is a number is checked with all other settings."""
    name, _, weight = text.rpartition("=")
    if not name:
        raise InputError(f"--concept-weight came as {text!r}; allowed: NAME=WEIGHT. Write it so.")
    return name, weight


def _read(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        settings = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read as settings ({error}); allowed: a JSON file. "
                          "Check the path and the file.") from None
    if not isinstance(settings, dict):
        raise ConfigError(f"{path} holds a {type(settings).__name__}; allowed: a JSON object. Correct the file.")
    return settings


def _write(settings: dict[str, Any], path: str, value: Any) -> None:
    *folders, name = path.split(".")
    for folder in folders:
        settings = settings.setdefault(folder, {})
        if not isinstance(settings, Mapping):
            raise ConfigError(f"Setting {folder!r} is {settings!r}; allowed: an object of settings. Correct the file.")
    settings[name] = value
