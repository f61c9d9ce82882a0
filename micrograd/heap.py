"""Memory that arrays have given back is kept for the next ones.

A step of training makes arrays and frees them, and the next step makes the same ones
again. The C library of Linux, glibc, gives the free end of its heap back to the kernel
when it is larger than a threshold. The next step then gets this memory again, page by
page, and waits for each. That was half of the time of a step of a small LSTM.

glibc learns its thresholds. When it has freed one block of nearly 32 MB, it keeps up to
64 MB of free memory. So we ask for such a block once, and free it at once. Nobody
writes to it, so it costs microseconds, and no memory. Elsewhere nothing changes.

If the environment sets MALLOC_TRIM_THRESHOLD_ or MALLOC_MMAP_THRESHOLD_ (in bytes),
glibc learns nothing, and keeps to those.
"""

from __future__ import annotations

from typing import Any

BLOCK = (32 << 20) - (64 << 10)  # bytes: a little less than the largest block that glibc learns from


def keep_freed_memory(numpy: Any) -> None:
    """Let glibc learn to keep what arrays give back."""
    numpy.empty(BLOCK, numpy.uint8)
