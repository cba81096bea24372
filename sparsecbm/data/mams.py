"""MAMS-ACSA (Jiang et al. 2019, EMNLP): sentences about restaurants, each with aspects of different polarity.

Label policy. Aspect `food` tells of food, `ambience` of ambiance, `service` and `staff` of service. A concept that no
aspect tells of is `unknown`. It is not known (-1) where one of its aspects is `neutral`, which is spoken of without
judgement, or where they contradict each other; nor is food where `menu` is labelled, or ambiance where `place` is, for
these may or may not mean it. Nothing is known of noise and rating: they carry no loss and no score.
"""

from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from sparsecbm.data.sources import file_of_split, known_split
from sparsecbm.data.split import NO_LABEL, Review, Split, certain
from sparsecbm.errors import DataError
from sparsecbm.schema import CEBAB

#: Our name of every split, and its file's name in the release.
SPLITS = {"train": ("train",), "dev": ("val",), "test": ("test",)}
#: A larger file is refused unread; the largest of the release has 1 MB.
MOST_BYTES = 2**25

#: The aspects that tell of a concept, and those that may mean it.
_TELLING = {"food": {"food"}, "ambiance": {"ambience"}, "service": {"service", "staff"}}
_DOUBTFUL = {"food": "menu", "ambiance": "place"}
_OTHERS = {"price", "miscellaneous"}
_CATEGORIES = frozenset().union(*_TELLING.values(), _DOUBTFUL.values(), _OTHERS)
_POLARITIES = {"negative": "Negative", "neutral": None, "positive": "Positive"}


def load_mams(source: str | Path, split: str) -> Split:
    """Read one split from the release's XML files, a folder or a zip of it; DataError when they are not as released."""
    name = known_split(split, SPLITS)
    content, where = file_of_split(source, name, SPLITS, ".xml")
    sentences = _root(content, where).findall("sentence")
    return Split.gathered((_review(sentence, f"{where}, sentence {number}", f"{name}-{number:04d}")
                           for number, sentence in enumerate(sentences, start=1)), "text", CEBAB, source, name)


class _Plain(TreeBuilder):
    """Builds a document, but for one with a type of its own, which may define entities that grow or read files."""

    def doctype(self, name: str, *_: str | None) -> None:
        """Called by the parser before it reads what the type defines."""
        raise DataError(f"declares a document type {name[:60]!r}; allowed: XML without one")


def _root(content: bytes, where: str) -> Element:
    if len(content) > MOST_BYTES:
        raise DataError(f"{where} has {len(content):,} bytes; allowed: up to {MOST_BYTES:,}. Use the files of the "
                        "release.")
    parser = XMLParser(target=_Plain())
    try:
        parser.feed(content)
        root: Element = parser.close()
    except DataError as error:
        raise DataError(f"{where} {error}. Use the files of the release.") from None
    except (ParseError, LookupError, ValueError) as error:  # the others for encodings that are unknown
        raise DataError(f"{where}: not valid XML ({error}). Use the files of the release.") from None
    if root.tag != "sentences":
        raise DataError(f"{where} holds {root.tag[:60]!r}; allowed: `sentences`. Use the files of the release.")
    return root


def _review(sentence: Element, where: str, name: str) -> tuple[Review, list[str]]:
    """One sentence under the label policy, and the policy cases it is an instance of."""
    aspects = [_aspect(aspect, where) for aspect in sentence.iter("aspectCategory")]
    text = sentence.findtext("text")
    if text is None:
        raise DataError(f"{where} has no `text`; allowed: one. Correct or remove it.")
    cases, values = list[str](), list[int]()
    for concept in CEBAB.concepts:
        value, case = _value(concept, aspects)
        values.append(value)
        cases += [f"{concept} {case} (no concept loss, no concept score)"] if case else []
    shares = tuple(certain(value, len(CEBAB.values)) for value in values)
    return Review(name, text.strip(), NO_LABEL, tuple(values), shares), cases


def _aspect(aspect: Element, where: str) -> tuple[str, str | None]:
    """A category, and the value of the concept that its polarity stands for; None for neutral."""
    category, polarity = aspect.get("category", ""), aspect.get("polarity", "")
    for what, found, allowed in (("category", category, sorted(_CATEGORIES)), ("polarity", polarity, _POLARITIES)):
        if found not in allowed:
            raise DataError(f"{where}: {what} is {found[:60]!r}; allowed: {', '.join(allowed)}. Correct or remove it.")
    return category, _POLARITIES[polarity]


def _value(concept: str, aspects: Sequence[tuple[str, str | None]]) -> tuple[int, str]:
    """The index of a concept's value, and why it is not known ("" where it is)."""
    if concept not in _TELLING:
        return NO_LABEL, "never asked"
    said = {value for category, value in aspects if category in _TELLING[concept]}
    doubtful = _DOUBTFUL.get(concept)
    if doubtful is not None and any(category == doubtful for category, _ in aspects):
        return NO_LABEL, f"beside {doubtful}"
    if None in said:
        return NO_LABEL, "neutral"
    if len(said) > 1:
        return NO_LABEL, "contradictory"
    return CEBAB.value_index(next(iter(said), None) or "unknown"), ""
