"""What comes out of a text box."""


def typed(text: str | None) -> str:
    """The text, empty for none, without the halves of characters that no address and no file can hold."""
    return (text or "").encode("utf-8", "replace").decode()
