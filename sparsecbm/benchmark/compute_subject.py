"""What is measured: a checkpoint with masks of both kinds, its text of so many tokens, and its backbone as it was."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.func import functional_call

from sparsecbm.data.samples import load_samples
from sparsecbm.errors import ConfigError
from sparsecbm.model.backbone import max_positions
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.encoding import Encoded, Encoder
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import MaskedWeights, SparseCBM

#: Share of the units, or of the weights, that random masks keep.
DENSITY = 0.3
TOKENS = 45
#: The length to which the published procedure pads every text.
PUBLISHED_LENGTH = 512
STRUCTURED, WEIGHTS = "structured", "weights"


@dataclass(frozen=True, eq=False)
class Kind:
    """Masks of one kind with the masked weights that the model keeps between requests."""

    masks: ConceptMasks
    weights: MaskedWeights


@dataclass(frozen=True, eq=False)
class Subject:
    """A loaded checkpoint and all that its measurements share."""

    checkpoint: Checkpoint
    text: str
    kinds: Mapping[str, Kind]
    dense: "DenseBackbone"
    notes: tuple[str, ...]

    @classmethod
    def of(cls, checkpoint: Checkpoint, tokens: int = TOKENS) -> "Subject":
        """Masks of the kind that the checkpoint lacks are drawn at random: a pass is as fast whichever it keeps."""
        model, own = checkpoint.model, checkpoint.masks
        shipped = None if own is None else WEIGHTS if own.layout is None else STRUCTURED
        masks, notes = {} if own is None or shipped is None else {shipped: own}, []
        for kind, draw in ((STRUCTURED, random_units), (WEIGHTS, random_weights)):
            try:
                if kind not in masks:
                    masks[kind] = draw(model).to(model.device)
                    notes.append(f"The checkpoint has no {kind} masks; those measured are drawn at random and keep "
                                 f"{DENSITY:.0%}, and which they keep does not change the speed.")
            except ConfigError as error:
                notes.append(f"Without structured masks: {error}")
        with torch.no_grad():
            kinds = {kind: Kind(some, model.masked_weights(some)) for kind, some in masks.items()}
        text = text_of(checkpoint.encoder, tokens)
        notes.append(f"The text has {checkpoint.encoder.count_tokens(text)} tokens, and there are "
                     f"{len(model.config.passes)} passes: one per concept"
                     f"{' and the residual' if model.config.residual else ''}.")
        return cls(checkpoint, text, kinds, DenseBackbone(model), tuple(notes))

    @property
    def model(self) -> SparseCBM:
        """The network."""
        return self.checkpoint.model

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return self.model.device

    def encoded(self, *texts: str) -> Encoded:
        """Texts, or the one text, as tokens on the device."""
        return self.checkpoint.encoder.encode(texts or (self.text,)).to(self.device)

    def published(self, kind: str) -> Callable[[Encoded], Float[Tensor, "batch pass_ hidden"]]:
        """The published procedure: each pass over the padded text, every matrix multiplied with its mask anew."""
        masks, dense = self.kinds[kind].masks, self.dense
        stacks = {name: masks.unpack(name).float() for name in masks.matrices}

        def run(encoded: Encoded) -> Tensor:
            long = self.padded(encoded)
            return torch.stack([dense.pass_over(long, {name: dense.parameters[name] * stack[k]
                                                       for name, stack in stacks.items()})
                                for k in range(len(masks.passes))], dim=1)

        return run

    def padded(self, encoded: Encoded) -> Encoded:
        """Texts padded as published, or to the number of positions of the backbone."""
        missing = (0, min(PUBLISHED_LENGTH, max_positions(self.model.backbone)) - encoded.input_ids.shape[1])
        pad = self.checkpoint.encoder.tokenizer.pad_token_id
        return Encoded(torch.nn.functional.pad(encoded.input_ids, missing, value=pad),
                       torch.nn.functional.pad(encoded.attention_mask, missing))


class DenseBackbone:
    """A copy of the backbone with all weights, as Hugging Face runs it with its quickest attention."""

    def __init__(self, model: SparseCBM) -> None:
        self.backbone = copy.deepcopy(model.backbone)
        if self.backbone._supports_sdpa:
            self.backbone.set_attn_implementation("sdpa")
        self.parameters: dict[str, Tensor] = dict(self.backbone.named_parameters())

    def pass_over(self, encoded: Encoded, instead: Mapping[str, Tensor] | None = None) -> Float[Tensor, "batch hidden"]:
        """One pass, with some matrices replaced; the mean of the last states over real tokens."""
        return self._run({"input_ids": encoded.input_ids}, encoded.attention_mask, instead or {})

    def pass_over_embeddings(
        self, embedded: Float[Tensor, "batch token embedding"], attention_mask: Int[Tensor, "batch token"]
    ) -> Float[Tensor, "batch hidden"]:
        """One pass from word embeddings."""
        return self._run({"inputs_embeds": embedded}, attention_mask, {})

    def _run(
        self, inputs: dict[str, Tensor], attention_mask: Tensor, instead: Mapping[str, Tensor]
    ) -> Float[Tensor, "batch hidden"]:
        inputs = {**inputs, "attention_mask": attention_mask}
        made = functional_call(self.backbone, dict(instead), (), inputs) if instead else self.backbone(**inputs)
        states, real = made.last_hidden_state, attention_mask.unsqueeze(-1)
        pooled: Tensor = (states * real).sum(1) / real.sum(1)
        return pooled


def text_of(encoder: Encoder, tokens: int) -> str:
    """A text of so many tokens, special ones included, or as close below as words allow."""
    words = " ".join(sample.text for sample in load_samples()[:tokens]).split()
    count = 1
    while count < len(words) and encoder.count_tokens(" ".join(words[: count + 1])) <= tokens:
        count += 1
    text = " ".join(words[:count])
    while encoder.count_tokens(f"{text} a") <= tokens:
        text = f"{text} a"
    return text


def random_units(model: SparseCBM, seed: int = 0) -> ConceptMasks:
    """Structured masks that keep `DENSITY` of the heads and neurons, at least one of each in every layer.

    ConfigError for a backbone without heads and neurons that we know.
    """
    generator, layout = torch.Generator().manual_seed(seed), model.layout
    kept = []
    for units in (layout.heads, layout.neurons):
        scores = torch.rand(len(model.config.passes), len(layout.layers), units, generator=generator)
        best = scores.topk(max(1, round(DENSITY * units)), dim=-1).indices
        kept.append(torch.zeros_like(scores, dtype=torch.bool).scatter_(-1, best, True))
    return KeptUnits(layout, kept[0], kept[1]).masks(model.config.passes)


def random_weights(model: SparseCBM, seed: int = 0) -> ConceptMasks:
    """Masks of single weights, of which each keeps `DENSITY`."""
    generator, passes = torch.Generator().manual_seed(seed), model.config.passes
    return ConceptMasks.from_bools(passes, {name: torch.rand(len(passes), *site.shape, generator=generator) < DENSITY
                                            for name, site in model.sites.items()})
