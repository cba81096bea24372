"""Histories: undo loses nothing, nothing is saved before its impact was viewed, and the start is restored exactly."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sparsecbm.errors import InputError
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.revision.compute_masks import changed_masks
from sparsecbm.revision.edit import Override
from sparsecbm.revision.history import EditState, History, utc_now
from sparsecbm.revision.rule import LastingEdit, Rule, TextSays, edit_key
from tests.helpers import TOY
from tests.revision.toys import always, contents, random_revision, set_to

NOON = datetime(2030, 1, 2, 12, 0, tzinfo=UTC)
NEGATIVE, POSITIVE = set_to("soup", "Negative"), set_to("soup", "Positive")
RULE = Rule((TextSays("waited"),), (NEGATIVE,))
#: Of two matrices, one of which does not fill its last byte.
MASKS = ConceptMasks.from_bools((*TOY.concepts, "residual"), {
    name: torch.rand(3, *shape, generator=torch.Generator().manual_seed(0)) < 0.5
    for name, shape in (("a", (4, 12)), ("b", (5, 7)))})
REVISION = random_revision(MASKS, "soup", 0)


def made(*edits: Override | LastingEdit) -> History:
    """A history of some edits, described by their number."""
    history = History()
    for number, edit in enumerate(edits):
        history = history.do(edit, str(number), lambda: NOON)
    return history


def descriptions(state: EditState) -> list[str]:
    return [entry.description for entry in state.entries]


def keys_of(history: History) -> tuple[str, ...]:
    """The keys of the revisions and rules in force."""
    return tuple(edit_key(edit) for edit in history.now.lasting)


# -- doing and undoing ---------------------------------------------------------------------------------------------


def test_undo_and_redo_walk_along_the_entries() -> None:
    history = made(NEGATIVE, REVISION, RULE)
    assert descriptions(history.now) == ["0", "1", "2"] and history.undone == ()
    back = history.undo().undo()
    assert descriptions(back.now) == ["0"] and [entry.description for entry in back.undone] == ["1", "2"]
    assert back.redo().redo() == history != back
    assert descriptions(history.now) == ["0", "1", "2"]  # a value: undoing made another one


def test_a_new_edit_drops_what_was_undone() -> None:
    history = made(NEGATIVE, REVISION, RULE).undo().undo().do(POSITIVE, "new", lambda: NOON)
    assert descriptions(history.now) == ["0", "new"] and history.undone == ()
    with pytest.raises(InputError, match="nothing to redo"):
        history.redo()


def test_there_is_an_end_to_undoing() -> None:
    for call in (History().undo, made(RULE).undo().undo):
        with pytest.raises(InputError, match="nothing to undo"):
            call()


def test_any_state_can_be_viewed() -> None:
    history = made(NEGATIVE, REVISION, RULE).undo()
    assert [descriptions(history.at(position)) for position in range(4)] == [[], ["0"], ["0", "1"], ["0", "1", "2"]]
    assert history.position == 2
    for position in (-1, 4):
        with pytest.raises(InputError, match=f"3 edits .* {position}; allowed: 0 to 3"):
            history.at(position)


def test_what_is_in_force() -> None:
    second = random_revision(changed_masks(MASKS, [REVISION.change]), "room", 1)
    state = made(NEGATIVE, REVISION, set_to("room", "unknown"), POSITIVE, RULE, second).now
    assert state.overrides == {"soup": (0.0, 0.0, 1.0), "room": (0.0, 1.0, 0.0)}
    assert state.changes == (REVISION.change, second.change)
    assert state.rules == (RULE,) and state.lasting == (REVISION, RULE, second)


def test_a_concept_can_be_reset_and_set_again() -> None:
    history = made(NEGATIVE, Override("soup", None))
    assert history.now.overrides == {} and history.undo().now.overrides == {"soup": (1.0, 0.0, 0.0)}
    assert history.do(POSITIVE, "x").now.overrides == {"soup": (0.0, 0.0, 1.0)}


# -- time and notes ------------------------------------------------------------------------------------------------


def test_time_is_kept_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    entry = History().do(RULE, "x", lambda: NOON.astimezone(east)).entries[0]
    assert entry.time == NOON and entry.time.tzinfo is UTC
    assert utc_now().tzinfo is UTC and abs(utc_now() - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(ValueError, match="time zone"):
        History().do(RULE, "x", lambda: NOON.replace(tzinfo=None))


def test_notes_stay_with_their_entry() -> None:
    history = made(RULE, NEGATIVE).undo().note(1, "undone, but noted").note(0, "first").note(0, "better")
    assert [entry.note for entry in history.redo().entries] == ["better", "undone, but noted"]
    for number in (-1, 2):
        with pytest.raises(InputError, match=f"entry {number}; allowed: 0 to 1"):
            history.note(number, "x")


# -- nothing is saved before its impact was viewed -----------------------------------------------------------------


def test_only_edits_whose_impact_was_viewed_may_be_saved() -> None:
    history = made(NEGATIVE, REVISION)
    assert not history.now.may_be_saved
    viewed = history.mark_impact_viewed(keys_of(history), "key")
    assert viewed.now.may_be_saved and viewed.entries[1].impact_key == "key"
    assert not history.now.may_be_saved  # a value
    more = viewed.do(RULE, "x")
    assert not more.now.may_be_saved and more.undo().now.may_be_saved
    assert more.mark_impact_viewed(keys_of(more), "key").now.may_be_saved


def test_an_impact_of_two_edits_is_not_that_of_one() -> None:
    """The second one may repair what the first one breaks."""
    history = made(REVISION, RULE)
    together = history.mark_impact_viewed(keys_of(history), "key")
    assert together.now.may_be_saved and not together.undo().now.may_be_saved


def test_notes_and_overrides_need_no_impact() -> None:
    history = made(REVISION)
    viewed = history.mark_impact_viewed(keys_of(history), "key")
    assert viewed.note(0, "still the same edit").now.may_be_saved
    assert History().now.may_be_saved and made(NEGATIVE).now.may_be_saved
    assert history.mark_impact_viewed(keys_of(history), "key").do(NEGATIVE, "x").now.may_be_saved
    assert not history.do(NEGATIVE, "x").now.may_be_saved


def test_the_impact_of_other_edits_does_not_count() -> None:
    history = made(REVISION, RULE)
    keys = keys_of(history)
    for others in ((), keys[:1], keys[::-1], (*keys, "more")):
        with pytest.raises(InputError, match="revisions and rules in force"):
            history.mark_impact_viewed(others, "key")
    with pytest.raises(InputError):
        History().mark_impact_viewed((), "key")


# -- any sequence --------------------------------------------------------------------------------------------------

KINDS = ("override", "give back", "rule", "revise soup", "revise room", "revise residual", "undo", "redo", "note")
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 10_000)), max_size=12)


def edit(kind: str, seed: int, before: History) -> Override | LastingEdit:
    """An edit of a kind that fits what is in force."""
    concept, value = ("soup", "room")[seed % 2], ("Negative", "unknown", "Positive")[seed % 3]
    if kind == "give back":
        return Override(concept, None)
    if kind == "rule":
        return always(concept, value)
    if kind.startswith("revise"):
        return random_revision(changed_masks(MASKS, before.now.changes), kind.partition(" ")[2], seed)
    return set_to(concept, value)


@settings(deadline=None, max_examples=15, database=None)
@given(STEPS)
def test_undoing_everything_returns_exactly_to_the_start(steps: list[tuple[str, int]]) -> None:
    """Beside the history runs a list of all states, made by hand as a person would note them down."""
    def seen(history: History) -> tuple[bytes, dict[str, tuple[float, ...]], tuple[Rule, ...]]:
        return contents(changed_masks(MASKS, history.now.changes)), history.now.overrides, history.now.rules

    start = contents(MASKS)
    history, noted = History(), [seen(History())]
    for kind, seed in steps:
        if kind == "note":
            history = history.note(seed % len(history.entries), str(seed)) if history.entries else history
        elif kind == "undo":
            history = history.undo() if history.position else history
        elif kind == "redo":
            history = history.redo() if history.undone else history
        else:
            before, new = history, edit(kind, seed, history)
            masks = contents(changed_masks(changed_masks(MASKS, before.now.changes), () if isinstance(
                new, Override | Rule) else [new.change]))
            history = history.do(new, "x")
            noted = [*noted[: before.position + 1], (masks, history.now.overrides, history.now.rules)]
            assert len(history.entries) == history.position == before.position + 1
        assert seen(history) == noted[history.position]
    after = changed_masks(MASKS, history.now.changes)
    back = changed_masks(after, [change.inverse for change in reversed(history.now.changes)])
    assert contents(back) == start  # undone change by change
    while history.position:
        history = history.undo()
        assert seen(history) == noted[history.position]
    assert seen(history) == noted[0] == (start, {}, ())
    assert contents(MASKS) == start  # and nothing was written to meanwhile
