"""Outcomes: hidden until somebody asks, then as calculated by hand; what is not defined is said in words."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from sparsecbm.studies.analysis import analyse
from sparsecbm.studies.outcome import MixedModel
from sparsecbm.studies.panel_address import study_store
from sparsecbm.studies.panel_results import archive
from sparsecbm.studies.panel_results_numbers import compared, comparison_rows, mixed_lines, order_counts
from sparsecbm.ui.loaded_model import CHECKPOINT_VARIABLE
from tests.app.screen import fine, press, segment, table
from tests.app.studies import a_kept_study, opened, said
from tests.studies.toys import a_protocol, judged_course

PROTOCOL = a_protocol()
#: One gives up a wrong answer for right advice in every case, the other a right one for wrong advice; all are "good".
HELPED = dict.fromkeys(PROTOCOL.case_of, ("bad", "good", "good", 6, 10.0))
MISLED = dict.fromkeys(PROTOCOL.case_of, ("good", "bad", "bad", 2, 20.0))
LATE = dict.fromkeys(PROTOCOL.case_of, ("good", "bad", None, 0, 30.0))


@pytest.fixture(autouse=True)
def _tiny(tiny_cebab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHECKPOINT_VARIABLE, str(tiny_cebab))
    monkeypatch.setenv("SPARSECBM_STUDIES", str(tmp_path / "studies.sqlite"))


def looked(study: str) -> AppTest:
    return fine(press(opened(section="results", of=study), "studies:results:look"))


def group(at: AppTest, name: str) -> AppTest:
    return fine(segment(at, "studies:results:group").set_value(name).run())


def test_outcomes_are_closed_until_asked_for_and_every_look_is_logged() -> None:
    study = a_kept_study(PROTOCOL, HELPED, MISLED)
    at = opened(section="results", of=study)
    assert "2 people took part" in said(at) and not at.get("plotly_chart") and "right" not in said(at)
    assert not study_store().notes(study)
    at = fine(press(at, "studies:results:look"))
    assert [note.kind for note in study_store().notes(study)] == ["results"] and len(at.get("plotly_chart")) == 1
    at = group(at, "Reliance")
    assert len(study_store().notes(study)) == 1  # one look, however many pictures
    at = fine(segment(at, "studies:results:who").set_value("simulated").run())
    assert "0 simulated participants took part" in said(at) and not at.get("plotly_chart")
    looked(study)
    assert [note.kind for note in study_store().notes(study)] == ["results"] * 2


def test_the_numbers_are_those_of_a_calculation_by_hand() -> None:
    at = looked(a_kept_study(PROTOCOL, HELPED, MISLED))
    assert "**2 people, 2 finished.**" in said(at) and len(at.warning) == 1
    assert "- prediction: 50 % right without help, 50 % with it, +0 points." in said(at)
    shown = table(at, "arm", "percent")
    assert shown["percent"].tolist() == [50.0] * 6 and set(shown["arm"]) == {"prediction", "overrides"}
    assert shown["95 % to"].isna().all()
    assert "Too few participants for an interval in prediction and overrides" in said(at)

    at = group(at, "Reliance")
    table(at, "arm", "percent")  # opens both
    rows = {(row["arm"], row["what"]): row["percent"] for frame in at.dataframe for _, row in frame.value.iterrows()}
    assert rows["prediction", "appropriate reliance"] == 50
    assert rows["prediction", "right answers accepted"] == 100
    assert rows["overrides", "over-reliance"] == 100
    assert rows["overrides", "RSR"] == 0

    at = group(at, "Confidence")
    levels = table(at, "confidence", "answers")
    assert levels.query("arm == 'prediction'")[["confidence", "answers", "right, percent"]].values.tolist() == [
        [2, 2, 0.0], [6, 2, 100.0]]
    assert "prediction: confidence and the share of right answers differ by 17 points on average, over 4" in said(at)

    at = group(at, "Time and interventions")
    assert table(at, "arm", "seconds")["seconds"].tolist() == [14.1, 14.1]  # the square root of 10 x 20
    assert "Nobody has acted on a concept yet." in said(at)
    at = group(at, "Agreement")
    assert "prediction: agreement is not defined" in said(at) and not at.get("plotly_chart")

    at = group(at, "Tests")
    tests = table(at, "outcome", "p, Holm").set_index(["outcome", "arm"])
    assert tests.loc[("accuracy with help", "prediction"), "p"] == 1.0
    assert tests.loc[("accuracy gained by help", "overrides"), "no test because"].startswith("fewer than two")
    assert tests.loc[("time for a case", "overrides"), "difference"] == 0
    at = fine(at.selectbox(key="studies:results:outcome").set_value("over_reliance").run())
    assert "overrides − prediction: **+0.0 points** (no interval); no test: fewer than two participants" in said(at)
    assert "Mixed models are fitted for accuracy with help, appropriate reliance and time for a case" in said(at)


def test_nobody_and_one_whose_time_was_over_give_words_and_no_numbers() -> None:
    at = opened(section="results", of="nobody", other="1")
    assert "There is no study yet" in said(at)
    assert "of=nobody" in said(at) and "other" in said(at)
    study = study_store().add_study(PROTOCOL)
    study_store().enrol(study)
    assert "No case has ended yet" in said(looked(study))
    late = a_kept_study(a_protocol(name="Late", time_limit_s=30, arms=("prediction",)), LATE)
    at = looked(late)
    assert "prediction: 100 % right without help, 0 % with it, −100 points." in said(at)
    at = group(at, "Reliance")
    for name in ("appropriate reliance", "wrong answers of the model rejected"):
        assert f"“{name}” is not defined in prediction" in said(at)
    assert not at.get("plotly_chart")
    at = group(at, "Confidence")
    assert "prediction: there are no answers with a confidence rating." in said(at)
    at = group(at, "Time and interventions")
    assert "No arm of this study lets participants act on concepts" in said(at)
    at = group(at, "Tests")
    assert "no test: fewer than two participants" in said(at)


def test_differences_of_logarithms_of_times_are_percent_of_the_time() -> None:
    quick, slow = ({case: (*judged[:4], seconds) for case, judged in HELPED.items()} for seconds in (10.0, 20.0))
    between = replace(PROTOCOL, between=True)
    arms = [judged_course(between, number, quick).trials[0].arm for number in range(4)]
    courses = [judged_course(between, number, slow if arm == "overrides" else quick) for number, arm in enumerate(arms)]
    (found,) = [one for one in analyse(between, courses).comparisons if one.outcome == "log_seconds"]
    (row,) = comparison_rows([found])
    assert (row.row, round(row.value)) == ("overrides − prediction", 100) and compared("log_seconds").scaled(0) == 0


def test_small_words() -> None:
    assert order_counts(["food>noise>food", "", "noise"], ("food", "noise")) == {"food": [1, 0], "noise": [1, 1]}
    nothing = MixedModel("right_with", "prediction", 4, problem="too few rows")
    noisy = MixedModel("appropriate", "prediction", 4, notes=("On the edge.",))
    also = replace(noisy, outcome="log_seconds")
    assert mixed_lines((nothing, noisy, also)) == (
        "accuracy with help: no mixed model, too few rows.",
        "Warning of the fit of appropriate reliance and time for a case: On the edge.")


def test_the_archive_holds_the_study_and_is_logged() -> None:
    study = a_kept_study(PROTOCOL, HELPED)
    at = opened(section="results", of=study)
    assert [code.value for code in at.code] == [f"python -m sparsecbm study replay study-{study}"]
    with zipfile.ZipFile(io.BytesIO(archive(study, f"study-{study}"))) as files:
        names = {name.removeprefix(f"study-{study}/") for name in files.namelist()}
        account = json.loads(files.read(f"study-{study}/study.json"))
    assert names == {"study.json", "protocol.json", "events.csv", "events.parquet", "cases.csv", "cases.parquet",
                     "codebook.csv"}
    assert (account["participants"], account["cases"]) == (1, 4)
    assert "exported" in str([note.kind for note in study_store().notes(study)])
    assert "1970" not in said(at.run()) and "exported" in "".join(one.proto.body for one in at.get("html"))
