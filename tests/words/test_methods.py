"""Every attribution method against answers worked out by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sparsecbm.errors import InputError
from sparsecbm.model.network import SparseCBM
from sparsecbm.types import Attribution, Target
from sparsecbm.words.compute import attribute
from sparsecbm.words.compute_methods import COMPUTATIONS, Problem
from sparsecbm.words.methods import METHODS, method_named
from tests.helpers import tiny_encoder
from tests.words.toys import linear

TEXT = "The soup was tasty"
SOUP, GOOD = Target("soup", "Positive"), Target(None, "good")
every_method = pytest.mark.parametrize("method", METHODS)


def explain(model: SparseCBM, target: Target, text: str = TEXT, **options: Any) -> Attribution:
    return attribute(model, tiny_encoder(), None, text, [target], **options)[0]


@every_method
def test_a_linear_model_by_hand(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """[CLS] the soup was tasty [SEP]: six tokens, so a word scores 6/6 (x - 1/2), and nothing is left over."""
    made = explain(linear(monkeypatch), SOUP, method=method)
    assert [word.text for word in made.words] == ["The", "soup", "was", "tasty"]
    np.testing.assert_allclose(made.scores, [-0.5, 0.5, -0.5, 2.5], atol=1e-5)
    assert made.difference == pytest.approx(2.0, abs=1e-5)
    assert made.completeness_gap == pytest.approx(0, abs=1e-5)
    assert (made.target, made.method, made.steps) == (SOUP, method, METHODS[method].steps)
    assert made.parts == {} and made.relative_gap < 1e-4


@every_method
def test_pieces_are_summed_into_words(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """[CLS] soup z ##e ##s ##t ##y [SEP]: eight tokens; each piece adds 6/8 (1/4 - 1/2)."""
    made = explain(linear(monkeypatch), SOUP, "soup zesty", method=method)
    np.testing.assert_allclose(made.scores, [0.75 * 0.5, 5 * 0.75 * -0.25], atol=1e-5)
    assert made.completeness_gap == pytest.approx(0, abs=1e-5)


