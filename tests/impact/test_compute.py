"""The impact against every row read anew, and only what changed is run again."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.data.split import Split
from sparsecbm.errors import Cancelled, CheckpointError, DataError, InputError
from sparsecbm.evaluation.compute import evaluate
from sparsecbm.impact import compute as module
from sparsecbm.impact.compute import impact_of_edits
from sparsecbm.impact.impact import Impact, Outcome
from sparsecbm.model.checkpoint import Checkpoint
from sparsecbm.model.prediction import predict
from sparsecbm.revision.compute_masks import changed_masks
from sparsecbm.revision.compute_rules import apply_rules
from sparsecbm.revision.edit import Override, Revision
from sparsecbm.revision.rule import LastingEdit, Rule, TextSays, ValueIs
from sparsecbm.types import LABEL_TARGET
from tests.evaluation import toys
from tests.helpers import tiny_checkpoint_of, toy_reviews, toy_split, untouched
from tests.revision.toys import always, random_change, random_revision, set_to

WARM = Rule((TextSays("warm"),), (set_to("room", "Negative"), Override("soup", (0.2, 0.3, 0.5))))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A random sparse checkpoint."""
    return tiny_checkpoint_of(tmp_path_factory.mktemp("toy"))


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """How many rows went through how many passes, run by run."""
    found: list[tuple[int, int]] = []
    pool = module.pool_texts

    def counted(*parts: Any) -> torch.Tensor:
        pooled = pool(*parts)
        found.append((pooled.shape[0], pooled.shape[1]))
        return pooled

    monkeypatch.setattr(module, "pool_texts", counted)
    return found


def some_unknown() -> Split:
    """Eighteen reviews, of which the first has no label and the second no truth of the soup."""
    reviews = toy_reviews()
    first, second = (review.__dict__ for review in reviews[:2])
    reviews[0] = type(reviews[0])(**first | {"label": -1})
    reviews[1] = type(reviews[1])(**second | {"concepts": (-1, second["concepts"][1])})
    return toy_split(reviews=reviews)


def one_by_one(checkpoint: Checkpoint, edits: Sequence[LastingEdit], texts: Sequence[str]) -> dict[str, list[str]]:
    """What every single text is read as with edits: label, soup and room."""
    changes = [edit.change for edit in edits if isinstance(edit, Revision)]
    assert checkpoint.masks is not None
    weights = checkpoint.model.masked_weights(changed_masks(checkpoint.masks, changes))
    rules = [edit for edit in edits if isinstance(edit, Rule)]
    read = [predict(checkpoint.model, checkpoint.encoder, weights, text, "hash") for text in texts]
    made = [apply_rules(checkpoint.model, one, rules).after for one in read]
    return {LABEL_TARGET: [one.label for one in made]} | {
        concept: [one.value(concept) for one in made] for concept in ("soup", "room")}


def names(impact: Impact, when: str) -> dict[str, list[str]]:
    """The same out of a impact."""
    found = {}
    for effect in impact.effects:
        of = impact.schema.labels if effect.subject == LABEL_TARGET else impact.schema.values
        found[effect.subject] = [of[index] for index in getattr(effect, when)]
    return found


def stacked(checkpoint: Checkpoint) -> list[LastingEdit]:
    """Two revisions, one upon the other, and two rules between and after them."""
    assert checkpoint.masks is not None
    first = random_revision(checkpoint.masks, "soup", 1)
    second = random_revision(changed_masks(checkpoint.masks, [first.change]), "soup", 2)
    return [first, WARM, second, Rule((ValueIs("soup", "Positive"),), (set_to("room", "Positive"),))]


# -- what comes out ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [
    lambda checkpoint: [],
    lambda checkpoint: [random_revision(checkpoint.masks, "soup", 0)],
    lambda checkpoint: [random_revision(checkpoint.masks, "room", 0)],
    lambda checkpoint: [Revision("soup", "Negative", 0.3, 1, random_change(checkpoint.masks, "residual", 0))],
    lambda checkpoint: [WARM],
    stacked,
], ids=["nothing", "soup", "room", "residual", "rule", "stacked"])
def test_before_and_after_are_what_each_review_gives_alone(
    make: Callable[[Checkpoint], list[LastingEdit]], checkpoint: Checkpoint
) -> None:
    edits, split = make(checkpoint), some_unknown()
    impact = impact_of_edits(checkpoint, edits, split)
    assert names(impact, "before") == one_by_one(checkpoint, [], split.texts)
    assert names(impact, "after") == one_by_one(checkpoint, edits, split.texts)
    assert not edits or names(impact, "before") != names(impact, "after")
    assert impact.effect("soup").truth.tolist() == split.concepts[:, 0].tolist()
    assert impact.effect(LABEL_TARGET).truth.tolist() == split.labels.tolist()
    for effect in impact.effects:
        assert effect.reached or effect.count(*Outcome) == effect.count(Outcome.RIGHT, Outcome.WRONG, Outcome.SAME)


