"""When a text counts as unlike the training texts, and the sentence about it."""

from sparsecbm.figures.text import percent

#: A text is marked when more than this share of the held-out texts are more like the training texts.
UNLIKE_FROM = 0.95


def is_unlike(unlike: float | None) -> bool:
    """True of a text that is to be marked; None, where nothing was measured, is not."""
    return unlike is not None and unlike > UNLIKE_FROM


def unlike_text(unlike: float | None) -> str:
    """How unlike the training texts a text is, in a sentence; empty where that was not measured."""
    if unlike is None:
        return ""
    nearer = f"{'all' if unlike == 1 else percent(unlike)} of the texts the model was checked on are more like them."
    if not is_unlike(unlike):
        return f"Not unusual compared with the training texts: {nearer}"
    return f"Unlike the training texts: {nearer} Corrections are worth most on such texts."
