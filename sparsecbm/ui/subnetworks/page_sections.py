"""The section of the page that is chosen."""

from sparsecbm.ui.sections import section_bar
from sparsecbm.ui.subnetworks.compare import compare_panel
from sparsecbm.ui.subnetworks.leaning import leaning_panel
from sparsecbm.ui.subnetworks.live import live_panel
from sparsecbm.ui.subnetworks.panel import overlap_panel
from sparsecbm.ui.subnetworks.proof import proof_panel
from sparsecbm.ui.subnetworks.selection import KEPT, SECTIONS, to_address

_PANELS = {"shared": (overlap_panel,), "proof": (proof_panel,), "compare": (compare_panel,),
           "review": (leaning_panel, live_panel)}


def subnetworks_section() -> None:
    """Let a person choose a section, and draw it."""
    shown = KEPT.current.section
    KEPT.write(to_address(KEPT.current))
    section_bar("subnetworks:section", SECTIONS, shown, lambda name: KEPT.change(section=name))
    for panel in _PANELS[shown]:
        panel()
