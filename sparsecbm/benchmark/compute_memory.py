"""What a model keeps on its device."""

from collections.abc import Iterable

import torch
from torch import Tensor

from sparsecbm.benchmark.compute_subject import Subject


def tensor_bytes(tensors: Iterable[Tensor]) -> int:
    """Bytes of tensors, each storage counted once however many tensors share it."""
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
    return sum(storages.values())


def memory(subject: Subject) -> dict[str, int]:
    """Bytes of the weights, and of the masks and masked copies of each kind; on a GPU also the most that was in use."""
    made = {"weights": tensor_bytes(subject.model.state_dict().values())}
    for kind, own in subject.kinds.items():
        made[f"{kind} masks"] = tensor_bytes(own.masks.bits.values())
        made[f"{kind} masked copies"] = own.weights.memory_bytes
    if subject.device.type == "cuda":
        made["most in use"] = torch.cuda.max_memory_allocated(subject.device)
        made["most reserved"] = torch.cuda.max_memory_reserved(subject.device)
    return made
