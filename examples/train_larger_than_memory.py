"""Train on more rows than memory can hold, on this machine or on a cluster.

A million rows (122 MB), a hundred million rows (12 GB), and a Dask cluster:

    python examples/train_larger_than_memory.py
    python examples/train_larger_than_memory.py --rows 100_000_000 --chunk 200_000
    python examples/train_larger_than_memory.py --scheduler tcp://host:8786

The rows are a Dask array. It is only a plan: each chunk is made when it is needed (here
from a seed; in your program from a file). The network is written as for NumPy.
`backward()` only makes the plan longer. Then `dask.compute` takes one chunk after the
other through the forward and the backward pass, and adds up their gradients.

It needs the extra `dask`. It prints the loss of each step, the size of the data, and
the largest amount of memory in use. This is about ten times the size of a chunk for
each thread, and about 0.2 MB per chunk for the plan. So if there are many chunks, make
them larger.
"""

from __future__ import annotations

import argparse
import contextlib
import time
import tracemalloc
from typing import Any

import dask
import dask.array as da
import numpy as np

from micrograd import Value, ops

NIN, NHIDDEN = 15, 16
MEGABYTE = 2**20


def make_chunk(block_info: Any = None) -> Any:
    """The rows of one chunk: the inputs, and the target in the last column.

    The numbers are the same in every pass.
    """
    (first, end), _ = block_info[None]["array-location"]
    rng = np.random.default_rng(first)
    X = rng.normal(size=(end - first, NIN))
    target = np.sin(2.0 * X[:, :1]) + X[:, 1:2] * X[:, 2:3]
    return np.concatenate([X, target], axis=1)


def plan(rows: int, chunk: int) -> Any:
    """All rows as one Dask array of shape (rows, NIN + 1).

    No number is computed yet.
    """
    sizes = tuple(min(chunk, rows - first) for first in range(0, rows, chunk))
    return da.map_blocks(make_chunk, chunks=(sizes, (NIN + 1,)), meta=np.empty((0, 0)))


def new_parameters() -> list[Value]:
    """Weights and biases of two layers: small NumPy arrays."""
    rng = np.random.default_rng(0)
    w1, w2 = rng.normal(size=(NIN, NHIDDEN)) / NIN**0.5, rng.normal(size=(NHIDDEN, 1)) / NHIDDEN**0.5
    return [Value(w1, label="w1"), Value(np.zeros(NHIDDEN), label="b1"), Value(w2, label="w2"), Value(0.0, label="b2")]


def train(data: Any, steps: int, learning_rate: float) -> list[float]:
    """Gradient descent with momentum on all rows. Returns the loss of each step."""
    p = new_parameters()
    velocity = [np.zeros(v.shape) for v in p]
    X, target = data[:, :NIN], data[:, NIN:]
    losses = []
    for step in range(steps):
        for v in p:
            v.grad = 0.0
        w1, b1, w2, b2 = p
        loss = ((ops.tanh(X @ w1 + b1) @ w2 + b2 - target) ** 2).mean()
        loss.backward()  # computes nothing yet
        # All in one call: then each chunk is made once for the loss and all gradients,
        # and freed after its use.
        value, *grads = dask.compute(loss.data, *(v.grad for v in p))
        for i, (v, g) in enumerate(zip(p, grads, strict=True)):
            velocity[i] = 0.9 * velocity[i] - learning_rate * g
            v.data = v.data + velocity[i]
        losses.append(float(value))
        print(f"step {step} loss {losses[-1]:.6f}", flush=True)
    return losses


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Parse the command line, train, print and return the numbers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="number of rows (default: %(default)s)")
    parser.add_argument("--chunk", type=int, default=20_000, help="rows in one chunk (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=5, help="steps of training (default: %(default)s)")
    parser.add_argument("--learning-rate", type=float, default=0.05, help="(default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="threads on this machine (default: %(default)s)")
    parser.add_argument("--scheduler", help="address of a Dask cluster; this machine's threads by default")
    options = parser.parse_args(arguments)

    data = plan(options.rows, options.chunk)
    with contextlib.ExitStack() as stack:
        if options.scheduler:
            from dask.distributed import Client

            stack.enter_context(Client(options.scheduler))
        else:
            stack.enter_context(dask.config.set(scheduler="threads", num_workers=options.workers))
        tracemalloc.start()
        began = time.perf_counter()
        losses = train(data, options.steps, options.learning_rate)
        seconds = time.perf_counter() - began
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    print(f"data: {options.rows} rows, {data.nbytes / MEGABYTE:.0f} MB, in {data.numblocks[0]} chunks")
    print(f"memory: {peak / MEGABYTE:.0f} MB at most in this process; time: {seconds:.1f} s")
    return {"losses": losses, "bytes": data.nbytes, "peak": peak}


if __name__ == "__main__":
    main()
