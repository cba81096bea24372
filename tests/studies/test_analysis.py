"""Studies small enough for pencil and paper, and the same numbers from statsmodels and scipy asked directly."""

import json
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import mixedlm
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa
from statsmodels.stats.multitest import multipletests

from sparsecbm.errors import InputError
from sparsecbm.intervals import Interval
from sparsecbm.studies.analysis import MEASURES, analyse, case_table
from sparsecbm.studies.cases import ArmCount, progress_of
from sparsecbm.studies.log import Course, Entry
from sparsecbm.studies.outcome import FEWEST, estimate, independent, krippendorff_alpha, mixed_model, paired
from sparsecbm.studies.protocol import Case
from tests.studies.toys import Judged, a_protocol, judged_course

#: All four cases are good. One accepts too much, the other too little, and once time is over.
ONE: dict[str, Judged] = {"c0": ("bad", "good", "good", 6, 10), "c1": ("good", "bad", "bad", 3, 20),
                          "c2": ("good", "good", "good", 6, 10), "c3": ("bad", "bad", "good", 0, 40)}
OTHER: dict[str, Judged] = {"c0": ("good", "good", "bad", 2, 10), "c1": ("bad", "bad", "good", 4, 10),
                            "c2": ("bad", "good", None, 0, 60), "c3": ("good", "bad", "good", 6, 10)}


def test_two_participants_by_hand() -> None:
    protocol = a_protocol(arms=("words",), practice=(Case("p", "Practice.", "bad"),))
    plain = a_protocol(arms=("words",))
    courses = [judged_course(plain, 0, ONE), judged_course(plain, 1, OTHER)]
    results = analyse(protocol, courses)
    (arm,) = results.arms
    expected = {  # of the one, of the other
        "right_without": (2 / 4, 2 / 4), "right_with": (3 / 4, 2 / 4), "gain": (1 / 4, 0), "advice_right": (1 / 2,) * 2,
        "appropriate": (3 / 4, 2 / 3), "accept_right": (1, 0), "reject_wrong": (1 / 2, 1), "over_reliance": (1 / 2, 0),
        "under_reliance": (0, 1), "switched_to_right": (1,), "kept_right": (0, 1), "confidence_before": (3, 3),
        "confidence_after": (15 / 4, 12 / 3), "interventions": (0, 0)}
    for name, values in expected.items():
        found = arm.measures[name]
        assert found is not None and found.n == len(values), name
        assert found.value == pytest.approx(np.mean(values)), name
    assert set(expected) | {"seconds"} == set(MEASURES)
    assert all(found is None or found.low is None for found in arm.measures.values())  # two are too few
    seconds = arm.measures["seconds"]
    assert seconds is not None and seconds.value == pytest.approx((10 * 20 * 10 * 40 * 10 * 10 * 60 * 10) ** (1 / 8))
    assert [(level.confidence, level.n, level.right) for level in arm.calibration] == [
        (0, 1, 1), (2, 1, 0), (3, 1, 0), (4, 1, 1), (6, 3, 1)]
    assert arm.calibration_gap == pytest.approx((1 + 2 / 6 + 3 / 6 + 2 / 6 + 0) / 7)
    assert (arm.participants, arm.cases, arm.timed_out, results.finished) == (2, 8, 1, 2)
    assert arm.alpha == pytest.approx(1 - 4 / 3.2)
    (helped,) = results.help
    assert (helped.arm, helped.against, helped.difference.value) == ("words", "without help", 0.125)
    json.dumps(results.to_json(), allow_nan=False)


def test_practice_counts_for_nothing_and_interventions_count() -> None:
    protocol = a_protocol(2, arms=("overrides",), practice=(Case("p", "Practice.", "bad"),))
    judged: dict[str, Judged] = {"p": ("bad", "good", "good", 1, 5), "c0": ("good", "good", "good", 3, 5),
                                 "c1": ("good", "good", "good", 3, 5)}
    edits = [Entry("set", 0, "", "soup", "Positive"), Entry("unsure", 0, "", "room"), Entry("undo", 0, "")]
    table = case_table([judged_course(protocol, 0, judged, edits)])
    assert set(table["case"]) == {"c0", "c1"} and table["right_with"].tolist() == [1, 1]
    assert table[["interventions", "undone", "set", "unsure", "revised"]].values.tolist() == [[2, 1, 1, 0, 0]] * 2
    assert table["order"].tolist() == ["soup>room"] * 2


