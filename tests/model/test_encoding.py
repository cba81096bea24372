"""Texts to tokens and back to words, for any text that a person may paste."""

import json
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import AddedToken, PreTrainedTokenizerFast

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.figures.text import visible
from sparsecbm.model.encoding import Encoder
from sparsecbm.validation import is_blank
from tests.helpers import HOSTILE, byte_level, tiny_encoder, vocabulary, word_pieces


@pytest.fixture(params=["word pieces", "byte level"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """Both families of tokenizers."""
    return Encoder(word_pieces() if request.param == "word pieces" else byte_level(), 64)


def test_words_are_found_where_they_stand() -> None:
    text = "  The soup,\n was zesty! "
    words, token_words = tiny_encoder().words(text)
    assert [word.text for word in words] == ["The", "soup", ",", "was", "zesty", "!"]
    assert all(text[word.start : word.end] == word.text for word in words)
    # [CLS] the soup , was z ##e ##s ##t ##y ! [SEP]
    assert token_words == (None, 0, 1, 2, 3, 4, 4, 4, 4, 4, 5, None)


def test_bytes_belong_to_words_without_their_blanks() -> None:
    text = "The soup  was 🍜"
    words, token_words = Encoder(byte_level(), 64).words(text)
    assert [word.text for word in words] == ["The", "soup", "was", "🍜"]
    assert all(text[word.start : word.end] == word.text for word in words)
    assert [token_words.count(k) for k in range(4)] == [3, 2, 4, 5]  # T h e, Ġs oup, Ġ w a s, Ġ and four bytes


def test_every_token_that_is_read_has_its_word_or_is_special(encoder: Encoder) -> None:
    text = "The soup was tasty, they said, and the room felt warm. " * 9
    words, token_words = encoder.words(text)
    assert len(token_words) == encoder.encode([text]).input_ids.shape[1] == 64
    assert {word for word in token_words if word is not None} == set(range(len(words)))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_read(text: str, encoder: Encoder) -> None:
    encoded = encoder.encode([text])
    words, token_words = encoder.words(text)
    assert encoded.input_ids.shape[1] == len(token_words) == min(64, encoder.count_tokens(text)) > 0
    assert all(text[word.start : word.end] == word.text and word.text.strip() for word in words)
    assert all(first.end <= second.start for first, second in zip(words, words[1:], strict=False))


@pytest.mark.parametrize("text", ["", " ", "\n\t \u00a0\u2003", "\u200b\ufeff", "\u00ad", "\u2060 \u2063", "\u3164",
                                  "\ufe0f\u2800", "\x01\x02"])
def test_blank_text_is_refused(text: str, encoder: Encoder) -> None:
    with pytest.raises(InputError, match="empty"):
        encoder.encode(["The soup.", text])


def test_what_a_person_types_is_never_a_control_token(encoder: Encoder) -> None:
    specials = encoder.tokenizer.all_special_tokens
    text = f"The soup {' '.join(specials)} was tasty"
    ids = encoder.encode([text]).input_ids[0].tolist()
    plain = encoder.encode(["The soup was tasty"]).input_ids[0].tolist()
    special = [[one for one in row if one in encoder.tokenizer.all_special_ids] for row in (ids, plain)]
    unknown = encoder.tokenizer.unk_token_id
    assert [one for one in special[0] if one != unknown] == [one for one in special[1] if one != unknown]
    assert encoder.encode_unpadded([text])[0][0] == ids and encoder.count_tokens(text) == len(ids)
    assert "".join(word.text for word in encoder.words(text)[0]) == text.replace(" ", "")


@pytest.mark.parametrize("kind", ["RobertaTokenizer", "GPT2Tokenizer"])
def test_nor_after_it_was_saved_and_whatever_kind_it_is(kind: str, tmp_path: Path) -> None:
    names = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
             "mask_token": AddedToken("<mask>", lstrip=True, special=True)}
    if kind == "GPT2Tokenizer":
        names = dict.fromkeys(("bos_token", "eos_token", "unk_token"), "<|endoftext|>")
    tokenizer = byte_level()
    tokenizer.add_special_tokens(names)
    tokenizer.save_pretrained(tmp_path)
    settings = json.loads((tmp_path / "tokenizer_config.json").read_text(encoding="utf-8"))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings | {"tokenizer_class": kind}), encoding="utf-8")
    encoder = Encoder.load(tmp_path, 64)
    assert type(encoder.tokenizer).__name__ == kind
    text = "soup<mask> <mask> <s>soup</s> <pad> <unk> <|endoftext|>"
    own, plain = ([token for token in encoder.encode([one]).input_ids[0].tolist()
                   if token in encoder.tokenizer.all_special_ids] for one in (text, "soup"))
    assert own == plain  # what a tokenizer puts around every text
    assert "".join(word.text for word in encoder.words(text)[0]) == text.replace(" ", "")


