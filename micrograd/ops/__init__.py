"""The table of ops, by family: arithmetic, functions, shapes, reductions, indexing, linalg.

Every function here takes numbers, arrays and values alike: `exp(1.0)` is a number, `exp(Value(1.0))` a Value.
"""

from __future__ import annotations

from micrograd.op import OPS
from micrograd.ops.arithmetic import (
    absolute,
    add,
    cast,
    divide,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    multiply,
    negative,
    positive,
    sign,
    subtract,
    where,
)
from micrograd.ops.functions import cos, exp, log, power, raise_to, relu, sigmoid, sin, sqrt, tanh
from micrograd.ops.indexing import getitem, scatter, stack
from micrograd.ops.linalg import matmul
from micrograd.ops.reductions import max, mean, min, sum
from micrograd.ops.shapes import broadcast_to, expand_dims, reshape, sum_to, transpose

__all__ = [
    "OPS",
    "absolute",
    "add",
    "broadcast_to",
    "cast",
    "cos",
    "divide",
    "equal",
    "exp",
    "expand_dims",
    "getitem",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "log",
    "matmul",
    "max",
    "mean",
    "min",
    "multiply",
    "negative",
    "positive",
    "power",
    "raise_to",
    "relu",
    "reshape",
    "scatter",
    "sigmoid",
    "sign",
    "sin",
    "sqrt",
    "stack",
    "subtract",
    "sum",
    "sum_to",
    "tanh",
    "transpose",
    "where",
]
