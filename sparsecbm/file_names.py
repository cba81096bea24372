"""Names of files: what people typed becomes a name that every system takes, and names of others are understood.

A name has 255 bytes at most. Windows takes none with one of `< > : " / \\ | ? *`, with a dot or a blank at its end,
or of a device, such as `con`; and some systems take `A` and `a` for the same.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from datetime import date

#: What a system leaves in a folder that somebody looked into.
_LEFT_BEHIND = {".ds_store", ".localized", "thumbs.db", "desktop.ini", ".directory", "__macosx"}
#: So many bytes of what a person typed are kept in a name.
_MOST_BYTES = 120


def download_name(kind: str, content: str, ending: str) -> str:
    """The name of a downloaded file: its kind, the first words of what it holds, and the day.

    E.g. "explanation-the-soup-was-cold-2026-03-14.html".
    """
    return "-".join(filter(None, (kind, in_a_name(content), f"{date.today()}.{ending}")))


def kept_name(name: str, otherwise: str, ending: str) -> str:
    """The name of a file that is kept under a name that a person gave: another name has another file.

    E.g. "kinder-waiters-1f2e3d4c.safetensors". Letters beyond ASCII, which systems write in different ways, are left
    out; `otherwise` stands where nothing is left.
    """
    plain = in_a_name("".join(c if c.isascii() else " " for c in name)) or otherwise
    return f"{plain}-{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:8]}{ending}"


def in_a_name(text: str) -> str:
    """The first words of a text as a part of a file's name: small letters and digits, with "-" between; or nothing."""
    words = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", text[:200]).lower()).strip("-")[:40]
    return words.encode()[:_MOST_BYTES].decode(errors="ignore").rstrip("-")


def last_part(path: str) -> str:
    """The last part of a path that was written on any system, as a name to show.

    >>> last_part("C:\\\\models\\\\minilm\\\\"), last_part("sentence-transformers/all-MiniLM-L6-v2")
    ('minilm', 'all-MiniLM-L6-v2')
    """
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1]


def ending_of(name: str) -> str:
    """The ending of a file that a person names, in small letters, such as ".csv"; empty where it has none.

    Dots and blanks at the end, which Windows ignores, are ignored.
    """
    found = re.search(r"\.[a-z0-9]{1,10}$", last_part(name).lower().rstrip(". "))
    return found[0] if found else ""


def without_leftovers(names: Iterable[str]) -> list[str]:
    """The names of files in a folder, less those that a system left there without being asked, such as ".DS_Store"."""
    return [name for name in names if name.lower() not in _LEFT_BEHIND and not name.startswith("._")]
