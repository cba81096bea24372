"""`compress`: a checkpoint in fewer bytes, without the units that no subnetwork keeps."""

import argparse

from sparsecbm.cli.console import only_result_on_stdout, say, share_bar, write_json
from sparsecbm.cli.parser import Commands, add_checkpoint, add_data, add_json, checkpoint_of, output_path

FORMS = ("float16", "int8")


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "compress",
        help="write a checkpoint in fewer bytes, and check that it answers as before",
        description="Write a checkpoint in fewer bytes: without heads and neurons that no subnetwork keeps, and with "
        "numbers of 16 bits, or of 8 bits with a scale for each row of a matrix. Its answers to a split are compared "
        "with the larger one's, and what answers otherwise is not written. Files stay below 50 MB each.",
    )
    add_data(parser)
    parser.add_argument("--split", default="dev", metavar="NAME", help="split to compare on (default: %(default)s)")
    parser.add_argument("--form", choices=FORMS, default="int8", help="how numbers are stored (default: %(default)s)")
    parser.add_argument("--output", required=True, type=output_path, metavar="DIR", help="new or empty folder to write")
    add_checkpoint(parser)
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Write the folder, and say what it lost."""
    from sparsecbm.data import load_split
    from sparsecbm.model.checkpoint import load_checkpoint
    from sparsecbm.training.compress import compress

    with only_result_on_stdout():
        split = load_split(options.dataset, options.data, options.split, options.schema)
        checkpoint = load_checkpoint(checkpoint_of(options), options.device)
        with share_bar("comparing") as progress:
            found = compress(checkpoint, split, options.output, options.form, progress)
    if options.json:
        write_json(found.to_json())
        return
    before, after = found.megabytes
    say(f"{before:.1f} MB became {after:.1f} MB. Of {found.n:,} texts of {found.split}, {100 * found.equal:.2f} % have "
        f"the same label; a probability moves by {found.moved:.4f} at most.")
    say(f"Checkpoint written to {options.output}. `familiarity` adds how unlike the training texts a text is.")
