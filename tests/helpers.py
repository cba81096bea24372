"""Builders that tests share: tiny random networks, tokenizers, a toy data set, toy checkpoints. No network needed."""

import asyncio
import random
import string
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from sparsecbm.config import ModelConfig, PruneConfig, TrainConfig
from sparsecbm.data.split import LoadReport, Review, Split
from sparsecbm.model.backbone import empty_backbone
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.kept_units import KeptUnits
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM, impossible_values
from sparsecbm.schema import SENTIMENT, ConceptSchema

_Result = TypeVar("_Result")
TOY = ConceptSchema(
    name="toy", concepts=("soup", "room"), values=SENTIMENT, labels=("bad", "fair", "good"), label_title="verdict",
    label_display=("Bad", "Fair", "Good"), concept_help=("The soup.", "The room."),
)
SAYINGS = {
    "soup": ("The soup was bland.", "", "The soup was tasty."),
    "room": ("The room felt shabby.", "", "The room felt warm."),
}
OPENINGS = (
    "We came on Monday.", "My friend chose it, as ever.", "Lunch for two!", "It rained all day long and we stayed.",
)
HOSTILE = {
    "emoji": "The soup 🍜👩‍👩‍👧 was tasty 🎉",
    "right to left": "המרק היה טעים \u202eabc\u202c, الحساء لذيذ",
    "control characters": "The\x00soup\x07was\x1b[31m tasty\u200b\ufeff",
    "only replacement characters": "\ufffd\x01\ufffd",  # which word pieces drop
    "html": "<script>alert('soup')</script><img src=x onerror=alert(1)> &amp; tasty",
    "combining": "Z͑ͫ̓̿ä̴́l̷g̸o soup",
    "one word": "word" * 400,
}

#: Shape of each kind of backbone: hidden width 16, feed-forward width 32, two layers of two heads, 160 positions.
ARCHITECTURES: dict[str, dict[str, Any]] = {
    "bert": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
             "max_position_embeddings": 160, "initializer_range": 0.2},
    "roberta": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
                "max_position_embeddings": 161, "pad_token_id": 0, "initializer_range": 0.2},
    "distilbert": {"dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32, "max_position_embeddings": 160,
                   "initializer_range": 0.2},
    "mpnet": {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
              "max_position_embeddings": 162, "initializer_range": 0.2},
    "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_inner": 32, "n_positions": 160, "bos_token_id": 2,
             "eos_token_id": 3, "initializer_range": 0.2},
    "opt": {"hidden_size": 16, "word_embed_proj_dim": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
            "ffn_dim": 32, "max_position_embeddings": 160, "init_std": 0.2},
}


# -- tokenizers ----------------------------------------------------------------------------------------------------


@cache
def vocabulary() -> dict[str, int]:
    """The words of the toy data set, and every letter so that other words fall into pieces."""
    texts = [*OPENINGS, *(saying for sayings in SAYINGS.values() for saying in sayings)]
    words = {word.strip(".,!").lower() for text in texts for word in text.split()}
    letters = [prefix + letter for prefix in ("", "##") for letter in string.ascii_lowercase]
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *string.punctuation, *letters, *sorted(words - set(letters))]
    return {name: index for index, name in enumerate(names)}


def word_pieces() -> PreTrainedTokenizerFast:
    """A tokenizer as BERT's: lower case, word pieces, [CLS] before and [SEP] after."""
    index = vocabulary()
    tokenizer = Tokenizer(models.WordPiece(index, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", index["[SEP]"]), ("[CLS]", index["[CLS]"]))
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]",
                                   sep_token="[SEP]")


