"""Calling the loaded model as one calls a `transformers` pipeline: lists or a data set in, plain values out."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from sparsecbm.errors import InputError
from sparsecbm.service.predictions import PredictionExplainer
from sparsecbm.types import Predictions, Progress

if TYPE_CHECKING:
    from datasets import Dataset

#: The column that a data set gets.
COLUMN = "prediction"
#: Texts of a batch, unless stated.
BATCH = 256


class PipelineExplainer(PredictionExplainer):
    """A loaded model that can be called."""

    @overload
    def __call__(self, texts: str | Sequence[str], *, batch_size: int = BATCH, text_column: str = "text",
                 progress: Progress = ...) -> list[dict[str, Any]]: ...

    @overload
    def __call__(self, texts: "Dataset", *, batch_size: int = BATCH, text_column: str = "text",
                 progress: Progress = ...) -> "Dataset": ...

    def __call__(
        self, texts: "str | Sequence[Any] | Dataset", *, batch_size: int = BATCH, text_column: str = "text",
        progress: Progress = lambda _: None,
    ) -> "list[dict[str, Any]] | Dataset":
        """What the model says of each text: label and `score`, which is its probability, 0..1, and so of each concept.

        At most `batch_size` texts are taken at a time. One text gives a list of one, as in `transformers`. A
        `datasets.Dataset` comes back with the same in a further column, `prediction`, from the texts in `text_column`.
        A black box says nothing of `concepts`. `progress` gets the share done, 0..1, and may raise Cancelled.
        InputError for a text that is blank or none, and for columns that are missing or taken.

            >>> explainer(["Kindest waiter ever!"])[0]["concepts"]["noise"]
            {'label': 'unknown', 'score': 0.98...}
        """
        if batch_size < 1:
            raise InputError(f"batch_size is {batch_size}; allowed: 1 or more.")
        if isinstance(texts, str):
            return self._said([texts], batch_size, progress)
        if isinstance(texts, Sequence):
            return self._said(texts, batch_size, progress)
        if not _is_data_set(texts):
            raise InputError(f"A {type(texts).__name__} came; allowed: a text, a list of texts, or a datasets.Dataset. "
                             "Make a list of it.")
        if text_column not in texts.column_names or COLUMN in texts.column_names:
            raise InputError(f"The data set has the columns {', '.join(texts.column_names)}; allowed: one called "
                             f"{text_column!r} with the texts, and none called {COLUMN!r}. Say which column has the "
                             "texts (text_column), or rename the other.")
        return texts.add_column(COLUMN, self._said(texts[text_column][:], batch_size, progress), feature=self._form())

    def _said(self, texts: Sequence[Any], batch_size: int, progress: Progress) -> list[dict[str, Any]]:
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise InputError(f"Row {row} is {str(text)[:40]!r}, a {type(text).__name__}; allowed: texts. Leave the "
                                 "row out.")
        found: list[dict[str, Any]] = []
        for start in range(0, len(texts), batch_size):
            found += self._as_plain(self.predict_texts(texts[start : start + batch_size]))
            progress(len(found) / len(texts))
        return found

    def _as_plain(self, found: Predictions) -> list[dict[str, Any]]:
        """Each row as plain Python values."""
        schema, told = self.schema, self.checkpoint.kind != "black_box"
        made = [{"label": schema.labels[place], "score": float(row[place])}
                for place, row in zip(found.labels, found.label_probabilities, strict=True)]
        return made if not told else [
            one | {"concepts": {concept: {"label": schema.values[place], "score": float(probabilities[place])}
                                for concept, place, probabilities in zip(schema.concepts, places, row, strict=True)}}
            for one, places, row in zip(made, found.values, found.concept_probabilities, strict=True)]

    def _form(self) -> dict[str, Any]:
        """The same as a feature of a data set, so that one without rows has the column, too."""
        from datasets import Value

        one = {"label": Value("string"), "score": Value("float64")}
        told = {} if self.checkpoint.kind == "black_box" else {"concepts": dict.fromkeys(self.schema.concepts, one)}
        return one | told


def _is_data_set(given: object) -> bool:
    """Whether this is a data set; whoever has one has imported its library."""
    library = sys.modules.get("datasets")
    return library is not None and isinstance(given, library.Dataset)
