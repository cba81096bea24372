"""The surroundings of every HTML template: what it may call, and the rule that all text in it is escaped."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sparsecbm.explain.methods import method_named
from sparsecbm.export import content
from sparsecbm.figures import completeness, heatmap, names, verdict
from sparsecbm.figures.colour import DARK_PAPER, PAPER
from sparsecbm.figures.escaping import visible


@cache
def environment() -> Environment:
    """Every text that a template is given is made visible and escaped."""
    made = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, finalize=_shown,
                       undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"percent": lambda share: names.percent(float(share)),
                     "signed": lambda number: names.signed(float(number))}
    made.globals |= {"content": content, "completeness": completeness, "heatmaps": heatmap, "names": names,
                     "verdict": verdict, "method_named": method_named, "papers": (PAPER, DARK_PAPER)}
    return made


def _shown(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value
