"""Row 8: what a library costs before it does anything: seconds to import it, bytes on
the disk.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement

from benchmarks.contest import ROOT, environment
from benchmarks.row import JAX, MICROGRAD, TORCH, Outcome, Row, Settings

PROGRAMS = {  # contestant: import and first use
    MICROGRAD: ("micrograd", "from micrograd import Value; x = Value(3.0); (x * x).backward()"),
    TORCH: ("torch", "import torch; x = torch.tensor(3.0, requires_grad=True); (x * x).backward()"),
    JAX: ("jax", "import jax; jax.grad(lambda x: x * x)(3.0)"),
}
DISTRIBUTIONS = {MICROGRAD: "micrograd-nd", TORCH: "torch", JAX: "jax"}


def measure(settings: Settings) -> list[Outcome]:
    """Import, import with a first gradient, and size, alone and with what it needs."""
    here = {name for name, (module, _) in PROGRAMS.items() if importlib.util.find_spec(module)}
    missing = {name: f"No module named '{PROGRAMS[name][0]}'" for name in PROGRAMS if name not in here}
    imports, gradients = Outcome("import", missing=missing), Outcome("import and first gradient", missing=missing)
    alone, whole = (Outcome(f"size, {with_}", "B", missing=missing) for with_ in ("alone", "with what it needs"))
    for _ in range(settings.rounds):
        nothing = seconds("pass", settings)
        for name in PROGRAMS:
            if name in here:
                module, program = PROGRAMS[name]
                imports.samples.setdefault(name, []).append(seconds(f"import {module}", settings) - nothing)
                gradients.samples.setdefault(name, []).append(seconds(program, settings) - nothing)
    for name in PROGRAMS:
        if name in here:
            needed = with_requirements(DISTRIBUTIONS[name])
            alone.samples[name] = [size(DISTRIBUTIONS[name])]
            whole.samples[name] = [sum(map(size, needed))]
    return [imports, gradients, alone, whole]


def seconds(program: str, settings: Settings) -> float:
    """How long a fresh Python takes for the program, its own start included."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True, env=environment(MICROGRAD, settings))
    return time.perf_counter() - start


def with_requirements(name: str) -> set[str]:
    """A distribution and all that it needs, without extras."""
    found: set[str] = set()
    pending = [name]
    while pending:
        name = pending.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            pending += _requirements(name)
    return found


def _requirements(name: str) -> Iterator[str]:
    for line in importlib.metadata.requires(name) or () if _is_installed(name) else _own_requirements(name):
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def _own_requirements(name: str) -> list[str]:
    """Ours, when it runs from its sources and is not installed."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return list(project["dependencies"]) if name == project["name"] else []


def size(name: str) -> float:
    """Bytes of a distribution's files, without those that Python compiles on its
    own.
    """
    if name == DISTRIBUTIONS[MICROGRAD]:  # from the sources: what an editable install lists is only a pointer
        kept = {".py", ".pyi", ".pxd", ".so", ".pyd", ".typed"}
        files = [path for path in (ROOT / "micrograd").rglob("*") if path.suffix in kept]
    elif _is_installed(name):
        listed = importlib.metadata.files(name) or []
        files = [Path(str(path.locate())) for path in listed if path.suffix != ".pyc"]
    else:
        return 0.0
    return float(sum(path.stat().st_size for path in files if path.is_file()))


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


ROW = Row(8, "Import time, over that of Python alone, and installed size", measure)
