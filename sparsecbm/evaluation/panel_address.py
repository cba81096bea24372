"""What is looked at on the Evaluation page, as a value, and its two-way translation to the address bar."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sparsecbm.data.catalogue import OWN, source_titles
from sparsecbm.errors import unknown_name
from sparsecbm.evaluation.figure_two_models import SORTS
from sparsecbm.model.checkpoint import CONFIG_FILE
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.panel_selection import other_checkpoints
from sparsecbm.ui.page_state import Address, Kept, repeated_parts, unknown_parts

#: The sections of the page, by the name that the address gives them; it opens with the first.
SECTIONS = {"scores": "How good is it?", "correction": "Does correcting help?", "rewriting": "Beside rewritings",
            "other": "Beside another model", "records": "Words and training"}
NAMES = ("section", "concept", "change", "sort", "pair", "against", "source")
#: Between the two values of a change in the address.
TO = "-to-"
_MOST_DIGITS = 9


@dataclass(frozen=True)
class Looking:
    """Pairs of reviews are those of a `concept`, a `change` of it such as "Negative-to-Positive", or any; `pair` is the
    number of the one that is shown, from 1, None for the first. `against` names another checkpoint, and `source` the
    reviews on which both are tried, empty for the first one.
    """

    section: str = "scores"
    concept: str | None = None
    change: str | None = None
    sort: str = "far"
    pair: int | None = None
    against: str | None = None
    source: str = ""


KEPT = Kept("evaluation", Looking)


def changes(schema: ConceptSchema) -> tuple[str, ...]:
    """Every way in which a concept's value can change."""
    return tuple(f"{one}{TO}{other}" for one in schema.values for other in schema.values if one != other)


def to_address(looking: Looking) -> dict[str, str | list[str]]:
    """The parts of the address that restore it; what every session starts with is left out."""
    start = Looking()
    return {name: str(getattr(looking, name)) for name in NAMES if getattr(looking, name) != getattr(start, name)}


def from_address(
    parts: Address, schema: ConceptSchema, others: Collection[str], sources: Collection[str]
) -> tuple[Looking, tuple[str, ...]]:
    """What an address says, and one message for every part that could not be used. Good parts are kept."""
    problems = [*unknown_parts(parts, NAMES), *repeated_parts(parts, NAMES)]
    found: dict[str, str | int] = {}
    allowed: dict[str, Sequence[str]] = {
        "section": tuple(SECTIONS), "concept": schema.concepts, "change": changes(schema), "sort": tuple(SORTS),
        "against": tuple(others), "source": tuple(sources)}
    for name in NAMES:
        given = parts[name][-1] if parts.get(name) else None
        if given is None:
            continue
        if name == "pair":
            if given.isascii() and given.isdigit() and int(given[:_MOST_DIGITS]):
                found[name] = int(given[:_MOST_DIGITS])
            else:
                problems.append(f"The address says pair={given}; allowed: a whole number from 1.")
        elif given in allowed[name]:
            found[name] = given
        else:
            problems.append(f"{unknown_name(name, given, tuple(allowed[name]))} (The address says {name}={given}.)")
    return Looking(**found), tuple(problems)  # type: ignore[arg-type]


def opened_looking(explainer: Explainer) -> Looking:
    """What is looked at when a page run starts; what the loaded model has not is dropped."""
    known = (explainer.schema, tuple(others(explainer)), tuple(tried_sources(explainer)))
    looking = KEPT.opened(lambda parts: from_address(parts, *known))
    fitting, problems = from_address({name: [str(part)] for name, part in to_address(looking).items()}, *known)
    if problems:  # another model was loaded since
        KEPT.change(**vars(fitting))
    return KEPT.current


def others(explainer: Explainer) -> dict[str, str]:
    """Folders of other checkpoints of any kind, by the names to choose them by."""
    return {name: str(folder) for name, folder in other_checkpoints(explainer.checkpoint.path, (CONFIG_FILE,)).items()}


def tried_sources(explainer: Explainer) -> dict[str, str]:
    """Reviews on which two models can be tried, by name with what people call them."""
    return {name: title for name, title in source_titles(explainer.schema).items() if name != OWN}
