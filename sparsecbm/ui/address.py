"""What the Explain screen shows, as a value, and its two-way translation to the address bar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from sparsecbm.errors import InputError
from sparsecbm.intervene.override import Distribution, format_override, parse_override
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import Target

TEXT, TARGET, LABEL, OVERRIDE, RESIDUAL = "text", "target", "label", "override", "residual"
NAMES = (TEXT, TARGET, LABEL, OVERRIDE, RESIDUAL)
SWITCH = ("on", "off")

#: Browsers and servers in between refuse much longer addresses; a longer review stays out of it.
MOST_ENCODED = 6000


@dataclass(frozen=True)
class View:
    """A review and what a person chose to see and to change.

    `target` is what the word heatmap explains and `label` whose contributions are shown; None means the model's
    own choice, the predicted label. `overrides` maps a concept to the distribution it was set to.
    """

    text: str = ""
    target: Target | None = None
    label: str | None = None
    overrides: Mapping[str, Distribution] = field(default_factory=dict)
    residual: bool = True

    @property
    def edited(self) -> bool:
        """True when something differs from what the model said by itself."""
        return bool(self.overrides) or not self.residual

    @property
    def fits_address(self) -> bool:
        """True when the review is short enough to travel in a link."""
        return len(quote(self.text, errors="replace")) <= MOST_ENCODED


def to_address(view: View, schema: ConceptSchema) -> dict[str, str | list[str]]:
    """The parts of the address that restore the view; choices that are the model's own are left out."""
    parts: dict[str, str | list[str]] = {}
    if view.text and view.fits_address:
        parts[TEXT] = view.text
    if view.target is not None:
        parts[TARGET] = str(view.target)
    if view.label is not None:
        parts[LABEL] = view.label
    if view.overrides:
        parts[OVERRIDE] = [format_override(concept, shares, schema) for concept, shares in view.overrides.items()]
    if not view.residual:
        parts[RESIDUAL] = "off"
    return parts


def from_address(parts: Mapping[str, Sequence[str]], schema: ConceptSchema) -> tuple[View, tuple[str, ...]]:
    """The view of an address, and one message for every part that could not be used. Good parts are kept."""
    problems = [f"The address has a part called {name!r}, which means nothing here; allowed: {', '.join(NAMES)}."
                for name in parts if name not in NAMES]
    for name in (TEXT, TARGET, LABEL, RESIDUAL):
        if len(parts.get(name, ())) > 1:
            problems.append(f"The address gives {name!r} {len(parts[name])} times; the last one counts.")

    def last(name: str) -> str | None:
        return parts[name][-1] if parts.get(name) else None

    target, label, residual = last(TARGET), last(LABEL), last(RESIDUAL)
    chosen_target: Target | None = None
    overrides: dict[str, Distribution] = {}
    for given in parts.get(OVERRIDE, ()):
        try:
            concept, shares = parse_override(given, schema)
        except InputError as error:
            problems.append(f"{error} (The address says override={given}.)")
            continue
        if concept in overrides:
            problems.append(f"The address sets {concept} twice; the last one counts.")
        overrides[concept] = shares
    if target is not None:
        try:
            chosen_target = Target.parse(target, schema)
        except InputError as error:
            problems.append(f"{error} (The address says target={target}.)")
    if label is not None:
        try:
            schema.label_index(label)
        except InputError as error:
            problems.append(f"{error} (The address says label={label}.)")
            label = None
    if residual is not None and residual not in SWITCH:
        problems.append(f"The address says residual={residual}; allowed: {', '.join(SWITCH)}.")
    return View(last(TEXT) or "", chosen_target, label, overrides, residual != "off"), tuple(problems)
