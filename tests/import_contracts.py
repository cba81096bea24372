"""A contract for import-linter: the name of a file tells its layer, and the layer tells what it may import."""

import re
from graphlib import CycleError, TopologicalSorter

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FileLayers(Contract):
    """Holds each module to its layer.

    layers    "name: pattern" for each layer; a module belongs to the first one whose pattern it matches
    allowed   "name: name, name" for each layer: the layers whose modules it may import besides its own
    external  "package: name, name": the only layers that may import this package
    acyclic   layers whose modules, seen folder by folder, may not import each other in a circle
    """

    type_name = "file_layers"

    layers = fields.ListField(subfield=fields.StringField())
    allowed = fields.ListField(subfield=fields.StringField())
    external = fields.ListField(subfield=fields.StringField())
    acyclic = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Compare every direct import with the table."""
        layer_of, found = self._layers(graph), []
        allowed = {name: {name, *_names(what)} for name, what in map(_pair, self.allowed)}
        external = {name: set(_names(what)) for name, what in map(_pair, self.external)}
        for module, layer in layer_of.items():
            for imported in graph.find_modules_directly_imported_by(module):
                if imported in layer_of:
                    if layer_of[imported] not in allowed[layer]:
                        found.append(f"{module} ({layer}) imports {imported} ({layer_of[imported]})")
                elif imported in external and layer not in external[imported]:
                    found.append(f"{module} ({layer}) imports {imported}")
        folders = self._folders(graph, layer_of)
        try:
            TopologicalSorter(folders).prepare()
        except CycleError as error:
            found.append(f"folders import each other in a circle: {' <- '.join(error.args[1])}")
        return ContractCheck(kept=not found, metadata={"found": sorted(found)})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each import that is not allowed."""
        for line in check.metadata["found"]:
            output.print_error(line)

    def _layers(self, graph: ImportGraph) -> dict[str, str]:
        patterns = [(name, re.compile(pattern)) for name, pattern in map(_pair, self.layers)]
        ours = sorted(module for module in graph.modules if not graph.is_module_squashed(module))
        return {module: next(name for name, pattern in patterns if pattern.search(module)) for module in ours}

    def _folders(self, graph: ImportGraph, layer_of: dict[str, str]) -> dict[str, set[str]]:
        members = [module for module, layer in layer_of.items() if layer in set(self.acyclic)]
        folders: dict[str, set[str]] = {}
        for module in members:
            here = folders.setdefault(_folder(module), set())
            here |= {_folder(other) for other in graph.find_modules_directly_imported_by(module) if other in members}
            here.discard(_folder(module))
        return folders


def _pair(line: str) -> tuple[str, str]:
    name, _, rest = line.partition(":")
    return name.strip(), rest.strip()


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _folder(module: str) -> str:
    return module.split(".")[1]
