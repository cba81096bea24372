"""Parts of a participant's link by which a panel knows them, and what a study keeps of them."""

from collections.abc import Mapping

from sparsecbm.studies.protocol import LONGEST, Protocol, can_be_stored


def kept_ids(protocol: Protocol, link: Mapping[str, str]) -> dict[str, str]:
    """What the study keeps of the parts of a link, in its own order; what is empty or cannot be stored is left out."""
    there = ((name, link.get(name, "").strip()) for name in protocol.external_ids)
    return {name: text for name, text in there if 0 < len(text) <= LONGEST["external id"] and can_be_stored(text)}