def test_counts_while_a_study_runs() -> None:
    protocol = a_protocol()
    whole, begun = judged_course(protocol, 0, ONE), judged_course(protocol, 1, OTHER)
    begun = Course(protocol, begun.participant, begun.trials, begun.events[:6])  # one case, and half of the next
    found = progress_of(protocol, [whole, begun, Course(protocol, begun.participant, begun.trials, ())])
    assert (found.enrolled, found.consented, found.finished) == (3, 2, 1)
    first = begun.trials[0]
    over = OTHER[first.case][2] is None
    assert found.arms == tuple(ArmCount(arm, 3, 1, 6, 2 + (arm == first.arm), over * (arm == first.arm))
                               for arm in protocol.arms)


def test_intervals_need_participants_and_stay_within_what_is_possible() -> None:
    few, enough = [0.9, 1.0, 1.0, 0.8], [0.9, 1.0, 1.0, 0.8, 1.0]
    assert len(enough) == FEWEST
    for values, bounds in ((few, (0.0, 1.0)), ([0.5] * 9, (0.0, math.inf))):
        found = estimate(values, bounds)
        assert found is not None and found.low is None and found.value == pytest.approx(np.mean(values))
    found, free = estimate(enough, (0.0, 1.0)), estimate(enough)
    assert found is not None and free is not None and free.high is not None and free.high > 1
    assert (found.low, found.high) == (free.low, 1.0)  # t of four degrees of freedom: 2.776
    assert free.high == pytest.approx(0.94 + 2.7764451 * np.std(enough, ddof=1) / math.sqrt(5))
    same = paired("x", "a", "b", few, [0.1, 0.2, 0.0, 0.3])
    assert same.p is not None and same.difference.low is None and same.effect is not None and same.effect.low is None
    apart = independent("x", "a", "b", enough, few)
    assert apart.p is not None and apart.difference.low is None


@pytest.mark.parametrize(("value", "bounds"), [(1.0, (0.0, 1.0)), (0.0, (0.0, 1.0)), (0.25, (0.0, 1.0)),
                                               (0.0, (-1.0, 1.0)), (6.0, (0.0, 6.0))])
def test_participants_who_are_all_the_same_leave_a_doubt_that_shrinks(value: float, bounds: Interval) -> None:
    found = [estimate([value] * n, bounds) for n in (FEWEST, 4 * FEWEST)]
    for one in found:
        assert one is not None and one.low is not None and one.high is not None and one.value == value
        assert bounds[0] <= one.low <= value <= one.high <= bounds[1] and one.high - one.low > 0.1
    few, many = ((one.high or 0) - (one.low or 0) for one in found if one is not None)
    assert many < few / 1.5


def test_where_there_is_no_test_there_is_an_interval_all_the_same() -> None:
    right, wrong, mixed = [1.0] * 6, [0.0] * 6, [0.2, 0.4, 0.6, 0.4, 0.5, 0.3]
    for one, other, bounds in ((right, right, (0.0, 1.0)), (right, wrong, (0.0, 1.0)), (wrong, wrong, (-1.0, 1.0))):
        for compared in (paired("x", "a", "b", one, other, bounds), independent("x", "a", "b", one, other, bounds)):
            found = compared.difference
            assert compared.p is None and found.low is not None and found.high is not None
            assert found.low <= found.value <= found.high and found.high - found.low > 0.2
            assert max(abs(found.low), abs(found.high)) <= bounds[1] - bounds[0]
    found = independent("x", "a", "b", right, mixed, (0.0, 1.0)).difference
    assert found.low is not None and found.low < 0.6 - 2.57 * np.std(mixed, ddof=1) / math.sqrt(6), "both arms doubt"


def random_courses(participants: int, between: bool = False) -> list[Course]:
    """Overrides help somewhat, and people differ."""
    random = np.random.default_rng(3)
    protocol, courses = a_protocol(6, between=between), []
    for number in range(participants):
        skill = random.uniform(0.2, 0.8)
        judged: dict[str, Judged] = {}
        for trial in judged_course(protocol, number, dict.fromkeys((f"c{i}" for i in range(6)), ONE["c0"])).trials:
            right = random.random() < skill + 0.2 * (trial.arm == "overrides")
            judged[trial.case] = (str(random.choice(["good", "bad"])), str(random.choice(["good", "bad"])),
                                  "good" if right else "fair", 3, float(random.uniform(5, 50)))
        courses.append(judged_course(protocol, number, judged))
    return courses


