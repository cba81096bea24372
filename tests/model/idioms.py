"""Idioms that judge one concept each, five well and five badly, and how many of them a model reads rightly."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from sparsecbm.service import Explainer


class Idiom(NamedTuple):
    text: str
    concept: str
    value: str


def read_idioms() -> list[Idiom]:
    lines = Path(__file__).with_name("idioms.jsonl").read_text(encoding="utf-8").splitlines()
    return [Idiom(**json.loads(line)) for line in lines]


def misread(explainer: Explainer, idioms: Sequence[Idiom]) -> list[Idiom]:
    """The idioms for whose concept the model predicts another value."""
    predictions = explainer.predict_many([idiom.text for idiom in idioms])
    return [idiom for idiom, prediction in zip(idioms, predictions, strict=True)
            if prediction.value(idiom.concept) != idiom.value]
