"""The model card, written from the metrics of a checkpoint."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from sparsecbm.data.catalogue import DATASETS
from sparsecbm.evaluation.correction import KINDS
from sparsecbm.file_names import last_part
from sparsecbm.subnetworks.stability import METRICS_KEY, MaskStability
from sparsecbm.subnetworks.stability_text import cautions, details, stability_text

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
- Trained on `{train}` of {data} ({rows} rows, seed {seed}, {epochs} epochs, {minutes:.0f} minutes, passes in
  {precision}); best epoch {best}, chosen on {selection} rows of the evaluation split.{annotated}{sources}{before}

## What was measured
On split `{split}`, n = {n}. Percent, with bootstrap 95 % intervals where given.

| | accuracy | macro F1 |
|---|---|---|
{table}{others}

{correction}
{subnetworks}{learning}
## Limits
What a label and a concept mean is what the annotators of the training texts meant, and other kinds of texts than those
may be read worse. The evaluation splits chose the epoch and the residual's penalty, so figures on unseen data may be
lower. The residual says how much of the label the concepts do not explain: read it before believing a concept-level
story.

## Licence and attribution
Weights: Apache-2.0, derived from the backbone named above, which has a licence of its own (all-MiniLM-L6-v2 and
all-mpnet-base-v2 of sentence-transformers: Apache-2.0). Trained on {credits}; no text of it is contained here.
"""


def model_card(metrics: dict[str, Any]) -> str:
    """Markdown card from the contents of `metrics.json`."""
    report, training = metrics["dev"], metrics["training"]
    config = training["config"]
    model, prune = config["model"], config["prune"]
    sparse = model["kind"] == "sparse"
    return CARD.format(
        title=f"{model['schema']['name']} {model['kind'].replace('_', ' ')}{_learned(training)}", kind=model["kind"],
        concepts=", ".join(model["schema"]["concepts"]), values=", ".join(model["schema"]["values"]),
        labels=", ".join(model["schema"]["label_display"]), backbone=_backbone(training),
        masks=_masks(model, prune) + _damping(training["damping_ratio"]) if sparse else "none",
        train=training["split"], data=model["schema"]["name"], rows=training["rows"], seed=config["seed"],
        epochs=len(training["epochs"]), minutes=training["seconds"] / 60,
        precision=training.get("precision", "float32"),
        best="-" if training["best_epoch"] is None else training["best_epoch"] + 1,
        selection=config["selection_rows"], annotated=_annotated(training) + _doubtful(training),
        sources=_sources(training), before=_before(training),
        split=report["split"], n=report["n"], table="\n".join(_rows(report, metrics["baselines"])),
        others=_others(metrics), credits=_credits(training), correction=_correction(report),
        subnetworks=_subnetworks(metrics), learning=_learning(metrics))


def _backbone(training: dict[str, Any]) -> str:
    """The pretrained transformer, also of a run that went on from a checkpoint."""
    *_, first = (run["config"]["backbone"] for run in _runs(training) if "config" in run)
    return last_part(first)


def _masks(model: dict[str, Any], prune: dict[str, Any]) -> str:
    structured = model.get("mask_kind") == "structured"
    saliency = "squared gradients of gates" if structured and prune["saliency"] == "obert" else prune["saliency"]
    where = "the network" if structured or prune["scheme"] == "contrastive" else "every masked matrix"
    where += ", in whole heads and neurons," if structured else ""
    return f"{prune['scheme']}, {saliency} saliency, {prune['sparsity']:.0%} of {where} dropped per pass"


def _damping(ratio: dict[str, float]) -> str:
    """How far oBERT's saliency was from magnitude pruning, which a ratio of 1 would be."""
    if not ratio:
        return ""
    return f"; damping ratio {', '.join(f'{name} {value:.2f}' for name, value in ratio.items())} (1 would be magnitude)"


def _sources(training: dict[str, Any]) -> str:
    """Each source with its weight and the hash of its content, where there are several."""
    sources = training.get("sources", [])
    return "".join(f"\n  - `{one['name']}`: {one['rows']} rows, weight {one['weight']:g}, content "
                   f"`{one['data_hash'][:12]}`" for one in sources if len(sources) > 1)


