"""The modules that are compiled where there is a C compiler.

`setup.py`, `plain.py` and the Makefile read this list.

>>> "micrograd.engine" in COMPILED
True
"""

from __future__ import annotations

COMPILED = (
    "micrograd.levels",
    "micrograd.deferred",
    "micrograd.quiet",
    "micrograd.trees",
    "micrograd.interpreter",
    "micrograd.chain",
    "micrograd.record",
    "micrograd.op",
    "micrograd.arrays",
    "micrograd.ops.doors",
    "micrograd.ops.operators",
    "micrograd.ops.protocols",
    "micrograd.walks",
    "micrograd.formula",
    "micrograd.cotangents",
    "micrograd.leaves",
    "micrograd.argnums",
    "micrograd.node",
    "micrograd.gradients",
    "micrograd.gathering",
    "micrograd.operands",
    "micrograd.floats",
    "micrograd.batched.layouts",
    "micrograd.batched.rules",
    "micrograd.batched.indexing",
    "micrograd.batched.products",
    "micrograd.batched.shapes",
    "micrograd.batch",
    "micrograd.dual",
    "micrograd.walking",
    "micrograd.engine",
    "micrograd.reading",
    "micrograd.traced",
    "micrograd.reverse",
    "micrograd.tracing",
    "micrograd.transforms.carries",
    "micrograd.compiling.boundary",
    "micrograd.compiling.arguments",
    "micrograd.compiling.guards",
    "micrograd.compiling.results",
    "micrograd.compiling.spaces",
    "micrograd.compiling.running",
    "micrograd.compiling.kept",
    "micrograd.compiling.function",
    "micrograd.compiling.tape_runner",
    "micrograd.compiling.tape",
    "micrograd.compiling.transcript",
    "micrograd.compiling.groups",
)
