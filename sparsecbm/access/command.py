"""`access`: who may use a server that asks for a password or an identity provider."""

import argparse
import getpass
import sys
from dataclasses import asdict
from pathlib import Path

from sparsecbm.cli.console import printable, say, show_table, write_json
from sparsecbm.cli.parser import Commands, add_json, output_path
from sparsecbm.errors import InputError
from sparsecbm.paths import check_file


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "access", help="list, add and remove people who may use a server",
        description="List, add and remove the people who may use a server that runs with SPARSECBM_ACCESS=password or "
        "oidc. A viewer looks at pages, an analyst also saves, corrects and runs studies, an admin does everything. "
        "Passwords are asked for at the terminal, or read from standard input, and kept as hashes.")
    parser.add_argument("action", choices=("list", "add", "remove"), help="what to do")
    parser.add_argument("name", nargs="?", help="of the person; with an identity provider, the address of their e-mail")
    parser.add_argument("--role", default=None, metavar="ROLE",
                        help="viewer, analyst or admin (default: viewer, or as it was)")
    parser.add_argument("--no-password", action="store_true", help="for people who sign in at an identity provider")
    parser.add_argument("--people", type=output_path, metavar="FILE.json",
                        help="the file of the people (default: that of SPARSECBM_PEOPLE, else people.json)")
    add_json(parser)
    parser.set_defaults(run=run, parser=parser)


def run(options: argparse.Namespace) -> None:
    """Do it, and show who is there."""
    from sparsecbm.access.people import ROLES, People, people_file

    path: Path = options.people or people_file()
    check_file(path, "The file of the people")
    people = People(path)
    if options.action != "list":
        if options.name is None:
            raise InputError(f"No name came; allowed: {options.action} NAME. Say whose.")
        before = people.named(options.name)
        if options.action == "remove":
            people.remove(options.name)
        else:
            role = options.role or (before.role if before else ROLES[0])
            people.put(options.name, role, None if options.no_password else _password(options.name))
    if options.json:
        write_json({"people": [asdict(person) for person in people.all]})
    elif people.all:
        show_table(f"{path}", ("name", "role"), [(printable(one.name), one.role) for one in people.all])
    else:
        say(f"Nobody is in {path} yet.")


def _password(name: str) -> str:
    """Typed twice at a terminal; else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(f"Password of {printable(name)}: ")
    if getpass.getpass("The same once more: ") != first:
        raise InputError("The two passwords differ; nothing was changed. Run the command again.")
    return first