def byte_level() -> PreTrainedTokenizerFast:
    """A tokenizer as GPT-2's: bytes, blanks belong to the word after, no padding token, nothing around a text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    index = {symbol: number for number, symbol in enumerate(["<|endoftext|>", *alphabet, "Ġs", "ou", "oup"])}
    tokenizer = Tokenizer(models.BPE(index, [("Ġ", "s"), ("o", "u"), ("ou", "p")]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>", bos_token="<|endoftext|>")


def tiny_encoder(max_tokens: int = 64) -> Encoder:
    """An encoder over the word-piece tokenizer."""
    return Encoder(word_pieces(), max_tokens)


# -- networks ------------------------------------------------------------------------------------------------------


def tiny_backbone(kind: str = "bert", **changes: Any) -> PreTrainedModel:
    """A random transformer; its weights are large enough for every part to be felt."""
    return empty_backbone({"model_type": kind, "vocab_size": len(vocabulary())} | ARCHITECTURES[kind] | changes).eval()


def tiny_model(
    backbone: str | PreTrainedModel = "bert", schema: ConceptSchema = TOY, seed: int = 0, **config: Any
) -> SparseCBM:
    """A model with random heads, ready to predict; `config` goes to ModelConfig."""
    torch.manual_seed(seed)
    body = tiny_backbone(backbone) if isinstance(backbone, str) else backbone
    model = SparseCBM(ModelConfig(schema, **{"max_tokens": 64} | config), body)
    heads = ["concept_weight", "concept_bias", "residual_weight", "residual_bias", "typical_logits"]
    with torch.no_grad():
        for name in heads + ([] if model.config.kind == "black_box" else ["label_weight", "label_bias"]):
            getattr(model, name).normal_(std=0.5)
        model.concept_bias.add_(impossible_values(schema))
        if not model.config.residual:
            model.residual_weight.zero_()
            model.residual_bias.zero_()
    return model.eval().requires_grad_(False)


def random_masks(model: SparseCBM, density: float = 0.5, seed: int = 1) -> ConceptMasks:
    """Independent random masks for every pass of a model."""
    generator = torch.Generator().manual_seed(seed)
    passes = model.config.passes
    return ConceptMasks.from_bools(passes, {name: torch.rand(len(passes), *site.shape, generator=generator) < density
                                            for name, site in model.sites.items()})


def structured_masks(model: SparseCBM, density: float = 0.5, seed: int = 1) -> ConceptMasks:
    """Random heads and neurons for every pass; the first has no head in the last layer, the second no neuron there."""
    generator, layout = torch.Generator().manual_seed(seed), model.layout
    heads, neurons = (torch.rand(len(model.config.passes), len(layout.layers), units, generator=generator) < density
                      for units in (layout.heads, layout.neurons))
    heads[:, 0, 0] = neurons[:, 0, 0] = True
    heads[0, -1] = neurons[1, -1] = False
    return KeptUnits(layout, heads, neurons).masks(model.config.passes)


def as_single_weights(masks: ConceptMasks) -> ConceptMasks:
    """The same masks without the knowledge that they consist of whole units."""
    return ConceptMasks(masks.passes, masks.shapes, masks.bits)


def changed_mask(masks: ConceptMasks, k: int, seed: int = 2) -> ConceptMasks:
    """The same masks, but for those of pass k."""
    generator = torch.Generator().manual_seed(seed)
    stacks = {name: masks.unpack(name) for name in masks.matrices}
    for stack in stacks.values():
        stack[k] = torch.rand(stack[k].shape, generator=generator) < 0.5
    return ConceptMasks.from_bools(masks.passes, stacks)


# -- data ----------------------------------------------------------------------------------------------------------


def toy_reviews(openings: int = 2) -> list[Review]:
    """Nine reviews per opening, every pair of values once; the label is bad, fair or good as the two balance."""
    reviews = []
    for opening in OPENINGS[:openings]:
        for soup in range(3):
            for room in range(3):
                text = " ".join(part for part in (opening, SAYINGS["soup"][soup], SAYINGS["room"][room]) if part)
                balance = (soup > 1) - (soup < 1) + (room > 1) - (room < 1)
                label = 1 + (balance > 0) - (balance < 0)
                shares = tuple(tuple(0.8 if v == truth else 0.1 for v in range(3)) for truth in (soup, room))
                reviews.append(Review(f"{len(reviews):03d}", text, label, (soup, room), shares))
    return reviews


def toy_split(openings: int = 2, name: str = "train", reviews: list[Review] | None = None) -> Split:
    """The toy reviews, or others, as a split."""
    rows = toy_reviews(openings) if reviews is None else reviews
    return Split.from_reviews(rows, TOY, LoadReport("toy", name, len(rows), len(rows), {}, {}))


# -- training and checkpoints --------------------------------------------------------------------------------------


def backbone_folder(folder: Path, kind: str = "bert", **changes: Any) -> Path:
    """A pretrained backbone on disk, tokenizer included."""
    torch.manual_seed(0)
    tiny_backbone(kind, **changes).save_pretrained(folder)
    word_pieces().save_pretrained(folder)
    return folder


def train_config(backbone: Path | str = "unused", **changes: Any) -> TrainConfig:
    """Settings of a run that takes about a second; `model` and `prune` are given as dicts of changes.

    Its precision is given: a trial of it would depend on what else the machine does.
    """
    model = ModelConfig(TOY, **{"max_tokens": 64} | changes.pop("model", {}))
    prune = PruneConfig(**{"gradients": 6, "block": 8, "steps": 2} | changes.pop("prune", {}))
    settings: dict[str, Any] = {"epochs_dense": 1, "epochs_prune": 1, "epochs_finetune": 1, "batch_size": 6,
                                "learning_rate": 1e-3, "head_learning_rate": 1e-2, "residual_l2": (0.1, 1.0),
                                "probe_rows": 0, "precision": "float32"}
    return TrainConfig(backbone=str(backbone), model=model, prune=prune, **settings | changes)


def saved_checkpoint(
    folder: Path, backbone: str | PreTrainedModel = "bert", form: str = "float32", **config: Any
) -> Path:
    """A random checkpoint on disk; sparse ones get random masks."""
    model = tiny_model(backbone, **config)
    masks = random_masks(model) if model.config.kind == "sparse" else None
    save_checkpoint(folder, model, tiny_encoder(model.config.max_tokens), masks, form)
    return folder


def tiny_checkpoint_of(folder: Path, **config: Any) -> Checkpoint:
    """A random checkpoint, saved and loaded."""
    return load_checkpoint(saved_checkpoint(folder, **config), "cpu")


@contextmanager
def untouched(model: SparseCBM, masks: ConceptMasks | None = None) -> Iterator[None]:
    """Asserts that the block leaves every parameter, buffer, mask bit, gradient, hook and mode as it was."""
    tensors = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    identities = {name: id(parameter) for name, parameter in model.named_parameters()}
    bits = {} if masks is None else {name: packed.clone() for name, packed in masks.bits.items()}
    training = model.training
    try:
        yield
    finally:
        assert all(torch.equal(tensor, tensors[name]) for name, tensor in model.state_dict().items())
        assert {name: id(parameter) for name, parameter in model.named_parameters()} == identities
        assert masks is None or all(torch.equal(packed, bits[name]) for name, packed in masks.bits.items())
        assert all(parameter.grad is None for parameter in model.parameters())
        assert not any(module._forward_hooks or module._forward_pre_hooks or module._backward_hooks
                       for module in model.modules())
        assert model.training == training


def differing_answers(
    jobs: Sequence[Callable[[], Any]], same: Callable[[Any, Any], bool], expected: Sequence[Any], threads: int
) -> list[str]:
    """Do all jobs in each of many threads, each in an order of its own; which answers differ from the expected ones.

    Threads take turns much more often than usual, so that a missing lock shows.
    """
    wrong, start = list[str](), threading.Barrier(threads)

    def work(seed: int) -> None:
        start.wait()
        for place in random.Random(seed).sample(range(len(jobs)), len(jobs)):
            try:
                if not same(jobs[place](), expected[place]):
                    wrong.append(f"thread {seed}, job {place} differs")
            except Exception as error:  # must reach the test, not vanish with the thread
                wrong.append(f"thread {seed}, job {place}: {error!r}")

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        workers = [threading.Thread(target=work, args=(seed,)) for seed in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        sys.setswitchinterval(interval)
    return wrong


def symlink(link: Path, target: Path) -> None:
    """Make a link, or skip the test: Windows asks for a right of its own."""
    try:
        link.symlink_to(target, target_is_directory=target.is_dir())
    except OSError as error:
        pytest.skip(f"links cannot be made here: {error}")


class NothingKept(dict[Any, Any]):
    """A cache that never has what is asked for."""

    def __contains__(self, _: object) -> bool:
        return False


def in_a_loop(asked: Coroutine[Any, Any, _Result]) -> _Result:
    """The result of a coroutine, in a thread of its own: that of a test may have a loop, which a browser runs."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, asked).result()
