"""What is shown on the Evaluation page, as a value, and how the address holds it."""

from collections.abc import Collection
from dataclasses import dataclass

from sparsecbm.evaluation import correction, field_test
from sparsecbm.evaluation.figure_causal import SORTS
from sparsecbm.fields import Field, whole_number
from sparsecbm.model.checkpoint import CONFIG_FILE
from sparsecbm.schema import ConceptSchema
from sparsecbm.service import Explainer
from sparsecbm.subnetworks.panel_selection import other_checkpoints
from sparsecbm.ui.loaded_sources import source_titles
from sparsecbm.ui.page_state import PageState

#: The sections of the page, by the name that the address gives them; it opens with the first.
SECTIONS = {"scores": "Scores", "field": "Field test", "correction": "Correction", "rewriting": "Human rewritings",
            "other": "Another model", "records": "Word scores and training"}
#: Between the two values of a change in the address.
TO = "-to-"


@dataclass(frozen=True)
class Looking:
    """Pairs of reviews are those of a `concept`, a `change` of it such as "Negative-to-Positive", or any; `pair` is the
    number of the one that is shown, from 1, None for the first. `against` names another checkpoint, and `source` the
    reviews on which both are tried, empty for the first one. `tested` names the source of the field test
    and of the correction curves, None for the first.
    """

    section: str = "scores"
    concept: str | None = None
    change: str | None = None
    sort: str = "far"
    pair: int | None = None
    against: str | None = None
    source: str = ""
    tested: str | None = None


def changes(schema: ConceptSchema) -> tuple[str, ...]:
    """Every way in which a concept's value can change."""
    return tuple(dict.fromkeys(f"{one}{TO}{other}" for own in map(schema.values_of, schema.concepts)
                               for one in own for other in own if one != other))


@dataclass(frozen=True)
class Known:
    """What can be chosen among: the model's concepts, other checkpoints, reviews, and sources that were measured."""

    schema: ConceptSchema
    others: Collection[str]
    sources: Collection[str]
    tested: Collection[str]


#: How the address holds it.
FIELDS = (
    Field("section", allowed=SECTIONS),
    Field("concept", allowed=lambda known: known.schema.concepts),
    Field("change", allowed=lambda known: changes(known.schema)),
    Field("sort", allowed=SORTS),
    Field("pair", whole_number(999_999_999)),
    Field("against", allowed=lambda known: known.others),
    Field("source", allowed=lambda known: known.sources),
    Field("tested", allowed=lambda known: known.tested),
)
STATE = PageState("evaluation", Looking(), FIELDS)


def opened_looking(explainer: Explainer) -> Looking:
    """What is looked at when a page run starts, from the address or the session."""
    metrics = explainer.checkpoint.metrics
    tested = (*((metrics.get(field_test.METRICS_KEY) or {}).get("sources") or ()),
              *(metrics.get(correction.METRICS_KEY) or ()))
    return STATE.opened(Known(explainer.schema, others(explainer), source_titles(explainer.schema), tested))


def others(explainer: Explainer) -> dict[str, str]:
    """Folders of other checkpoints of any kind, by the names to choose them by."""
    return {name: str(folder) for name, folder in other_checkpoints(explainer.checkpoint.path, (CONFIG_FILE,)).items()}
