"""The benchmarks compare what they say they compare."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
from playwright.sync_api import Browser
from streamlit.testing.v1 import AppTest

from benchmarks import (
    attributions,
    correction,
    gpu,
    overlap,
    page_moves,
    page_presses,
    predict,
    profile,
    report,
    revision,
    waits,
)
from benchmarks.browser import CHROMIUM
from sparsecbm.data.split import NO_LABEL
from sparsecbm.schema import CEBAB

pytestmark = pytest.mark.slow

#: A page with a chart that changes some time after a press.
CHART = """<div role=img aria-label="After: 0">0</div><div role=radiogroup aria-label="Set food to">
<label><input type=radio name=food>Negative</label><label><input type=radio name=food>Positive</label></div><script>
let number = 0;
for (const radio of document.querySelectorAll("input")) radio.addEventListener("change", () => setTimeout(() => {
    document.body.append("another part of the page"); // which is no chart
    setTimeout(() => document.querySelector("[role=img]").replaceChildren(String(++number)), 20);
}, 20));
</script>"""


def test_the_gap_is_measured_over_reviews_and_concepts(tiny_checkpoint: Path, tiny_data: Path, capsys: Any) -> None:
    code = attributions.main(["--checkpoint", str(tiny_checkpoint), "--data", str(tiny_data), "--sample", "2",
                              "--device", "cpu"])
    made = json.loads(capsys.readouterr().out)
    assert made["n"] == 2 and made["targets"] == 2 * 4 and made["machine"]["device"] == "cpu"
    found = made["gaps"]
    assert (code == 0) == made["within_bounds"] == (
        found["at_the_median"]["median"] <= 0.02 and found["at_95_percent"]["median"] <= 0.1)


def test_the_overlap_of_random_masks_is_timed_and_weighed(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So few weights are not worth their overhead in memory; the masks of ten concepts and a residual are counted."""
    sizes = ["--layers", "2", "--hidden", "128", "--inner", "256", "--heads", "2", "--repeats", "1", "--threads", "1"]
    code = overlap.main(sizes)
    result = json.loads(capsys.readouterr().out)
    weights = 2 * (4 * 128 * 128 + 2 * 128 * 256)
    assert (result["concepts"], result["passes"], result["weights"]) == (10, 11, weights)
    assert result["packed_bytes"] == 11 * weights / 8 and result["seconds"] > 0 < result["cpu_seconds"]
    assert result["extra_over_packed"] == pytest.approx(result["extra_bytes"] / result["packed_bytes"])
    assert (code == 0) == result["within_limits"] == (result["seconds"] <= 2 and result["extra_over_packed"] <= 1.5)
    monkeypatch.setattr(overlap, "MOST_MEMORY", 0)
    assert overlap.main(sizes) == 1


def test_the_masks_of_the_overlap_benchmark_are_as_large_as_bert_base() -> None:
    shape = overlap.BERT_BASE
    assert shape["layers"] * (4 * shape["hidden"] ** 2 + 2 * shape["hidden"] * shape["inner"]) == 84_934_656


def test_the_agreement_of_revisions_is_counted(tiny_checkpoint: Path, tiny_data: Path, capsys: Any) -> None:
    sizes = ["--device", "cpu", "--sample", "3", "--portion", "0.1"]
    code = revision.main(["--checkpoint", str(tiny_checkpoint), "--data", str(tiny_data), *sizes])
    made = json.loads(capsys.readouterr().out)
    assert made["reviews"] == 3 <= made["concepts"] and made["portion_largest"] <= 0.1
    assert made["shares"]["uncorrected"] == {"median": 1 - made["agree"], "bound": 0.1}
    assert (code == 0) == made["within_bounds"] == (1 - made["agree"] <= 0.1)


def test_a_table_is_compared_with_its_texts(tiny_checkpoint: Path, capsys: Any) -> None:
    sizes = ["--rows", "12", "--repeats", "1", "--threads", "1", "--device", "cpu"]
    code = predict.main(["--checkpoint", str(tiny_checkpoint), *sizes])
    made = json.loads(capsys.readouterr().out)
    found = made["ratios"]["table_over_texts"]
    assert made["rows"] == 12 and made["rows_per_second"] > 0 and found["bound"] == 1.1
    assert (code == 0) == made["within_bounds"] == (found["median"] <= 1.1)


