"""What the screens of one review show, as a value, and how the address holds it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote

from sparsecbm.concepts.compute_policies import DEFAULT_POLICY, POLICIES
from sparsecbm.concepts.contributions import Distribution, format_override, parse_override
from sparsecbm.errors import InputError
from sparsecbm.fields import Field, switch, tuple_of, whole_number
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Target
from sparsecbm.ui.page_state import MOST_ENCODED, Checked, PageState
from sparsecbm.validation import is_blank
from sparsecbm.words.methods import DEFAULT_METHOD, METHODS

#: The sections of the Interventions page, by the name that the address gives them; it opens with the first.
SECTIONS = {"concepts": "Set concepts", "revise": "Revise a subnetwork", "rules": "Rules", "beside": "Another text",
            "blast": "Impact", "history": "History and patches"}
#: Far more than any method needs.
MOST_STEPS = 10_000


@dataclass(frozen=True)
class View:
    """A text and what a person chose to see and to change.

    `target` is what the word heatmap explains and `label` whose contributions are shown; None means the predicted
    label. `overrides` maps a concept to the distribution that it was set to. `method` and `steps` score the words, None
    being the method's own number of steps; `compare` is a second method to compare with; `part` is the concept, or the
    residual, through which a label is looked at, None for all of them.

    The text may have a changed copy: without the words `hidden` (numbers among the words, from 0), or as `edit`.
    `unsure` are concepts of which the person does not know the value, `policy` says which concept to check next, and
    `wanted` is a label to find the smallest fix for. `beside` is a second text that the same edits are made to, and
    `section` the part of the Interventions page that is shown.
    """

    text: str = ""
    target: Target | None = None
    label: str | None = None
    overrides: Mapping[str, Distribution] = field(default_factory=dict)
    residual: bool = True
    method: str = DEFAULT_METHOD
    steps: int | None = None
    compare: str | None = None
    part: str | None = None
    hidden: tuple[int, ...] = ()
    edit: str | None = None
    unsure: tuple[str, ...] = ()
    policy: str = DEFAULT_POLICY
    wanted: str | None = None
    beside: str | None = None
    section: str = "concepts"

    @property
    def blank(self) -> bool:
        """True when there is nothing to read in the text."""
        return is_blank(self.text)

    @property
    def edited(self) -> bool:
        """True when something differs from what the model said by itself."""
        return bool(self.overrides) or not self.residual

    @property
    def fits_address(self) -> bool:
        """True when the review, with its edited copy, is short enough to travel in a link."""
        return _fits(self.text, self.edit)

    @property
    def beside_fits_address(self) -> bool:
        """True when there is room for the second review, too."""
        return _fits(self.text, self.edit, self.beside)


def _override(item: tuple[str, Distribution], schema: ConceptSchema) -> str:
    concept, shares = item
    return format_override(concept, shares, schema)


def _target(given: str, schema: ConceptSchema) -> Target:
    return Target.parse(given, schema)


def _hidden_words(given: str, _: ConceptSchema) -> tuple[int, ...]:
    """Numbers of words, counted from 0; people and addresses count from 1."""
    numbers = given.split(",")
    if not all(re.fullmatch(r"0*[1-9][0-9]{0,5}", number) for number in numbers):
        raise InputError(f"Hidden words {given!r} came; allowed: numbers of words from 1, with commas, e.g. 3,5.")
    return tuple(sorted({int(number) - 1 for number in numbers}))


def _labels(schema: ConceptSchema) -> tuple[str, ...]:
    return schema.labels


def _concepts(schema: ConceptSchema) -> tuple[str, ...]:
    return schema.concepts


#: How the address holds a view.
FIELDS = (
    Field("text"),
    Field("target", _target),
    Field("label", allowed=_labels),
    Field("override", parse_override, _override, attribute="overrides",
          gather=lambda items, _: dict(items)),
    switch("residual"),
    Field("method", allowed=tuple(METHODS)),
    Field("steps", whole_number(MOST_STEPS)),
    Field("compare", allowed=tuple(METHODS)),
    Field("part", allowed=lambda schema: (*schema.concepts, "residual")),
    Field("hidden", _hidden_words, lambda hidden, _: ",".join(str(number + 1) for number in hidden)),
    Field("edit"),
    Field("unsure", allowed=_concepts, gather=tuple_of),
    Field("policy", allowed=tuple(POLICIES)),
    Field("wanted", allowed=_labels),
    Field("beside", lambda given, _: given or None),
    Field("section", allowed=SECTIONS),
)


def _checked(view: View, _: ConceptSchema) -> Checked[View]:
    """The view without what contradicts itself."""
    problems = [f"The address both sets {name} and says that nobody is sure of it; what it sets counts."
                for name in view.unsure if name in view.overrides]
    view = replace(view, unsure=tuple(name for name in view.unsure if name not in view.overrides))
    if (view.hidden or view.edit is not None) and not view.text:
        problems.append("The address changes words of a text, but gives no text; the changes were left out.")
        view = replace(view, hidden=(), edit=None)
    if view.hidden and view.edit is not None:
        problems.append("The address both hides words and gives an edited text; the edited text counts.")
        view = replace(view, hidden=())
    try:
        METHODS[view.method].checked_steps(view.steps)
    except InputError as error:
        problems.append(str(error))
        view = replace(view, steps=None)
    if view.compare == view.method:
        problems.append(f"Method {view.method!r} would be compared with itself; allowed: another method.")
        view = replace(view, compare=None)
    return view, problems


def _left_out(view: View) -> tuple[str, ...]:
    """The second review is the first to stay out; where the first one does not fit, its changes stay out, too."""
    if not view.text or not view.fits_address:
        return ("text", "hidden", "edit", "beside")
    return () if view.beside_fits_address else ("beside",)


STATE = PageState("explain", View(), FIELDS, _checked, _left_out)
to_address = STATE.to_address


def _fits(*texts: str | None) -> bool:
    return len(quote("".join(text or "" for text in texts), errors="replace")) <= MOST_ENCODED
