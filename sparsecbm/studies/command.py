"""`study`: list, simulate, analyse, export and replay the studies of a database, and withdraw participants."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparsecbm.cli.console import only_result_on_stdout, say, share_bar, write_json
from sparsecbm.cli.parser import (
    Commands,
    Parser,
    add_checkpoint,
    add_json,
    add_seed,
    checkpoint_of,
    input_path,
    input_place,
    number,
    output_path,
    whole,
)

if TYPE_CHECKING:
    from sparsecbm.service import Explainer
    from sparsecbm.studies.store import Store


def add(commands: Commands) -> None:
    """Declare the command and what it can do."""
    parser = commands.add_parser(
        "study",
        help="list, simulate, analyse, export and replay intervention studies",
        description="Work with intervention studies. They are stored in the PostgreSQL database that the environment "
        "variable SPARSECBM_DATABASE_URL names, or else in the SQLite file that SPARSECBM_STUDIES names (default: "
        "studies/studies.sqlite).",
    )
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True,
                                    help="list, results, simulate, export, replay or withdraw")
    _action(actions, "list", list_studies, "list all studies with their progress")
    results = _action(actions, "results", show_results, "analyse a study; the analysis is logged")
    _add_study(results)
    results.add_argument("--simulated", action="store_true",
                         help="analyse the simulated participants instead of the people")
    _add_simulate(actions)
    export = _action(actions, "export", export_study, "write a study into a folder: CSV, Parquet, codebook, protocol")
    _add_study(export)
    export.add_argument("folder", type=output_path, metavar="FOLDER", help="an empty or new folder")
    replay = _action(actions, "replay", replay_study, "recompute every prediction of an exported study")
    replay.add_argument("folder", type=input_path, metavar="FOLDER", help="a folder that `study export` wrote")
    add_checkpoint(replay)
    withdraw = _action(actions, "withdraw", withdraw_participant, "delete all data of a participant permanently")
    withdraw.add_argument("code", metavar="CODE", help="the participant's code")


def _action(actions: Any, name: str, run: Any, what: str) -> Parser:
    parser: Parser = actions.add_parser(name, help=what, description=f"{what[:1].upper()}{what[1:]}.")
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)
    return parser


def _add_study(parser: Parser) -> None:
    parser.add_argument("study", metavar="STUDY", help="id of a study, as `study list` gives it")


def _add_simulate(actions: Any) -> None:
    parser = _action(actions, "simulate", simulate_study, "let simulated annotators take part in a study")
    parser.add_argument("study", type=input_place, metavar="STUDY",
                        help="id of a study, or a protocol file (JSON), of which nothing is stored")
    parser.add_argument("--participants", type=whole, default=20, metavar="N",
                        help="number of participants, at most 10,000 (default: %(default)s)")
    parser.add_argument("--repeats", type=whole, metavar="N",
                        help="simulate the study N times, store nothing, and report how often each effect is found")
    for name, default, what in (
            ("skill", 0.7, "how often an annotator's own answer is right"),
            ("trust", 0.6, "how often an annotator adopts the model's answer"),
            ("error-rate", 0.1, "how often a concept is set to a wrong value"),
            ("lapse-rate", 0.02, "how often the final answer is a random label")):
        parser.add_argument(f"--{name}", type=number, default=default, metavar="SHARE",
                            help=f"{what}, 0 to 1 (default: %(default)s)")
    parser.add_argument("--policy", default="ectp", metavar="NAME",
                        help="order in which concepts are checked (default: %(default)s)")
    parser.add_argument("--most", type=whole, default=2, metavar="N",
                        help="maximum number of concepts checked (default: %(default)s)")
    add_seed(parser, "everything that is random")
    add_checkpoint(parser)


def list_studies(options: argparse.Namespace) -> None:
    """All studies of the database with their counts."""
    from dataclasses import asdict

    from sparsecbm.studies.cases import progress_of
    from sparsecbm.studies.command_text import show_studies

    with _store() as store:
        found = [{"id": study.id, "name": study.protocol.name, "version": study.protocol.version,
                  "created": study.created.isoformat(), "closed": study.closed,
                  **asdict(progress_of(study.protocol, store.courses(study.id))),
                  "simulated": len(store.courses(study.id, ("simulated",)))} for study in store.studies()]
    if options.json:
        write_json({"studies": found})
    else:
        show_studies(found)


def show_results(options: argparse.Namespace) -> None:
    """Analyse the people of a study, or its simulated participants."""
    from sparsecbm.studies.analysis import analyse
    from sparsecbm.studies.command_text import show_analysis

    with only_result_on_stdout(), _store() as store:
        study = store.study(options.study)
        courses = store.courses(study.id, ("simulated",) if options.simulated else ("person",))
        store.note(study.id, "results")
        found = analyse(study.protocol, courses)
    if options.json:
        write_json(found.to_json())
    else:
        show_analysis(found)


def simulate_study(options: argparse.Namespace) -> None:
    """Simulate once and store the result with the study, or many times and store nothing."""
    from dataclasses import asdict

    from sparsecbm.studies.analysis import analyse
    from sparsecbm.studies.command_text import show_analysis, show_power
    from sparsecbm.studies.compute_service import ModelAnswers
    from sparsecbm.studies.compute_simulate import Annotator, check_participants, in_memory, power, simulate

    with only_result_on_stdout():
        annotator = Annotator(options.skill, options.trust, options.policy, options.most, options.error_rate,
                              options.lapse_rate)
        check_participants(options.participants, options.seed, 1 if options.repeats is None else options.repeats)
        protocol = _protocol(options.study)
        explainer = _explainer(options)
        ModelAnswers(explainer).check(protocol)
        settings = (annotator, options.participants)
        with share_bar("simulating") as progress:
            if options.repeats is not None:
                found = power(protocol, explainer, *settings, options.repeats, options.seed, progress)
            elif Path(options.study).is_file():
                courses = in_memory(protocol, explainer, *settings, options.seed, progress)
            else:
                with _store() as store:
                    simulate(store, options.study, explainer, *settings, options.seed, progress)
                    courses = store.courses(options.study, ("simulated",))
        results = None if options.repeats is not None else analyse(protocol, courses)
    if results is None:
        values = {"participants": options.participants, "comparisons": [asdict(one) for one in found]}
        write_json(values) if options.json else show_power(found, options.participants)
    else:
        write_json(results.to_json()) if options.json else show_analysis(results)


def export_study(options: argparse.Namespace) -> None:
    """Write a study's files."""
    from sparsecbm.studies.compute_export import export_study as export

    with _store() as store:
        account = export(store, options.study, options.folder)
    if options.json:
        write_json(account)
    else:
        say(f"{account['name']}, version {account['version']}: {account['participants']} participants, "
            f"{account['events']} events, {account['cases']} cases, in {options.folder}")


def replay_study(options: argparse.Namespace) -> None:
    """Recompute a study's predictions."""
    from sparsecbm.studies.command_text import show_replay
    from sparsecbm.studies.compute_replay import read_study, replay

    with only_result_on_stdout():
        read_study(options.folder)  # errors in it are reported before a model is loaded
        with share_bar("replaying") as progress:
            found = replay(options.folder, _explainer(options), progress)
    if options.json:
        write_json(found.to_json())
    else:
        show_replay(found)


def withdraw_participant(options: argparse.Namespace) -> None:
    """Delete a participant."""
    with _store() as store:
        events = store.withdraw(options.code)
    if options.json:
        write_json({"events": events})
    else:
        say(f"The participant's data are deleted: {events} events and everything that belonged to them. The study's "
            "log keeps only this number and the time.")


def _store() -> "Store":
    from sparsecbm.studies.store import Store

    return Store.open()


def _explainer(options: argparse.Namespace) -> "Explainer":
    from sparsecbm.service import Explainer

    return Explainer.load(checkpoint_of(options), options.device)


def _protocol(study: str) -> Any:
    from sparsecbm.studies.protocol import load_protocol

    if Path(study).is_file():
        return load_protocol(Path(study))
    with _store() as store:
        return store.study(study).protocol
