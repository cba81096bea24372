"""How much each head and neuron contributes to a logit: gradient x activation where all of them stand side by side.

What goes into the matrix after the attention is the output of all heads, one after the other; what goes into the last
feed-forward matrix is all neurons after their activation function. Captum's hooks catch both there while the masked
pass runs on the backbone's own modules, so the caller must hold the model for itself.
"""

import time
from collections.abc import Sequence

import numpy as np
import torch
from captum.attr import LayerActivation, LayerGradientXActivation, NeuronIntegratedGradients
from jaxtyping import Float, Int
from torch import Tensor, nn

from sparsecbm.errors import InputError, unknown_name
from sparsecbm.model.backbone import WeightSite, attention_heads
from sparsecbm.model.encoding import Encoder
from sparsecbm.model.logit_terms import LogitTerm, Rows, logit_terms, run_logit_terms
from sparsecbm.model.network import MaskedWeights, SparseCBM
from sparsecbm.model.small_pass import SmallPass
from sparsecbm.model.units import HEAD_INPUTS, NEURON_INPUTS, output_axis
from sparsecbm.subnetworks.unit_attribution import Kind, Unit, UnitAttribution, UnitScores
from sparsecbm.types import Attribution, Target
from sparsecbm.words.compute import BATCH_TOKENS, EmbeddedText
from sparsecbm.words.compute_methods import Function

METHOD = "gradient × activation"
#: Points on the way from the empty review, for the words of a unit.
STEPS = 16


def attribute_units(
    model: SparseCBM,
    encoder: Encoder,
    weights: MaskedWeights | None,
    text: str,
    target: Target,
    through: str | None = None,
) -> UnitAttribution:
    """Score every head and neuron of one pass: its activation times the gradient, summed over dimensions and tokens.

    A concept's target goes through the concept's own pass; a label's needs `through`, a concept or "residual", and is
    what that pass adds to the label. One forward and one backward pass. A backbone whose parts have unknown names has
    no heads or no neurons here. InputError when the target or the pass cannot be used, and on blank text.

    Of heads, after Michel et al. 2019 (arXiv 1905.10650), of neurons, after Molchanov et al. 2017 (arXiv 1611.06440):
    the first-order Taylor term of setting the unit to zero; here of a logit, and with its sign.
    """
    started = time.perf_counter()
    term, review = _term(model, target, through), EmbeddedText.of(model, encoder, text)
    function = _function(model, weights, term, review)
    sites = {kind: _sites(model, kind) for kind in ("head", "neuron")}
    own = _own(weights, term)
    modules = [_module(model, own, site) for some in sites.values() for site in some]
    made = LayerGradientXActivation(function, modules).attribute(
        review.x, attribute_to_layer_input=True) if modules else []
    with torch.inference_mode():
        logit = float(function(review.x))
    first = len(sites["head"])
    heads = _scores(sites["head"], made[:first], attention_heads(model.backbone), review, own)
    neurons = _scores(sites["neuron"], made[first:], None, review, own)
    return UnitAttribution(target, term.name, review.words, logit, heads, neurons, METHOD,
                   1000 * (time.perf_counter() - started))


