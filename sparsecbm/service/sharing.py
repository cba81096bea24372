"""A loaded checkpoint as a folder of its own, or as a model on the Hugging Face Hub, with its card."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCard

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.file_names import without_leftovers
from sparsecbm.model.checkpoint import CARD_FILE, METRICS_FILE, content_hash, hashed_files, read_notes
from sparsecbm.model.familiarity import FAMILIARITY_FILE
from sparsecbm.model.hub import upload
from sparsecbm.paths import path_of, replacing, write_text
from sparsecbm.service.resident import Resident
from sparsecbm.training.card import model_card

#: What else belongs to a checkpoint, where it is there; nothing but JSON, safetensors and the card is ever copied.
_BESIDE = (METRICS_FILE, FAMILIARITY_FILE, "samples.json")
_TAGS = ("sparsecbm", "concept-bottleneck", "explainability")


class SharedExplainer(Resident):
    """A loaded model that can be saved and published as it is, bit for bit."""

    def save_pretrained(self, folder: str | Path) -> Path:
        """Copy the checkpoint to a new or empty folder, with a card for the Hub, and return that folder.

        The copy has the same content hash. InputError when the folder holds anything else than this model,
        CheckpointError when the files that were loaded are no longer where they were.

            >>> copy = Explainer.from_pretrained(explainer.save_pretrained("copy"))
            >>> copy.checkpoint.hash == explainer.checkpoint.hash
            True
        """
        source, target = self.checkpoint.path, path_of(folder)
        if content_hash(source) != self.checkpoint.hash:
            raise CheckpointError(f"{source} no longer holds the checkpoint that was loaded; load what is there now, "
                                  "or restore the folder.")
        try:
            target.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"The folder {target} cannot be made ({error.strerror or error}); allowed: a new or empty "
                             "folder. Name another one.") from None
        if without_leftovers(path.name for path in target.iterdir()) and content_hash(target) != self.checkpoint.hash:
            raise InputError(f"The folder {target} holds something else; allowed: a new or empty folder, or one with "
                             "this very checkpoint. Name another one.")
        metrics, card = read_notes(source)
        if not target.samefile(source):
            for file in (*hashed_files(source), *(source / name for name in _BESIDE)):
                if file.is_file():
                    with replacing(target / file.name) as new:
                        shutil.copyfile(file, new)
        write_text(target / CARD_FILE, self._card_for_hub(metrics, card))
        return target

    def push_to_hub(
        self, repo_id: str, *, commit_message: str = "Upload a SparseCBM checkpoint", private: bool | None = None,
        token: str | bool | None = None, revision: str | None = None, create_pr: bool = False,
    ) -> str:
        """Publish the checkpoint as the Hub's model `repo_id`, in one commit, and return the commit's address.

        The repository is made if it is missing, `private` if so asked, and so is the branch `revision`; `create_pr`
        proposes the commit instead. The token is the one that is logged in, unless given. CheckpointError when the Hub
        cannot be reached or does not take it.
        """
        with tempfile.TemporaryDirectory() as temporary:
            folder = self.save_pretrained(Path(temporary) / "checkpoint")
            return upload(folder, repo_id, commit_message, private, token, revision, create_pr)

    def _card_for_hub(self, metrics: dict[str, Any], card: str) -> str:
        """The checkpoint's card, or one made from its metrics, with what the Hub lists models by, and its scores."""
        if not card:
            card = model_card(metrics) if "training" in metrics else f"# {self.checkpoint.name}\n\nA SparseCBM.\n"
        made = ModelCard(card, ignore_metadata_errors=True)
        made.data.library_name, made.data.pipeline_tag = "sparsecbm", "text-classification"
        made.data.tags = list(dict.fromkeys([*(made.data.tags or ()), *_TAGS]))
        if metrics.get("dev") and metrics["dev"].get("label"):
            made.data.model_name = made.data.model_name or self.checkpoint.name
            made.data.eval_results = self._scores(metrics["dev"])
        return str(made)

    def _scores(self, report: dict[str, Any]) -> list[EvalResult]:
        """Accuracy and macro F1 of the label and of every concept, 0..1, as the Hub's model index has them."""
        data, concepts = self.schema.name, report.get("concepts") or {}
        return [EvalResult(task_type="text-classification", dataset_type=data, dataset_name=data,
                           dataset_split=report["split"], metric_type=metric, metric_name=f"{what}: {key}",
                           metric_value=figures[key])
                for what, figures in {self.schema.label_title: report["label"], **concepts}.items() if figures
                for metric, key in (("accuracy", "accuracy"), ("f1", "macro_f1"))]
