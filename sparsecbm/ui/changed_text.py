"""A changed copy of a review: without some words, or edited. The review itself stays what it is."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from sparsecbm.types import Attribution, Prediction, Word
from sparsecbm.ui.address import View


def changed_text(view: View, words: Sequence[Word]) -> str | None:
    """The changed copy of the view's review, whose words are given; None where nothing is changed."""
    if view.edit is not None:
        return view.edit
    return without_words(view.text, words, view.hidden) if view.hidden else None


def without_words(text: str, words: Sequence[Word], hidden: Collection[int]) -> str:
    """The text without the words of these numbers; where one stood between two blanks, one blank is left."""
    kept, position = "", 0
    for number in sorted(hidden):
        kept += text[position : words[number].start]
        position = words[number].end
        if text[position : position + 1].isspace() and (not kept or kept[-1].isspace()):
            position += 1
    return kept + text[position:]


@dataclass(frozen=True)
class ConceptChange:
    """A concept that is read otherwise in the changed copy; the shares are those of each copy's own value, 0..1."""

    concept: str
    before: str
    after: str
    share_before: float
    share_after: float


def concept_changes(before: Prediction, after: Prediction) -> tuple[ConceptChange, ...]:
    """The concepts whose most probable value differs."""
    return tuple(
        ConceptChange(concept, before.value(concept), after.value(concept),
                      float(before.concept_probabilities[k].max()), float(after.concept_probabilities[k].max()))
        for k, concept in enumerate(before.schema.concepts) if before.value(concept) != after.value(concept))


@dataclass(frozen=True)
class WordChange:
    """A word of either copy with its score in each; None where the word is not in that copy."""

    text: str
    before: float | None
    after: float | None


def word_changes(before: Attribution, after: Attribution) -> tuple[WordChange, ...]:
    """Both copies word by word, in reading order: what was kept, what was removed, then what came in its place."""
    old, new = [word.text for word in before.words], [word.text for word in after.words]
    changes: list[WordChange] = []
    for _, i, i_end, j, j_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[i:i_end] == new[j:j_end]:
            changes += [WordChange(word, float(was), float(now)) for word, was, now in
                        zip(old[i:i_end], before.scores[i:i_end], after.scores[j:j_end], strict=True)]
        else:
            changes += [WordChange(word, float(was), None)
                        for word, was in zip(old[i:i_end], before.scores[i:i_end], strict=True)]
            changes += [WordChange(word, None, float(now))
                        for word, now in zip(new[j:j_end], after.scores[j:j_end], strict=True)]
    return tuple(changes)
