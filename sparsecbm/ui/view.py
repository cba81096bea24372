"""What the screens of one review show, as a value, and its two-way translation to the address bar."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import quote

from sparsecbm.concepts.compute_override import Distribution, format_override, parse_override
from sparsecbm.concepts.compute_policies import DEFAULT_POLICY, policy_named
from sparsecbm.errors import InputError, unknown_name
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Target
from sparsecbm.ui.page_state import repeated_parts, unknown_parts
from sparsecbm.words.compute_methods import DEFAULT_METHOD, method_named

TEXT, TARGET, LABEL, OVERRIDE, RESIDUAL = "text", "target", "label", "override", "residual"
METHOD, STEPS, COMPARE, PART, HIDDEN, EDIT = "method", "steps", "compare", "part", "hidden", "edit"
UNSURE, POLICY, WANTED, BESIDE, SECTION = "unsure", "policy", "wanted", "beside", "section"
NAMES = (TEXT, TARGET, LABEL, OVERRIDE, RESIDUAL, METHOD, STEPS, COMPARE, PART, HIDDEN, EDIT, UNSURE, POLICY, WANTED,
         BESIDE, SECTION)
#: Parts that may come several times.
MANY = (OVERRIDE, UNSURE)
SWITCH = ("on", "off")
#: The sections of the Interventions page, by the name that the address gives them; it opens with the first.
SECTIONS = {"concepts": "Set concepts", "revise": "Revise a subnetwork", "rules": "Rules", "beside": "Another review",
            "blast": "Blast radius", "history": "History and patches"}

#: Browsers and servers in between refuse much longer addresses; a longer review stays out of it.
MOST_ENCODED = 6000
#: Far more than any method needs.
MOST_STEPS = 10_000

Read = TypeVar("Read")


@dataclass(frozen=True)
class View:
    """A review and what a person chose to see and to change.

    `target` is what the word heatmap explains and `label` whose contributions are shown; None means the model's
    own choice, the predicted label. `overrides` maps a concept to the distribution it was set to. `method` and `steps`
    score the words, None being the method's own number of steps; `compare` is a second method beside it; `part` is the
    concept, or the residual, through which a label is looked at, None for all of them.

    The review may have a changed copy: without the words `hidden` (numbers among the words, from 0), or as `edit`.
    `unsure` are concepts of which the person does not know the value, `policy` says which concept to check next, and
    `wanted` is a label to find the smallest fix for. `beside` is a second review that the same edits are made to, and
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


def to_address(view: View, schema: ConceptSchema) -> dict[str, str | list[str]]:
    """The parts of the address that restore the view; choices that are the model's own are left out."""
    carried = bool(view.text) and view.fits_address
    single = {
        TEXT: view.text if carried else None,
        TARGET: None if view.target is None else str(view.target),
        LABEL: view.label,
        RESIDUAL: None if view.residual else "off",
        METHOD: None if view.method == DEFAULT_METHOD else view.method,
        STEPS: None if view.steps is None else str(view.steps),
        COMPARE: view.compare,
        PART: view.part,
        HIDDEN: ",".join(str(number + 1) for number in view.hidden) if carried and view.hidden else None,
        EDIT: view.edit if carried else None,
        POLICY: None if view.policy == DEFAULT_POLICY else view.policy,
        WANTED: view.wanted,
        BESIDE: view.beside if carried and view.beside_fits_address else None,
        SECTION: None if view.section == "concepts" else view.section,
    }
    parts: dict[str, str | list[str]] = {name: part for name, part in single.items() if part is not None}
    if view.overrides:
        parts[OVERRIDE] = [format_override(concept, shares, schema) for concept, shares in view.overrides.items()]
    if view.unsure:
        parts[UNSURE] = list(view.unsure)
    return parts


