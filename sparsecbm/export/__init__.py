"""Results as files: JSON for scripts, a table for spreadsheets, a page for people, a deck to present."""

from sparsecbm.export.deck_page import deck_html
from sparsecbm.export.page import explanation_html
from sparsecbm.export.values import explanation_csv, explanation_json

__all__ = ["deck_html", "explanation_csv", "explanation_html", "explanation_json"]
