"""Whatever a checkpoint or backbone of somebody else holds, it is used as it is or refused in one sentence of our own.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sparsecbm.errors import CheckpointError, ConfigError, in_short
from sparsecbm.model.backbone import max_positions, pretrained_backbone
from sparsecbm.model.batch_prediction import predict_texts
from sparsecbm.model.checkpoint import CONFIG_FILE, METRICS_FILE, TOKENIZER_FILES, load_checkpoint
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.prediction import predict
from tests.helpers import (
    TOY,
    backbone_folder,
    byte_level,
    saved_checkpoint,
    tiny_backbone,
    tiny_encoder,
    tiny_model,
    word_pieces,
)

TOKENIZER, SETTINGS = TOKENIZER_FILES
TEXT = "The soup was tasty \U0001f92e"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of sound checkpoints, by kind of backbone; tests change copies of them."""
    folder = tmp_path_factory.mktemp("sound")
    for kind in ("bert", "roberta", "gpt2"):
        saved_checkpoint(folder / kind, kind)
    return folder


@pytest.fixture
def spoilt(sound: Path, tmp_path: Path) -> Callable[..., Path]:
    """A copy with one value of one of its JSON files changed, found by its path of keys."""
    def change(kind: str, file: str, *keys: Any, to: Any) -> Path:
        folder = Path(shutil.copytree(sound / kind, tmp_path / "spoilt"))
        values = json.loads((folder / file).read_text(encoding="utf-8"))
        place = values
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = to
        (folder / file).write_text(json.dumps(values), encoding="utf-8")
        return folder

    return change


def refused(folder: Path, part: str = "") -> None:
    with pytest.raises(CheckpointError) as error:
        load_checkpoint(folder, "cpu")
    assert part in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 600


@pytest.mark.parametrize(("kind", "key", "value"), [
    ("bert", "hidden_size", 0), ("bert", "hidden_size", -4), ("bert", "hidden_size", "16"),
    ("bert", "hidden_size", 16.5), ("bert", "num_attention_heads", 0), ("bert", "num_hidden_layers", "2"),
    ("bert", "intermediate_size", -1),
    ("bert", "vocab_size", 0), ("bert", "vocab_size", -1), ("bert", "max_position_embeddings", -1),
    ("bert", "max_position_embeddings", None), ("bert", "pad_token_id", 9999), ("bert", "pad_token_id", "0"),
    ("bert", "hidden_act", None), ("bert", "layer_norm_eps", "x"), ("bert", "layer_norm_eps", float("nan")),
    ("bert", "layer_norm_eps", -5.0), ("bert", "chunk_size_feed_forward", 3), ("bert", "return_dict", False),
    ("bert", "model_type", "abacus"), ("bert", "model_type", None), ("bert", "model_type", ["bert"]),
    ("bert", "model_type", "t5"), ("roberta", "pad_token_id", None), ("roberta", "pad_token_id", 200),
    ("gpt2", "n_head", 0), ("gpt2", "bos_token_id", "x"),
])
def test_settings_of_a_backbone(kind: str, key: str, value: Any, spoilt: Callable[..., Path]) -> None:
    refused(spoilt(kind, CONFIG_FILE, "backbone", key, to=value), CONFIG_FILE)


@pytest.mark.parametrize("value", [-5, 0, 10**30, 64.5, None])
def test_numbers_of_tokens(value: Any, spoilt: Callable[..., Path]) -> None:
    refused(spoilt("bert", CONFIG_FILE, "model", "max_tokens", to=value), "max_tokens")


