"""Who visits: what this server asks of people, and what the visitor of this session may do."""

import os
from typing import Any

import streamlit as st

from sparsecbm.access.people import ROLES, People, Person, people_file
from sparsecbm.errors import ConfigError, InputError

#: How people are let in.
ACCESS_VARIABLE = "SPARSECBM_ACCESS"
#: Everybody, for everything; everybody, for looking; those with a password here; those whom an identity provider names.
MODES = ("open", "demo", "password", "oidc")
COOKIE = "sparsecbm_visitor"
#: The claim of an identity provider that may name a role, alone or in a list.
CLAIM = "sparsecbm_role"


def access_mode() -> str:
    """The mode of this server. ConfigError for one that does not exist: then nobody is let in."""
    mode = os.environ.get(ACCESS_VARIABLE) or MODES[0]
    if mode not in MODES:
        raise ConfigError(f"{ACCESS_VARIABLE} is {mode[:40]!r}; allowed: {', '.join(MODES)}. Set one of them and start "
                          "the app again.")
    return mode


def people() -> People:
    """Those who are known, as the file now is."""
    return People(people_file())


def visitor() -> Person | None:
    """Who visits; None for somebody who has not signed in, or who has no role."""
    mode = access_mode()
    if mode == "open":
        return Person("", "admin")
    if mode == "demo":
        return Person("", "viewer")
    if mode == "password":
        return people().signed_in(st.context.cookies.get(COOKIE))
    return _named_by_provider() if st.user.is_logged_in else None


def may(least: str) -> bool:
    """Whether the visitor has this role, or one above it."""
    person = visitor()
    return person is not None and person.may(least)


def require(least: str) -> None:
    """For what changes something that others use: InputError unless the visitor has this role, or one above it.

    A button that is disabled on screen is not enough: whoever speaks to the server can press it all the same.
    """
    if not may(least):
        raise InputError(f"This needs the role {least}, which you do not have. Nothing was changed. Sign in, or ask "
                         "whoever runs this server.")


def _named_by_provider() -> Person | None:
    """The role that the list gives to the address that the provider has verified, else that of its claim."""
    claims: dict[str, Any] = dict(st.user.to_dict())
    name, found = str(claims.get("email") or claims.get("sub") or ""), claims.get(CLAIM) or []
    listed = people().named(name) if claims.get("email_verified", True) else None
    roles = [role for role in ROLES if role in ([found] if isinstance(found, str) else found)]
    return listed or (Person(name, roles[-1]) if roles else None)
