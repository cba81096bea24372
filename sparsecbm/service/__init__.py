"""The Explainer: all that pages, commands and programs ask of a loaded model."""

import time
from pathlib import Path

from sparsecbm.model.checkpoint import content_hash as content_hash
from sparsecbm.model.checkpoint import load_checkpoint
from sparsecbm.model.hub import located
from sparsecbm.service.concepts import ConceptExplainer
from sparsecbm.service.impact_of_edits import ImpactExplainer
from sparsecbm.service.pipeline import PipelineExplainer
from sparsecbm.service.resident import CheckpointInfo as CheckpointInfo
from sparsecbm.service.revision import RevisionExplainer
from sparsecbm.service.sharing import SharedExplainer
from sparsecbm.service.subnetworks import ComparisonExplainer, SubnetworkExplainer
from sparsecbm.service.words import WordExplainer
from sparsecbm.service.words import default_targets as default_targets
from sparsecbm.shipped import DEFAULT_CHECKPOINT


class Explainer(WordExplainer, SubnetworkExplainer, ComparisonExplainer, ImpactExplainer, RevisionExplainer,
                ConceptExplainer, PipelineExplainer, SharedExplainer):
    """A loaded model that predicts, explains, and lets a person set concepts and take weights out.

    Safe for many threads, and nothing a caller does changes the model. `schema` names its concepts, values and labels;
    `checkpoint` says what is loaded, and on which device.

        >>> explainer = Explainer.load()  # the checkpoint that ships with the project
        >>> prediction = explainer.predict("Kindest waiter ever!")
        >>> prediction.label, prediction.value("service")  # wrong: the service is Positive
        ('3', 'Negative')
        >>> explainer.override(prediction, {"service": (0, 0, 1)}).after.label
        '5'
    """

    @classmethod
    def load(cls, source: str | Path = DEFAULT_CHECKPOINT, device: str | None = None) -> "Explainer":
        """Load a checkpoint folder, or one from the Hub by its id, onto a device such as "cuda" or "cpu".

        Without a `device`, CUDA where there is one, else the CPU. CheckpointError says what is wrong with it.

            >>> Explainer.load("checkpoints/cebab-minilm", "cpu").schema.concepts
            ('food', 'ambiance', 'service', 'noise')
        """
        started = time.perf_counter()
        checkpoint = load_checkpoint(source, device)
        return cls(checkpoint, 1000 * (time.perf_counter() - started))

    @classmethod
    def from_pretrained(
        cls, source: str | Path, *, revision: str | None = None, token: str | bool | None = None,
        device: str | None = None, cache_dir: str | Path | None = None, force_download: bool = False,
        local_files_only: bool = False,
    ) -> "Explainer":
        """As `load`, with what `huggingface_hub` lets one say of a download: which revision (branch, tag or commit),
        whose token, where the copy lies, whether it is fetched again, or whether nothing is fetched at all.

        CheckpointError says in one sentence why the Hub does not give it, or that it is no checkpoint; InputError for
        the revision of a folder.

            >>> Explainer.from_pretrained("checkpoints/cebab-minilm", device="cpu").checkpoint.kind
            'sparse'
        """
        return cls.load(located(source, revision, token, cache_dir, force_download, local_files_only), device)
