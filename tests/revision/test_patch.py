"""A patch comes back from its file as it was, and no file does more than be refused."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from sparsecbm.errors import InputError
from sparsecbm.revision import compute_patch as module
from sparsecbm.revision.compute_patch import check_patch, load_patch, patch_bytes, read_patch, save_patch
from sparsecbm.revision.edit import MaskChange, Revision
from sparsecbm.revision.patch import MAX_LENGTH, Patch
from tests.helpers import HOSTILE, random_masks, tiny_model
from tests.revision.toys import random_change

MASKS = random_masks(tiny_model())
REVISIONS = (Revision("soup", "Negative", 0.25, 2, random_change(MASKS, "soup", 1)),
             Revision("room", "Positive", 0.5, 1, random_change(MASKS, "room", 2)))


def a_patch(**changes: Any) -> Patch:
    return Patch(**{"name": "kinder waiters", "note": "They smiled.", "author": "Ada", "base": "ba5e",
                    "created": "2026-01-31T12:00:00+00:00", "revisions": REVISIONS} | changes)


def parts(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Tensors and header of a patch's file."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
    return dict(load(data)), json.loads(header["sparsecbm_patch"])


def rewritten(tensors: dict[str, np.ndarray], header: Any) -> bytes:
    text = header if isinstance(header, str) else json.dumps(header)
    return save(tensors, {"sparsecbm_patch": text})


def same(one: Patch, other: Patch) -> bool:
    texts = ("name", "note", "author", "created", "base")
    figures = [[(r.concept, r.value, r.portion, r.steps, r.change.digest) for r in patch.revisions]
               for patch in (one, other)]
    return all(getattr(one, text) == getattr(other, text) for text in texts) and figures[0] == figures[1]


# -- there and back ------------------------------------------------------------------------------------------------


def test_a_patch_comes_back_from_its_file(tmp_path: Path) -> None:
    patch = a_patch()
    save_patch(tmp_path / "one.safetensors", patch)
    again = load_patch(tmp_path / "one.safetensors")
    assert same(again, patch) and again.changes[0].dropped["encoder.layer.0.output.dense.weight"].dtype == np.int32
    assert patch_bytes(again) == patch_bytes(patch) == (tmp_path / "one.safetensors").read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["one.safetensors"]  # nothing else is left behind


def test_the_impact_is_kept_and_files_without_one_stay_as_they_were() -> None:
    recorded = a_patch(impact="57 of 100 predictions of food become wrong.")
    assert read_patch(patch_bytes(recorded)).impact == recorded.impact
    assert "impact" not in parts(patch_bytes(a_patch()))[1] and read_patch(patch_bytes(a_patch())).impact == ""


def test_positions_are_32_bit_and_everything_else_is_json() -> None:
    tensors, header = parts(patch_bytes(a_patch()))
    assert {array.dtype for array in tensors.values()} == {np.dtype(np.int32)}
    np.testing.assert_array_equal(tensors["1.grown.encoder.layer.0.attention.self.query.weight"],
                                  REVISIONS[1].change.grown["encoder.layer.0.attention.self.query.weight"])
    assert header == {"format": 1, "name": "kinder waiters", "note": "They smiled.", "author": "Ada", "base": "ba5e",
                      "created": "2026-01-31T12:00:00+00:00",
                      "revisions": [{"concept": "soup", "value": "Negative", "portion": 0.25, "steps": 2},
                                    {"concept": "room", "value": "Positive", "portion": 0.5, "steps": 1}]}


def test_hostile_text_comes_back_as_it_was() -> None:
    for text in HOSTILE.values():
        patch = a_patch(name=text[:80], note=text, author=text[:80])
        assert same(read_patch(patch_bytes(patch)), patch)


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "one.safetensors"
    save_patch(path, a_patch())
    old = path.read_bytes()
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        save_patch(path, a_patch(name="other"))
    assert path.read_bytes() == old and len(list(tmp_path.iterdir())) == 1


def test_a_patch_made_now_says_when() -> None:
    assert Patch.now("a", "", "", "ba5e", REVISIONS).time.utcoffset() is not None


# -- what a patch may be -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "parts"), [
    ({"name": ""}, ["no name"]), ({"name": " \t"}, ["no name"]), ({"name": "x" * 81}, ["name has 81", "80"]),
    ({"note": "x" * (MAX_LENGTH["note"] + 1)}, ["note has 2001", "2000"]), ({"author": "x" * 81}, ["author has 81"]),
    ({"name": "a\ud800b"}, ["half of a Unicode pair"]), ({"created": "yesterday"}, ["'yesterday'", "time zone"]),
    ({"created": "2026-01-31T12:00:00"}, ["time zone"]), ({"created": ""}, ["''"]),
    ({"revisions": ()}, ["no revision"]),
    ({"revisions": (Revision("soup", "Negative", 0.0, 0, MaskChange("soup", {}, {})),)}, ["does not change"]),
    ({"revisions": (replace(REVISIONS[0], concept="room"),)}, ["its concept"]),
], ids=str)
def test_what_no_patch_is(changes: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(InputError) as error:
        a_patch(**changes)
    assert [part for part in parts if part not in str(error.value)] == []


# -- files that are refused ----------------------------------------------------------------------------------------


def header_with(**changes: Any) -> Callable[[bytes], bytes]:
    return lambda data: rewritten(parts(data)[0], parts(data)[1] | changes)


def tensors_with(**changes: np.ndarray) -> Callable[[bytes], bytes]:
    named = {key.replace("__", "."): array for key, array in changes.items()}
    return lambda data: rewritten(parts(data)[0] | named, parts(data)[1])


ONE = np.array([1], dtype=np.int32)


@pytest.mark.parametrize("spoil", [
    lambda data: b"", lambda data: data[:4], lambda data: data[:200], lambda data: data[:-1], lambda data: data + b"x",
    lambda data: b"\xff" * 8 + data[8:], lambda data: data[:8] + b"[" * 50 + data[58:], lambda data: b"PK\x03\x04" * 99,
    lambda data: save(parts(data)[0]), lambda data: save(parts(data)[0], {"format": "pt"}),
    lambda data: rewritten(parts(data)[0], "{"), lambda data: rewritten(parts(data)[0], "[" * 200_000),
    lambda data: rewritten(parts(data)[0], []), lambda data: rewritten(parts(data)[0], "NaN"),
    header_with(format=2), header_with(format="1"), header_with(name=None), header_with(name="x" * 81),
    header_with(created="never"), header_with(revisions=[]), header_with(extra=1), header_with(base=["a"]),
    header_with(revisions=[{"concept": "soup", "value": "Negative", "portion": float("nan"), "steps": 1}] * 2),
    header_with(revisions=[{"concept": "soup", "value": "Negative", "portion": 2, "steps": 1}] * 2),
    header_with(revisions=[{"concept": "soup", "value": "Negative", "portion": 0.1, "steps": -1}] * 2),
    header_with(revisions=[{"concept": "soup", "value": "Negative", "portion": 0.1, "steps": 1}]),
    tensors_with(**{"2__dropped__a": ONE}), tensors_with(**{"00__dropped__a": ONE}), tensors_with(a=ONE),
    tensors_with(**{"0__shaken__a": ONE}), tensors_with(**{"9" * 5000 + "__dropped__a": ONE}),
    tensors_with(**{"0__dropped__a": ONE.astype(np.int64)}), tensors_with(**{"0__dropped__a": ONE.astype(np.float32)}),
    tensors_with(**{"0__dropped__a": ONE.reshape(1, 1)}), tensors_with(**{"0__dropped__a": ONE.view(np.uint8)}),
])
def test_damaged_and_foreign_files_are_refused(spoil: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "spoilt.safetensors"
    path.write_bytes(spoil(patch_bytes(a_patch())))
    with pytest.raises(InputError) as error:
        load_patch(path)
    assert "allowed" in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 600


def test_any_byte_may_be_wrong() -> None:
    """A flipped byte is refused or is another patch, never another error."""
    small = MaskChange("soup", *({name: positions[:2] for name, positions in kind.items()}
                                 for kind in (REVISIONS[0].change.dropped, REVISIONS[0].change.grown)))
    data = bytearray(patch_bytes(a_patch(revisions=(replace(REVISIONS[0], change=small),))))
    for position in range(0, len(data), 5):
        spoilt = bytearray(data)
        spoilt[position] ^= 0x41
        with suppress(InputError):
            check_patch(read_patch(bytes(spoilt)), "ba5e", MASKS)


def test_too_large_a_file_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = patch_bytes(a_patch())
    path = tmp_path / "large.safetensors"
    path.write_bytes(data)
    monkeypatch.setattr(module, "MAX_BYTES", len(data))
    assert same(load_patch(path), a_patch())
    monkeypatch.setattr(module, "MAX_BYTES", len(data) - 1)
    monkeypatch.setattr(module, "read_patch", lambda *_: pytest.fail("read"))
    with pytest.raises(InputError, match=f"{len(data):,} bytes.*{len(data) - 1:,}"):
        load_patch(path)
    with pytest.raises(InputError, match="bytes"):
        read_patch(data)


@pytest.mark.parametrize("path", ["none.safetensors", "."])
def test_a_path_without_a_file_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no patch file"):
        load_patch(tmp_path / path)


# -- whom it fits --------------------------------------------------------------------------------------------------


def test_a_patch_of_another_checkpoint_is_refused_with_both_hashes() -> None:
    check_patch(a_patch(), "ba5e", MASKS)
    with pytest.raises(InputError, match=r"ba5e.*0ther"):
        check_patch(a_patch(), "0ther", MASKS)


@pytest.mark.parametrize("change", [
    MaskChange("soup", {"unheard.of": ONE}, {}),
    MaskChange("soup", {}, {"encoder.layer.0.output.dense.weight": 9999 * ONE}),
    REVISIONS[0].change.inverse,
], ids=["matrix", "position", "state"])
def test_what_does_not_fit_the_masks_is_refused(change: MaskChange) -> None:
    patch = a_patch(revisions=(replace(REVISIONS[0], change=change),))
    with pytest.raises(InputError, match="allowed|other masks"):
        check_patch(read_patch(patch_bytes(patch)), "ba5e", MASKS)
