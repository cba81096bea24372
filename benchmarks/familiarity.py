"""Which cheap score tells texts of another kind from those that a checkpoint was trained on.

    python -m benchmarks.familiarity DATA [--checkpoint DIR] [--keep FOLDER]

DATA has the folders cebab, yelp, imdb and mams with the releases' files. All scores are of the features that a
prediction has anyway, and are fitted on 4,000 texts of train_inclusive. A text is marked when its score is above that
of 95 % of CEBaB dev. Of each other kind of text: the share that is marked, and how well the score tells it from CEBaB
dev (the area under the ROC curve, 0.5 for a guess). `shuffled` is CEBaB dev with the words of each text in a random
order; `joined` has three of its texts in one, and `yelp20` and `imdb20` the first 20 words of each, so that only the
length or only the kind differs. With --keep, the features lie in FOLDER for the next time. Prints a Markdown table.
"""

import argparse
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import nnls
from scipy.special import logsumexp
from scipy.stats import spearmanr
from sklearn.covariance import LedoitWolf
from sklearn.metrics import roc_auc_score

from sparsecbm.data.catalogue import load_split
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint
from sparsecbm.model.prediction import batches
from sparsecbm.shipped import DEFAULT_CHECKPOINT

ROWS, SEED, MARKED = 4000, 0, 0.05
TEXTS = Path(__file__).with_name("texts")
NEIGHBOURS = 10

#: Features of texts: `passes` [text, pass, hidden], `embeddings` [text, hidden], `tokens` [text].
Features = Mapping[str, np.ndarray]
Score = Callable[[Features], np.ndarray]


