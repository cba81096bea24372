"""The Hugging Face Hub, where checkpoints are read from and written to; every failure is one sentence."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    LocalTokenNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from sparsecbm.errors import CheckpointError, InputError, in_short
from sparsecbm.paths import path_of

_SETTINGS, _CARD = "config.json", "README.md"
#: What is downloaded of a repository: never pickled weights, nor code.
_READ = ("*.json", "*.safetensors", "*.txt", _CARD)
#: What an upload removes unless it brings it along: the files of the model that was there before.
_REPLACED = ("model*.safetensors", "model.safetensors.index.json", "masks.safetensors", "familiarity.safetensors",
             "samples.json")
#: What a network that does not work raises, beside what the Hub answers.
_FAILURES = (HTTPError, HFValidationError, OSError)


def located(
    source: str | Path, revision: str | None = None, token: str | bool | None = None,
    cache_dir: str | Path | None = None, force_download: bool = False, local_files_only: bool = False,
) -> Path:
    """The folder of a checkpoint: itself, or a downloaded copy of the Hub's model of this id, at a branch, tag or
    commit.

    The options are those of `huggingface_hub.snapshot_download`; the token is the one that is logged in, unless given.
    The settings are fetched first, so that the weights of what is no checkpoint are not. CheckpointError when there is
    no such folder or model, InputError for the revision of a folder.
    """
    folder = path_of(source)
    if folder.is_dir():
        if revision is not None:
            raise InputError(f"Revision {revision!r} was asked of the folder {folder}; allowed: revisions of Hub ids. "
                             "Leave it out.")
        return folder
    if folder.is_absolute() or str(source).count("/") != 1 or str(source).startswith("."):
        raise CheckpointError(f"There is no checkpoint folder {str(source)!r}; give a folder that holds {_SETTINGS}, "
                              "or a Hub id such as owner/name.")
    options = {"revision": revision, "token": token, "cache_dir": cache_dir, "force_download": force_download,
               "local_files_only": local_files_only}
    with _in_one_sentence(str(source), revision, "be read"):
        _check_settings(Path(snapshot_download(str(source), allow_patterns=[_SETTINGS], **options)), source)
        return Path(snapshot_download(str(source), allow_patterns=list(_READ), **options))


def upload(
    folder: Path, repo_id: str, message: str, private: bool | None = None, token: str | bool | None = None,
    revision: str | None = None, create_pr: bool = False,
) -> str:
    """Put a folder's files into the model `repo_id` of the Hub in one commit, and return the commit's address.

    Repository and branch (`revision`) are made where they are missing. Weights of an earlier model go in the same
    commit. CheckpointError when the Hub cannot be reached or does not take them.
    """
    api = HfApi(token=token)
    with _in_one_sentence(repo_id, revision, "be written to"):
        repo_id = api.create_repo(repo_id, private=private, exist_ok=True).repo_id
        if revision is not None and not revision.startswith("refs/pr/"):
            api.create_branch(repo_id, branch=revision, exist_ok=True)
        commit = api.upload_folder(repo_id=repo_id, folder_path=folder, commit_message=message, revision=revision,
                                   create_pr=create_pr, delete_patterns=list(_REPLACED))
    return str(commit.commit_url)


def _check_settings(folder: Path, source: str | Path) -> None:
    """CheckpointError unless a downloaded folder has the settings of a checkpoint."""
    try:
        settings = json.loads((folder / _SETTINGS).read_bytes())
    except (OSError, ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict) or not {"format", "model", "backbone"} <= settings.keys():
        raise CheckpointError(f"The Hub's {str(source)!r} is not a SparseCBM checkpoint: its {_SETTINGS} is missing or "
                              "of another kind of model; give the id of one that `push_to_hub` or `train` made.")


@contextmanager
def _in_one_sentence(repo_id: str, revision: str | None, what: str) -> Iterator[None]:
    """CheckpointError that says why the Hub's model cannot be read, or be written to."""
    try:
        yield
    except _FAILURES as error:
        raise CheckpointError(f"The Hub's {repo_id!r} cannot {what}: {_why(error, revision)}.") from None


def _why(error: Exception, revision: str | None) -> str:
    """The cause, and what to do."""
    if isinstance(error, HFValidationError):
        return f"that is no id ({in_short(error)}); check the path or the id, which is owner/name"
    if isinstance(error, RevisionNotFoundError):
        return f"it has no revision {revision!r}; name one of its branches, tags or commits"
    status = error.response.status_code if isinstance(error, HfHubHTTPError) else None
    if isinstance(error, (GatedRepoError, LocalTokenNotFoundError)) or status in (401, 403):
        return ("no such model is open to you, or your token lacks the right; check the path or the id, and log in "
                "(hf auth login) or pass a token")
    if isinstance(error, RepositoryNotFoundError) or status == 404:
        return "there is no such model, or it is private; check the path or the id, or pass a token"
    if status is not None:
        return f"the Hub answered with status {status} ({in_short(error)}); try again later"
    return (f"there is no connection to it, nor a copy here ({type(error).__name__}); check the path or the id, and "
            "the network, which HF_HUB_OFFLINE cuts off")