def test_the_memory_of_many_rows_is_held_against_that_of_few(monkeypatch: pytest.MonkeyPatch) -> None:
    peaks = {"1000": 500 * 2**20, "100000": 531 * 2**20}
    monkeypatch.setattr(predict.subprocess, "run", lambda command, **_: Mock(stdout=f"{peaks[command[-1]]}\n"))
    assert predict.memory()["extra"] == {"median": 31 * 2**20, "bound": 32 * 2**20}
    assert report.report(bytes=predict.memory())["within_bounds"]
    peaks["100000"] += 2 * 2**20
    assert not report.report(bytes=predict.memory())["within_bounds"]
    assert predict.peak_bytes(20) > 2**20


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_the_clock_runs_from_each_press_until_the_chart_itself_changes(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_moves, "PAUSE", 0)
    with browser.new_page() as page:
        page.set_content(CHART)
        first, second = (page_moves.watched(page, page_moves.buttons(page, ["food"], 4), 1) for _ in range(2))
    assert len(first) == len(second) == 3 and min(*first, *second) >= 39  # timers may be a little early


def test_the_empty_page_does_say_what_was_pressed() -> None:
    at = AppTest.from_string(page_moves.EMPTY).run()
    at.get("segmented_control")[0].set_value("Positive").run()
    assert not at.exception and "After: Positive" in at.get("html")[0].proto.body