def test_a_count_by_hand(tmp_path: Path) -> None:
    """Every soup is set to Negative and every label follows the soup; the truth has six of each among eighteen."""
    checkpoint, split = tiny_checkpoint_of(tmp_path, residual=False), toy_split()
    with torch.no_grad():
        checkpoint.model.label_weight.zero_()
        checkpoint.model.label_weight[0] = 20 * torch.eye(3)
        checkpoint.model.concept_weight.zero_()
        checkpoint.model.concept_bias[:] = torch.tensor([0.0, 9.0, 0.0])  # all is unknown, all labels are fair
    label, soup, room = impact_of_edits(checkpoint, [always("soup", "Negative")], split).effects
    assert (soup.count(Outcome.FIXED), soup.count(Outcome.BROKEN), soup.count(Outcome.MOVED)) == (6, 6, 6)
    assert soup.accuracy == (6 / 18, 6 / 18)
    assert room.count(Outcome.RIGHT) == 6 and room.count(Outcome.WRONG) == 12
    bad, fair, good = np.bincount(split.labels).tolist()
    assert (label.count(Outcome.FIXED), label.count(Outcome.BROKEN), label.count(Outcome.MOVED)) == (bad, fair, good)
    assert (label.reached, soup.reached, room.reached) == (True, True, False)


def test_the_accuracy_before_is_that_of_the_evaluation(checkpoint: Checkpoint) -> None:
    split = toy_split()
    report, impact = evaluate(checkpoint, split), impact_of_edits(checkpoint, [WARM], split)
    assert report.concepts is not None
    expected = [report.label.accuracy, *(report.concepts[concept].accuracy for concept in ("soup", "room"))]
    assert [effect.accuracy[0] for effect in impact.effects if effect.accuracy] == pytest.approx(expected)
    assert {effect.known for effect in impact.effects} == {report.label.n} == {18}


def test_rows_scored_are_rows_of_the_split(checkpoint: Checkpoint) -> None:
    split = some_unknown()
    for sample, expected in ((None, 18), (5, 5), (18, 18), (400, 18)):
        impact = impact_of_edits(checkpoint, [WARM], split, sample, seed=3)
        rows = sorted(split.draw(expected, 3).tolist())
        assert impact.settings.n == expected == len(set(impact.rows.tolist())) and impact.rows.tolist() == rows
        assert impact.ids == tuple(f"{row:03d}" for row in rows)
        for effect in impact.effects:
            assert effect.count(*Outcome) == expected == len(effect.before) == len(effect.after) == len(effect.truth)
        assert sorted(case.row for case in impact.cases("soup", *Outcome)) == rows


def test_a_sample_says_of_its_rows_what_the_whole_does(checkpoint: Checkpoint) -> None:
    split, edits = toy_split(), stacked(checkpoint)
    whole, part = impact_of_edits(checkpoint, edits, split), impact_of_edits(checkpoint, edits, split, 7, seed=1)
    for one, other in zip(whole.effects, part.effects, strict=True):
        assert one.after[part.rows].tolist() == other.after.tolist()
        assert one.before[part.rows].tolist() == other.before.tolist()
        assert one.truth[part.rows].tolist() == other.truth.tolist()
    for all_, some in zip(whole.matched, part.matched, strict=True):
        assert some.tolist() == [row for row in all_.tolist() if row in part.rows]
    assert whole.matched[0].tolist() == [row for row, text in enumerate(split.texts) if "warm" in text]


def test_the_residual_may_be_left_out(checkpoint: Checkpoint) -> None:
    assert checkpoint.masks is not None
    edit = Revision("soup", "Negative", 0.3, 1, random_change(checkpoint.masks, "residual", 0))
    bare = impact_of_edits(checkpoint, [edit], toy_split(), residual=False)
    assert bare.effect(LABEL_TARGET).count(Outcome.RIGHT, Outcome.WRONG) == 18
    assert not bare.settings.residual


def test_the_same_settings_give_the_same_figures(checkpoint: Checkpoint) -> None:
    edits = stacked(checkpoint)
    one, other = (impact_of_edits(checkpoint, edits, toy_split(), 9, seed=2).to_json() for _ in range(2))
    one.pop("receipt"), other.pop("receipt")
    assert one == other
    keys = {impact_of_edits(checkpoint, edits[:count], toy_split(), 9, 2).settings.key for count in range(5)}
    assert len(keys) == 5 and one["key"] in keys


# -- what is run ---------------------------------------------------------------------------------------------------


def test_only_the_passes_that_differ_run_again(checkpoint: Checkpoint, runs: list[tuple[int, int]]) -> None:
    assert checkpoint.masks is not None
    soup, room = (random_revision(checkpoint.masks, concept, 0) for concept in ("soup", "room"))
    undone = Revision("room", "Negative", 0.3, 1, room.change.inverse)
    kept: dict[Any, Any] = {}
    for edits, passes in (([soup], ("soup",)), ([soup, room], ("soup", "room")), ([WARM], ()), ([room, undone], ()),
                          ([soup, room, undone], ("soup",))):
        runs.clear()
        first = not kept
        impact = impact_of_edits(checkpoint, edits, toy_split(), 5, kept=kept)
        assert impact.passes == passes
        assert runs == [(5, 3)] * first + [(5, len(passes))] * bool(passes)


