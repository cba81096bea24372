"""The draft of a study: what has been entered so far, and the protocol that it makes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import streamlit as st

from sparsecbm.errors import InputError
from sparsecbm.service import Explainer
from sparsecbm.studies.log import Study
from sparsecbm.studies.protocol import ARMS, CONFIDENCE, Arm, Case, Protocol, Question, offers
from sparsecbm.ui.safe_text import clean_text
from sparsecbm.ui.session import chosen, seed_widget

Value = TypeVar("Value")


class Form(Generic[Value]):
    """A frozen dataclass in the session; `name` starts the keys of its widgets, `empty` makes its first value."""

    def __init__(self, name: str, empty: Callable[[], Value]) -> None:
        self._name, self._empty = name, empty

    @property
    def now(self) -> Value:
        """What it says."""
        held: Value = st.session_state.setdefault(f"{self._name}:form", self._empty())
        return held

    def set(self, value: Value) -> None:
        """Put another value in its place."""
        st.session_state[f"{self._name}:form"] = value

    def change(self, **changes: Any) -> None:
        """Change some fields."""
        self.set(replace(self.now, **changes))  # type: ignore[type-var]

    def widget(self, field: str, shown_as: str = "value") -> dict[str, Any]:
        """What a widget of one field is to be called with; `shown_as` names the argument that holds its value."""
        key = self.key(field)
        return {shown_as: seed_widget(key, getattr(self.now, field)), "key": key, "on_change": self._said,
                "args": (field,)}

    def choice(self, field: str, options: Sequence[Any]) -> dict[str, Any]:
        """The same of a list to choose from; a value that is no longer among the options gives way to the first."""
        if getattr(self.now, field) not in options:
            self.change(**{field: options[0]})
        said = self.widget(field, "index")
        return said | {"options": options, "index": options.index(said["index"])}

    def key(self, field: str) -> str:
        """The key of the widget of a field."""
        return f"{self._name}:{field}"

    def _said(self, field: str) -> None:
        if chosen(self.key(field)):
            said = st.session_state[self.key(field)]
            self.change(**{field: clean_text(said) if isinstance(said, str) else said})


CONSENT = (
    "In this study you read short texts and judge them, partly with the help of a computer model. The model can be "
    "wrong. There are no tricks, and nothing is for sale.\n\n"
    "What is stored: your answers, what you press, and when. You get a random code; you are not asked for your name, "
    "and nothing else about you is stored than this page says. The data are used for research and may be published in "
    "this form.\n\n"
    "Taking part is voluntary. You can stop at any time, go on later with your code, or have everything deleted: send "
    "your code to the person who invited you.\n\n"
    "By going on you say that you are at least 18 years old, have read this, and want to take part."
)
#: Questions that are offered; whoever wants others adds them.
AGREEMENT = Question("agreement", "How much do you agree with the model's answer?", "agreement", "after")
REMARKS = Question("remarks", "Is there anything you want to tell us?", "text", "end", required=False)
OFFERED = (*CONFIDENCE, AGREEMENT, REMARKS)


@dataclass(frozen=True)
class Draft:
    """The parts of a protocol that have been given so far. `source` says in words where the cases are from."""

    name: str = ""
    consent: str = CONSENT
    arms: tuple[Arm, ...] = ("prediction", "overrides")
    between: bool = False
    answer_first: bool = True
    time_limit_s: int | None = None
    seed: int = 0
    questions: tuple[Question, ...] = CONFIDENCE
    cases: tuple[Case, ...] = ()
    practice: tuple[Case, ...] = ()
    data_hash: str = ""
    source: str = ""
    deal_practice: bool = True
    external_ids: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """What is still missing, in the order of the form."""
        wanted = {"Give the study a name.": self.name.strip(), "Write the text of the consent.": self.consent.strip(),
                  "Draw the cases.": self.cases, "Choose at least one arm.": self.arms}
        return tuple(said for said, given in wanted.items() if not given)

    def protocol(self, explainer: Explainer, version: int = 1) -> Protocol:
        """The protocol for the loaded model. ConfigError says what contradicts, InputError what is missing."""
        if self.missing:
            raise InputError(f"The study is not complete. {' '.join(self.missing)}")
        possible = arms_of(explainer)
        if refused := [arm for arm in self.arms if arm not in possible]:
            raise InputError(f"The loaded model ({explainer.checkpoint.kind.replace('_', ' ')}) cannot offer the arms "
                             f"{', '.join(refused)}; allowed: {', '.join(possible)}.")
        return Protocol(
            self.name.strip(), self.consent, explainer.schema, self.arms, self.cases, explainer.checkpoint.hash,
            self.data_hash, self.practice, self.questions, self.between, self.answer_first, self.time_limit_s,
            self.seed, version, self.deal_practice, self.external_ids)


DRAFT = Form("studies:build", Draft)


def arms_of(explainer: Explainer) -> tuple[Arm, ...]:
    """The arms that the loaded model can offer: without concepts nothing can be set, without masks nothing revised."""
    most: Mapping[str, Arm] = {"black_box": "words", "dense": "overrides", "sparse": "subnetworks"}
    return tuple(arm for arm in ARMS if offers(most[explainer.checkpoint.kind], arm))


def draft_of(protocol: Protocol, explainer: Explainer, source: str) -> Draft:
    """The draft of a protocol. InputError when its concepts are not those of the loaded model."""
    if protocol.schema != explainer.schema:
        raise InputError(f"The study {protocol.name!r} is about {', '.join(protocol.schema.concepts)}; allowed: the "
                         f"concepts of the loaded model, {', '.join(explainer.schema.concepts)}. Choose the study's "
                         "model on the left.")
    return Draft(protocol.name, protocol.consent, protocol.arms, protocol.between, protocol.answer_first,
                 protocol.time_limit_s, protocol.seed, protocol.questions, protocol.cases, protocol.practice,
                 protocol.data_hash, source, protocol.deal_practice, protocol.external_ids)


def as_version(protocol: Protocol, studies: Sequence[Study]) -> tuple[Protocol, Study | None]:
    """The protocol with its version among the studies of its name, and the study that is the same, if any."""
    same = [study for study in studies if study.protocol.name == protocol.name]
    for study in same:
        numbered = replace(protocol, version=study.protocol.version)
        if numbered.digest == study.protocol.digest:
            return numbered, study
    return replace(protocol, version=1 + max((study.protocol.version for study in same), default=0)), None
