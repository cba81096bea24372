"""A device that is not the CPU and can no more than an Apple GPU: no float64, and only operations that it has there.

PyTorch takes it for real: a tensor on it mixes with none on the CPU and becomes no array. Behind it lie CPU tensors, so
that what is computed on it can be compared.
"""

from functools import cache
from pathlib import Path
from typing import Any

import torch
import torchgen
import yaml
from torch import Tensor
from torch.utils import _pytree, backend_registration

#: What PyTorch calls the device.
NAME = "toy"
_ABLE = {"MPS", "CompositeExplicitAutograd", "CompositeExplicitAutogradNonFunctional", "CompositeImplicitAutograd"}
_CREATED: list[torch.library.Library] = []  # a library's operations go with it


class _OnToy(Tensor):
    """A tensor on the device; `host` holds its numbers."""

    host: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, host: Tensor) -> "_OnToy":
        if host.dtype == torch.float64:
            raise TypeError("Cannot convert a tensor of the toy device to float64, which it does not support.")
        with torch.inference_mode(host.is_inference()):
            made: _OnToy = Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
                cls, host.shape, strides=host.stride(), storage_offset=host.storage_offset(), dtype=host.dtype,
                device=torch.device(NAME, 0))
        made.host = host
        return made

    @classmethod
    def __torch_dispatch__(cls, operation: Any, _: Any, given: Any = (), named: Any = None) -> Any:
        return _run(operation, *given, **(named or {}))


def _run(operation: Any, *given: Any, **named: Any) -> Any:
    if _is_made_of_others(operation):
        return operation.decompose(*given, **named)
    tensors = [leaf for leaf in _pytree.tree_leaves((given, named)) if isinstance(leaf, Tensor)]
    own = {id(tensor.host): tensor for tensor in tensors if isinstance(tensor, _OnToy)}
    moves = operation.name() in ("aten::copy_", "aten::_to_copy")
    if not moves:
        _check(operation, tensors)
    place = named.get("device")
    if place is not None:
        named["device"] = "cpu"
    made = operation(*_pytree.tree_map_only(_OnToy, lambda tensor: tensor.host, given),
                     **_pytree.tree_map_only(_OnToy, lambda tensor: tensor.host, named))
    if (place is not None and torch.device(place).type == "cpu") or (moves and id(made) in map(id, given)):
        return made  # it was moved to the CPU
    return _pytree.tree_map_only(Tensor, lambda host: own[id(host)] if id(host) in own else _OnToy(host), made)


@cache
def _is_made_of_others(operation: Any) -> bool:
    return bool(operation._can_decompose())


def _check(operation: Any, tensors: list[Tensor]) -> None:
    elsewhere = [tensor for tensor in tensors if not isinstance(tensor, _OnToy) and tensor.dim()]
    if elsewhere and "index" not in operation.name():  # which may index from the CPU
        raise RuntimeError(f"Expected all tensors to be on the same device, but found toy:0 and cpu ({operation}).")
    if not _has_apple_kernel(operation.name().removeprefix("aten::")):
        raise NotImplementedError(f"The operator '{operation}' is not currently implemented for the toy device.")


@cache
def _has_apple_kernel(name: str) -> bool:
    entry = _operations().get(name)
    if entry is None:
        return False
    if "structured_delegate" in entry:
        return _has_apple_kernel(entry["structured_delegate"])
    kinds = {kind.strip() for kinds in entry.get("dispatch", {"CompositeImplicitAutograd": ""}) for kind in
             kinds.split(",")}
    return bool(kinds & _ABLE) or "autogen" in entry


@cache
def _operations() -> dict[str, Any]:
    """What PyTorch itself says of each of its operations, by name."""
    described = Path(torchgen.__file__).parent / "packaged/ATen/native/native_functions.yaml"
    entries = yaml.load(described.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {entry["func"].partition("(")[0]: entry for entry in entries}


def install() -> None:
    """Make the device known to PyTorch, for the rest of the process."""
    if _CREATED:
        return
    backend_registration._setup_privateuseone_for_python_backend(NAME)
    anything = torch.library.Library("_", "IMPL")
    anything.fallback(_run, "PrivateUse1")
    copies = torch.library.Library("aten", "IMPL")  # torch.tensor(device=...) finds no fallback
    copies.impl("copy_", lambda *given: _run(torch.ops.aten.copy_.default, *given), "PrivateUse1")
    _CREATED.extend((anything, copies))
