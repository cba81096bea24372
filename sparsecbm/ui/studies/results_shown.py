"""Which outcomes are on screen."""

from dataclasses import dataclass

from sparsecbm.studies.log import ParticipantKind
from sparsecbm.ui.studies.form import Form

TESTS = "Tests"


@dataclass(frozen=True)
class Shown:
    """Whose outcomes of which study, the group of pictures, and the outcome whose differences are drawn."""

    study: str = ""
    who: ParticipantKind = "person"
    group: str = "Accuracy"
    outcome: str = ""


SHOWN = Form("studies:results", Shown)
