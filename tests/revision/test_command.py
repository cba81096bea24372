"""`intervene`, and `--patch` in `explain` and `evaluate`, on a tiny trained model."""

import errno
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sparsecbm.__main__ import main
from sparsecbm.revision import command as command
from sparsecbm.revision import compute as revision
from sparsecbm.revision.compute_exchange import Exchange, Plan
from sparsecbm.revision.compute_patch import load_patch, save_patch
from tests.helpers import saved_checkpoint

REVIEW = "The soup was tasty. The waiter was rude."


@pytest.fixture
def base(tiny_checkpoint: Path) -> list[str]:
    """The command line up to what a test adds."""
    return ["intervene", REVIEW, "--device", "cpu", "--checkpoint", str(tiny_checkpoint), "--portion", "0.1"]


@pytest.fixture
def another(measure: Any) -> dict[str, str]:
    """Each concept's second most probable value."""
    concepts = measure("--override", "food=Negative")["before"]["concepts"]
    return {one["name"]: sorted(one["probabilities"], key=one["probabilities"].__getitem__)[-2] for one in concepts}


def value(concept: dict[str, Any]) -> str:
    return max(concept["probabilities"], key=concept["probabilities"].__getitem__)


def concepts(prediction: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one for one in prediction["concepts"]}


def test_a_revision_changes_one_concept(measure: Any, another: dict[str, str]) -> None:
    made = measure("--revise", f"service={another['service']}")
    assert set(made) == {"before", "after", "edits", "weights", "unread", "milliseconds"}
    before, after = concepts(made["before"]), concepts(made["after"])
    assert value(after["service"]) == another["service"] != value(before["service"])
    assert {name: after[name] for name in after if name != "service"} == {
        name: before[name] for name in before if name != "service"}
    assert made["after"]["label"] != made["before"]["label"]
    (edit,) = made["edits"]
    assert (edit["kind"], edit["concept"], edit["value"], edit["agrees"]) == (
        "revision", "service", another["service"], True)
    assert made["weights"]["dropped"] == made["weights"]["grown"] == edit["dropped"] == edit["grown"] > 0
    assert edit["portion"] == edit["dropped"] / made["weights"]["active"] and 1 <= edit["steps"] <= 5
    assert made["milliseconds"] > 0


def test_before_and_after_are_those_of_explain(measure: Any, tiny_checkpoint: Path, capsys: Any) -> None:
    assert main(["explain", REVIEW, "--override", "food=Negative", "--json", "--device", "cpu", "--checkpoint",
                 str(tiny_checkpoint)]) == 0
    explained = json.loads(capsys.readouterr().out)["intervention"]
    made = measure("--override", "food=Negative")
    assert (made["before"], made["after"]) == (explained["before"], explained["after"])
    assert made["edits"] == [{"kind": "override", "concept": "food",
                              "distribution": {"Negative": 1.0, "unknown": 0.0, "Positive": 0.0}}]
    assert made["weights"] == {"dropped": 0, "grown": 0, "active": 0}


def test_revisions_and_overrides_go_together(measure: Any, another: dict[str, str]) -> None:
    made = measure("--revise", f"service={another['service']}", "--revise", f"food={another['food']}", "--override",
                   "noise=0.2,0.3,0.5")
    after = concepts(made["after"])
    assert value(after["service"]) == another["service"] and value(after["food"]) == another["food"]
    assert list(after["noise"]["probabilities"].values()) == pytest.approx([0.2, 0.3, 0.5])
    assert [edit["kind"] for edit in made["edits"]] == ["revision", "revision", "override"]
    assert made["weights"]["dropped"] == sum(edit["dropped"] for edit in made["edits"][:2])


def test_a_concept_that_agrees_already_is_said_to(base: list[str], measure: Any, capsys: Any) -> None:
    says = value(concepts(measure("--override", "food=Negative")["before"])["service"])
    assert main([*base, "--json", "--revise", f"service={says}"]) == 0
    out, err = capsys.readouterr()
    made = json.loads(out)
    assert err.count("\n") == 1 and err.startswith(f"service is already {says}")
    assert made["after"] == made["before"] and made["weights"]["dropped"] == 0 < made["weights"]["active"]
    assert made["edits"][0]["steps"] == 0 and made["edits"][0]["agrees"]


