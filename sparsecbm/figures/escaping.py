"""Text from outside, shown as it is: nothing in it is ever read as HTML or as a direction command."""

import html
import unicodedata

#: Invisible characters that belong to ordinary text: emoji are joined by them, some scripts need them.
_HARMLESS = {"\n", "\t", "\u200c", "\u200d", "\ufeff", "\u00ad"}


def visible(text: str) -> str:
    """The text with control and direction characters replaced by a visible mark, e.g. `[U+202E]`.

    A left-out character would hide what the model read; one left in could reorder the words on the screen.
    """
    return "".join(f"[U+{ord(c):04X}]" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and c not in _HARMLESS
                   and not _is_emoji_tag(c) else c for c in text.replace("\r\n", "\n"))


def as_html(text: str) -> str:
    """The text for HTML content or a quoted attribute."""
    return html.escape(visible(text), quote=True)


def _is_emoji_tag(character: str) -> bool:
    return "\U000e0020" <= character <= "\U000e007f"
