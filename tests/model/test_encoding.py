"""Texts to tokens and back to words, for any text that a person may paste."""

from pathlib import Path

import pytest
import torch

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model.encoding import Encoder
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


@pytest.mark.parametrize("accented", ["Cafe\u0301", "o\u0308l\u0302", "nai\u0308ve"])
def test_an_accent_of_its_own_stays_with_its_word(accented: str) -> None:
    words, _ = tiny_encoder().words(f"The {accented} was {accented}")
    assert [word.text for word in words] == ["The", accented, "was", accented]


def test_what_the_tokenizer_does_not_know_is_marked() -> None:
    words, _ = tiny_encoder().words("The soup \U0001f92e was \u0e14\u0e35 !")
    assert [word.text for word in words if word.unread] == ["\U0001f92e", "\u0e14\u0e35"]
    assert not any(word.unread for word in Encoder(byte_level(), 64).words("The soup \U0001f92e")[0])


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
    (tmp_path / "tokenizer.json").write_text('{"model": {"type"')
    with pytest.raises(CheckpointError, match="tokenizer"):
        Encoder.load(tmp_path, 64)