def test_within_agrees_with_scipy_and_statsmodels() -> None:
    courses = random_courses(8)
    results, table = analyse(courses[0].protocol, courses), case_table(courses)
    means = table.pivot_table("right_with", "participant", "arm")
    direct = stats.ttest_rel(means["overrides"], means["prediction"])
    (found,) = [one for one in results.comparisons if one.outcome == "right_with"]
    assert (found.arm, found.against, found.test) == ("overrides", "prediction", "paired t")
    assert found.p == pytest.approx(direct.pvalue) and found.p_holm == found.p
    interval = direct.confidence_interval(0.95)
    assert (found.difference.low, found.difference.high) == pytest.approx((interval.low, interval.high))
    assert found.effect is not None and found.effect.value == pytest.approx(direct.statistic / math.sqrt(8))
    for limit, share in ((found.effect.low, 0.975), (found.effect.high, 0.025)):
        assert limit is not None and stats.nct.cdf(direct.statistic, 7, limit * math.sqrt(8)) == pytest.approx(share)
    assert [one.p_holm for one in results.help] == pytest.approx(
        list(multipletests([one.p for one in results.help], method="holm")[1]))
    (mixed,) = [one for one in results.mixed if one.outcome == "right_with"]
    asked = mixedlm("right_with ~ C(arm, Treatment('prediction')) + case", table, groups=table["participant"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an estimate at the edge of what can be
        fit = asked.fit(method=["powell"])
    name = "C(arm, Treatment('prediction'))[T.overrides]"
    (term,) = mixed.terms
    assert (term.estimate, term.p) == pytest.approx((fit.params[name], fit.pvalues[name]))
    assert (term.low, term.high) == pytest.approx(tuple(fit.conf_int().loc[name]))
    assert mixed.participants_sd == pytest.approx(math.sqrt(fit.cov_re.iloc[0, 0])) and mixed.n == 48
    assert term.effect == pytest.approx(fit.params[name] / math.sqrt(fit.cov_re.iloc[0, 0] + fit.scale))


def test_between_agrees_with_scipy() -> None:
    courses = random_courses(13, between=True)
    table, results = case_table(courses), analyse(courses[0].protocol, courses)
    means = table.groupby(["arm", "participant"])["right_with"].mean()
    a, b = (means[arm].to_numpy() for arm in ("overrides", "prediction"))
    direct = stats.ttest_ind(a, b, equal_var=False)
    (found,) = [one for one in results.comparisons if one.outcome == "right_with"]
    interval = direct.confidence_interval(0.95)
    assert found.test == "Welch t" and found.p == pytest.approx(direct.pvalue) and found.difference.n == 13
    assert (found.difference.low, found.difference.high) == pytest.approx((interval.low, interval.high))
    pooled = math.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / 11)
    g = (a.mean() - b.mean()) / pooled * (1 - 3 / (4 * 13 - 9))  # Hedges 1981, eq. 6e
    assert found.effect is not None and found.effect.low is not None and found.effect.value == pytest.approx(g)
    assert found.effect.high is not None and found.effect.high - g == pytest.approx(g - found.effect.low)


def test_where_there_is_no_test_it_is_said() -> None:
    assert paired("x", "a", "b", [1.0, 2.0], [0.0, 1.0]).problem and paired("x", "a", "b", [1.0], [0.0]).p is None
    assert independent("x", "a", "b", [1.0, 1.0], [0.0, 0.0]).problem
    assert independent("x", "a", "b", [1.0], [0.0, 3.0]).problem
    with pytest.raises(InputError, match="Cannot pair 2"):
        paired("x", "a", "b", [1.0, 2.0], [1.0])
    same = {case: ("good", "good", "good", 6, 10.0) for case in ONE}
    courses = [judged_course(a_protocol(), number, same) for number in range(2)]
    assert mixed_model(case_table(courses), "right_with", ["prediction", "overrides"]).problem
    explained = pd.DataFrame({"participant": [*"ppqqrrsstt"], "case": [*"cd"] * 5, "arm": [*"abbaababba"],
                              "x": [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]})
    assert "account for every outcome" in mixed_model(explained, "x", ["a", "b"]).problem
    empty = analyse(a_protocol(), [])
    assert empty.arms == () and empty.comparisons == () and empty.mixed == ()


def test_alpha_of_a_published_example_and_beside_fleiss_kappa() -> None:
    """Krippendorff 2011, section C (nominal, with missing answers): 0.743. With as many answers for every case, alpha
    is 1 - (1 - kappa) (nm - 1) / nm for n cases of m answers."""
    missing = ["111", "2232", "3333", "3333", "2222", "1234", "4444", "1121", "2222", "555", "11", "3"]
    assert krippendorff_alpha(missing) == pytest.approx(0.743, abs=0.0005)
    answers = np.random.default_rng(0).choice(list("abc"), size=(9, 4), p=[0.6, 0.3, 0.1])
    kappa = fleiss_kappa(aggregate_raters(answers)[0])
    assert krippendorff_alpha(answers.tolist()) == pytest.approx(1 - (1 - kappa) * 35 / 36)
    assert krippendorff_alpha(["aa", "bb"]) == 1 and krippendorff_alpha(["ab", "ab"]) == pytest.approx(-0.5)
    assert krippendorff_alpha(["aa", "aa"]) is None and krippendorff_alpha(["a", "b"]) is None
