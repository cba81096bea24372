"""The field test as dots and sentences, in percent."""

from sparsecbm.evaluation.field_test import BLACK_BOX, MOST_COMMON, FieldSource, FieldTest, Subject
from sparsecbm.figures.dots import Dot
from sparsecbm.figures.text import listed, signed
from sparsecbm.intervals import Interval
from sparsecbm.schema import ConceptSchema
from sparsecbm.types import LABEL_TARGET


def field_dots(source: FieldSource, score: str, schema: ConceptSchema) -> tuple[Dot, ...]:
    """A score of everybody who answered, for the label and every concept that the source tells of."""
    return tuple(Dot(_title(subject, schema), who, 100 * getattr(one, score), _percent(one.ci95[score]))
                 for subject, scored in source.subjects.items() for who, one in scored.answers.items())


def field_text(source: FieldSource, schema: ConceptSchema) -> str:
    """Where the model is right more often than the most common answer, where it is not, and where that is open."""
    sides: dict[str, list[str]] = {
        "right more often than": [], "not distinguishable from": [], "right less often than": []}
    for subject, scored in source.subjects.items():
        sides[_side(scored, MOST_COMMON)].append(_title(subject, schema))
    said = [f"{listed(names)}: {side} always giving the most common answer" for side, names in sides.items() if names]
    whole = "; ".join(said)
    return f"{whole[:1].upper()}{whole[1:]}."


def black_box_text(source: FieldSource, schema: ConceptSchema) -> str:
    """What going through concepts costs the label; empty where no black box answered."""
    label = source.subjects.get(LABEL_TARGET)
    if label is None or BLACK_BOX not in label.answers:
        return ""
    lead = label.answers[BLACK_BOX].lead
    assert lead is not None
    low, high = (signed(100 * end, 1) for end in lead["accuracy"].ci95)
    return (f"Compared with a black box of the same backbone, the {schema.label_title} is right in "
            f"{signed(100 * lead['accuracy'].mean, 1)} points (95 % interval {low} to {high}).")


def gain_dots(found: FieldTest) -> tuple[Dot, ...]:
    """Label accuracy on the rows with a misread concept, before and after correcting it, by source."""
    return tuple(dot for name, source in found.sources.items() if source.gain for dot in (
        Dot(_place(name, source), "as predicted", 100 * source.gain.before),
        Dot(_place(name, source), "misread concepts corrected", 100 * (source.gain.before + source.gain.mean),
            _percent((source.gain.before + source.gain.ci95[0], source.gain.before + source.gain.ci95[1])))))


def gain_text(found: FieldTest, schema: ConceptSchema) -> str:
    """What correcting a misread concept is worth, source by source; empty where nothing could be corrected."""
    parts = [f"{signed(100 * one.gain.mean, 1)} points on {_place(name, one)} (n = {one.gain.n:,}, 95 % interval "
             f"{signed(100 * one.gain.ci95[0], 1)} to {signed(100 * one.gain.ci95[1], 1)})"
             for name, one in found.sources.items() if one.gain]
    return f"Correcting misread concepts changes the accuracy of the {schema.label_title} by {listed(parts)}." \
        if parts else ""


def _side(scored: Subject, other: str) -> str:
    lead = scored.answers[other].lead
    assert lead is not None
    low, high = lead["accuracy"].ci95
    return "right more often than" if low > 0 else "right less often than" if high < 0 else "not distinguishable from"


def _place(name: str, source: FieldSource) -> str:
    return name if source.in_domain else f"{name}, not trained on"


def _title(subject: str, schema: ConceptSchema) -> str:
    return schema.label_title if subject == LABEL_TARGET else subject


def _percent(interval: Interval) -> Interval:
    return 100 * interval[0], 100 * interval[1]