#: Words with characters that belong to the one before, or to the ones on both sides.
JOINED = {
    "accent": "Cafe\u0301", "accents": "o\u0308l\u0302", "accent inside": "nai\u0308ve", "jamo": "\u1112\u1161\u11ab",
    "Hangul": "\ud55c\uad6d", "Devanagari": "\u0939\u093f\u0928\u094d\u0926\u0940", "Thai": "\u0e44\u0e21\u0e48\u0e14",
    "Arabic": "\u0645\u0650\u0644\u0652\u062d", "family": "\U0001f469\u200d\U0001f469\u200d\U0001f467",
    "heart": "\u2764\ufe0f", "skin": "\U0001f44d\U0001f3fd", "flag": "\U0001f1e9\U0001f1ea", "keycap": "1\ufe0f\u20e3",
    "sign": "#\ufe0f\u20e3", "England": "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
}


@pytest.mark.parametrize("joined", JOINED.values(), ids=JOINED)
def test_what_is_one_character_on_the_screen_is_in_one_word(joined: str, encoder: Encoder) -> None:
    words, token_words = encoder.words(f"The {joined} was {joined}")
    assert [word.text for word in words] == ["The", joined, "was", joined]
    assert {word for word in token_words if word is not None} == {0, 1, 2, 3}


@pytest.mark.parametrize("text", [
    *HOSTILE.values(), *JOINED.values(), " \u0301 soup", "soup\ufffd \uf8ff", "\x07soup\u200b "])
def test_every_character_that_is_seen_is_in_a_word(text: str, encoder: Encoder) -> None:
    words, _ = encoder.words(text)
    inside = {place for word in words for place in range(word.start, word.end)}
    outside = "".join(character for place, character in enumerate(text) if place not in inside)
    if encoder.count_tokens(text) <= encoder.max_tokens:
        assert not visible(outside).strip() or is_blank(visible(outside))


def unread(encoder: Encoder, text: str) -> dict[str, str]:
    return {word.text: word.unread for word in encoder.words(text)[0] if word.unread}


def test_what_the_tokenizer_does_not_know_is_marked() -> None:
    assert unread(tiny_encoder(), "The soup \U0001f92e was \u0e14\u0e35 ! so\U0001f92e") == {
        "\U0001f92e": "unread", "\u0e14\u0e35": "unread", "so\U0001f92e": "unread"}
    assert not unread(Encoder(byte_level(), 64), "The soup \U0001f92e")


def test_what_the_tokenizer_drops_is_marked() -> None:
    assert unread(tiny_encoder(), "soup \ufffd\x01 \uf8ff w\ufffda \x07 \u0301 na\u0308h caf\ufe0f a\u00adb") == {
        "\ufffd\x01": "unseen", "\uf8ff": "unseen", "w\ufffda": "partly unread", "\x07": "unseen", "\u0301": "unseen"}


def test_a_word_of_which_one_piece_is_known_is_read_in_part() -> None:
    pieces = [("<unk>", 0.0), ("<pad>", 0.0), ("\u2581", -1.0), ("\u2581soup", -1.0), ("s", -2.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    encoder = Encoder(PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>"), 64)
    assert unread(encoder, "\U0001f92e soup soup\U0001f92e \U0001f92e") == {
        "\U0001f92e": "unread", "soup\U0001f92e": "partly unread"}


def test_a_batch_is_padded_on_the_right(encoder: Encoder) -> None:
    texts = ["The soup.", "The soup was tasty and the room felt warm."]
    encoded = encoder.encode(texts)
    for row, text in enumerate(texts):
        length = encoder.count_tokens(text)
        assert encoded.attention_mask[row].tolist() == [1] * length + [0] * (encoded.input_ids.shape[1] - length)
        assert torch.equal(encoded.input_ids[row, :length], encoder.encode([text]).input_ids[0])


def test_long_text_is_cut_and_counted(encoder: Encoder) -> None:
    text = "soup " * 10_000
    encoded = encoder.encode([text])
    assert encoded.input_ids.shape == (1, 64)
    assert encoder.count_tokens(text) >= 10_000
    assert len(encoder.words(text)[0]) <= 64
    assert encoder.encode(["soup"]).input_ids.shape[1] == encoder.count_tokens("soup") < 64


def test_cutting_keeps_the_special_tokens() -> None:
    ids = tiny_encoder(8).encode(["soup " * 50]).input_ids[0].tolist()
    index = vocabulary()
    assert ids == [index["[CLS]"], *[index["soup"]] * 6, index["[SEP]"]]


def test_a_tokenizer_without_padding_pads_with_its_end() -> None:
    encoder = Encoder(byte_level(), 64)
    assert encoder.tokenizer.pad_token == encoder.tokenizer.eos_token


def test_an_encoder_comes_back_from_its_folder(encoder: Encoder, tmp_path: Path) -> None:
    encoder.save(tmp_path)
    again = Encoder.load(tmp_path, 64)
    for text in ("The soup was zesty!", *HOSTILE.values()):
        assert torch.equal(again.encode([text]).input_ids, encoder.encode([text]).input_ids)
        assert again.words(text) == encoder.words(text)


def test_a_tokenizer_that_is_missing_or_broken_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="tokenizer.json"):
        Encoder.load(tmp_path, 64)
    tiny_encoder().save(tmp_path)
    (tmp_path / "tokenizer.json").write_text('{"model": {"type"', encoding="utf-8")
    with pytest.raises(CheckpointError, match="tokenizer"):
        Encoder.load(tmp_path, 64)
