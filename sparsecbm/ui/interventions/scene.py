"""What a person set, as a scene: what is in force, both answers, and the sum between them."""

from sparsecbm.deck.parts import Part, Passage
from sparsecbm.edits.edit import Override
from sparsecbm.explainer import Explainer
from sparsecbm.ui.before_after import result_receipt
from sparsecbm.ui.deck.parts import result_parts, result_title
from sparsecbm.ui.deck.pinning import pin
from sparsecbm.ui.engine import load_explainer
from sparsecbm.ui.interventions.controls import unsure_concepts
from sparsecbm.ui.interventions.reading import current_result
from sparsecbm.ui.interventions.session import state
from sparsecbm.ui.interventions.uncertain import range_text, winners_text
from sparsecbm.ui.session import current_view


def pin_result() -> None:
    """The pin; what it keeps is the state at the moment when it is pressed."""
    pin("interventions", lambda: result_title(current_result()), lambda: scene_parts(load_explainer()),
        lambda: result_receipt(current_result()))


def scene_parts(explainer: Explainer) -> tuple[Part, ...]:
    """Revisions and rules in force, and of which concepts the person is not sure, come before the numbers."""
    result, unsure = current_result(), unsure_concepts()
    said = [entry.description for entry in state().entries if not isinstance(entry.edit, Override)]
    parts = [Passage(f"In force on both sides: {'; '.join(said)}.")] if said else []
    if unsure:
        found = explainer.unsure(result.after, unsure)
        parts.append(Passage(f"Not sure: the answer is {winners_text(found, explainer.schema)}. "
                             f"{range_text(found, explainer.schema)}"))
    review, *rest = result_parts(result, current_view().label or result.before.label)
    return (review, *parts, *rest)