def from_address(parts: Mapping[str, Sequence[str]], schema: ConceptSchema) -> tuple[View, tuple[str, ...]]:
    """The view of an address, and one message for every part that could not be used. Good parts are kept."""
    problems = [*unknown_parts(parts, NAMES), *repeated_parts(parts, NAMES, MANY)]

    def read(name: str, given: str, understand: Callable[[str], Read]) -> Read | None:
        try:
            return understand(given)
        except InputError as error:
            problems.append(f"{error} (The address says {name}={given}.)")
            return None

    def last(name: str, understand: Callable[[str], Read]) -> Read | None:
        return read(name, parts[name][-1], understand) if parts.get(name) else None

    overrides: dict[str, Distribution] = {}
    for given in parts.get(OVERRIDE, ()):
        override = read(OVERRIDE, given, lambda text: parse_override(text, schema))
        if override is not None:
            if override[0] in overrides:
                problems.append(f"The address sets {override[0]} twice; the last one counts.")
            overrides[override[0]] = override[1]
    unsure = [read(UNSURE, name, lambda name: schema.concepts[schema.concept_index(name)])
              for name in dict.fromkeys(parts.get(UNSURE, ()))]
    problems += [f"The address both sets {name} and says that nobody is sure of it; what it sets counts."
                 for name in unsure if name in overrides]
    method = last(METHOD, lambda name: method_named(name).name) or DEFAULT_METHOD
    text, hidden, edit = last(TEXT, str) or "", last(HIDDEN, _numbers) or (), last(EDIT, str)
    if (hidden or edit is not None) and not text:
        problems.append("The address changes words of a review, but gives no review; the changes were left out.")
        hidden, edit = (), None
    if hidden and edit is not None:
        problems.append("The address both hides words and gives an edited text; the edited text counts.")
        hidden = ()
    return View(
        text=text, target=last(TARGET, lambda name: Target.parse(name, schema)),
        label=last(LABEL, lambda name: schema.labels[schema.label_index(name)]), overrides=overrides,
        unsure=tuple(name for name in unsure if name is not None and name not in overrides),
        policy=last(POLICY, lambda name: policy_named(name).name) or DEFAULT_POLICY,
        wanted=last(WANTED, lambda name: schema.labels[schema.label_index(name)]),
        residual=last(RESIDUAL, lambda name: _one_of("switch", name, SWITCH)) != "off", method=method,
        beside=last(BESIDE, str) or None,
        section=last(SECTION, lambda name: _one_of("section", name, tuple(SECTIONS))) or "concepts",
        steps=last(STEPS, lambda given: _steps(given, method)),
        compare=last(COMPARE, lambda name: _another(name, method)),
        part=last(PART, lambda name: _one_of("part", name, (*schema.concepts, RESIDUAL))), hidden=hidden, edit=edit,
    ), tuple(problems)


def _fits(*texts: str | None) -> bool:
    return len(quote("".join(text or "" for text in texts), errors="replace")) <= MOST_ENCODED


def _one_of(kind: str, name: str, allowed: tuple[str, ...]) -> str:
    if name not in allowed:
        raise InputError(unknown_name(kind, name, allowed))
    return name


def _steps(given: str, method: str) -> int | None:
    number = int(given) if re.fullmatch(r"-?[0-9]{1,6}", given) else MOST_STEPS + 1
    if number > MOST_STEPS:
        raise InputError(f"Steps {given!r} came; allowed: a whole number from 1 to {MOST_STEPS:,}.")
    return method_named(method).checked_steps(number)


def _another(name: str, method: str) -> str:
    if method_named(name).name == method:
        raise InputError(f"Method {name!r} would be compared with itself; allowed: another method.")
    return name


def _numbers(given: str) -> tuple[int, ...]:
    """Numbers of words, counted from 0; people and addresses count from 1."""
    numbers = given.split(",")
    if not all(re.fullmatch(r"0*[1-9][0-9]{0,5}", number) for number in numbers):
        raise InputError(f"Hidden words {given!r} came; allowed: numbers of words from 1, with commas, e.g. 3,5.")
    return tuple(sorted({int(number) - 1 for number in numbers}))
