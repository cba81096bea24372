"""Parts of a participant's link by which a panel knows them: what a study keeps of them, and what is dropped."""

from collections.abc import Mapping

from sparsecbm.studies.protocol import LONGEST, Protocol, can_be_stored

#: What Prolific, Mechanical Turk, CloudResearch and SONA add to a link.
PANELS = ("PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "workerId", "assignmentId", "hitId", "participantId", "projectId",
          "survey_code", "sona_id")
_KNOWN = {name.lower() for name in PANELS}


def kept_ids(protocol: Protocol, link: Mapping[str, str]) -> dict[str, str]:
    """What the study keeps of the parts of a link, in its own order; what is empty or cannot be stored is left out."""
    there = ((name, link.get(name, "").strip()) for name in protocol.external_ids)
    return {name: text for name, text in there if 0 < len(text) <= LONGEST["external id"] and can_be_stored(text)}


def dropped_ids(protocol: Protocol, link: Mapping[str, str]) -> tuple[str, ...]:
    """The names of what a panel added to the link and the study does not keep."""
    return tuple(name for name in link if name.lower() in _KNOWN and name not in protocol.external_ids)
