"""What corrections teach a checkpoint, chosen by the labelling queue and drawn at random; people are simulated by gold.

    python -m benchmarks.learning --start CHECKPOINT --texts yelp:DIR:dev --replay cebab:DIR:train_exclusive \
        --home cebab:DIR:dev --output FOLDER [--count 100] [--asked texts|answers] [--seeds 0 1 2] -- OPTIONS

Of every way to choose and every seed, `count` texts are corrected in all their fields (or so many single answers, with
`--asked answers`), the checkpoint learns from all of these, none held out, and both answer the other texts and those of
`--home`. OPTIONS are further ones of `train`. The queue's choice is the same for every seed; the seed is that of the
training, and of what is drawn at random. A run that is finished in FOLDER is taken as it is, and one that was
interrupted goes on.

Prints Markdown and writes learning.json: points of accuracy gained over the checkpoint that all start from. A text's
gain is its mean over the seeds in which it was not corrected; concepts count by their share that is right in a text.
Intervals are of the mean over texts like these.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from sparsecbm.__main__ import main as sparsecbm
from sparsecbm.concepts.compute_override import concept_effects
from sparsecbm.corrections.compute_learning_impact import learning_impact
from sparsecbm.corrections.compute_queue import all_open, bag_of_words, nearest, next_asked, pool_of, predicted_answer
from sparsecbm.corrections.correction_files import COLUMNS, history_rows, written
from sparsecbm.corrections.correction_split import correction_split
from sparsecbm.corrections.label_correction import Kept, correct, fields_of
from sparsecbm.corrections.learning_impact import LearningImpact
from sparsecbm.data.named_split import named_split
from sparsecbm.data.split import Split
from sparsecbm.intervals import bootstrap_mean
from sparsecbm.model.batch_prediction import predict_texts
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint
from sparsecbm.paths import write_text
from sparsecbm.types import LABEL_TARGET, Predictions

WAYS, SEEDS = ("queue", "random"), (0, 1, 2)
#: What is asked: a text with all its fields, or one field of a text.
ASKED = ("texts", "answers")
#: What gains are of.
SUBJECTS = ("label", "concepts")

Place = tuple[int, int]
#: Gains of each text by its id, -1 to 1: what is right after less what was right before.
Gains = Mapping[str, Mapping[str, float]]


def known_fields(split: Split) -> Bool[np.ndarray, "row field"]:
    """Which fields of which rows have a gold answer, the label first."""
    return np.concatenate([split.labels[:, None], split.concepts], axis=1) >= 0


def chosen(way: str, split: Split, start: Checkpoint, before: Predictions, count: int, asked: str, seed: int) \
        -> list[Place]:
    """The rows and fields that are corrected, in their order: of `count` texts all, or `count` of any.

    Only what has a gold answer is asked.
    """
    known = known_fields(split)
    if way == "random":
        order = np.random.default_rng(seed).permutation(known.shape[0] if asked == "texts" else known.size)
        if asked == "texts":
            return [(row, field) for row in [row for row in order.tolist() if known[row].any()][:count]
                    for field in np.flatnonzero(known[row]).tolist()]
        return [(row, field) for row, field in (divmod(place, known.shape[1]) for place in order.tolist())
                if known[row, field]][:count]
    model = start.model
    pool = pool_of(before, bag_of_words(split.texts), model.label_bias.cpu().numpy(), concept_effects(model))
    open_, taken, places, near = all_open(pool) & known, dict[int, None](), list[Place](), None
    while (len(taken) if asked == "texts" else len(places)) < count:
        near = nearest(pool, taken, near)
        first = next_asked(pool, open_, near)
        if first is None:
            break
        taken[first.row] = None
        fields = np.flatnonzero(open_[first.row]) if asked == "texts" else [pool.fields.index(first.field)]
        places += [(first.row, int(field)) for field in fields]
        open_[first.row, list(fields)] = False
    return places


def history_of(places: Sequence[Place], split: Split, before: Predictions, start: Checkpoint) -> list[Kept]:
    """Corrections as a person makes them who always gives the gold answer."""
    schema = start.model.config.schema
    fields, found = fields_of(schema), list[Kept]()
    for row, place in places:
        field = fields[place]
        gold = schema.labels[split.labels[row]] if field == LABEL_TARGET else \
            schema.values[split.concepts[row, place - 1]]
        found.append(Kept(correct(split.texts[row], field, predicted_answer(before, row, field, schema), gold, "gold",
                                  start.hash, schema, f"{row} {field}")))
    return found


def gains_of(found: LearningImpact, source: str) -> Gains:
    """What each text of a source gains in its label and in the share of its concepts that is right."""
    impact = found.impacts[source]
    known = np.stack([effect.truth >= 0 for effect in impact.effects], axis=1)
    gained = np.stack([(effect.after == effect.truth).astype(float) - (effect.before == effect.truth)
                       for effect in impact.effects], axis=1)
    made: dict[str, dict[str, float]] = {}
    for id_, told, gain in zip(impact.ids, known, gained, strict=True):
        own = gain[1:][told[1:]]
        made[id_] = ({"label": float(gain[0])} if told[0] else {}) | (
            {"concepts": float(own.mean())} if len(own) else {})
    return made


def run(way: str, seed: int, options: argparse.Namespace, training: Sequence[str], start: Checkpoint, split: Split,
        before: Predictions, home: Mapping[str, Split]) -> dict[str, Any]:
    """The gains of one way and seed; what is missing of it is trained and compared."""
    folder = options.output / f"{way}-seed-{seed}"
    result, file, made = folder / "result.json", folder / "corrections.jsonl", folder / "checkpoint"
    settings = {"start": start.hash, "data": split.data_hash, "count": options.count, "asked": options.asked,
                "replay": options.replay, "options": list(training)}
    if result.exists():
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        if found["settings"] != settings:
            raise SystemExit(f"The run in {folder} was made with other settings; choose another --output.")
        return found
    folder.mkdir(parents=True, exist_ok=True)
    history = history_of(chosen(way, split, start, before, options.count, options.asked, seed), split, before, start)
    if not (made / "metrics.json").exists() or (made / "resume").exists():
        if not file.exists():
            file.write_bytes(written(history_rows(history), COLUMNS, file.suffix))
        replay = [part for one in options.replay for part in ("--replay", one)]
        more = ["--resume"] if (made / "resume").exists() else []
        if sparsecbm(["train", "--start", options.start, "--data", f"corrections:{file}", *replay, "--held-out", "0",
                      "--seed", str(seed), "--output", str(made), *training, *more]) != 0:
            raise SystemExit(f"The run in {folder} failed, see above.")
    corrected = correction_split(history, start.model.config.schema, file)
    name = named_split(options.texts).name
    found_impact = learning_impact(start, load_checkpoint(made, options.device), corrected, {name: split, **home})
    values = {"settings": settings, "corrections": len(history), "texts": len(corrected),
              "impact": found_impact.summary(), "gains": gains_of(found_impact, name),
              "home": {one: gains_of(found_impact, one) for one in home}}
    write_text(result, json.dumps(values, indent=1) + "\n")
    return values


def averaged(runs: Sequence[Gains], subject: str) -> dict[str, float]:
    """Each text's mean gain over the runs that have it."""
    found: dict[str, list[float]] = {}
    for gains in runs:
        for id_, own in gains.items():
            if subject in own:
                found.setdefault(id_, []).append(own[subject])
    return {id_: sum(values) / len(values) for id_, values in found.items()}


