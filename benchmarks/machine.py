"""What the numbers were measured on and with: no path and no name of a machine."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

DISTRIBUTIONS = ("micrograd-nd", "numpy", "torch", "jax", "jaxlib", "autograd", "scipy", "scikit-learn", "cython")


def about(command: str, threads: int) -> dict[str, Any]:
    """Date, command, processor, threads and versions."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "command": command,
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: found for name in DISTRIBUTIONS if (found := version(name))},
        "engine": engine(),
    }


def processor() -> str:
    """Its model, and its clock as it stands."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    name = facts.get("model name") or platform.processor() or platform.machine()
    return f"{name}, {float(facts['cpu MHz']) / 1000:.2f} GHz" if "cpu MHz" in facts else name


def version(name: str) -> str:
    """Of an installed distribution; empty where there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        import micrograd

        return micrograd.__version__ if name == "micrograd-nd" else ""


def engine() -> str:
    """Which engine of ours runs when nothing is said."""
    from micrograd import engine, plain

    return "compiled" if plain.is_compiled(engine) else "plain Python"
