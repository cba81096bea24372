"""An explanation as one standalone HTML file: no network, no script, dark or light as the reader's system is."""

from collections.abc import Sequence

from sparsecbm.export import content
from sparsecbm.export.templates import environment
from sparsecbm.figures import names
from sparsecbm.figures.colour import shading
from sparsecbm.figures.heatmap import SHADED_FROM, full_colour, heatmap_html, legend_html
from sparsecbm.types import Attribution, Explanation, Faithfulness, InterventionResult


def explanation_html(
    explanation: Explanation, intervention: InterventionResult | None = None, faithfulness: Sequence[Faithfulness] = ()
) -> str:
    """The page: label, concepts and the sum between them, the words of every attribution, a receipt.

    Equal results give equal pages, so nothing on it tells when it was made. A label's words come before a concept's.
    """
    prediction, attributions = explanation.prediction, explanation.attributions
    limit, end = full_colour(attributions), content.read_until(explanation)

    def heatmap(attribution: Attribution) -> str:
        return heatmap_html(attribution, prediction.text[:end], limit, None, height="none")

    def shade(score: float) -> str:
        return shading(score / limit, None) if abs(score) >= SHADED_FROM * limit else ""

    return environment().get_template("page.html.j2").render(
        explanation=explanation, intervention=intervention, faithfulness=faithfulness, prediction=prediction,
        schema=prediction.schema, label=names.label_name(prediction.label, prediction.schema),
        read=prediction.text[:end], unread=prediction.text[end:], has_concepts=bool(prediction.contributions.any()),
        attributions=sorted(attributions, key=lambda attribution: attribution.target.concept is not None),
        legend=legend_html(limit, None, "the answer in the title"), heatmap=heatmap, shade=shade)
