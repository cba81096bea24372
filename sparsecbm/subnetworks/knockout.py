"""Weights that are taken out of the passes, and what becomes of a review's prediction without them."""

from collections.abc import Mapping
from dataclasses import dataclass

from sparsecbm.types import Prediction, Receipt


@dataclass(frozen=True)
class KnockOut:
    """Weights to take out of the passes: those that all of the following allow.

    subnetwork  only those that this pass's mask keeps (a concept, or "residual"); None: any weights
    exclusive   only those that no other concept keeps; needs a subnetwork
    layer       only those of this layer
    head        only those of this attention head of the layer
    neurons     only those into and out of these feed-forward neurons of the layer
    within      take them out of this pass alone; None: out of every pass
    """

    subnetwork: str | None = None
    exclusive: bool = False
    layer: int | None = None
    head: int | None = None
    neurons: tuple[int, ...] | None = None
    within: str | None = None

    def in_words(self) -> str:
        """As people say it, e.g. "head 3 of layer 1, for food only"."""
        where = ""
        if self.subnetwork is not None:
            what = f"{self.subnetwork}'s own part" if self.exclusive else f"the whole subnetwork of {self.subnetwork}"
            where = "" if self.layer is None else f" in layer {self.layer}"
        elif self.head is not None:
            what, where = f"head {self.head}", f" of layer {self.layer}"
        elif self.neurons is not None:
            count = len(self.neurons)
            what, where = f"{count} neuron{'' if count == 1 else 's'}", f" of layer {self.layer}"
        else:
            what = "all weights" if self.layer is None else f"layer {self.layer}"
        return what + where + ("" if self.within is None else f", for {self.within} only")


@dataclass(frozen=True, eq=False)
class KnockOutResult:
    """The same review before and after; `removed` counts the weights that each pass had and lost.

    `knock_outs` are those that a person requested; none where weights went by another rule, such as their size.
    """

    before: Prediction
    after: Prediction
    knock_outs: tuple[KnockOut, ...]
    removed: Mapping[str, int]
    receipt: Receipt

    @property
    def label_changed(self) -> bool:
        """True when the most probable label differs."""
        return self.before.label != self.after.label
