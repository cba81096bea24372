"""How good a checkpoint is on labelled documents, and what correcting its concepts does there.

    python -m benchmarks.correction FILE --text description --label stars --concept food=food_column ...
    python -m benchmarks.correction FOLDER --split dev

Every score stands with that of always giving the most common answer. Corrected means that only the wrong concepts are
set to their labels; its gain is paired by document, with a bootstrap interval, also of the documents that are unlike
the training texts and of the others. Prints one JSON object.
"""

import argparse
import json
import sys
from typing import Any

import numpy as np

from sparsecbm import Explainer
from sparsecbm.data.catalogue import load_split
from sparsecbm.data.columns import Columns
from sparsecbm.data.own_table import load_table
from sparsecbm.data.split import NO_LABEL, Split
from sparsecbm.data.table_source import open_table
from sparsecbm.familiarity.unlike import is_unlike
from sparsecbm.intervals import bootstrap_mean
from sparsecbm.shipped import DEFAULT_CHECKPOINT
from sparsecbm.types import Prediction


def measure(explainer: Explainer, split: Split) -> dict[str, Any]:
    """Scores of the label and of each concept, and the label's before and after correction."""
    schema, labels, concepts = split.schema, split.labels, split.concepts
    predictions = explainer.predict_many(list(split.texts))
    label = np.array([schema.label_index(prediction.label) for prediction in predictions])
    values = np.array([prediction.concept_probabilities.argmax(-1) for prediction in predictions])
    corrected = np.array([schema.label_index(correct(explainer, prediction, gold))
                          for prediction, gold in zip(predictions, concepts, strict=True)])
    wrong = ((values != concepts) & (concepts != NO_LABEL)).any(-1)
    known = labels != NO_LABEL
    marked = np.array([is_unlike(prediction.unlike) for prediction in predictions])
    return {
        "rows": len(split), "truncated": sum(prediction.truncated for prediction in predictions),
        "label": score(label, labels),
        "concepts": {name: score(values[:, k], concepts[:, k]) for k, name in enumerate(schema.concepts)},
        "correction": {"all": gain(label, corrected, labels, known),
                       "rows with a wrong concept": gain(label, corrected, labels, known & wrong),
                       **{name: gain(label, corrected, labels, known & rows) for name, rows in (
                           ("unlike the training texts", marked), ("others", ~marked)) if (known & rows).any()}},
    }


def correct(explainer: Explainer, prediction: Prediction, gold: np.ndarray) -> str:
    """The label once every wrong concept with a known value is set to it."""
    schema, certain = prediction.schema, np.eye(len(prediction.schema.values))
    wrong = {name: tuple(certain[value]) for name, value in zip(schema.concepts, gold, strict=True)
             if value != NO_LABEL and schema.values[value] != prediction.value(name)}
    return explainer.override(prediction, wrong).after.label if wrong else prediction.label


def score(predicted: np.ndarray, gold: np.ndarray) -> dict[str, Any]:
    """Accuracy on the rows that have a gold answer, with its interval, and that of the most common answer."""
    known = gold != NO_LABEL
    right = (predicted == gold)[known]
    return {"n": len(right), "accuracy": float(right.mean()), "ci95": bootstrap_mean(right.astype(float)),
            "most_common": float(np.bincount(gold[known]).max() / len(right))}


def gain(before: np.ndarray, after: np.ndarray, gold: np.ndarray, rows: np.ndarray) -> dict[str, Any]:
    """Accuracy on some rows before and after, and the mean of the paired differences with its interval."""
    was, now = (before == gold)[rows], (after == gold)[rows]
    difference = now.astype(float) - was
    return {"n": len(was), "before": float(was.mean()), "after": float(now.mean()),
            "gain": float(difference.mean()), "ci95": bootstrap_mean(difference)}


def main() -> None:
    """Read the command line, measure, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.correction", description=__doc__.splitlines()[0])
    parser.add_argument("source", help="CSV, JSON lines or Parquet file; with --split, a folder or zip of the data set "
                        "that the checkpoint was trained on")
    parser.add_argument("--checkpoint", default=DEFAULT_CHECKPOINT, help="folder or Hub id (default: the shipped one)")
    parser.add_argument("--split", help="split of the data set")
    parser.add_argument("--text", default="text", help="column of the documents (default: %(default)s)")
    parser.add_argument("--label", help="column of the gold labels")
    parser.add_argument("--concept", action="append", default=[], metavar="CONCEPT=COLUMN", help="repeatable")
    options = parser.parse_args()
    explainer = Explainer.load(options.checkpoint)
    if options.split:
        split = load_split(explainer.schema.name, options.source, options.split)
    else:
        concepts = dict(one.split("=", 1) for one in options.concept)
        columns = Columns(options.text, label=options.label, concepts=concepts)
        split = load_table(open_table(options.source), columns, explainer.schema)[0]
    json.dump(measure(explainer, split), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
