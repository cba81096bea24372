"""The documents hold: their site builds, their commands are the real ones, their code runs, their links lead on."""

import argparse
import html
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sparsecbm.__main__ import build_parser

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = sorted((ROOT / "docs").rglob("*.md"))
DOCUMENTS = [README, *PAGES]
START = "pip install -r requirements.txt && streamlit run app.py"
TEST = "pip install -r requirements-dev.txt && pytest"
#: The four things that a newcomer wants to add, and a file that the answer must name.
PLACES = {"a concept": "sparsecbm/schema.py", "an attribution method": "sparsecbm/words/methods.py", "a page": "pages/",
          "a data set": "sparsecbm/data/catalogue.py"}


def blocks(language: str, *documents: Path) -> list[str]:
    """The fenced code blocks of some documents in one language, each once."""
    found = (block for document in documents for block in re.findall(
        rf"^```{language}\n(.*?)^```$", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    return list(dict.fromkeys(found))


def commands(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """A parser and all below it."""
    below = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return [parser, *(found for action in below for choice in action.choices.values() for found in commands(choice))]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documents as a site; a broken link, anchor or reference fails the build."""
    folder = tmp_path_factory.mktemp("site")
    result = subprocess.run([sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
                            cwd=ROOT, capture_output=True, encoding="utf-8")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def test_the_two_commands_stand_first_and_alone() -> None:
    assert blocks("sh", README)[:2] == [f"{START}\n", f"{TEST}\n"]


def test_ci_runs_the_command_of_the_readme() -> None:
    lines = [line for line in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
             if line and not line.startswith("#")]
    assert lines[-1] == TEST


@pytest.mark.slow
def test_the_site_documents_every_command_and_public_name(site: Path) -> None:
    import sparsecbm

    written = html.unescape(re.sub(r"<[^>]*>", "", (site / "command-line.html").read_text(encoding="utf-8")))
    for command in commands(build_parser())[1:]:
        assert command.description
        for action in command._actions:
            assert action.help
            assert all(name in written for name in action.option_strings if name not in ("-h", "--help"))
    ids = set(re.findall(r'id="([^"]+)"', (site / "python.html").read_text(encoding="utf-8")))
    assert {f"sparsecbm.{name}" for name in sparsecbm.__all__} <= ids


@pytest.mark.slow
def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert not re.findall(r'<(?:script|img|iframe)[^>]*src="(?:https?:)?//', page.read_text(encoding="utf-8")), page
        links = re.findall(r'<link[^>]*href="(?:https?:)?//[^>]*>', page.read_text(encoding="utf-8"))
        assert not [link for link in links if 'rel="canonical"' not in link], page


def test_every_command_has_an_example() -> None:
    lines = " ".join(blocks("sh", *DOCUMENTS))
    for command in build_parser()._subparsers._group_actions[0].choices:  # type: ignore[union-attr]
        assert f"sparsecbm {command} " in lines, command


@pytest.mark.parametrize("line", [line for block in blocks("sh", *DOCUMENTS) for line in block.splitlines()
                                  if line.startswith("python -m sparsecbm ")])
def test_every_example_is_a_command_line_that_is_understood(line: str) -> None:
    options, extra = build_parser().parse_known_args(shlex.split(line.partition(" > ")[0])[3:])
    assert not extra or "other_options" in options


@pytest.mark.parametrize("code", blocks("python", *DOCUMENTS), ids=lambda code: code.splitlines()[-1])
def test_python_in_the_documents_runs(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(code, "document", "exec"), {})
    assert capsys.readouterr().out.strip() not in ("", "False")


@pytest.mark.parametrize("document", [*DOCUMENTS, ROOT / "CHANGELOG.md"], ids=lambda path: path.stem)
def test_what_a_document_points_to_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#\s]+)", text):
        assert "://" in link or (document.parent / link).exists(), link
    for path in re.findall(r"`((?:sparsecbm|pages|tests|benchmarks|checkpoints|docs)/[\w./-]*)`", text):
        assert (ROOT / path).exists(), path
    for module in re.findall(r"python -m (benchmarks\.\w+)", text):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module


def test_every_module_is_found_from_the_architecture_and_every_page_has_a_guide() -> None:
    architecture = "".join((ROOT / "docs" / name).read_text(encoding="utf-8")
                           for name in ("architecture.md", "images/architecture.svg"))
    for folder in (ROOT / "sparsecbm").glob("*/__init__.py"):
        assert folder.parent.name in architecture, folder
    for page in (ROOT / "pages").glob("*.py"):
        assert (ROOT / f"docs/guide/{page.stem.partition('_')[2].lower()}.md").exists(), page


@pytest.mark.parametrize(("what", "path"), PLACES.items())
def test_a_newcomer_finds_where_to_add(what: str, path: str) -> None:
    text = (ROOT / "docs/contributing.md").read_text(encoding="utf-8")
    answer, = re.findall(rf"^\| \*\*{what}\*\* \| (.*) \|$", text, re.MULTILINE)
    assert path in answer and answer.startswith("`") and answer.endswith(".")


def test_the_readme_is_short_and_its_pictures_are_small() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120
    pictures = list((ROOT / "docs/images").glob("*.png"))
    assert pictures and all(picture.stat().st_size < 200_000 for picture in pictures)


def test_the_changelog_has_a_place_for_what_is_new() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
