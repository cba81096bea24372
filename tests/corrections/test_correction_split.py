"""Corrections as a split: votes as shares, and texts that are held out and stay so."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sparsecbm.corrections.correction_split import correction_split, deal, dealt_before, parts_after, replayed
from sparsecbm.corrections.label_correction import Kept, Undo
from sparsecbm.data.split import normalised
from sparsecbm.errors import ConfigError, DataError
from tests.corrections.toys import TEXT, a_correction
from tests.helpers import TOY, toy_split


def said(*corrections: tuple[Any, ...]) -> list[Kept]:
    """A history of (who, field, value, text), a second apart."""
    return [Kept(a_correction(number, new, who=who, field=field, text=text, old=new))
            for number, (who, field, new, text) in enumerate(corrections)]


def many(count: int, first: int = 0) -> list[Kept]:
    """One correction each of so many texts."""
    return said(*(("Ada", "soup", "Positive", f"Soup number {number}.") for number in range(first, first + count)))


def test_only_what_was_corrected_is_annotated() -> None:
    split = correction_split(said(("Ada", "soup", "Positive", TEXT), ("Ada", "label", "fair", "Other.")), TOY, "x")
    assert split.texts == [TEXT, "Other."]
    assert split.labels.tolist() == [-1, 1]
    assert split.concepts.tolist() == [[2, -1], [-1, -1]]
    assert split.shares[0].tolist() == [[0, 0, 1], pytest.approx([1 / 3] * 3)]
    assert split.annotated == {"verdict": 1, "soup": 1, "room": 0}


def test_votes_of_several_people_are_shares_and_their_majority_is_the_value() -> None:
    split = correction_split(said(
        ("Ada", "soup", "Positive", TEXT), ("Bo", "soup", "Negative", TEXT), ("Cy", "soup", "Positive", TEXT),
        ("Ada", "room", "Positive", TEXT), ("Bo", "room", "unknown", TEXT),
        ("Ada", "label", "good", TEXT), ("Bo", "label", "bad", TEXT), ("Cy", "label", "bad", TEXT)), TOY, "x")
    assert split.shares[0, 0].tolist() == pytest.approx([1 / 3, 0, 2 / 3]) and split.concepts[0, 0] == 2
    assert split.shares[0, 1].tolist() == [0, 0.5, 0.5] and split.concepts[0, 1] == -1  # no majority, as elsewhere
    assert split.labels.tolist() == [0]
    assert split.report.notes == {"room without a majority": 1}


def test_what_was_undone_or_replaced_does_not_count() -> None:
    history = said(("Ada", "soup", "Positive", TEXT), ("Ada", "soup", "Negative", TEXT),
                   ("Bo", "room", "unknown", TEXT))
    undone = replace(history[2], undo=Undo(history[2].correction.id, "Bo", history[2].correction.at))
    split = correction_split([*history[:2], undone], TOY, "x")
    assert split.concepts.tolist() == [[0, -1]] and split.shares[0, 0].tolist() == [1, 0, 0]
    with pytest.raises(DataError, match="no row"):
        correction_split([undone], TOY, "x")


def test_a_concept_with_values_of_its_own_is_left_even_over_these() -> None:
    own = replace(TOY, concept_values=(TOY.values, ("Negative", "Positive")))
    split = correction_split(said(("Ada", "soup", "Positive", TEXT)), own, "x")
    assert split.shares[0, 1].tolist() == [0.5, 0, 0.5]


def test_a_share_of_the_texts_is_held_out_by_the_seed() -> None:
    dealt, again, other = (deal(many(20), TOY, "x", 0.2, seed) for seed in (0, 0, 1))
    assert dealt.held_out is not None and again.held_out is not None and other.held_out is not None
    assert (len(dealt.learned), len(dealt.held_out)) == (16, 4)
    assert not set(dealt.learned.texts) & set(dealt.held_out.texts)
    assert dealt.held_out.texts == again.held_out.texts != other.held_out.texts
    assert dealt.texts == {normalised(one.correction.text) for one in many(20)}
    assert deal(many(20), TOY, "x", 0.0, 0).held_out is None


def test_texts_that_differ_in_case_or_blanks_are_on_one_side() -> None:
    history = said(*(("Ada", "soup", "Positive", text) for number in range(12)
                     for text in (f"Soup {number}", f"SOUP  {number} ")))
    dealt = deal(history, TOY, "x", 0.5, 3)
    assert dealt.held_out is not None and len(dealt.held_out) == 12
    assert not {*map(normalised, dealt.learned.texts)} & {*map(normalised, dealt.held_out.texts)}


def test_a_text_stays_held_out_in_later_rounds_whatever_their_seed_and_share() -> None:
    first = deal(many(20), TOY, "x", 0.2, 0)
    notes = {"corrections": first.notes()}
    later = deal(many(30), TOY, "x", 0.5, 9, {"before": notes})  # also one that is not the direct parent
    assert first.held_out is not None and later.held_out is not None
    assert set(first.held_out.texts) < set(later.held_out.texts) and set(first.learned.texts) < set(later.learned.texts)
    assert len(later.held_out) == 4 + 5
    assert "Soup" not in str(notes) and first.notes()["corrections"] == 20 and first.notes()["people"] == 1


def test_what_any_model_learned_from_is_held_out_for_none() -> None:
    """One model held out what another one learned from; what neither saw is held out."""
    ours, theirs = deal(many(10), TOY, "x", 0.5, 0), deal(many(10), TOY, "x", 0.5, 1)
    assert ours.held_out is not None and theirs.held_out is not None
    notes = [{"corrections": one.notes()} for one in (ours, theirs)]
    parts = parts_after(correction_split(many(12), TOY, "x"), *notes)
    both = (set(ours.held_out.texts) & set(theirs.held_out.texts)) | {"Soup number 10.", "Soup number 11."}
    assert set(parts["held-out"].texts) == both
    assert set(parts["learned"].texts) == set(ours.learned.texts) | set(theirs.learned.texts)
    chain = dealt_before(notes[0] | {"before": notes[1]})
    assert list(chain.values()).count("learned") == len(parts["learned"])
    assert set(parts_after(correction_split(many(2), TOY, "x"))) == {"held-out"}


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_leaves_nothing_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="held out"):
        deal(many(3), TOY, Path("x"), share, 0)


def test_nothing_left_to_learn_is_said() -> None:
    first = deal(many(2), TOY, "x", 0.5, 0)
    assert first.held_out is not None
    only = [kept for kept in many(2) if kept.correction.text in first.held_out.texts]
    with pytest.raises(ConfigError, match="All 1 corrected"):
        deal(only, TOY, "x", 0.5, 0, {"corrections": first.notes()})


def test_replay_draws_rows_that_nobody_corrected() -> None:
    split = toy_split()
    corrected = {normalised(split.texts[0]), normalised(split.texts[5])}
    drawn = replayed(split, corrected, 7, 0)
    assert len(drawn) == 7 and not corrected & set(map(normalised, drawn.texts))
    assert drawn.texts == replayed(split, corrected, 7, 0).texts != replayed(split, corrected, 7, 1).texts
    assert drawn.report.dropped == {"corrected since": 2, "not drawn for replay": 9}
    assert len(replayed(split, corrected, 99, 0)) == 16
