"""People with a role, and their passwords, of which only hashes are kept."""

import hashlib
import json
import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadData, URLSafeTimedSerializer

from sparsecbm.errors import ConfigError, InputError
from sparsecbm.paths import path_in, replacing

#: Names the file of the people, and where it is otherwise.
PEOPLE_VARIABLE, DEFAULT_FILE = "SPARSECBM_PEOPLE", Path("people.json")
#: What people may do, each what the one before may and more: look at every page but Studies; save, correct, run studies
#: and read them; everything.
ROLES = ("viewer", "analyst", "admin")
#: Seconds for which a person stays signed in.
SIGNED_IN_FOR = 12 * 3600
SHORTEST_PASSWORD, LONGEST = 10, 200
_FORMAT = 1
_HASHER = PasswordHasher()


@dataclass(frozen=True)
class Person:
    """Somebody who uses the server; the name is empty where nobody signs in."""

    name: str
    role: str

    def may(self, least: str) -> bool:
        """Whether the role is that one, or above it."""
        return ROLES.index(self.role) >= ROLES.index(least)


@dataclass(frozen=True)
class _Entry:
    role: str
    password: str | None  # its hash; None for people who sign in elsewhere

    @property
    def stamp(self) -> str:
        """Changes with the password, so that whoever was signed in with the old one no longer is."""
        return hashlib.sha256(str(self.password).encode()).hexdigest()[:16]


class People:
    """The people in a file, which is read anew for each object. ConfigError for a file that is not one of these."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            self._key = str(found.get("key") or secrets.token_hex(32))
            self._entries = {str(name): _entry(one) for name, one in found.get("people", {}).items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise ConfigError(f"{path} cannot be read as a list of people; allowed: a file that `sparsecbm access` "
                              f"wrote. Restore it, or name another one in {PEOPLE_VARIABLE}.") from None
        if found and found.get("format") != _FORMAT:
            raise ConfigError(f"{path} has format {str(found.get('format'))[:40]}; allowed: {_FORMAT}. Use the version "
                              "of the program that wrote it.")

    @property
    def all(self) -> tuple[Person, ...]:
        """Everybody, by name."""
        return tuple(Person(name, entry.role) for name, entry in sorted(self._entries.items()))

    def named(self, name: str) -> Person | None:
        """The person of this name; None where there is none."""
        entry = self._entries.get(_plain(name))
        return None if entry is None else Person(_plain(name), entry.role)

    def put(self, name: str, role: str, password: str | None) -> None:
        """Add a person or change one. InputError for an empty or long name, another role, or a short password.

        Without a `password` a person who is there keeps theirs, and a new one can only sign in elsewhere.
        """
        plain = _plain(name)
        if not plain or len(plain) > LONGEST or role not in ROLES:
            raise InputError(f"The name {plain[:40]!r} and the role {role[:40]!r} came; allowed: a name of 1 to "
                             f"{LONGEST} letters, and {', '.join(ROLES)}. Give others.")
        if password is not None and not SHORTEST_PASSWORD <= len(password) <= LONGEST:
            raise InputError(f"A password of {len(password)} letters came; allowed: {SHORTEST_PASSWORD} to {LONGEST}. "
                             "Take a longer one, such as four words.")
        before = self._entries.get(plain)
        kept = None if before is None else before.password
        self._entries[plain] = _Entry(role, kept if password is None else _HASHER.hash(password))
        self._write()

    def remove(self, name: str) -> None:
        """Take a person off the list, who is signed out by that. InputError for nobody's name."""
        if self._entries.pop(_plain(name), None) is None:
            raise InputError(f"Nobody is called {name[:40]!r}; allowed: {', '.join(self._entries) or 'nobody yet'}. "
                             "List them to see who there is.")
        self._write()

    def check(self, name: str, password: str) -> Person | None:
        """The person if the password is theirs. It takes as long for a name that nobody has."""
        entry = self._entries.get(_plain(name))
        known = _nobodys() if entry is None or entry.password is None else entry.password
        try:
            _HASHER.verify(known, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return None
        return None if entry is None or entry.password is None else Person(_plain(name), entry.role)

    def token(self, person: Person) -> str:
        """What a browser keeps of a person who has signed in: nobody else can make it."""
        return str(self._serializer.dumps([person.name, self._entries[person.name].stamp]))

    def signed_in(self, token: str | None) -> Person | None:
        """Whose token it is; None where it is not ours, too old, or the password has changed since."""
        try:
            name, stamp = self._serializer.loads(token or "", max_age=SIGNED_IN_FOR)
        except (BadData, ValueError, TypeError):
            return None
        entry = self._entries.get(name)
        return Person(name, entry.role) if entry is not None and secrets.compare_digest(entry.stamp, stamp) else None

    @cached_property
    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._key, salt="sparsecbm.sign-in")

    def _write(self) -> None:
        people = {name: {"role": one.role, "password": one.password} for name, one in self._entries.items()}
        with replacing(self._path) as new:
            new.touch(mode=0o600)
            new.write_text(json.dumps({"format": _FORMAT, "key": self._key, "people": people}, indent=1) + "\n",
                           encoding="utf-8", newline="\n")


def people_file() -> Path:
    """The file of the people of this server, which need not be there yet."""
    return path_in(PEOPLE_VARIABLE) or DEFAULT_FILE


def _entry(found: Mapping[str, Any]) -> _Entry:
    role, password = found["role"], found["password"]
    if role not in ROLES or not isinstance(password, str | None):
        raise ValueError
    return _Entry(role, password)


def _plain(name: str) -> str:
    """One name for every way to type it."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


@cache
def _nobodys() -> str:
    """A hash that no password has, as slow to check as a real one."""
    return _HASHER.hash(secrets.token_hex(32))