def kinds(data: Path) -> dict[str, list[str]]:
    """Texts by kind: those to fit on, those to calibrate on, and others."""
    train, dev = (load_split("cebab", data / "cebab", split) for split in ("train_inclusive", "dev"))
    yelp = load_split("yelp", data / "yelp", "dev").texts
    imdb = [text for split in ("dev", "dev_generated") for text in load_split("imdb-c", data / "imdb", split).texts]
    imdb, order = imdb[:200], list(range(len(dev)))
    random.Random(1).shuffle(order)
    return {
        "train": [train.texts[row] for row in train.draw(ROWS, SEED)], "dev": dev.texts,
        "shuffled": shuffled(dev.texts), "yelp": yelp, "imdb": imdb,
        "mams": load_split("mams", data / "mams", "dev").texts,
        **{name: (TEXTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
           for name in ("support_tickets", "spanish_restaurants")},
        "joined": [" ".join(dev.texts[row] for row in order[start:900:300]) for start in range(300)],
        **{f"{name}20": [" ".join(text.split()[:20]) for text in texts] for name, texts in (("yelp", yelp),
                                                                                            ("imdb", imdb))},
    }


def shuffled(texts: Sequence[str]) -> list[str]:
    """The words of each text in a random order."""
    generator, split = random.Random(SEED), [text.split() for text in texts]
    for words in split:
        generator.shuffle(words)
    return [" ".join(words) for words in split]


@torch.inference_mode()
def features_of(checkpoint: Checkpoint, texts: Sequence[str]) -> Features:
    """All features of some texts."""
    model, encoder = checkpoint.model, checkpoint.encoder
    weights = None if checkpoint.masks is None else model.masked_weights(checkpoint.masks)
    tokens = encoder.encode_unpadded(texts)[0]
    passes = np.empty((len(texts), len(model.config.passes), model.concept_weight.shape[-1]), dtype=np.float32)
    embeddings = np.empty((len(texts), model.backbone.get_input_embeddings().embedding_dim), dtype=np.float32)
    for rows in batches([len(row) for row in tokens], 1024):
        encoded = encoder.pad([tokens[row] for row in rows]).to(model.device)
        embedded, real = model.embed(encoded.input_ids), encoded.attention_mask.unsqueeze(-1)
        passes[rows] = model.pool_embeddings(embedded, encoded.attention_mask, weights).cpu().numpy()
        embeddings[rows] = ((embedded * real).sum(1) / real.sum(1)).cpu().numpy()
    return {"passes": passes, "embeddings": embeddings, "tokens": np.array([len(row) for row in tokens])}


def mahalanobis(view: Score, train: Features) -> Score:
    """Squared distance from the training texts' mean, with their shrunk covariance."""
    fitted = LedoitWolf().fit(view(train))
    return lambda found: fitted.mahalanobis(view(found))


def relative(view: Score, train: Features, answer: Score) -> Score:
    """Distance from the mean of the nearest predicted label, less that from the mean of all (Ren et al., 2021)."""
    points, answers, every = view(train), answer(train), mahalanobis(view, train)
    means = np.stack([points[answers == one].mean(0) for one in np.unique(answers)])
    own = means[np.searchsorted(np.unique(answers), answers)]
    fitted = LedoitWolf(assume_centered=True).fit(points - own)
    return lambda found: np.min([fitted.mahalanobis(view(found) - mean) for mean in means], axis=0) - every(found)


def neighbour(view: Score, train: Features) -> Score:
    """Cosine distance to the tenth nearest training text (Sun et al., 2022)."""
    def directions(found: Features) -> np.ndarray:
        points = view(found)
        return points / np.linalg.norm(points, axis=-1, keepdims=True)

    stored = directions(train)
    return lambda found: np.partition(1 - directions(found) @ stored.T, NEIGHBOURS - 1, axis=1)[:, NEIGHBOURS - 1]


def for_its_length(score: Score, held_out: Features) -> Score:
    """The score as a multiple of what is usual for as many tokens, c + d / tokens, fitted to held-out texts."""
    def terms(found: Features) -> np.ndarray:
        return np.stack([np.ones(len(found["tokens"])), 1 / found["tokens"]], axis=1)

    usual, _ = nnls(terms(held_out), score(held_out))
    return lambda found: score(found) / (terms(found) @ usual)


def candidates(checkpoint: Checkpoint, train: Features, held_out: Features) -> dict[str, Score]:
    """Every score, higher for what is less like the training texts."""
    model = checkpoint.model
    views: dict[str, Score] = {
        "residual's pass": lambda found: found["passes"][:, -1],
        "mean of the passes": lambda found: found["passes"].mean(1),
        "all passes": lambda found: found["passes"].reshape(len(found["passes"]), -1),
        "mean of the embeddings": lambda found: found["embeddings"]}

    def logits(found: Features) -> np.ndarray:
        pooled = torch.from_numpy(found["passes"])
        return model.label(model.bottleneck(model.concept_logits(pooled)), model.residual_logits(pooled)).logits.numpy()

    found = {f"Mahalanobis, {name}": mahalanobis(view, train) for name, view in views.items()}
    found |= {f"tenth neighbour, {name}": neighbour(view, train) for name, view in views.items()}
    found |= {f"{name}, for its length": for_its_length(score, held_out) for name, score in found.items()}
    found["relative Mahalanobis, residual's pass"] = relative(
        views["residual's pass"], train, lambda found: logits(found).argmax(-1))
    return found | {"energy of the label's logits": lambda found: -logsumexp(logits(found), axis=-1),
                    "number of tokens": lambda found: found["tokens"].astype(float)}


def row_of(score: Score, features: Mapping[str, Features]) -> list[str]:
    """The rank correlation with the number of tokens on CEBaB dev, then share marked and area for every other kind."""
    dev = score(features["dev"])
    limit = np.sort(dev)[int(np.ceil((1 - MARKED) * len(dev))) - 1]
    cells = [f"{spearmanr(dev, features['dev']['tokens']).statistic:+.2f}"]
    for name in list(features)[2:]:
        others = score(features[name])
        area = roc_auc_score([0] * len(dev) + [1] * len(others), np.concatenate([dev, others]))
        cells.append(f"{100 * (others > limit).mean():.0f} ({area:.3f})")
    return cells


def write(cells: Sequence[str]) -> None:
    """One row of the table."""
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def main() -> int:
    """Compare the scores and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--checkpoint", default=DEFAULT_CHECKPOINT)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    checkpoint, features = load_checkpoint(options.checkpoint, "cpu"), dict[str, Features]()
    for name, texts in kinds(options.data).items():
        kept = options.keep and options.keep / f"{checkpoint.hash[:12]}-{name}.npz"
        features[name] = dict(np.load(kept)) if kept and kept.exists() else features_of(checkpoint, texts)
        if kept and not kept.exists():
            np.savez(kept, **features[name])
    names = list(features)[2:]
    write(["score", "tokens", *(f"{name} ({len(features[name]['tokens'])})" for name in names)])
    write(["---"] * (len(names) + 2))
    for name, score in candidates(checkpoint, features["train"], features["dev"]).items():
        write([name, *row_of(score, features)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