def attribute_unit_words(
    model: SparseCBM, encoder: Encoder, weights: MaskedWeights | None, text: str, found: UnitAttribution, unit: Unit
) -> Attribution:
    """What each word adds to a unit's score, with the gradient that the score used held constant.

    Sundararajan et al. 2017 (arXiv 1703.01365), eq. 1, of `sum(activation x gradient)` with the baseline of
    `attribute`: integrated gradients; `difference` is the score less what it is of the empty review. The unit must be
    one of `found`, which is of this text.
    """
    started = time.perf_counter()
    review = EmbeddedText.of(model, encoder, text)
    term = _term(model, found.target, found.through)
    function, pass_ = _function(model, weights, term, review), _own(weights, term)
    site = next(site for site in _sites(model, unit.kind) if site.layer == unit.layer)
    module, tokens = _module(model, pass_, site), len(review.features)
    gradient = LayerGradientXActivation(function, module, multiply_by_inputs=False).attribute(
        review.x, attribute_to_layer_input=True).detach().reshape(tokens, -1)
    width = site.shape[1 - output_axis(site)] // found.of(unit.kind).scores.shape[-1]
    own = (_places(pass_, site, gradient.shape[-1]).to(gradient.device) // width) == unit.number

    def score(activation: Float[Tensor, "*rows width"]) -> Float[Tensor, " row"]:
        product: Tensor = activation.reshape(-1, tokens, activation.shape[-1]) * gradient
        return product[..., own].sum((1, 2))

    made = NeuronIntegratedGradients(function, module).attribute(
        review.x, neuron_selector=score, baselines=review.baseline, n_steps=STEPS, method="gausslegendre",
        internal_batch_size=max(1, BATCH_TOKENS // tokens), attribute_to_neuron_input=True)
    made = made.detach().cpu().double().sum(-1)
    scores = made.new_zeros(len(review.words) + 1).index_add(0, review.features.cpu(), made[0]).numpy()
    empty = score(LayerActivation(function, module).attribute(review.baseline, attribute_to_layer_input=True))
    difference = found.score(unit) - float(empty)
    scores.setflags(write=False)  # results are shared
    return Attribution(found.target, "integrated-gradients", STEPS, review.words, scores[:-1], {}, difference,
                       abs(float(scores.sum()) - difference), 1000 * (time.perf_counter() - started))


def term_logit(
    model: SparseCBM, encoder: Encoder, weights: MaskedWeights | None, text: str, target: Target, through: str
) -> float:
    """`UnitAttribution.logit` with these weights."""
    review = EmbeddedText.of(model, encoder, text)
    with torch.inference_mode():
        return float(_function(model, weights, _term(model, target, through), review)(review.x))


def _term(model: SparseCBM, target: Target, through: str | None) -> LogitTerm:
    terms = {term.name: term for term in logit_terms(model, target)}
    name = through or target.concept
    if name not in terms:
        raise InputError(unknown_name(f"pass of {target}", name or "", tuple(terms)))
    return terms[name]


def _function(model: SparseCBM, weights: MaskedWeights | None, term: LogitTerm, review: EmbeddedText) -> Function:
    """The term of a review, as a function of its embeddings."""
    def function(rows: Rows) -> Float[Tensor, " row"]:
        return run_logit_terms(model, weights, [term], rows, review.attention_mask.expand(len(rows), -1))

    return function


def _sites(model: SparseCBM, kind: Kind) -> list[WeightSite]:
    """The matrices that read all units of a kind side by side, a layer each."""
    roles = HEAD_INPUTS if kind == "head" else NEURON_INPUTS
    return sorted((site for site in model.sites.values() if site.role in roles), key=lambda site: site.layer)


def _own(weights: MaskedWeights | None, term: LogitTerm) -> SmallPass | None:
    """The small pass that a term runs on; None where it runs on the backbone's own modules."""
    own = None if weights is None else weights.of(term.pass_)
    return own if isinstance(own, SmallPass) else None


def _module(model: SparseCBM, own: SmallPass | None, site: WeightSite) -> nn.Module:
    backbone: nn.Module = model.backbone if own is None else own.backbone
    return backbone.get_submodule(site.name.removesuffix(".weight"))


def _places(own: SmallPass | None, site: WeightSite, width: int) -> Int[Tensor, " place"]:
    """Where what a matrix reads would stand if the pass kept all units; -1 for a silent unit."""
    if own is None:
        return torch.arange(width)
    return own.places[site.name][1].cpu() if site.name in own.places else torch.full((width,), -1)


def _scores(
    sites: Sequence[WeightSite], made: Sequence[Float[Tensor, "*_rows _width"]], units: int | None,
    review: EmbeddedText, own: SmallPass | None,
) -> UnitScores:
    """Sums over the dimensions of each unit and the tokens of each word; without `units`, each dimension is a unit.

    Units that a structured mask drops score 0.
    """
    words, tokens = len(review.words), len(review.features)
    if not sites:
        return UnitScores((), np.zeros((0, 0)), np.zeros((0, 0, words), dtype=np.float32))
    totals, by_word = [], []
    for site, layer in zip(sites, made, strict=True):
        kept = layer.detach().cpu().double().reshape(tokens, -1)
        places, width = _places(own, site, kept.shape[1]), site.shape[1 - output_axis(site)]
        every = kept.new_zeros(tokens, width)
        every[:, places[places >= 0]] = kept[:, places >= 0]
        one = every.reshape(tokens, units or width, -1).sum(-1)  # [token, unit]
        merged = one.new_zeros(words + 1, one.shape[1]).index_add(0, review.features.cpu(), one)  # [word, unit]
        totals.append(one.sum(0).numpy())
        by_word.append(merged[:-1].T.float().numpy())
    return UnitScores(tuple(site.layer for site in sites), np.stack(totals), np.stack(by_word))
