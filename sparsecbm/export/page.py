"""An explanation as one standalone HTML file: no network, no script, light or dark like the reader's system."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sparsecbm.export import content
from sparsecbm.familiarity.unlike import is_unlike, unlike_text
from sparsecbm.figures import text as names
from sparsecbm.figures.style import DARK_PAPER, PAPER
from sparsecbm.figures.text import visible
from sparsecbm.types import Attribution, Explanation, InterventionResult
from sparsecbm.words import figure as completeness
from sparsecbm.words import figure as heatmap
from sparsecbm.words import figure_faithfulness as verdict
from sparsecbm.words.faithfulness import Faithfulness
from sparsecbm.words.figure import full_colour, heatmap_html, legend_html, look_of, unread_html
from sparsecbm.words.methods import method_named
from sparsecbm.words.unread import nothing_read


@cache
def environment() -> Environment:
    """The templates; every text that they are given is made visible and escaped."""
    made = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, finalize=_shown,
                       undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"percent": lambda share: names.percent(float(share)),
                     "signed": lambda number: names.signed(float(number))}
    made.globals |= {"content": content, "completeness": completeness, "heatmaps": heatmap, "names": names,
                     "verdict": verdict, "method_named": method_named, "papers": (PAPER, DARK_PAPER)}
    return made


def _shown(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def explanation_html(
    explanation: Explanation, intervention: InterventionResult | None = None, faithfulness: Sequence[Faithfulness] = ()
) -> str:
    """The page: label, concepts and their contributions, the words of every attribution, a receipt.

    Equal results give equal pages, so the page has no date. A label's words come before a concept's.
    """
    prediction, attributions = explanation.prediction, explanation.attributions
    limit, end = full_colour(attributions), content.read_until(explanation)
    words = attributions[0].words if attributions else ()

    def heatmap(attribution: Attribution) -> str:
        return heatmap_html(attribution, prediction.text[:end], limit, None, height="none")

    def shade(score: float) -> str:
        return look_of(score, limit, None).style

    return environment().get_template("page.html.j2").render(
        explanation=explanation, intervention=intervention, faithfulness=faithfulness, prediction=prediction,
        schema=prediction.schema, label=names.label_name(prediction.label, prediction.schema),
        read=prediction.text[:end], unread=prediction.text[end:], has_concepts=bool(prediction.contributions.any()),
        attributions=sorted(attributions, key=lambda attribution: attribution.target.concept is not None),
        legend=legend_html(limit, None, "the target in the title"), heatmap=heatmap, shade=shade,
        unread_words=unread_html(words), nothing_read=nothing_read(words),
        unlike=unlike_text(prediction.unlike) if is_unlike(prediction.unlike) else "")