def _runs(training: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A run, and those that it went on from."""
    run: dict[str, Any] | None = training
    while run is not None:
        yield run
        run = run.get("before")


def _credits(training: dict[str, Any]) -> str:
    """Whose texts trained the model."""
    names = [one["name"].partition("/")[0] for run in _runs(training) for one in run.get("sources", [])]
    known = [DATASETS[name].credit for name in dict.fromkeys(names) if name in DATASETS]
    return "; ".join(known) or "data of its makers"


def _annotated(training: dict[str, Any]) -> str:
    """How many rows bore the label, and how many each concept, over all sources, where that was counted."""
    counts = Counter[str]()
    for source in training.get("sources", []):
        counts.update(source.get("annotated", {}))
    return f"\n- Annotated: {', '.join(f'{what} {count:,}' for what, count in counts.items())}." if counts else ""


def _doubtful(training: dict[str, Any]) -> str:
    """What was done about concept labels that may be wrong, and how many were made wrong on purpose."""
    config, said = training["config"], []
    if config.get("mixup"):
        said.append(f"Learned with concept-level MixUp, alpha {config['mixup']:g}.")
    if config.get("concept_weights"):
        weights = ", ".join(f"{name} {weight:g}" for name, weight in config["concept_weights"].items())
        said.append(f"Weights of concept labels: {weights}.")
    if "concept_noise" in training:
        noise = training["concept_noise"]
        said.append(f"**{noise['labels']:,} concept labels of {noise['rows']:,} training texts were replaced by wrong "
                    "ones on purpose**, to measure what that costs.")
    return "".join(f"\n- {line}" for line in said)


def _others(metrics: dict[str, Any]) -> str:
    """The scores on every evaluation source but the first; what a source tells nothing of is left out."""
    lines = []
    for name, report in list(metrics.get("sources", {}).items())[1:]:
        lines += ["", f"On `{name}`, n = {report['n']}:", "", "| | n | accuracy | macro F1 | majority class |",
                  "|---|---|---|---|---|"]
        lines += [f"| {what} | {one['n']} | {100 * one['accuracy']:.1f} | {100 * one['macro_f1']:.1f} | "
                  f"{100 * one['majority']['accuracy']:.1f} |"
                  for what, one in {"label": report["label"], **(report["concepts"] or {})}.items() if one is not None]
    return "".join(f"\n{line}" for line in lines)


def _before(training: dict[str, Any]) -> str:
    """What a run went on from, where it did not start from the backbone."""
    if "before" not in training:
        return ""
    earlier = training["before"]
    epochs = f", trained on `{earlier['split']}` for {len(earlier['epochs'])} epochs" if "split" in earlier else ""
    return f"\n- It went on from the checkpoint `{earlier['hash'][:12]}`{epochs}.{_corrected(training)}"


def _learned(training: dict[str, Any]) -> str:
    """The end of a title that tells a corrected version from the one before."""
    number = training.get("corrections", {}).get("corrections")
    return f", learned from {number:,} corrections" if number else ""


def _corrected(training: dict[str, Any]) -> str:
    """How much people corrected of the checkpoint before, where that was learned."""
    if "corrections" not in training:
        return ""
    notes = training["corrections"]
    learned, held_out = (len(notes["texts"][part]) for part in ("learned", "held-out"))
    return (f"\n- It learned from people's corrections: {notes['corrections']:,} by {notes['people']:,}, of "
            f"{learned + held_out:,} texts, {held_out:,} of which were held out.")


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
    for name in KINDS:
        cells = (report["correction"][name][key] for key in ("all", "rows_with_wrong_concept", "no_residual"))
        lines.append(f"| {name} | " + " | ".join("-" if cell is None else f"{100 * cell:.1f}" for cell in cells) + " |")
    gain = report["correction"].get("gain")
    if gain:
        low, high = (100 * end for end in gain["ci95"])
        lines += ["", f"Correcting the wrong concepts of {gain['n']} rows changes their label accuracy by "
                      f"{100 * gain['mean']:+.1f} points (95 % interval {low:+.1f} to {high:+.1f})."]
    return "\n".join([*lines, "", f"Residual's share of the label logits: {100 * report['residual_share']:.1f} %."])


def _subnetworks(metrics: dict[str, Any]) -> str:
    """Whether each concept needs its own subnetwork, and what repeats over seeds, where that was measured."""
    return _necessity(metrics) + _stability(metrics)


def _stability(metrics: dict[str, Any]) -> str:
    if METRICS_KEY not in metrics:
        return ""
    found = MaskStability.from_json(metrics[METRICS_KEY])
    said = (stability_text(found), *details(found), *cautions(found)[1:])
    return f"\n## Do the subnetworks repeat with another seed?\n{' '.join(filter(None, said))}\n"


def _learning(metrics: dict[str, Any]) -> str:
    """What learning from corrections changed, where that was measured."""
    if "learning" not in metrics:
        return ""
    found = metrics["learning"]
    lines = ["", "## What learning from corrections changed",
             f"Percent accuracy of the checkpoint `{found['before'][:12]}` and of this one, on the same texts; the "
             "change with its 95 % interval in points.", "",
             "| texts | | n | before | after | change | fixed | broken |", "|---|---|---|---|---|---|---|---|"]
    for source, part in found["sources"].items():
        for subject, one in part["subjects"].items():
            low, high = one["interval"]
            lines.append(f"| `{source}` | {subject} | {one['n']} | {100 * one['before']:.1f} | {100 * one['after']:.1f}"
                         f" | {100 * one['change']:+.1f} ({100 * low:+.1f} to {100 * high:+.1f}) | {one['fixed']} | "
                         f"{one['broken']} |")
    return "\n".join([*lines, ""])


def _necessity(metrics: dict[str, Any]) -> str:
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
