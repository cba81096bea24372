"""What taking words away says of their scores, in plain sentences."""

from sparsecbm.types import Faithfulness


def beats_random(faithfulness: Faithfulness) -> bool:
    """True when losing the best words costs more than losing as many in any of the random orders."""
    return faithfulness.comprehensiveness > float(faithfulness.random_comprehensiveness.max())


def removal_text(faithfulness: Faithfulness) -> str:
    """Comprehensiveness beside that of random orders."""
    return (f"Without its best words, in the order of the scores: on average the {_quantity(faithfulness)} "
            f"{_loss(faithfulness.comprehensiveness)}; in random order it "
            f"{_loss(float(faithfulness.random_comprehensiveness.mean()))}.")


def keeping_text(faithfulness: Faithfulness) -> str:
    """Sufficiency beside that of random orders."""
    return (f"With nothing but its best words: on average the {_quantity(faithfulness)} "
            f"{_loss(faithfulness.sufficiency)}; in random order it "
            f"{_loss(float(faithfulness.random_sufficiency.mean()))}.")


def verdict_text(faithfulness: Faithfulness) -> str:
    """Whether the scores point at words that matter."""
    orders = len(faithfulness.random_comprehensiveness)
    than = "random order" if orders == 1 else f"any of {orders} random orders"
    if beats_random(faithfulness):
        return f"The scores find the words that matter better than {than}."
    return f"The scores do not find the words that matter better than {than}: do not rely on them here."


def _quantity(faithfulness: Faithfulness) -> str:
    return "probability" if faithfulness.target.against is None else "difference of the two probabilities"


def _loss(loss: float) -> str:
    points = f"{100 * abs(loss):.0f}"
    if points == "0":
        return "hardly moves"
    return f"{'falls' if loss > 0 else 'rises'} by {points} point{'' if points == '1' else 's'}"
