"""Result dataclasses as plotly figures, and the colours that every picture shares."""
