"""`--patch`: the masks of a checkpoint as a saved patch leaves them."""

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from sparsecbm.cli.console import printable
from sparsecbm.cli.parser import Parser, input_path

if TYPE_CHECKING:
    from sparsecbm.model.checkpoint import Checkpoint
    from sparsecbm.revision.patch import Patch


def add_patch(parser: Parser) -> None:
    """Which saved patch to apply."""
    parser.add_argument("--patch", type=input_path, metavar="FILE",
                        help="apply this saved patch to the masks first; it must have been made for the checkpoint")


def patch_of(options: argparse.Namespace) -> "Patch | None":
    """The patch that the user named, not yet checked against the checkpoint."""
    from sparsecbm.revision.compute_patch import load_patch

    return None if options.patch is None else load_patch(options.patch)


def patched(checkpoint: "Checkpoint", patch: "Patch") -> "Checkpoint":
    """The checkpoint with its masks as a patch leaves them; InputError unless the patch was made for it."""
    from sparsecbm.model.subnetwork_masks import Subnetworks
    from sparsecbm.revision.compute_masks import changed_masks
    from sparsecbm.revision.compute_patch import check_patch

    masks = Subnetworks.of(checkpoint).masks
    check_patch(patch, checkpoint.hash, masks)
    return replace(checkpoint, masks=changed_masks(masks, patch.changes))


def described(patch: "Patch") -> str:
    """A patch in one line, such as: patch kinder waiters (service=Positive) by Ada, 2026-01-31."""
    what = ", ".join(f"{revision.concept}={revision.value}" for revision in patch.revisions)
    author = f" by {patch.author}" if patch.author else ""
    return printable(f"patch {patch.name} ({what}){author}, {patch.created[:10]}")
