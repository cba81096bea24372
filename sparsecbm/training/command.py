"""`train`: from a data set and a backbone to a checkpoint folder. Options map onto TrainConfig, one to one."""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from sparsecbm.cli.console import log_shown, only_result_on_stdout, say
from sparsecbm.cli.parser import Commands, add_data, add_device, number, whole
from sparsecbm.config import Bottleneck, Kind, Regime, Saliency, Scheme, Targets, TrainConfig, from_json
from sparsecbm.errors import ConfigError
from sparsecbm.evaluation.command import show
from sparsecbm.schema import ConceptSchema


@dataclass(frozen=True)
class Setting:
    """One option and the setting of TrainConfig that it writes, e.g. `prune.sparsity`."""

    option: str
    path: str
    help: str
    kind: Callable[[str], Any] = str
    choices: tuple[str, ...] | None = None


SETTINGS = (
    Setting("--backbone", "backbone", "folder or Hub id of the pretrained transformer to start from"),
    Setting("--start", "start", "checkpoint folder to continue from, with fine-tuning epochs only"),
    Setting("--kind", "model.kind", "what to train: label only, concepts, or concepts with one mask each",
            choices=get_args(Kind)),
    Setting("--bottleneck", "model.bottleneck", "input of the label head for each concept",
            choices=get_args(Bottleneck)),
    Setting("--max-tokens", "model.max_tokens", "maximum number of tokens of a text; the rest is cut off", whole),
    Setting("--scheme", "prune.scheme", "how the masks share weights", choices=get_args(Scheme)),
    Setting("--saliency", "prune.saliency", "which score decides what weights are kept", choices=get_args(Saliency)),
    Setting("--sparsity", "prune.sparsity", "share of the masked weights that every pass drops, 0..1", number),
    Setting("--gradients", "prune.gradients", "per-text gradients that estimate the saliency", whole),
    Setting("--regime", "regime", "how the label head is trained", choices=get_args(Regime)),
    Setting("--concept-targets", "concept_targets", "hard labels or annotators' shares", choices=get_args(Targets)),
    Setting("--epochs-dense", "epochs_dense", "epochs before pruning", whole),
    Setting("--epochs-prune", "epochs_prune", "epochs over which the masks are found", whole),
    Setting("--epochs-finetune", "epochs_finetune", "epochs at the final sparsity", whole),
    Setting("--batch-size", "batch_size", "texts per step", whole),
    Setting("--learning-rate", "learning_rate", "peak learning rate of the backbone", number),
    Setting("--foreign-penalty", "foreign_penalty",
            "weight of the leakage loss: what a concept's head can predict from another's pass", number),
    Setting("--passes-per-step", "passes_per_step", "passes trained per masked step, drawn at random", whole),
    Setting("--probe-rows", "probe_rows", "rows on which the subnetworks are probed at the end, 0 for none", whole),
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
    add_data(parser)
    parser.add_argument("--split", default="train_exclusive", help="split to train on (default: %(default)s)")
    parser.add_argument("--eval-split", default="dev", help="split that chooses the best epoch (default: %(default)s)")
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="checkpoint folder to write")
    parser.add_argument("--config", type=Path, metavar="FILE.json",
                        help="settings as JSON; options on the command line override them")
    for setting in SETTINGS:
        parser.add_argument(setting.option, type=setting.kind, choices=setting.choices, help=setting.help)
    parser.add_argument("--no-residual", action="store_true", help="compute the label from the concepts alone")
    parser.add_argument("--resume", action="store_true",
                        help="continue an interrupted run from its last complete epoch")
    add_device(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Train, then show the scores of the checkpoint on the evaluation split."""
    from sparsecbm.data import load_split
    from sparsecbm.model.checkpoint import load_checkpoint
    from sparsecbm.training.train import train

    with only_result_on_stdout(), log_shown():
        train_split = load_split(options.dataset, options.data, options.split)
        eval_split = load_split(options.dataset, options.data, options.eval_split)
        config = train_config(options, train_split.schema)
        options.output.mkdir(parents=True, exist_ok=True)  # what cannot be written should not be trained first
        folder = train(config, train_split, eval_split, options.output, options.device, options.resume)
        metrics = load_checkpoint(folder, "cpu").metrics
    for line in (*train_split.report.lines(), *eval_split.report.lines()):
        say(line)
    show(metrics["dev"])
    say(f"\nCheckpoint written to {folder}")


def train_config(options: argparse.Namespace, schema: ConceptSchema) -> TrainConfig:
    """Settings of the --config file, then those of the options, checked as a whole."""
    settings = _read(options.config) if options.config else {}
    for setting in SETTINGS:
        value = getattr(options, setting.option.removeprefix("--").replace("-", "_"))
        if value is not None:
            _write(settings, setting.path, value)
    if options.no_residual:
        _write(settings, "model.residual", False)
    if settings.get("start") is not None:
        settings.setdefault("backbone", settings["start"])
    if "backbone" not in settings:
        raise ConfigError("No backbone was given. Add --backbone with the folder or the Hub id of a pretrained "
                          "transformer.")
    _write(settings, "model.schema", _plain(schema))
    return from_json(TrainConfig, settings, options.config or "Options")


def _plain(schema: ConceptSchema) -> dict[str, Any]:
    from pydantic import TypeAdapter

    plain: dict[str, Any] = TypeAdapter(ConceptSchema).dump_python(schema, mode="json")
    return plain


def _read(path: Path) -> dict[str, Any]:
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
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
