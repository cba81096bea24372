"""A backbone out of packages: whole or not at all, nothing but its own files, and from nothing but the right ones."""

import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from sparsecbm.__main__ import main
from sparsecbm.errors import DataError, InputError
from sparsecbm.model.backbone import pretrained_backbone
from sparsecbm.model.encoding import Encoder
from sparsecbm.training.backbone_packages import BACKBONES, JoinedFiles, PackagedBackbone, put_together
from tests.helpers import backbone_folder, tiny_encoder

ROOT = Path(__file__).parents[2]
PACKAGES = ("toy-backbone-part-1", "toy-backbone-part-2", "toy-backbone-part-3")
OURS = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")

Install = Callable[..., None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbone_folder(tmp_path_factory.mktemp("published"), "mpnet")


@pytest.fixture(scope="module")
def toy(folder: Path) -> PackagedBackbone:
    contents = {name: (folder / name).read_bytes() for name in OURS}
    return PackagedBackbone("toys/backbone", PACKAGES, "1.2", "requirements-toy.txt", "toy", {
        name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in contents.items()})


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the packages of a test are installed."""
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return tmp_path / "site"


def zipped(folder: Path, **changed: bytes) -> bytes:
    """The backbone's files in a zip, and paths that lead out of its folder. Names are given with `_` for a dot."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("toy/", b"")
        for name in ("../escaped.txt", "toy/../../escaped.txt", "/escaped.txt", "toy/desktop.ini"):
            archive.writestr(name, "not wanted")
        for name in OURS:
            archive.writestr(f"toy/{name}", changed.get(name.replace(".", "_"), (folder / name).read_bytes()))
    return made.getvalue()


def install(site: Path, content: bytes, packages: tuple[str, ...] = PACKAGES, version: str = "1.2") -> None:
    """Install packages with the parts of a zip, unlike in size, as pip does."""
    cuts = [0, len(content) // 5, len(content) // 5 + 7, len(content)]
    for number, package in enumerate(packages):
        name = package.replace("-", "_")
        part, about = Path(name, "input", f"toy.zip.{number + 1:03d}"), Path(f"{name}-{version}.dist-info")
        metadata = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        for path, text in ((part, content[cuts[number] : cuts[number + 1]]), (about / "METADATA", metadata.encode()),
                           (about / "RECORD", f"{name}/__init__.py,,\n{part.as_posix()},,\n".encode())):
            (site / path).parent.mkdir(parents=True, exist_ok=True)
            (site / path).write_bytes(text)


def test_the_command_writes_a_folder_to_train_from(
    folder: Path, toy: PackagedBackbone, site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    install(site, zipped(folder))
    monkeypatch.setitem(BACKBONES, "toy", toy)
    output = tmp_path / "deep" / "backbone"
    assert main(["backbone", "toy", "--output", str(output)]) == 0
    assert str(output) in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in output.iterdir()} == {
        name: (folder / name).read_bytes() for name in OURS}
    assert not list(tmp_path.rglob("escaped.txt"))
    assert pretrained_backbone(output).config.model_type == "mpnet"
    assert Encoder.load(output, 64).words("The soup.") == tiny_encoder().words("The soup.")


def test_progress_ends_at_one(folder: Path, toy: PackagedBackbone, site: Path, tmp_path: Path) -> None:
    install(site, zipped(folder))
    shares: list[float] = []
    put_together(toy, tmp_path / "backbone", shares.append)
    assert shares == sorted(shares) and len(shares) >= len(OURS) and shares[-1] == 1


@pytest.mark.parametrize(("packages", "version", "missing"), [
    ((), "1.2", PACKAGES), (PACKAGES[:1], "1.2", PACKAGES[1:]), (PACKAGES, "1.1", PACKAGES),
], ids=["none", "one", "another version"])
def test_what_is_not_installed_is_named(
    packages: tuple[str, ...], version: str, missing: tuple[str, ...], folder: Path, toy: PackagedBackbone, site: Path,
    tmp_path: Path,
) -> None:
    install(site, zipped(folder), packages, version)
    with pytest.raises(InputError) as error:
        put_together(toy, tmp_path / "backbone")
    assert [name for name in PACKAGES if name in str(error.value)] == list(missing)
    assert toy.requirements in str(error.value) and not (tmp_path / "backbone").exists()


def test_a_part_that_was_deleted_counts_as_missing(
    folder: Path, toy: PackagedBackbone, site: Path, tmp_path: Path
) -> None:
    install(site, zipped(folder))
    next(site.rglob("*.002")).unlink()
    with pytest.raises(InputError, match=f": {PACKAGES[1]}\\."):
        put_together(toy, tmp_path / "backbone")


def damaged(content: bytes) -> bytes:
    """One byte of the compressed weights flipped."""
    spoilt = bytearray(content)
    spoilt[content.index(b"toy/model.safetensors") + 500] ^= 1
    return bytes(spoilt)


@pytest.mark.parametrize("spoil", [
    lambda folder: zipped(folder)[:-40],
    lambda folder: damaged(zipped(folder)),
    lambda folder: zipped(folder, model_safetensors=bytes((folder / "model.safetensors").stat().st_size)),
    lambda folder: zipped(folder, config_json=b"{}"),
    lambda folder: zipped(folder, tokenizer_json=bytes(10**7)),
    lambda folder: zipped(folder).replace(b"toy/", b"boy/"),
], ids=["cut", "damaged", "other weights", "other settings", "far too large", "another folder"])
def test_anything_else_is_refused_and_leaves_nothing(
    spoil: Callable[[Path], bytes], folder: Path, toy: PackagedBackbone, site: Path, tmp_path: Path
) -> None:
    """So that the command can be run again."""
    install(site, spoil(folder))
    with pytest.raises(DataError, match="toys/backbone"):
        put_together(toy, tmp_path / "backbone")
    assert list((tmp_path / "backbone").iterdir()) == []
    install(site, zipped(folder))
    put_together(toy, tmp_path / "backbone")


def test_no_file_of_a_person_is_replaced(folder: Path, toy: PackagedBackbone, site: Path, tmp_path: Path) -> None:
    install(site, zipped(folder))
    (tmp_path / "config.json").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="not empty"):
        put_together(toy, tmp_path)
    assert (tmp_path / "config.json").read_text(encoding="utf-8") == "mine"
    put_together(replace(toy, files={"config.json": toy.files["config.json"]}), tmp_path / "other")
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["config.json"]


def test_joined_files_are_one(tmp_path: Path) -> None:
    for name, content in (("a", b"01234"), ("b", b""), ("c", b"5"), ("d", b"6789")):
        (tmp_path / name).write_bytes(content)
    with io.BufferedReader(JoinedFiles([tmp_path / name for name in "abcd"]), 3) as joined:
        assert joined.read() == b"0123456789" and joined.read() == b"" and joined.tell() == 10
        for start in range(10):
            assert joined.seek(start) == start and joined.read(3) == b"0123456789"[start:][:3]
        assert joined.seek(-4, io.SEEK_END) == 6 and joined.read() == b"6789"


@pytest.mark.parametrize("backbone", BACKBONES.values(), ids=BACKBONES)
def test_the_requirements_are_the_packages(backbone: PackagedBackbone) -> None:
    lines = (ROOT / backbone.requirements).read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    assert tuple(pin.name for pin in pins) == backbone.packages
    assert all(str(pin.specifier) == f"=={backbone.version}" for pin in pins)
    assert all(pin.name not in (ROOT / file).read_text(encoding="utf-8")
               for pin in pins for file in ("requirements.txt", "requirements-dev.txt"))
