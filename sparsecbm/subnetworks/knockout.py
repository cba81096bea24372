"""What a person takes out of the subnetworks for one session, and what that did to a review."""

from collections.abc import Mapping
from dataclasses import dataclass

from sparsecbm.types import Prediction, Receipt


@dataclass(frozen=True)
class KnockOut:
    """Weights to take out of the passes: those that all of the following allow.

    subnetwork  only those that this pass's mask keeps (a concept, or "residual"); None: whoever keeps them
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


@dataclass(frozen=True, eq=False)
class KnockOutResult:
    """The same review before and after; `removed` counts the weights that each pass had and lost.

    `knock_outs` are those that a person asked for; none where weights went by another rule, such as their size.
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
