"""The output of `study` for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import printable, say, show_table

if TYPE_CHECKING:
    from sparsecbm.studies.analysis import Results
    from sparsecbm.studies.compute_replay import Replay
    from sparsecbm.studies.compute_simulate import Power
    from sparsecbm.studies.outcome import Comparison, Estimate


#: The most changed predictions that are listed.
MOST_LISTED = 20


def show_studies(studies: Sequence[dict[str, Any]]) -> None:
    """A line for each study."""
    if not studies:
        say("There is no study yet. Make one on the page Studies.")
        return
    show_table("Studies, the newest first", ("id", "name", "version", "people", "finished", "simulated", ""), [
        (one["id"], printable(one["name"]), str(one["version"]), str(one["enrolled"]), str(one["finished"]),
         str(one["simulated"]), "closed" if one["closed"] else "open") for one in studies])


def show_analysis(results: "Results") -> None:
    """The measures of each arm, and how arms differ."""
    from sparsecbm.studies.analysis import MEASURES

    say(f"{results.participants} participants, {results.finished} of them finished; means over participants with 95 % "
        "intervals")
    if not results.arms:
        say("No case has ended yet.")
        return
    show_table("By arm", ("", *(arm.arm for arm in results.arms)), [
        *((title, *(_estimate(arm.measures[name]) for arm in results.arms)) for name, title in MEASURES.items()), None,
        ("calibration gap of confidence", *(_number(arm.calibration_gap) for arm in results.arms)),
        ("agreement (alpha)", *(_number(arm.alpha) for arm in results.arms)),
        ("cases, timed out", *(f"{arm.cases}, {arm.timed_out}" for arm in results.arms))])
    show_table("Differences, tested over participants", ("outcome", "arm", "against", "difference", "p (Holm)",
                                                         "effect"),
               [_line(one) for one in (*results.help, *results.comparisons)])
    for model in results.mixed:
        terms = "; ".join(f"{term.arm} {term.estimate:+.3f} ({term.low:+.3f} to {term.high:+.3f}), p {term.p:.3f}"
                         for term in model.terms)
        say(f"mixed model of {model.outcome} against {model.against}: {model.problem or terms}")


def show_power(found: Sequence["Power"], participants: int) -> None:
    """How often each comparison was found."""
    if not found:
        say("No two arms can be compared.")
        return
    show_table(f"Share of {found[0].repeats} simulated studies of {participants} participants that find a difference",
               ("outcome", "arm", "against", "mean difference", "found"),
               [(one.outcome, one.arm, one.against, f"{one.difference:+.3f}", _share(one))
                for one in found])


def show_replay(found: "Replay") -> None:
    """Whether the replay reproduces the log, and what differs."""
    same = "the same" if found.recorded == found.loaded else "ANOTHER"
    say(f"study {found.study}, version {found.version}, replayed with {same} checkpoint ({found.loaded[:12]})")
    say(f"{found.identical} of {found.predictions} predictions identical, {len(found.changed)} changed; largest "
        f"difference of a probability {found.largest:.2g}")
    for one in found.changed[:MOST_LISTED]:
        weights = ", and the revision changes other weights" if one.other_weights else ""
        say(printable(f"changed: participant {one.participant}, event {one.sequence} ({one.action}), case {one.case}: "
                      f"{one.recorded} then, {one.now} now, by up to {one.difference:.2g}{weights}"))
    if len(found.changed) > MOST_LISTED:
        say(f"and {len(found.changed) - MOST_LISTED} more; --json lists all")


def _line(one: "Comparison") -> tuple[str, ...]:
    p = one.problem and "no test" or ("" if one.p_holm is None else f"{one.p_holm:.3f}")
    return one.outcome, one.arm, one.against, _estimate(one.difference), p, _estimate(one.effect)


def _estimate(one: "Estimate | None") -> str:
    if one is None:
        return "-"
    return f"{one.value:.2f}" + ("" if one.low is None or one.high is None else f" ({one.low:.2f}..{one.high:.2f})")


def _share(one: "Power") -> str:
    return "{:.0%} ({:.0%}..{:.0%})".format(one.share, *one.interval)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