def test_answers_are_kept_for_their_own_rows_only(checkpoint: Checkpoint, runs: list[tuple[int, int]]) -> None:
    kept: dict[Any, Any] = {}
    first = impact_of_edits(checkpoint, [WARM], toy_split(), 5, kept=kept)
    for split, sample, seed in ((toy_split(), 5, 1), (toy_split(), 6, 0), (some_unknown(), 5, 0)):
        runs.clear()
        impact_of_edits(checkpoint, [WARM], split, sample, seed, kept=kept)
        assert runs == [(sample, 3)]
    runs.clear()
    assert names(impact_of_edits(checkpoint, [WARM], toy_split(), 5, kept=kept), "after") == names(first, "after")
    assert runs == []


def test_masked_weights_at_hand_are_used(checkpoint: Checkpoint) -> None:
    """With weights of nothing at all, every review is read alike."""
    assert checkpoint.masks is not None
    nothing = checkpoint.model.masked_weights(checkpoint.masks)
    for stack in nothing.stacks.values():
        stack.zero_()
    impact = impact_of_edits(checkpoint, [], toy_split(), weights=nothing)
    assert names(impact, "before") != one_by_one(checkpoint, [], toy_split().texts)


def test_progress_goes_up_to_one(checkpoint: Checkpoint) -> None:
    shares: list[float] = []
    kept: dict[Any, Any] = {}
    impact_of_edits(checkpoint, stacked(checkpoint), toy_split(), progress=shares.append, kept=kept)
    assert shares == sorted(set(shares)) and shares[-1] == 1.0 and len(shares) == 6
    assert shares[2] == pytest.approx(3 / 4)  # three passes for the answers before, one for those after
    shares.clear()
    impact_of_edits(checkpoint, stacked(checkpoint), toy_split(), progress=shares.append, kept=kept)
    assert shares == sorted(set(shares)) and shares[-1] == 1.0 and len(shares) == 3


@pytest.mark.parametrize("stop_at", [0.1, 0.9])
def test_a_stop_leaves_nothing_half_done(stop_at: float, checkpoint: Checkpoint) -> None:
    def stop(share: float) -> None:
        if share > stop_at:
            raise Cancelled("Stopped.")

    kept: dict[Any, Any] = {}
    with untouched(checkpoint.model, checkpoint.masks), pytest.raises(Cancelled):
        impact_of_edits(checkpoint, stacked(checkpoint), toy_split(), progress=stop, kept=kept)
    assert len(kept) == (stop_at > 0.75)
    with untouched(checkpoint.model, checkpoint.masks):
        impact = impact_of_edits(checkpoint, stacked(checkpoint), toy_split(), kept=kept)
    assert names(impact, "after") == one_by_one(checkpoint, stacked(checkpoint), toy_split().texts)


# -- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "said"), [
    ({"sample": 0}, "sample of 0 came; allowed: 1 or more"),
    ({"seed": -1}, "seed of -1 came; allowed: 0 or more"),
    ({"edits": [Rule((ValueIs("decor", "unknown"),), (set_to("soup", "Negative"),))]}, "'decor'; allowed: soup, room"),
    ({"edits": [Rule((), (Override("soup", (0.5, 0.5)),))]}, "2 probabilities"),
], ids=str)
def test_what_cannot_be_is_refused_before_anything_runs(
    changes: dict[str, Any], said: str, checkpoint: Checkpoint, runs: list[tuple[int, int]]
) -> None:
    with pytest.raises(InputError, match=said):
        impact_of_edits(checkpoint, **{"edits": [WARM], "split": toy_split()} | changes)
    assert runs == []


def test_a_change_for_other_masks_is_refused(checkpoint: Checkpoint, runs: list[tuple[int, int]]) -> None:
    revision = random_revision(checkpoint.masks, "soup", 0)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="other masks"):
        impact_of_edits(checkpoint, [revision, revision], toy_split())
    assert runs == []


def test_models_without_concepts_or_masks_say_so(checkpoint: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="black_box"):
        impact_of_edits(tiny_checkpoint_of(tmp_path / "a", kind="black_box"), [WARM], toy_split())
    dense = tiny_checkpoint_of(tmp_path / "b", kind="dense")
    with pytest.raises(CheckpointError, match="kind dense and has no masks to revise"):
        impact_of_edits(dense, [random_revision(checkpoint.masks, "soup", 0)], toy_split())  # type: ignore[arg-type]
    assert impact_of_edits(dense, [always("soup", "Negative")], toy_split()).effect("soup").after.tolist() == [0] * 18


def test_data_of_other_names_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(DataError, match="concepts"):
        impact_of_edits(checkpoint, [WARM], toys.toy_split([(0, 0, 0)]))