@every_method
def test_a_concept_that_reads_nothing_has_no_words(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = explain(linear(monkeypatch), Target("room", "Positive"), method=method)
    assert not made.scores.any() and made.difference == 0 == made.relative_gap


@every_method
def test_a_label_is_split_by_the_way_its_words_took(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the concept's logit plus the residual, which can be left out; the room says nothing."""
    model, unit = linear(monkeypatch), np.array([-0.5, 0.5, -0.5, 2.5])
    whole, concepts = explain(model, GOOD, method=method), explain(model, GOOD, method=method, residual=False)
    np.testing.assert_allclose(whole.scores, 3 * unit, atol=1e-5)
    np.testing.assert_allclose(whole.parts["soup"], 2 * unit, atol=1e-5)
    np.testing.assert_allclose(whole.parts["residual"], unit, atol=1e-5)
    assert list(whole.parts) == ["soup", "room", "residual"] and not whole.parts["room"].any()
    assert list(concepts.parts) == ["soup", "room"]
    np.testing.assert_allclose(concepts.scores, 2 * unit, atol=1e-5)
    assert whole.completeness_gap == pytest.approx(0, abs=1e-4)


@every_method
def test_one_rather_than_another_is_the_difference(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The residual for "bad" is minus half of that for "good", so that the difference reads it one and a half times."""
    model, unit = linear(monkeypatch), np.array([-0.5, 0.5, -0.5, 2.5])
    model.residual_weight[0, 0] = -3.0
    model.concept_weight[0, 0, 0] = 2.0
    rather = explain(model, Target(None, "good", "bad"), method=method)
    np.testing.assert_allclose(rather.scores, 3.5 * unit, atol=1e-5)
    np.testing.assert_allclose(rather.parts["residual"], 1.5 * unit, atol=1e-5)
    back = explain(model, Target(None, "bad", "good"), method=method)
    np.testing.assert_allclose(back.scores, -3.5 * unit, atol=1e-5)
    value = explain(model, Target("soup", "Positive", "Negative"), method=method)
    np.testing.assert_allclose(value.scores, 4 / 6 * unit, atol=1e-5)


# -- a function that is not linear: f = a b + a of two words that go from 0 to 1 ---------------------------------------


def problem(function: Callable[[torch.Tensor], torch.Tensor], most: int = 3) -> Problem:
    """Of this function and of its negative; the gradients are autograd's."""
    def gradients(rows: torch.Tensor) -> torch.Tensor:
        slope, = torch.autograd.grad(function(rows.requires_grad_())[:, 0].sum(), rows)
        return torch.stack([slope, -slope])

    x = torch.tensor([[[1.0], [1.0], [7.0]]])
    baseline = torch.tensor([[[0.0], [0.0], [7.0]]])  # the last token is no word's
    return Problem(function, gradients, x, baseline, torch.tensor([0, 1, 2]), most)


def product(rows: torch.Tensor) -> torch.Tensor:
    made = rows[:, 0, 0] * rows[:, 1, 0] + rows[:, 0, 0]
    return torch.stack([made, -made], dim=1)


@pytest.mark.parametrize(("method", "expected"), [
    ("integrated-gradients", [1.5, 0.5, 0.0]),  # the integral of (t + 1) and of t
    ("gradient-x-input", [2.0, 1.0, 0.0]),      # the slopes at (1, 1)
    ("occlusion", [2.0, 1.0, 0.0]),             # f(1,1) - f(0,1) and f(1,1) - f(1,0)
    ("shapley", [1.5, 0.5, 0.0]),               # a first: 1 and 1; b first: 2 and 0
])
def test_words_that_need_each_other(method: str, expected: list[float]) -> None:
    steps = 2000 if method == "shapley" else 2
    made, negative = COMPUTATIONS[method].run(problem(product), steps).flatten(1).numpy()
    np.testing.assert_allclose(made, expected, atol=0.03 if method == "shapley" else 1e-6)
    np.testing.assert_allclose(negative, -made, atol=1e-6)


def test_sampled_orders_are_drawn_anew_and_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is drawn from the generator that all threads share."""
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    one = COMPUTATIONS["shapley"].run(problem(product), 5)
    np.testing.assert_array_equal(torch.rand(4), expected)
    np.testing.assert_array_equal(COMPUTATIONS["shapley"].run(problem(product), 5), one)
    runs = (COMPUTATIONS["shapley"].run(problem(product), steps) for steps in (1, 2, 3, 5, 8))
    orders = {round(float(run[0, 0, 0]), 4) for run in runs}
    assert len(orders) > 2  # one order for all samples would give one value


@pytest.mark.parametrize("most", [1, 2, 50])
@every_method
def test_how_much_fits_into_one_call_changes_nothing(method: str, most: int) -> None:
    rows = []

    def counted(embedded: torch.Tensor) -> torch.Tensor:
        rows.append(len(embedded))
        return product(embedded)

    made = COMPUTATIONS[method].run(problem(counted, most), 4)
    torch.testing.assert_close(made, COMPUTATIONS[method].run(problem(product), 4))
    assert max(rows) <= most
    assert sum(rows) <= COMPUTATIONS[method].calls(4, 3) + 1  # the bound on the work holds


# -- requests that cannot be met -----------------------------------------------------------------------------------


def test_an_unknown_method_lists_all() -> None:
    with pytest.raises(InputError, match="'guess'; allowed: integrated-gradients, gradient-x-input, occ"):
        method_named("guess")


@pytest.mark.parametrize("steps", [0, -3])
@pytest.mark.parametrize("method", ["integrated-gradients", "shapley"])
def test_too_few_steps_are_refused(method: str, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=f"{steps} .*allowed: 1 or more.*{method} is {METHODS[method].steps}"):
        explain(linear(monkeypatch), SOUP, method=method, steps=steps)


@pytest.mark.parametrize("method", ["gradient-x-input", "occlusion"])
def test_steps_of_a_method_without_steps_are_refused(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=f"{method} takes no .*integrated-gradients, shapley"):
        explain(linear(monkeypatch), SOUP, method=method, steps=8)
