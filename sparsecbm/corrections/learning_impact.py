"""What a checkpoint that learned from corrections answers otherwise than the one before: fixed, broken, unchanged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sparsecbm.data.split import Split
from sparsecbm.impact.impact import Case, Effect, Impact, Outcome

#: The key in metrics.json of the summary.
METRICS_KEY = "learning"
#: Outcomes of answers that neither become right nor wrong; the truth of all is known.
UNCHANGED = (Outcome.RIGHT, Outcome.WRONG, Outcome.MOVED)


@dataclass(frozen=True, eq=False)
class LearningImpact:
    """The impact of the checkpoint with the hash `after` in place of that with the hash `before`, for each source.

    Sources are corrected texts, held out and learned, and splits of data sets without what was corrected.

    >>> found = learning_impact(before, after, corrected, {"cebab/dev": split})
    >>> found.impacts["corrections/held-out"].effect("label").accuracy
    """

    before: str
    after: str
    impacts: Mapping[str, Impact]
    splits: Mapping[str, Split]

    def effects(self, source: str) -> Iterator[Effect]:
        """The effects on the label and on each concept of which a source tells."""
        return (effect for effect in self.impacts[source].effects if effect.known)

    def cases(self, source: str, subject: str, outcome: Outcome) -> Iterator[tuple[Case, str]]:
        """The texts that an outcome befell, each with its answers."""
        texts = self.splits[source].texts
        return ((case, texts[case.row]) for case in self.impacts[source].cases(subject, outcome))

    def summary(self) -> dict[str, Any]:
        """Plain JSON values without a text, to be kept with the checkpoint: counts, accuracies 0..1 and intervals."""
        return {"before": self.before, "after": self.after, "sources": {source: {
            "n": len(self.splits[source]), "data_hash": self.splits[source].data_hash,
            "subjects": {effect.subject: counts(effect) for effect in self.effects(source)},
        } for source in self.impacts}}

    def to_json(self) -> dict[str, Any]:
        """The summary with the texts that became right or wrong."""
        made = self.summary()
        for source, values in made["sources"].items():
            for subject, found in values["subjects"].items():
                for name, outcome in (("fixed_texts", Outcome.FIXED), ("broken_texts", Outcome.BROKEN)):
                    found[name] = [{"id": case.id, "text": text, "before": case.before, "after": case.after,
                                    "truth": case.truth} for case, text in self.cases(source, subject, outcome)]
        return made


def counts(effect: Effect) -> dict[str, Any]:
    """How many of the `n` answers whose truth is known become right, wrong or neither; accuracy before and after.

    `interval` is that of the change of accuracy, for texts like these; the answers are paired.
    """
    assert effect.accuracy is not None and effect.interval is not None
    before, after = effect.accuracy
    return {"n": effect.known, "fixed": effect.count(Outcome.FIXED), "broken": effect.count(Outcome.BROKEN),
            "unchanged": effect.count(*UNCHANGED), "before": before, "after": after, "change": after - before,
            "interval": list(effect.interval)}
