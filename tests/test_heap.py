"""heap.py: what arrays give back is kept for the next ones."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
{first}

def step():
    arrays = [np.ones(125_000) for _ in range(20)]  # 1 MB each

for _ in range(3):
    step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(first: str) -> int:
    """How often ten steps had to wait for a page of memory."""
    # Dask sets MALLOC_TRIM_THRESHOLD_ for its workers, and glibc then keeps to that.
    free = {name: x for name, x in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run(
        [sys.executable, "-c", FAULTS.format(first=first)], capture_output=True, text=True, check=True, env=free
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc gives memory back so early")
def test_steps_do_not_wait_for_memory_again() -> None:
    # 200 MB in pages of 4096 bytes are 48,000: with NumPy alone it waits for most.
    assert faults("from micrograd import Value; Value([1.0, 2.0])") < 1000
