"""Outcomes, accuracies, intervals and cases, counted by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sparsecbm.errors import InputError
from sparsecbm.impact.impact import Case, Effect, Impact, ImpactSettings, Outcome
from sparsecbm.revision.edit import MaskChange, Revision
from sparsecbm.revision.rule import Rule, TextSays, edit_key
from sparsecbm.types import LABEL_TARGET
from tests.builders import RECEIPT
from tests.helpers import TOY
from tests.revision.toys import always, set_to

SETTINGS = ImpactSettings("hash", "dev", "data", 9, 0, True, ("one",))
#: One row for every outcome, and a second one that becomes wrong and a second one that stays right.
LABEL = Effect(LABEL_TARGET, True, before=np.array([0, 1, 2, 0, 0, 0, 1, 2, 1]),
               after=np.array([1, 0, 2, 0, 2, 1, 1, 1, 1]), truth=np.array([1, 1, 2, 1, 1, -1, -1, 2, 1]))


def an_impact(*effects: Effect) -> Impact:
    """Nine rows, drawn from further apart in the split."""
    ids, matched = tuple(f"id-{row}" for row in range(9)), (np.array([10]),)
    return Impact(SETTINGS, TOY, 10 * np.arange(9), ids, effects or (LABEL,), ("soup",), matched, RECEIPT)


def an_effect(fixed: int, broken: int, right: int, wrong: int = 0, unknown: int = 0, reached: bool = True) -> Effect:
    """So many rows of each kind."""
    kinds = {(0, 1, 1): fixed, (1, 0, 1): broken, (1, 1, 1): right, (0, 0, 1): wrong, (0, 1, -1): unknown}
    rows = [row for row, count in kinds.items() for _ in range(count)]
    return Effect("soup", reached, *np.array(rows, dtype=np.int64).T)


def test_every_row_has_the_one_outcome_that_befell_it() -> None:
    found = {outcome: rows.tolist() for outcome, rows in LABEL.positions.items()}
    assert found == {Outcome.FIXED: [0], Outcome.BROKEN: [1, 7], Outcome.RIGHT: [2, 8], Outcome.WRONG: [3],
                     Outcome.MOVED: [4], Outcome.CHANGED: [5], Outcome.SAME: [6]}
    assert LABEL.count(*Outcome) == 9 and LABEL.count(Outcome.BROKEN, Outcome.FIXED) == 3


def test_accuracy_is_of_the_rows_whose_truth_is_known() -> None:
    assert LABEL.known == 7 and LABEL.accuracy == (4 / 7, 3 / 7)
    nobody = an_effect(0, 0, 0, unknown=3)
    assert (nobody.known, nobody.accuracy, nobody.interval, nobody.chance) == (0, None, None, 1.0)


@pytest.mark.parametrize(("effect", "low", "high"), [
    (an_effect(7, 3, 390), -0.006911, 0.026812),  # (8 - 4) / 402 +- 1.96 sqrt((12 / 402 - (4 / 402)^2) / 402)
    (an_effect(7, 3, 100, wrong=290, unknown=50), -0.006911, 0.026812),  # other rows do not matter
    (an_effect(0, 0, 200), -0.013722, 0.013722),  # 1.96 sqrt(2 / 202 / 202): not known to be zero
    (an_effect(0, 30, 170), -0.199438, -0.097592),
    (an_effect(0, 0, 200, reached=False), 0.0, 0.0),
])
def test_the_interval_of_the_paired_difference(effect: Effect, low: float, high: float) -> None:
    assert effect.interval == pytest.approx((low, high), abs=1e-6)


def test_chance_is_the_exact_mcnemar_test() -> None:
    assert an_effect(7, 3, 390).chance == pytest.approx(2 * (1 + 10 + 45 + 120) / 1024)
    assert an_effect(0, 5, 10).chance == pytest.approx(2 / 32)
    assert an_effect(0, 0, 10).chance == 1.0


def test_the_reviews_behind_a_number() -> None:
    impact = an_impact()
    assert impact.cases(LABEL_TARGET, Outcome.FIXED, Outcome.CHANGED) == (
        Case(0, "id-0", "bad", "fair", "fair"), Case(50, "id-5", "bad", "fair", None))
    assert [case.row for case in impact.cases(LABEL_TARGET, Outcome.BROKEN)] == [10, 70]
    assert len(impact.cases(LABEL_TARGET, *Outcome)) == 9
    soup = replace(LABEL, subject="soup")
    assert an_impact(LABEL, soup).cases("soup", Outcome.FIXED)[0].after == "unknown"


def test_an_unknown_subject_is_refused() -> None:
    with pytest.raises(InputError, match="'decor'; allowed: label"):
        an_impact().effect("decor")


def test_json_has_the_ids_behind_every_number() -> None:
    values = json.loads(json.dumps(an_impact().to_json(), allow_nan=False))
    label = values["effects"]["label"]
    assert label["counts"]["becomes wrong"] == 2 and label["ids"]["becomes wrong"] == ["id-1", "id-7"]
    assert sum(label["counts"].values()) == 9 == values["settings"]["n"]
    assert values["key"] == SETTINGS.key and values["matched"] == [1]


@pytest.mark.parametrize("change", [
    {"checkpoint": "x"}, {"split": "x"}, {"data_hash": "x"}, {"n": 8}, {"seed": 1}, {"residual": False}, {"edits": ()},
    {"edits": ("one", "one")},
], ids=str)
def test_the_key_is_of_all_settings(change: dict[str, object]) -> None:
    other = replace(SETTINGS, **change)  # type: ignore[arg-type]
    assert other.key != SETTINGS.key == replace(SETTINGS).key


def test_edits_have_the_same_key_only_when_they_are_equal() -> None:
    def revision(value: str = "Negative", pass_: str = "soup", dropped: tuple[int, ...] = (1, 5)) -> Revision:
        change = MaskChange(pass_, {"a": np.array(dropped, dtype=np.int32)}, {"b": np.array([2], dtype=np.int32)})
        return Revision("soup", value, 0.1, 1, change)

    waited = Rule((TextSays("waited"),), (set_to("soup", "Negative"),))
    others = [revision("Positive"), revision(pass_="room"), revision(dropped=(1, 6)), revision(dropped=(1,)), waited,
              Rule((TextSays("waited", whole=False),), waited.overrides), always("soup", "Negative"),
              always("room", "Negative"), always("soup", "Positive")]
    assert edit_key(revision()) == edit_key(revision())
    assert edit_key(waited) == edit_key(replace(waited))
    assert len({edit_key(edit) for edit in [revision(), *others]}) == 1 + len(others)