def points(values: Sequence[float], seeds: Sequence[float] = ()) -> dict[str, Any]:
    """The mean over texts in points with its interval, None where all are alike; and the least and the most seed."""
    array: Float[np.ndarray, " text"] = 100 * np.asarray(values, dtype=np.float64)
    interval = bootstrap_mean(array)
    return {"n": len(array), "gain": float(array.mean()) if len(array) else 0.0,
            "interval": None if interval is None else list(interval),
            "seeds": [100 * min(seeds), 100 * max(seeds)] if seeds else None}


def compared(runs: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """What the runs of each way say together, and how much more the queue's gain than the random ones'."""
    made: dict[str, Any] = {}
    for way, own in runs.items():
        sources = {"others": [one["gains"] for one in own]} | {
            name: [one["home"][name] for one in own] for name in own[0]["home"]}
        made[way] = {source: {subject: points(
            list(averaged(gains, subject).values()), [_mean(averaged([one], subject)) for one in gains])
            for subject in SUBJECTS} for source, gains in sources.items()}
    if set(WAYS) <= set(runs):
        made["queue less random"] = {"others": {}}
        for subject in SUBJECTS:
            queue, random = (averaged([one["gains"] for one in runs[way]], subject) for way in WAYS)
            made["queue less random"]["others"][subject] = points(
                [queue[id_] - random[id_] for id_ in queue if id_ in random])
    return made


def _mean(values: Mapping[str, float]) -> float:
    return sum(values.values()) / len(values) if values else 0.0


def table(made: Mapping[str, Any]) -> str:
    """The gains as Markdown, in points of accuracy."""
    lines = ["| corrections | texts | n | label | concepts |", "|---|---|---|---|---|"]
    for way, sources in made.items():
        for source, found in sources.items():
            cells = []
            for one in (found[subject] for subject in SUBJECTS):
                low, high = one["interval"] or (one["gain"], one["gain"])
                seeds = "" if one["seeds"] is None else "; seeds {:+.1f} to {:+.1f}".format(*one["seeds"])
                cells.append(f"{one['gain']:+.1f} ({low:+.1f} to {high:+.1f}{seeds})")
            lines.append(f"| {way} | {source} | {found['label']['n']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make what is missing, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--start", required=True, help="checkpoint folder that is corrected")
    parser.add_argument("--texts", required=True, metavar="DATASET:PLACE:SPLIT", help="what is corrected and scored")
    parser.add_argument("--replay", action="append", default=[], required=True, metavar="DATASET:PLACE:SPLIT",
                        help="what is replayed; its dev split chooses the epoch")
    parser.add_argument("--home", nargs="*", default=[], metavar="DATASET:PLACE:SPLIT",
                        help="where nothing may be lost")
    parser.add_argument("--output", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--count", type=int, default=100, help="corrections of a run (default: %(default)s)")
    parser.add_argument("--asked", choices=ASKED, default="texts", help="what one correction is of")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="how texts are chosen")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="seeds of the runs")
    parser.add_argument("--device", help="where both answer (default: as elsewhere)")
    given = list(sys.argv[1:] if arguments is None else arguments)
    end = given.index("--") if "--" in given else len(given)
    options, training = parser.parse_args(given[:end]), given[end + 1:]
    start, split = load_checkpoint(options.start, options.device), named_split(options.texts).load()
    home = {one.name: one.load() for one in map(named_split, options.home)}
    weights = None if start.masks is None else start.model.masked_weights(start.masks)
    before = predict_texts(start.model, start.encoder, weights, split.texts)
    runs = {way: [run(way, seed, options, training, start, split, before, home) for seed in options.seeds]
            for way in options.ways}
    made = compared(runs)
    write_text(options.output / "learning.json", json.dumps(made, indent=1) + "\n")
    sys.stdout.write(table(made) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
