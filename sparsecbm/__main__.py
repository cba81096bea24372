"""The command line: `python -m sparsecbm COMMAND`, with one of COMMANDS.

Exit codes: 0 done, 1 done, but `benchmark` found a bound exceeded, 2 an error that the user can fix (one line on
standard error says how), 130 interrupted.
"""

import sys
from collections.abc import Sequence

from sparsecbm.access import command as access
from sparsecbm.batch import command as predict
from sparsecbm.benchmark import command as benchmark
from sparsecbm.cli.console import end_output, flush_output, quieten, write_line
from sparsecbm.cli.parser import PROGRAM, Parser, parse
from sparsecbm.corrections import command as corrections
from sparsecbm.errors import InputError, SparseCBMError
from sparsecbm.evaluation import command as evaluate
from sparsecbm.evaluation import command_causal as causal
from sparsecbm.evaluation import command_curve as curve
from sparsecbm.evaluation import command_field_test as field_test
from sparsecbm.familiarity import command as familiarity
from sparsecbm.home import command as app
from sparsecbm.revision import command as intervene
from sparsecbm.studies import command as study
from sparsecbm.subnetworks import command as overlap
from sparsecbm.training import command as train
from sparsecbm.training import command_backbone as backbone
from sparsecbm.training import command_compress as compress
from sparsecbm.training import command_schema as schema
from sparsecbm.words import command as explain
from sparsecbm.words import command_faithfulness as faithfulness

COMMANDS = {
    "app": app, "explain": explain, "intervene": intervene, "overlap": overlap, "evaluate": evaluate,
    "faithfulness": faithfulness, "familiarity": familiarity, "curve": curve, "field-test": field_test,
    "causal": causal, "predict": predict, "study": study, "corrections": corrections,
    "schema": schema, "train": train, "backbone": backbone, "compress": compress, "benchmark": benchmark,
    "access": access,
}


def build_parser() -> Parser:
    """The whole command line with every option's help."""
    parser = Parser(prog=PROGRAM, description="Train, evaluate and explain sparse concept bottleneck models of text.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    for command in COMMANDS.values():
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    quieten()
    parser = build_parser()
    try:
        options = parse(parser, sys.argv[1:] if arguments is None else arguments)
        if options.command is None:
            names = ", ".join(COMMANDS)
            raise InputError(f"No command was given; allowed: {names}. Run `{PROGRAM} --help` to see what they do.")
        code: int | None = options.run(options)
        flush_output()
    except SparseCBMError as error:
        write_line(str(error))
        return 2
    except BrokenPipeError:  # the reader of our output, such as `head`, has seen enough
        return 0
    except OSError as error:
        write_line(f"{error.filename or 'A file'} cannot be read or written ({error.strerror or error}). Check the "
                   "path, its permissions and the free space.")
        return 2
    except (RuntimeError, TypeError, MemoryError) as error:
        from sparsecbm.model.device import device_problem

        problem = device_problem(error)
        if problem is None:
            raise
        write_line(problem)
        return 2
    except KeyboardInterrupt:
        write_line("Interrupted. To continue, run the same command again; `train` also needs --resume.")
        return 130
    finally:
        end_output()
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