@pytest.mark.parametrize(("median", "code"), [(80.0, 0), (80.5, 1)])
def test_the_exit_code_is_that_of_the_limit(
    median: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    scripts, asked = [], []

    @contextmanager
    def served(script: Path, **environment: str) -> Iterator[str]:
        scripts.append((script.name, environment))
        yield script.stem

    def taken(url: str, empty: str, moves: int) -> dict[str, Any]:
        asked.append((url, empty, moves))
        return page_moves.summary([median - 1] * 3, [median, median + 3, median + 9, median + 9], [median / 2])

    monkeypatch.setattr(page_moves, "served", served)
    monkeypatch.setattr(page_moves, "measure", taken)
    assert page_moves.main(["--checkpoint", "some", "--moves", "7"]) == code
    made = json.loads(capsys.readouterr().out)
    assert scripts == [("app.py", {"SPARSECBM_CHECKPOINT": "some"}), ("empty.py", {})]
    assert asked == [("app", "empty", 7)] and made["within_bounds"] == (code == 0)
    assert made["milliseconds"]["moves"] == {"median": median, "low": median - 1, "high": median + 9, "bound": 80}
    assert made["milliseconds"]["empty_page"]["median"] == median / 2


def test_a_press_is_timed_until_its_answer_and_until_the_page_has_followed() -> None:
    quick = {name: [(limit - 1, limit), (limit, 9 * limit), (2 * limit, 9 * limit)]
             for name, limit in page_presses.LIMITS.items()}
    found, limit = page_presses.summary(quick), page_presses.LIMITS["pair"]
    assert found["within_bounds"]
    assert found["milliseconds"]["pair"] == {"median": limit, "low": limit - 1, "high": 2 * limit, "bound": limit}
    assert found["milliseconds"]["pair_followed"] == {"median": 9 * limit, "low": limit, "high": 9 * limit,
                                                      "bound": None}
    late = page_presses.LIMITS["layer"] + 1
    assert not page_presses.summary(quick | {"layer": [(late, late)]})["within_bounds"]


def test_waits_are_also_multiples_of_a_dense_pass() -> None:
    found = waits.summary([5000.0, 7000.0, 5500.0], [400.0, 900.0, 500.0], [10.0, 30.0, 10.0])
    assert found["ratios"]["explain_to_heatmap_over_dense"] == {"median": 40, "low": 30, "high": 50, "bound": None}
    assert found["milliseconds"]["first_page"] == {"median": 5500, "low": 5000, "high": 7000, "bound": 6000}
    assert found["within_bounds"] and not waits.summary([6001.0], [1.0], [1.0])["within_bounds"]
    assert "| explain to heatmap over dense | 40 | 30 to 50 | - |" in waits.table(found)
    assert waits.rotated("a b c", 4) == "b c a"


def test_the_run_on_a_gpu_fits_into_eight_minutes_and_goes_on_after_a_failed_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    ran = []

    def run(command: list[str], stdout: Any, timeout: int, **_: Any) -> Any:
        ran.append((command, timeout))
        tests = "pytest" in command
        stdout.write(b"" if tests else json.dumps({
            "machine": {"gpu": "toy"}, "ratios": {"one": spread(1.0)}, "details": {"one": {"compares": "a / b"}},
            "memory": {"weights": 2**20}}).encode())
        return Mock(returncode=int(tests))

    def spread(median: float) -> dict[str, Any]:
        return {"median": median, "low": median, "high": median, "bound": 1.5}

    monkeypatch.setattr(gpu.subprocess, "run", run)
    monkeypatch.setattr(gpu, "available_device", lambda name: name)
    page = tmp_path / "speed.md"
    page.write_text("<!-- gpu -->\n<!-- /gpu -->", encoding="utf-8")
    assert gpu.main(["--output", str(tmp_path / "out"), "--write", str(page)]) == 1
    assert [command[2] for command, _ in ran] == ["pytest", "sparsecbm"]
    assert sum(seconds for _, seconds in ran) <= gpu.MOST_SECONDS
    assert "| a / b | 1 | 1 to 1 | 1.5 |" in page.read_text(encoding="utf-8")


def test_time_counts_for_the_innermost_part_that_is_known() -> None:
    def frame(*paths: str) -> Any:
        inner: Any = None
        for path in reversed(paths):
            inner = Mock(f_code=Mock(co_filename=path), f_back=inner)
        return inner

    where = "/x/sparsecbm/model/network.py", "/x/sparsecbm/words/compute.py"
    assert profile.part_of(frame("/x/torch/nn/functional.py", *where)) == "passes"
    assert profile.part_of(frame("/x/torch/autograd/__init__.py", *where)) == "gradients"
    assert profile.part_of(frame("C:\\x\\plotly\\io.py", "/x/sparsecbm/words/panel.py")) == "figures"
    assert profile.part_of(frame("/x/json/decoder.py")) == profile.part_of(None) == "other"


def test_shares_of_the_time_add_up_to_one() -> None:
    milliseconds, parts = profile.shares(lambda: sum(range(200_000)), 0.05)
    assert milliseconds > 0 and sum(parts.values()) == pytest.approx(1)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_words_inside_a_component_count_as_drawn(browser: Browser) -> None:
    """They come 30 ms after the press; the page ends when they have been seen."""
    with browser.new_page() as page:
        page.add_init_script(page_presses.WORDS)
        page.goto("data:text/html,<div data-testid=stApp data-test-script-state=running><span class=part></span></div>")
        page.evaluate("""() => document.addEventListener("click", () => setTimeout(() => {
            document.querySelector(".part").attachShadow({ mode: "open" }).append("Layer 3");
            setInterval(() => {
                if (window.seen) document.querySelector("div").dataset.testScriptState = "notRunning";
            }, 20);
        }, 30))""")
        answered, followed = page_presses.timed(page, lambda: page.mouse.click(5, 5), "words('.part') === 'Layer 3'")
    assert 30 <= answered < followed


def test_correction_sets_only_wrong_concepts_and_pairs_the_gain_by_row() -> None:
    prediction, asked = Mock(schema=CEBAB, label="2"), Mock()
    prediction.value.side_effect = {"food": "Negative", "ambiance": "unknown", "service": "Positive"}.get
    asked.override.return_value.after.label = "5"
    gold = np.array([2, 1, NO_LABEL, NO_LABEL])
    assert correction.correct(asked, prediction, gold) == "5"
    asked.override.assert_called_once_with(prediction, {"food": (0, 0, 1)})
    found = correction.gain(*map(np.array, ([0, 1, 2, 2], [0, 2, 1, 1], [0, 1, 1, 1], [True, True, True, False])))
    assert (found["n"], found["before"], found["after"], found["gain"]) == (3, 2 / 3, 2 / 3, 0)
    assert correction.score(np.array([0, 1, 1]), np.array([0, 0, NO_LABEL])) == {
        "n": 2, "accuracy": 0.5, "ci95": (0, 1), "most_common": 1}
