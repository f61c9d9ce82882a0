"""Object files of compiled programs (to be replaced by the cached, guarded one)."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import tempfile

FLAGS = ("-O2", "-ftree-vectorize", "-march=native", "-fno-math-errno", "-fno-trapping-math")


def loaded(source: str, exact: bool) -> ctypes.CDLL:
    """The library of a C source."""
    flags = (*FLAGS, "-ffp-contract=off") if exact else FLAGS
    folder = tempfile.mkdtemp()
    name = os.path.join(folder, hashlib.sha256(source.encode()).hexdigest()[:16])
    with open(name + ".c", "w") as file:
        file.write(source)
    subprocess.run(["gcc", *flags, "-shared", "-fPIC", name + ".c", "-o", name + ".so", "-lm"], check=True)
    return ctypes.CDLL(name + ".so")