def test_a_revision_that_does_not_suffice_is_said_to(
    base: list[str], another: dict[str, str], capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = np.zeros(0, dtype=np.int64)
    monkeypatch.setattr(Exchange, "plan", lambda self, state, counts: Plan(dict.fromkeys(counts, (nothing, nothing))))
    assert main([*base, "--json", "--revise", f"food={another['food']}"]) == 0
    out, err = capsys.readouterr()
    made = json.loads(out)
    assert made["edits"][0]["agrees"] is False and made["after"] == made["before"]
    assert err.startswith(f"food did not become {another['food']}: ") and err.count("\n") == 1 and "--portion" in err


def test_a_patch_keeps_revisions(
    base: list[str], measure: Any, another: dict[str, str], tmp_path: Path, tiny_checkpoint: Path, tiny_data: Path,
    capsys: Any,
) -> None:
    path = tmp_path / "kinder.safetensors"
    made = measure("--revise", f"service={another['service']}", "--save-patch", str(path), "--note", "why", "--author",
                   "Ada <b>")
    saved = load_patch(path)
    assert (saved.name, saved.note, saved.author) == ("kinder", "why", "Ada <b>")
    again = measure("--patch", str(path))
    assert again["after"] == made["after"] and again["weights"] == made["weights"]
    model = ["--device", "cpu", "--checkpoint", str(tiny_checkpoint), "--patch", str(path), "--json"]
    assert main(["explain", REVIEW, *model]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert explained["concepts"] == made["after"]["concepts"] and explained["label"] == made["after"]["label"]
    assert explained["patch"]["name"] == "kinder" and explained["patch"]["base"] == saved.base
    assert explained["receipt"]["checkpoint"].startswith(f"{saved.base}+")
    scores = ["evaluate", "--data", str(tiny_data), *model]
    reports = []
    for line in (scores, [part for part in scores if part not in ("--patch", str(path))]):
        assert main(line) == 0
        reports.append(json.loads(capsys.readouterr().out))
    assert reports[0]["patch"] == explained["patch"] and "patch" not in reports[1]
    assert reports[0]["n"] == 16 and not np.array_equal(reports[0]["jaccard"], reports[1]["jaccard"])
    assert reports[0]["sparsity"]["masked_weights"] == reports[1]["sparsity"]["masked_weights"]
    # One more revision on top of the patch: the new one holds both.
    both = tmp_path / "both.safetensors"
    measure("--patch", str(path), "--revise", f"food={another['food']}", "--save-patch", str(both), "--name", "Both!")
    assert [one.concept for one in load_patch(both).revisions] == ["service", "food"]
    assert (load_patch(both).name, load_patch(both).note, load_patch(both).author) == ("Both!", "why", "Ada <b>")
    # A copy under another name of file is the same patch, but for what is said anew.
    save_patch(path, replace(saved, impact="3 of 38", created="2026-01-31T12:00:00+00:00"))
    copy = tmp_path / "copy.safetensors"
    for more, author in (((), "Ada <b>"), (("--author", "Bo", "--note", ""), "Bo")):
        measure("--patch", str(path), "--save-patch", str(copy), *more)
        made = load_patch(copy)
        assert (made.name, made.author, made.impact, made.created[:4]) == ("kinder", author, "3 of 38", "2026")
    assert made.note == ""


def test_a_patch_that_cannot_be_saved_costs_no_answer(
    base: list[str], another: dict[str, str], tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "one.safetensors")

    monkeypatch.setattr(Path, "write_bytes", full)
    line = [*base, "--json", "--revise", f"service={another['service']}", "--save-patch", str(tmp_path / "one")]
    assert main(line) == 2
    out, err = capsys.readouterr()
    assert json.loads(out)["after"] and err.count("\n") == 1 and "No space left" in err
    assert list(tmp_path.iterdir()) == []


def test_the_text_form_shows_before_changes_and_after(
    base: list[str], another: dict[str, str], tmp_path: Path, capsys: Any
) -> None:
    path = str(tmp_path / "one.safetensors")
    changes = ["--revise", f"service={another['service']}", "--override", "food=Negative"]
    assert main([*base, *changes, "--save-patch", path, "--name", "\x1b[31mred"]) == 0
    out = capsys.readouterr().out
    for part in ("Before: label", "After: label", "Override: food set to Negative", "Revision: service to",
                 "weights dropped and", "active"):
        assert part in out
    assert main([*base, "--patch", path]) == 0
    out = capsys.readouterr().out
    assert f"(service={another['service']})" in out and "red" in out and "\x1b[31m" not in out


def test_the_defaults_of_the_options_are_those_of_the_library() -> None:
    assert (command.PORTION, command.STEPS) == (revision.DEFAULT_PORTION, revision.DEFAULT_STEPS)


@pytest.mark.parametrize(("arguments", "parts"), [
    ([], ["--override, --revise or --patch"]),
    (["--revise", "service"], ["'service'", "concept=value"]),
    (["--revise", "taste=Positive"], ["'taste'", "food, ambiance"]),
    (["--revise", "food=Great"], ["'Great'", "Negative, unknown, Positive"]),
    (["--revise", "food=0.2,0.3,0.5"], ["Negative, unknown, Positive"]),
    (["--revise", "food=Negative", "--portion", "0"], ["portion is 0;", "at most 0.1"]),
    (["--revise", "food=Negative", "--portion", "-0.1"], ["portion is -0.1"]),
    (["--revise", "food=Negative", "--portion", "0.2"], ["portion is 0.2", "at most 0.1"]),
    (["--revise", "food=Negative", "--portion", "nan"], ["portion is nan"]),
    (["--revise", "food=Negative", "--portion", "much"], ["'much'", "number"]),
    (["--revise", "food=Negative", "--steps", "0"], ["steps is 0", "1 to 50"]),
    (["--revise", "food=Negative", "--steps", "x"], ["'x'", "whole number"]),
    (["--override", "food=Great"], ["'Great'"]),
    (["--override", "food=Negative", "--override", "food=Positive"], ["second time"]),
    (["--override", "food=Negative", "--name", "a"], ["--name", "--save-patch"]),
    (["--override", "food=Negative", "--save-patch", "nothing.safetensors"], ["no revision"]),
    (["--override", "food=Negative", "--save-patch", "/none/at/all"], ["'/none/at/all'", "folder"]),
    (["--patch", "none.safetensors"], ["'none.safetensors'", "no patch file"]),
    (["--patch", "broken.safetensors"], ["broken.safetensors", "damaged"]),
])
def test_wrong_requests(
    arguments: list[str], parts: list[str], base: list[str], tmp_path: Path, capsys: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line on standard error, nothing on standard output, no file."""
    (tmp_path / "broken.safetensors").write_bytes(b"broken")
    monkeypatch.chdir(tmp_path)
    assert main([*base, "--json", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert [part for part in parts if part not in err] == []
    assert [path.name for path in tmp_path.iterdir()] == ["broken.safetensors"]


@pytest.mark.parametrize("name", ["intervene", "explain", "evaluate"])
def test_a_patch_of_another_checkpoint_is_refused_with_both_hashes(
    name: str, measure: Any, another: dict[str, str], tmp_path: Path, tiny_checkpoint: Path, tiny_data: Path,
    capsys: Any,
) -> None:
    path = tmp_path / "one.safetensors"
    measure("--revise", f"service={another['service']}", "--save-patch", str(path))
    text = json.loads((tiny_checkpoint / "config.json").read_text(encoding="utf-8"))
    other = tmp_path / "other"
    other.mkdir()
    for file in tiny_checkpoint.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    (other / "config.json").write_text(json.dumps(text), encoding="utf-8")  # the same settings in another form
    line = {"evaluate": ["--data", str(tiny_data)]}.get(name, [REVIEW])
    assert main([name, *line, "--device", "cpu", "--checkpoint", str(other), "--patch", str(path), "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and load_patch(path).base in err and "but this is" in err


def test_a_dense_checkpoint_has_nothing_to_revise(tmp_path: Path, capsys: Any) -> None:
    folder = saved_checkpoint(tmp_path, kind="dense")
    assert main(["intervene", REVIEW, "--revise", "soup=Negative", "--device", "cpu", "--checkpoint", str(folder)]) == 2
    assert "no masks" in capsys.readouterr().err
