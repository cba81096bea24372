"""The machine that a measurement was made on."""

import os
import platform
import re
from datetime import UTC, datetime
from typing import Any

import torch


def machine(device: torch.device) -> dict[str, Any]:
    """Processor, cores that this process may use, threads, versions, device and date."""
    made = {"processor": _processor(), "cores": _cores(), "threads": torch.get_num_threads(),
            "system": f"{platform.system()} {platform.machine()}", "python": platform.python_version(),
            "torch": torch.__version__, "device": str(device)}
    if device.type == "cuda":
        made["gpu"] = torch.cuda.get_device_name(device)
    return made | {"date": datetime.now(UTC).date().isoformat()}


def _processor() -> str:
    """Its name as Linux has it, or as Python knows it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            found = re.search(r"^model name\s*:\s*(.+)$", file.read(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def _cores() -> int:
    """Cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