#: Values of tokenizer.json that its Rust code refuses when it reads them, stumbles over in use, or panics at.
BROKEN: dict[str, tuple[str, Any]] = {
    "no model": ("model", None),
    "no vocabulary": ("model", {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                                "max_input_chars_per_word": 100, "vocab": {}}),
    "merge of an unknown token": ("model", {"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "b"]]}),
    "no unknown token": ("model", {"type": "Unigram", "unk_id": None, "vocab": [["a", 0.0]]}),
    "panic when read": ("normalizer", {"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
    "panic in use": ("normalizer", {"type": "Precompiled", "precompiled_charsmap": "BAAAAP////8="}),
    "panic at any text": ("pre_tokenizer", {"type": "FixedLength", "length": 0}),
    "regex": ("normalizer", {"type": "Replace", "pattern": {"Regex": "("}, "content": ""}),
    "tokens beyond the embeddings around a text": (
        "post_processor", {"type": "BertProcessing", "sep": ["[SEP]", 99999], "cls": ["[CLS]", 88888]}),
}


@pytest.mark.parametrize(("key", "value"), BROKEN.values(), ids=BROKEN)
def test_a_tokenizer_that_breaks_down(key: str, value: Any, spoilt: Callable[..., Path]) -> None:
    refused(spoilt("bert", TOKENIZER, key, to=value), TOKENIZER)


def test_a_tokenizer_that_cannot_pad(spoilt: Callable[..., Path]) -> None:
    refused(spoilt("bert", SETTINGS, "pad_token", to=None), SETTINGS)


@pytest.mark.parametrize("file", [TOKENIZER, SETTINGS, CONFIG_FILE, METRICS_FILE])
@pytest.mark.parametrize("content", ['{"a": "Caf\u00e9"}'.encode("latin-1"), b"[" * 100_000, b"[1]", None],
                         ids=["Latin-1", "deep", "a list", "a folder"])
def test_files_that_hold_something_else(file: str, content: bytes | None, sound: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(sound / "bert", tmp_path / "spoilt"))
    (folder / file).unlink(missing_ok=True)
    if content is None:
        (folder / file).mkdir()
    else:
        (folder / file).write_bytes(content)
    refused(folder, file)


def test_a_text_at_which_the_tokenizer_panics_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that waits for the thread would wait for ever: a panic is no `Exception`."""
    panic = type("PanicException", (BaseException,), {})
    encoder = tiny_encoder()
    for error in (panic("index out of bounds"), Exception("WordPiece error")):
        def breaks(*_: Any, error: BaseException = error, **__: Any) -> None:
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(type(encoder.tokenizer), "__call__", breaks)
            with pytest.raises(CheckpointError, match=TOKENIZER):
                encoder.encode([TEXT])


def test_a_smaller_length_in_the_tokenizer_does_not_count(spoilt: Callable[..., Path]) -> None:
    checkpoint = load_checkpoint(spoilt("bert", SETTINGS, "model_max_length", to=4), "cpu")
    assert checkpoint.encoder.encode(["soup " * 99]).input_ids.shape == (1, 64)


@pytest.mark.parametrize(("kind", "changes", "positions"), [
    ("bert", {}, 160), ("roberta", {}, 160), ("roberta", {"pad_token_id": 5}, 155), ("gpt2", {}, 160), ("opt", {}, 160),
    ("distilbert", {}, 160), ("mpnet", {}, 160),
])
def test_as_many_tokens_are_read_as_there_are_positions(kind: str, changes: dict[str, int], positions: int) -> None:
    backbone = tiny_backbone(kind, **changes)
    assert max_positions(backbone) == positions
    model = tiny_model(backbone)
    ids = torch.full((1, positions), 60)
    assert model.pool(tiny_encoder().pad(ids.tolist())).isfinite().all()
    with pytest.raises((IndexError, RuntimeError)):
        model.pool(tiny_encoder().pad([[60] * (positions + 1)]))


def test_a_text_without_any_token_is_answered(tmp_path: Path) -> None:
    tokenizer = word_pieces()
    tokenizer.backend_tokenizer.post_processor = byte_level().backend_tokenizer.post_processor
    encoder, model = Encoder(tokenizer, 64), tiny_model(kind="dense")
    assert encoder.count_tokens("\ufffd") == 0 and encoder.encode(["\ufffd"]).input_ids.shape == (1, 1)
    one = predict(model, encoder, None, "\ufffd", "hash")
    many = predict_texts(model, encoder, None, ["The soup.", "\ufffd"])
    assert many.label_probabilities[1] == pytest.approx(one.label_probabilities, abs=1e-6)


def test_an_answer_that_is_no_number_is_an_error() -> None:
    model = tiny_model(schema=TOY, kind="dense")
    model.label_weight.fill_(3e38)
    model.label_bias.fill_(3e38)
    for ask in (lambda: predict(model, tiny_encoder(), None, TEXT, "hash"),
                lambda: predict_texts(model, tiny_encoder(), None, [TEXT])):
        with pytest.raises(CheckpointError, match="not finite"):
            ask()


# -- backbones to train from ---------------------------------------------------------------------------------------

CODE = "from pathlib import Path\nPath(__file__).with_name('ran').touch()\n"


def test_a_pickled_backbone_is_refused_in_our_own_words(tmp_path: Path) -> None:
    folder = backbone_folder(tmp_path)
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")
    with pytest.raises(ConfigError, match=r"pickled.*safetensors") as error:
        pretrained_backbone(folder)
    assert "torch.load" not in str(error.value)


@pytest.mark.parametrize("kind", ["abacus", None, 5])
def test_a_backbone_of_an_unknown_kind_is_refused_shortly(kind: Any, tmp_path: Path) -> None:
    folder = backbone_folder(tmp_path)
    values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(values | {"model_type": kind}), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        pretrained_backbone(folder)
    assert len(str(error.value)) < 500


def test_code_that_comes_with_a_model_is_never_run_nor_asked_about(
    tmp_path: Path, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    folder, checkpoint = backbone_folder(tmp_path / "backbone"), Path(shutil.copytree(sound / "bert", tmp_path / "own"))
    for place, names in ((folder, ("config.json", SETTINGS)), (checkpoint, (SETTINGS,))):
        (place / "evil.py").write_text(CODE, encoding="utf-8")
        for name in names:
            values = json.loads((place / name).read_text(encoding="utf-8"))
            values["auto_map"] = {"AutoConfig": "evil.C", "AutoModel": "evil.M", "AutoTokenizer": ["evil.T", "evil.F"]}
            (place / name).write_text(json.dumps(values), encoding="utf-8")
    for use in (lambda: pretrained_backbone(folder), lambda: Encoder.load(folder, 64),
                lambda: load_checkpoint(checkpoint, "cpu")):
        use()
    assert not list(tmp_path.rglob("ran"))


@pytest.mark.parametrize(("said", "short"), [
    ("one\ntwo", "one"), ("", "ValueError"), ("Field:\n  wrong", "Field: wrong"), ("x" * 500, "x" * 160 + "\u2026"),
])
def test_what_a_library_says_is_cut(said: str, short: str) -> None:
    assert in_short(ValueError(said)) == short
