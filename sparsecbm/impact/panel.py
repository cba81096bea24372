"""The blast radius of what is in force: worked out beside the page, stopped on request, and drawn with its reviews.

The panel is one fragment with work of its own. To see the picture counts as having looked at the blast radius.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from sparsecbm.data.catalogue import DATA_VARIABLE
from sparsecbm.data.catalogue import labelled_sources as sources
from sparsecbm.data.split import Split
from sparsecbm.figures.text import receipt_line
from sparsecbm.impact.figure import cases_table, impact_bars, impact_table, impact_text
from sparsecbm.impact.impact import Effect, Impact, Outcome
from sparsecbm.revision.edit import Override
from sparsecbm.revision.panel_session import follow, history, read_only, seen, state
from sparsecbm.revision.rule import Lasting, Rule, edit_key
from sparsecbm.service import Explainer
from sparsecbm.types import LABEL_TARGET
from sparsecbm.ui.chart import chart
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.session import current_view, run_again, seed_widget, session_job, start_review
from sparsecbm.ui.shell import errors_shown, is_dark, note
from sparsecbm.ui.tasks import Progress, Work, look_after, want, work_state
from sparsecbm.ui.text import as_markdown

#: What is listed first where it happened at all: a person who keeps an edit must see what it breaks.
FIRST = (Outcome.BROKEN, Outcome.FIXED, Outcome.MOVED, Outcome.CHANGED)


def impact_view(radius: Impact, split: Split, edits: Sequence[Lasting], key: str) -> None:
    """`split` is what the edits were tried on; `key` tells the widgets of one such view from those of another."""
    said = impact_text(radius)
    st.markdown(as_markdown(said))
    rules = [edit for edit in edits if isinstance(edit, Rule)]
    for rule, rows in zip(rules, radius.matched, strict=True):
        note(as_markdown(f"Applies to {len(rows):,} of {radius.settings.n:,} reviews: {rule.in_words(radius.schema)}."))
    chart(impact_bars(radius, f"What becomes of the answers of {radius.settings.n:,} reviews", is_dark()),
          impact_table(radius), f"{key}:bars", said, lambda pressed: _pressed(key, pressed))
    _cases(radius, split, key)
    settings = radius.settings
    note(as_markdown(receipt_line(radius.receipt, f"{settings.n:,} reviews of {settings.split}",
                                  f"data {settings.data_hash[:12]}", f"seed {settings.seed}", f"key {settings.key}")))


def _cases(radius: Impact, split: Split, key: str) -> None:
    subjects, schema = [effect.subject for effect in radius.effects], radius.schema
    st.markdown("#### The reviews behind a number", help="Press a bar above, or choose here.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.session_state.get(_subject(key))
        start = chosen if chosen in subjects else LABEL_TARGET
        subject = st.selectbox(
            "Answer", subjects, subjects.index(seed_widget(_subject(key), start)), key=_subject(key), width=180,
            format_func=lambda name: schema.label_title if name == LABEL_TARGET else name)
        effect = radius.effect(subject)
        names = [outcome.value for outcome in Outcome if effect.count(outcome)]
        kept = [name for name in st.session_state.get(_outcomes(key, subject)) or () if name in names]
        outcomes = st.pills("What became of it", names, selection_mode="multi", key=_outcomes(key, subject),
                            default=seed_widget(_outcomes(key, subject), kept or _first(effect)),
                            format_func=lambda name: f"{name}: {effect.count(Outcome(name)):,}")
    cases = cases_table(radius, split.texts, subject, [Outcome(name) for name in outcomes])
    picked: Any = st.dataframe(cases, hide_index=True, key=f"{key}:cases:{subject}:{'+'.join(outcomes)}",
                               on_select="rerun", selection_mode="single-row", height=min(400, 40 + 36 * len(cases)),
                               alt=f"{len(cases)} reviews: what they were read as before and after, and the truth")
    rows = [row for row in picked["selection"]["rows"] if row < len(cases)]
    st.button("Take the marked review to the top", key=f"{key}:open", disabled=not rows, on_click=_open,
              args=(str(cases["review"].iloc[rows[0]]) if rows else "",), icon=":material/arrow_upward:",
              help="Mark a row to look at its review closer: it becomes the review at hand")


def _first(effect: Effect) -> list[str]:
    return [next((one.value for one in (*FIRST, *Outcome) if effect.count(one)), Outcome.RIGHT.value)]


def _pressed(key: str, pressed: Sequence[str]) -> None:
    """A bar was pressed: its `customdata` are its subject and outcomes."""
    subject, *outcomes = pressed
    st.session_state[_subject(key)] = subject
    st.session_state[_outcomes(key, subject)] = [Outcome(name).value for name in outcomes]


def _open(text: str) -> None:
    start_review(text)
    run_again()


def _subject(key: str) -> str:
    return f"{key}:subject"


def _outcomes(key: str, subject: str) -> str:
    return f"{key}:outcomes:{subject}"


HELP = (
    "A revision or a rule that helps one review can harm others. Here all revisions and rules in force are tried on "
    "reviews whose right answers are known: which answers become right, which become wrong, and whether that may be "
    "chance. Concepts that you set of the review at hand have no part in it. Press a bar to read its reviews."
)
#: Sizes of a sample to choose from; a small one is quick on a CPU.
SAMPLES = (50, 100, 200, 400, 800)
USUAL = 100
_PANEL, _ASKED = "interventions:blast", "interventions:blast-asked"


@dataclass(frozen=True)
class Asked:
    """A blast radius that was asked for; `sample` is None for all reviews of the source."""

    source: str
    sample: int | None
    residual: bool
    edits: tuple[str, ...]


def impact_panel() -> None:
    """What to try the edits on, how far that is, and what came of it."""
    st.markdown("### Blast radius", help=HELP)
    look_after(session_job(_PANEL), _panel, key=follow("blast"))


def impact_work(explainer: Explainer, edits: tuple[Lasting, ...], asked: Asked) -> Work:
    """The blast radius of some edits, in order, over a source of reviews; its key tells it from any other."""

    def run(progress: Progress) -> Impact:
        split = sources(explainer.schema)[asked.source]()
        return explainer.impact(edits, split, asked.sample, 0, asked.residual, progress)

    return Work(("blast", explainer.checkpoint.hash, asked), "Reading the reviews again", run)


def sample_choice(explainer: Explainer, key: str) -> tuple[str, int | None]:
    """Which reviews to try edits on, and how many of them; None is all."""
    found = sources(explainer.schema)
    source = st.selectbox("Reviews", list(found), key=f"{key}:source", width=330)
    whole = len(found[source]())
    sizes = [size for size in SAMPLES if size < whole]
    options = [*sizes, None]
    usual = options.index(USUAL) if USUAL in options else len(options) - 1
    size: int | None = st.selectbox(
        "How many", options, usual, key=f"{key}:sample:{source}", width=230,
        format_func=lambda size: f"all {whole:,}" if size is None else f"{size:,}, drawn at random")
    return source, size


def _panel(looking: bool) -> None:
    """`looking` tells whether this fragment draws itself again and again."""
    with errors_shown():
        explainer, edits, job = load_explainer(), state().lasting, session_job(_PANEL)
        keys = tuple(edit_key(edit) for edit in edits)
        asked = _asked(keys)
        want(job, [impact_work(explainer, edits, asked)] if asked else [], looking, run_again)
        if not edits:
            note("No revision and no rule is in force, so nothing reaches other reviews. Revise a subnetwork or keep a "
                 "rule, and see here what that does to many reviews before you save it.")
            return
        if not sources(explainer.schema):
            st.info("There are no reviews with known answers for the concepts of this model.", icon=":material/info:")
            return
        with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key=f"{_PANEL}:form"):
            source, sample = sample_choice(explainer, _PANEL)
            wanted = Asked(source, sample, current_view().residual, keys)
            st.button("Work it out", key=f"{_PANEL}:do", type="primary", on_click=_ask, args=(wanted,))
        work_state(job, _PANEL, _cancel)
        radius = job.result(impact_work(explainer, edits, asked)) if asked else None
        if asked and radius is not None:
            _mark_seen(radius)
            impact_view(radius, sources(explainer.schema)[asked.source](), edits, _PANEL)
        elif asked is None:
            note("Not worked out yet for the edits that are in force now. The sample reviews ship with the project; "
                 f"the environment variable {DATA_VARIABLE} names a folder with more.")


def _mark_seen(radius: Impact) -> None:
    last = next((entry for entry in reversed(history().now.entries) if not isinstance(entry.edit, Override)), None)
    if last is not None and not read_only() and last.reviewed != radius.settings.key:
        seen(radius.settings.edits, radius.settings.key)
        run_again()  # other panels let a patch be saved now


def _asked(keys: tuple[str, ...]) -> Asked | None:
    """What was asked for, unless other edits are in force by now."""
    asked: Asked | None = st.session_state.get(_ASKED)
    if asked and asked.edits != keys:
        del st.session_state[_ASKED]
        return None
    return asked


def _ask(asked: Asked) -> None:
    st.session_state[_ASKED] = asked


def _cancel() -> None:
    st.session_state.pop(_ASKED, None)
