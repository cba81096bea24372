"""The Hub, which is a stub here: what is asked of it, what is sent to it, and what is said of each failure."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalEntryNotFoundError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from sparsecbm.errors import CheckpointError, InputError
from sparsecbm.model import hub
from sparsecbm.model.checkpoint import CONFIG_FILE, FAMILIARITY_FILE, MASKS_FILE, load_checkpoint
from sparsecbm.model.stored_weights import INDEX_FILE, WEIGHTS_FILE
from tests.helpers import saved_checkpoint


def answer(status: int, kind: type[HfHubHTTPError] = HfHubHTTPError) -> HfHubHTTPError:
    """What the library raises for an answer of the Hub."""
    return kind("no", response=SimpleNamespace(status_code=status, headers={}, request=None))  # type: ignore[arg-type]


#: What the library raises, and what a person has to learn from it.
FAILURES: list[tuple[Exception, str]] = [
    (HFValidationError("bad id"), "owner/name"),
    (LocalEntryNotFoundError("no network"), "no connection"),
    (OfflineModeIsEnabled("offline"), "HF_HUB_OFFLINE"),
    (HTTPError("refused"), "no connection"),
    (OSError("cut"), "no connection"),
    (answer(401, RepositoryNotFoundError), "token"),
    (answer(404, RepositoryNotFoundError), "no such model"),
    (answer(403), "lacks the right"),
    (answer(403, GatedRepoError), "hf auth login"),
    (LocalTokenNotFoundError("no token"), "hf auth login"),
    (answer(404, RevisionNotFoundError), "revision 'v9'"),
    (answer(503), "status 503"),
]
each_failure = pytest.mark.parametrize(("failure", "part"), FAILURES, ids=lambda one: (
    one if isinstance(one, str) else type(one).__name__))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return saved_checkpoint(tmp_path / "sound")


def failing(failure: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise failure
    return fail


def one_sentence(message: str) -> bool:
    return "\n" not in message and message.endswith(".") and "The Hub's 'owner/name' cannot be" in message


# -- reading -------------------------------------------------------------------------------------------------------


def test_a_hub_id_is_downloaded_at_its_revision(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """First the settings alone; never what could hold a pickle."""
    asked: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(hub, "snapshot_download", lambda name, **options: asked.append((name, options)) or str(folder))
    assert hub.located("owner/name", "v2", "secret", folder / "cache", True, True) == folder
    assert load_checkpoint("owner/name", "cpu").hash == load_checkpoint(folder, "cpu").hash
    assert [name for name, _ in asked] == ["owner/name"] * 4
    first, second, *_ = (options for _, options in asked)
    assert first.pop("allow_patterns") == [CONFIG_FILE]
    patterns = second.pop("allow_patterns")
    assert {"*.json", "*.safetensors"} <= set(patterns)
    assert not any(part in pattern for pattern in patterns for part in ("bin", "pkl", "pt", "py"))
    assert first == second == {"revision": "v2", "token": "secret", "cache_dir": folder / "cache",
                               "force_download": True, "local_files_only": True}


@each_failure
def test_a_hub_that_gives_nothing_says_why(failure: Exception, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "snapshot_download", failing(failure))
    with pytest.raises(CheckpointError) as error:
        hub.located("owner/name", "v9")
    assert part in str(error.value) and one_sentence(str(error.value))


@pytest.mark.parametrize("settings", [None, "[]", "{", '{"model_type": "bert", "architectures": ["BertModel"]}'])
def test_another_kind_of_model_is_refused_before_its_weights_are_fetched(
    settings: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if settings is not None:
        (tmp_path / CONFIG_FILE).write_text(settings, encoding="utf-8")
    asked: list[list[str]] = []
    monkeypatch.setattr(hub, "snapshot_download",
                        lambda _, allow_patterns, **__: asked.append(allow_patterns) or str(tmp_path))
    with pytest.raises(CheckpointError, match="'owner/name' is not a SparseCBM checkpoint"):
        load_checkpoint("owner/name", "cpu")
    assert asked == [[CONFIG_FILE]]


def test_a_folder_wins_over_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved_checkpoint(tmp_path / "owner" / "name")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(hub, "snapshot_download", lambda *_, **__: pytest.fail("asked the Hub"))
    assert load_checkpoint("owner/name", "cpu").path == Path("owner/name")
    with pytest.raises(InputError, match="'v2'.*allowed: revisions of Hub ids"):
        hub.located("owner/name", "v2")


# -- writing -------------------------------------------------------------------------------------------------------


class Api:
    """What `HfApi` would be asked to do, in order."""

    def __init__(self, failing_call: str = "", failure: Exception | None = None) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.failing_call, self.failure = failing_call, failure

    def __call__(self, **options: Any) -> "Api":
        self.asked.append(("api", options))
        return self

    def _do(self, call: str, options: dict[str, Any]) -> Any:
        self.asked.append((call, options))
        if call == self.failing_call and self.failure is not None:
            raise self.failure
        return SimpleNamespace(repo_id="owner/name", commit_url="https://hub.test/commit/1")

    def create_repo(self, repo_id: str, **options: Any) -> Any:
        return self._do("create_repo", {"repo_id": repo_id} | options)

    def create_branch(self, repo_id: str, **options: Any) -> Any:
        return self._do("create_branch", {"repo_id": repo_id} | options)

    def upload_folder(self, **options: Any) -> Any:
        return self._do("upload_folder", options)


def test_a_folder_is_sent_in_one_commit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api()
    monkeypatch.setattr(hub, "HfApi", api)
    assert hub.upload(folder, "name", "message", True, "secret", "v2") == "https://hub.test/commit/1"
    assert [call for call, _ in api.asked] == ["api", "create_repo", "create_branch", "upload_folder"]
    told = dict(api.asked)
    assert told["api"] == {"token": "secret"}
    assert told["create_repo"] == {"repo_id": "name", "private": True, "exist_ok": True}
    assert told["create_branch"] == {"repo_id": "owner/name", "branch": "v2", "exist_ok": True}
    sent = told["upload_folder"]
    assert (sent["repo_id"], sent["folder_path"], sent["revision"]) == ("owner/name", folder, "v2")
    assert sent["commit_message"] == "message" and sent["create_pr"] is False


@pytest.mark.parametrize(("revision", "branches"), [(None, 0), ("refs/pr/3", 0), ("v2", 1)])
def test_only_a_branch_that_is_named_is_made(
    revision: str | None, branches: int, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = Api()
    monkeypatch.setattr(hub, "HfApi", api)
    hub.upload(folder, "owner/name", "message", revision=revision)
    assert [call for call, _ in api.asked].count("create_branch") == branches


def test_weights_of_an_earlier_model_do_not_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of several files, or masks, which the new one may not have; other people's files do."""
    from huggingface_hub.utils import filter_repo_objects

    api = Api()
    monkeypatch.setattr(hub, "HfApi", api)
    hub.upload(folder, "owner/name", "message")
    old = [WEIGHTS_FILE, INDEX_FILE, "model-00001-of-00002.safetensors", MASKS_FILE, FAMILIARITY_FILE]
    there = [*old, CONFIG_FILE, "README.md", ".gitattributes", "onnx/decoder.onnx", "notes.json"]
    gone = filter_repo_objects(there, allow_patterns=dict(api.asked)["upload_folder"]["delete_patterns"])
    assert list(gone) == old


@each_failure
@pytest.mark.parametrize("call", ["create_repo", "upload_folder"])
def test_a_hub_that_takes_nothing_says_why(
    call: str, failure: Exception, part: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "HfApi", Api(call, failure))
    with pytest.raises(CheckpointError) as error:
        hub.upload(folder, "owner/name", "message", revision="v9")
    assert part in str(error.value) and one_sentence(str(error.value))


def test_without_a_network_nothing_is_sent(folder: Path) -> None:
    """The library itself, which the tests keep offline."""
    with pytest.raises(CheckpointError, match="cannot be written to: there is no connection"):
        hub.upload(Path(shutil.copytree(folder, folder.parent / "copy")), "owner/name", "message", token="secret")
