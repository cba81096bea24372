"""Results to keep and to send: plain values for scripts, a table for spreadsheets, one page for people."""

from sparsecbm.export.deck import deck_html
from sparsecbm.export.page import explanation_html
from sparsecbm.export.table import explanation_csv
from sparsecbm.export.values import explanation_json

__all__ = ["deck_html", "explanation_csv", "explanation_html", "explanation_json"]
