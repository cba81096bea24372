"""The model card, written from the metrics of a checkpoint."""

from typing import Any

CARD = """---
license: apache-2.0
library_name: sparsecbm
---
# {title}

A SparseCBM: a transformer text classifier whose label is computed from human concepts, each carried by its own sparse
subnetwork of one shared backbone, plus a visible residual. Read it with `streamlit run app.py` or
`python -m sparsecbm explain "..."`.

## What it is
- Kind: {kind}; concepts: {concepts}; values: {values}; labels: {labels}.
- Backbone: `{backbone}`; masks: {masks}.
- Trained on `{train}` of {data} ({rows} rows, seed {seed}, {epochs} epochs, {minutes:.0f} minutes);
  best epoch {best}, chosen on {selection} rows of the evaluation split.{before}

## What was measured
On split `{split}`, n = {n}. Percent, with bootstrap 95 % intervals where given.

| | accuracy | macro F1 |
|---|---|---|
{table}

{correction}
{subnetworks}
## Limits
Trained on short English restaurant reviews; ratings, and what counts as a concept, follow that data set's annotators.
The evaluation split chose the epoch and the residual's penalty, so figures on unseen data may be lower. The residual
says how much of the label the concepts do not explain: read it before believing a concept-level story.

## Licence and attribution
Weights: Apache-2.0, derived from the backbone named above (the shipped checkpoint:
sentence-transformers/all-MiniLM-L6-v2, Apache-2.0). Training data of the shipped checkpoint: CEBaB v1.1
(Abraham et al., NeurIPS 2022, arXiv 2205.14140), CC BY 4.0; no text of it is contained here.
"""


def model_card(metrics: dict[str, Any]) -> str:
    """Markdown card from the contents of `metrics.json`."""
    report, training = metrics["dev"], metrics["training"]
    config = training["config"]
    model, prune = config["model"], config["prune"]
    sparse = model["kind"] == "sparse"
    return CARD.format(
        title=f"{model['schema']['name']} {model['kind'].replace('_', ' ')}", kind=model["kind"],
        concepts=", ".join(model["schema"]["concepts"]), values=", ".join(model["schema"]["values"]),
        labels=", ".join(model["schema"]["label_display"]), backbone=config["backbone"].rstrip("/").split("/")[-1],
        masks=(f"{prune['scheme']}, {prune['saliency']} saliency, {prune['sparsity']:.0%} of every masked matrix "
               f"dropped per pass{_damping(training['damping_ratio'])}" if sparse else "none"),
        train=training["split"], data=model["schema"]["name"], rows=training["rows"], seed=config["seed"],
        epochs=len(training["epochs"]), minutes=training["seconds"] / 60,
        best="-" if training["best_epoch"] is None else training["best_epoch"] + 1,
        selection=config["selection_rows"], before=_before(training), split=report["split"], n=report["n"],
        table="\n".join(_rows(report, metrics["baselines"])), correction=_correction(report),
        subnetworks=_subnetworks(metrics))


def _damping(ratio: dict[str, float]) -> str:
    """How far oBERT's saliency was from magnitude pruning, which a ratio of 1 would be."""
    if not ratio:
        return ""
    return f"; damping ratio {', '.join(f'{name} {value:.2f}' for name, value in ratio.items())} (1 would be magnitude)"


def _before(training: dict[str, Any]) -> str:
    """What a run went on from, where it did not start from the backbone."""
    if "before" not in training:
        return ""
    earlier = training["before"]
    epochs = f", trained on `{earlier['split']}` for {len(earlier['epochs'])} epochs" if "split" in earlier else ""
    return f"\n- It went on from the checkpoint `{earlier['hash'][:12]}`{epochs}."


def _rows(report: dict[str, Any], baselines: dict[str, Any]) -> list[str]:
    rows = [_row("label", report["label"]), _row("label, majority class", report["label"]["majority"])]
    for name, figures in (report.get("concepts") or {}).items():
        rows += [_row(name, figures), _row(f"{name}, majority class", figures["majority"])]
    return rows + [_row(f"label, {name.replace('_', ' ')}", other["label"]) for name, other in baselines.items()]


def _row(name: str, figures: dict[str, Any]) -> str:
    cells = []
    for metric in ("accuracy", "macro_f1"):
        interval = (figures.get("ci95") or {}).get(metric)
        cells.append(f"{100 * figures[metric]:.1f}"
                     + (f" ({100 * interval[0]:.1f} to {100 * interval[1]:.1f})" if interval else ""))
    return f"| {name} | {' | '.join(cells)} |"


def _correction(report: dict[str, Any]) -> str:
    if not report.get("correction"):
        return ""
    lines = ["Label accuracy with the model's own concepts, with its wrong concepts corrected, and with all true ones:",
             "", "| concepts | all rows | rows with a wrong concept | without the residual |", "|---|---|---|---|"]
    for name, row in report["correction"].items():
        cells = (row[key] for key in ("all", "rows_with_wrong_concept", "no_residual"))
        lines.append(f"| {name} | " + " | ".join("-" if cell is None else f"{100 * cell:.1f}" for cell in cells) + " |")
    return "\n".join([*lines, "", f"Residual's share of the label logits: {100 * report['residual_share']:.1f} %."])


def _subnetworks(metrics: dict[str, Any]) -> str:
    """Whether each concept needs its own subnetwork, where that was measured."""
    if "probe" not in metrics:
        return ""
    settings = metrics["probe"]
    lines = ["", "## Does each subnetwork carry its concept?",
             f"Percent accuracy on {settings['n']} texts of `{settings['split']}`, each concept read through its own "
             "mask and through others; random masks keep as many weights in each matrix.", "",
             "| concept | own mask | best other concept's | all weights but its own | random (sd) | majority class |",
             "|---|---|---|---|---|---|"]
    for name, one in metrics["necessity"].items():
        others = [100 * share for share in one["swap"].values()]
        cells = [f"{100 * one['own']:.1f}", f"{max(others):.1f}" if others else "-", f"{100 * one['complement']:.1f}",
                 f"{100 * one['random']['mean']:.1f} ({100 * one['random']['sd']:.1f})", f"{100 * one['majority']:.1f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])
