"""Probes on a network whose every fact sits in known weights, so that each accuracy can be worked out by hand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sparsecbm.data.split import Review, Split
from sparsecbm.errors import Cancelled, CheckpointError, DataError, InputError
from sparsecbm.model.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sparsecbm.model.masks import ConceptMasks
from sparsecbm.model.network import SparseCBM
from sparsecbm.subnetworks.compute_specificity import measure_specificity, specificity_settings
from sparsecbm.subnetworks.specificity import Necessity, SpecificityReport
from tests.evaluation.toys import SOUP_AND_SEATS
from tests.helpers import (
    saved_checkpoint,
    tiny_backbone,
    tiny_encoder,
    tiny_model,
    toy_reviews,
    toy_split,
    untouched,
    vocabulary,
)

#: Which feed-forward neuron hears which word, and the concept and value that it speaks for.
NEURONS = {"bland": (0, 0), "tasty": (0, 2), "shabby": (1, 0), "warm": (1, 2)}
SOUP, ROOM = ("bland", "tasty", "warm"), ("shabby", "warm")
#: 22 rows: of each concept 6 negative, 6 positive, and 10 unknown, which is what a head says that hears nothing.
ROWS, UNKNOWN, SAID = 22, 10, 6
NOTHING = UNKNOWN / ROWS
HALF = (UNKNOWN + SAID) / ROWS


def hearing_model() -> SparseCBM:
    """Word embeddings go through four feed-forward neurons into twelve other places, where the heads read.

    Nothing else in the backbone does anything: attention is zero. Neuron n hears only its word.
    """
    model = tiny_model(tiny_backbone(num_hidden_layers=1))
    places = dict(model.backbone.named_parameters())
    with torch.no_grad():
        for name, parameter in places.items():
            parameter.fill_(float(name.endswith("LayerNorm.weight")))
        for neuron, (word, (concept, value)) in enumerate(NEURONS.items()):
            places["embeddings.word_embeddings.weight"][vocabulary()[word], neuron] = 1
            places["encoder.layer.0.intermediate.dense.weight"][neuron, neuron] = 9
            places["encoder.layer.0.output.dense.weight"][8 + 3 * concept + value, neuron] = 9
        model.concept_weight.zero_()
        for concept in range(2):
            model.concept_weight[concept, :, 8 + 3 * concept : 11 + 3 * concept] = torch.eye(3)
        model.concept_bias.copy_(torch.tensor([0.0, 0.1, 0.0]).expand(2, 3))
    return model


def hearing_masks(model: SparseCBM) -> ConceptMasks:
    """Soup keeps the neurons of its words and of `warm`, the room those of its own words: `warm` is the core."""
    stacks = {name: torch.zeros(3, *site.shape, dtype=torch.bool) for name, site in model.sites.items()}
    for pass_, words in enumerate((SOUP, ROOM)):
        for neuron in (list(NEURONS).index(word) for word in words):
            stacks["encoder.layer.0.intermediate.dense.weight"][pass_, neuron] = True
            stacks["encoder.layer.0.output.dense.weight"][pass_, :, neuron] = True
    return ConceptMasks.from_bools(model.config.passes, stacks)


def rows() -> Split:
    """The toy reviews, and four more that say nothing."""
    silent = [review for review in toy_reviews() if review.concepts == (1, 1)]
    return toy_split(name="dev", reviews=toy_reviews() + 2 * silent)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder, model = tmp_path_factory.mktemp("hearing"), hearing_model()
    save_checkpoint(folder, model, tiny_encoder(), hearing_masks(model), "float32")
    return load_checkpoint(folder, "cpu")


def test_every_accuracy_is_the_one_worked_out_by_hand(checkpoint: Checkpoint) -> None:
    """Through soup's mask the room's head hears `warm` but not `shabby`; through the room's, soup's hears nothing.

    Without soup's weights the room has lost `warm`; without its own exclusive ones, `shabby`. Soup loses nothing with
    the room's weights, and all that is its own with its exclusive ones.
    """
    made = measure_specificity(checkpoint, rows())
    assert made.specificity.tolist() == [[1, HALF], [NOTHING, 1]]
    five_times = (NOTHING,) * 5
    assert made.necessity == {
        "soup": Necessity(ROWS, 1.0, NOTHING, {"room": NOTHING}, five_times, NOTHING),
        "room": Necessity(ROWS, 1.0, NOTHING, {"soup": HALF}, five_times, NOTHING),
    }
    assert made.without.tolist() == [[NOTHING, HALF], [1, NOTHING]]
    assert made.without_exclusive.tolist() == [[NOTHING, 1], [1, HALF]]
    np.testing.assert_allclose(made.cost(), [[1 - NOTHING, 1 - HALF], [0, 1 - NOTHING]])
    np.testing.assert_allclose(made.cost(exclusive=True), [[1 - NOTHING, 0], [0, 1 - HALF]])
    assert made.necessity["room"].lead == 1 - HALF and made.necessity["room"].random_sd == 0
    assert made.settings == specificity_settings(checkpoint, rows())
    assert (made.settings.n, made.settings.split, made.settings.checkpoint) == (ROWS, "dev", checkpoint.hash)


def test_rows_without_a_known_truth_do_not_count(checkpoint: Checkpoint) -> None:
    reviews = [replace(review, concepts=(review.concepts[0], -1 if n < 12 else review.concepts[1]))
               for n, review in enumerate(toy_reviews())]
    made = measure_specificity(checkpoint, toy_split(reviews=reviews), random_masks=1)
    left = [review.concepts[1] for review in reviews if review.concepts[1] >= 0]
    assert made.necessity["soup"].n == 18 and made.necessity["room"].n == len(left) == 6
    assert made.necessity["room"].complement == left.count(1) / 6 and made.necessity["room"].own == 1
    assert made.necessity["room"].majority == 2 / 6


def test_it_survives_json(checkpoint: Checkpoint) -> None:
    made = measure_specificity(checkpoint, rows(), random_masks=2)
    values = json.loads(json.dumps(made.to_json(), allow_nan=False))
    assert set(values) == {"probe", "specificity", "necessity", "knock_out"}
    soup = values["necessity"]["soup"]
    assert soup["random"] == {"mean": NOTHING, "sd": 0} and set(soup) >= {"own", "complement", "swap", "random"}
    assert values["knock_out"]["whole"]["soup"] == {"soup": NOTHING, "room": HALF}
    again = SpecificityReport.from_json(values | {"dev": "what else metrics.json holds"})
    assert again.to_json() == made.to_json() and again.settings == made.settings
    assert again.necessity == made.necessity and np.array_equal(again.without, made.without)
    with pytest.raises(CheckpointError, match="Measure it again"):
        SpecificityReport.from_json(values | {"necessity": {"soup": {}}})


def test_spread_is_that_of_a_sample() -> None:
    one = Necessity(9, 0.9, 0.5, {}, (0.2, 0.4, 0.6), 0.5)
    assert one.random_mean == pytest.approx(0.4) and one.random_sd == pytest.approx(0.2) and one.lead is None


def test_progress_counts_every_pass_and_stopping_leaves_no_trace(checkpoint: Checkpoint) -> None:
    """(2 + 1)^2 masks; 3 draws for each concept, because the two keep unequally many weights."""
    heard: list[float] = []
    assert checkpoint.masks is not None
    with untouched(checkpoint.model, checkpoint.masks):
        measure_specificity(checkpoint, rows(), random_masks=3, progress=heard.append)
        assert heard == pytest.approx(np.arange(1, 16) / 15)

        def stop(share: float) -> None:
            if share > 0.5:
                raise Cancelled("Stopped.")

        with pytest.raises(Cancelled):
            measure_specificity(checkpoint, rows(), progress=stop)


def test_concepts_of_equal_density_share_their_random_masks(tmp_path: Path) -> None:
    """Disjoint masks of one size: nothing to take from each other, so 9 - 2 masks and one draw for both."""
    model, heard = tiny_model(), list[float]()
    stacks = {name: torch.zeros(3, *site.shape, dtype=torch.bool) for name, site in model.sites.items()}
    for stack in stacks.values():
        stack[0, :4] = stack[1, 4:8] = True
    save_checkpoint(tmp_path, model, tiny_encoder(), ConceptMasks.from_bools(model.config.passes, stacks))
    made = measure_specificity(load_checkpoint(tmp_path, "cpu"), rows(), random_masks=2, progress=heard.append)
    assert len(heard) == 9 - 2 + 2
    before = [made.necessity[concept].own for concept in ("soup", "room")]
    assert (made.without[0, 1], made.without[1, 0]) == (before[1], before[0])


def test_a_sample_is_drawn_by_its_seed(checkpoint: Checkpoint) -> None:
    """With so few rows the majorities say which were drawn."""
    one, same, other = (measure_specificity(checkpoint, rows(), 5, random_masks=1, seed=seed) for seed in (0, 0, 1))
    assert one.to_json() == same.to_json() and one.settings.n == 5 and other.settings.seed == 1
    assert [part.majority for part in one.necessity.values()] != [part.majority for part in other.necessity.values()]
    assert specificity_settings(checkpoint, rows(), 99).n == ROWS


@pytest.mark.parametrize(("settings", "message"), [
    ({"sample": 0}, "A sample of 0 came; allowed: 1 or more"), ({"random_masks": 0}, "random_masks of 0"),
    ({"seed": -1}, "seed of -1 came; allowed: 0 or more"),
], ids=str)
def test_impossible_settings_are_refused(settings: dict[str, int], message: str, checkpoint: Checkpoint) -> None:
    with pytest.raises(InputError, match=message):
        measure_specificity(checkpoint, rows(), **settings)


def test_a_concept_whose_truth_is_never_known_cannot_be_probed(checkpoint: Checkpoint) -> None:
    reviews = [replace(review, concepts=(review.concepts[0], -1)) for review in toy_reviews()]
    with pytest.raises(DataError, match="None of 18 rows of split train has a majority for room"):
        measure_specificity(checkpoint, toy_split(reviews=reviews))


def test_other_data_and_models_without_masks_are_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    review = Review("1", "The soup.", 0, (0, 0), ((1.0, 0.0, 0.0),) * 2)
    other = Split.from_reviews([review], SOUP_AND_SEATS, rows().report)
    with pytest.raises(DataError, match="concepts are soup, room, but data set toy has soup, seats"):
        measure_specificity(checkpoint, other)
    with pytest.raises(CheckpointError, match="kind dense and has no masks"):
        measure_specificity(load_checkpoint(saved_checkpoint(tmp_path, kind="dense"), "cpu"), rows())
