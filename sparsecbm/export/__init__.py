"""Results to keep and to send: plain values for scripts, a table for spreadsheets, one page for people."""

from sparsecbm.export.page import explanation_html
from sparsecbm.export.table import explanation_csv
from sparsecbm.export.values import explanation_json

__all__ = ["explanation_csv", "explanation_html", "explanation_json"]
