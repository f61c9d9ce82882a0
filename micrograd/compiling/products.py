"""Products: lines that are large matrix products, which BLAS computes.

A product is a sum of one read times another, where one axis is in both reads and not in
the target, and the others are each in the target and in one read. SciPy carries BLAS
with it, and says where its functions are.
"""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

from micrograd.compiling.lines import Line
from micrograd.compiling.terms import Read, Term, reads_of
from micrograd.ops.arithmetic import multiply, negative

LARGE = 100_000  # multiplications: for fewer, our own loops are as quick
NARROWEST = 4  # along each of the three axes
NAMES = {"float64": "dgemm", "float32": "sgemm"}


class Function(NamedTuple):
    """A function of another library that a line calls.

    Attributes:
        address: where it is in memory.
    """

    address: int


class Side(NamedTuple):
    """A matrix that is multiplied, for BLAS.

    Attributes:
        read: what is read.
        is_turned: whether it is read along its columns.
        step: elements from one row (or column) to the next.
    """

    read: Read
    is_turned: bool
    step: int


class Product(NamedTuple):
    """target = factor * x @ y, rows one after the other.

    Attributes:
        axes: of the domain: the rows, the columns, and what is added up.
        x: the left matrix.
        y: the right matrix.
        factor: a number, or a term that is the same number everywhere.
        step: elements from one row of the target to the next.
        loops: the other axes of the target, along which products are repeated.
        sums: other axes that are added up.
    """

    axes: tuple[int, int, int]
    x: Side
    y: Side
    factor: Any
    step: int
    loops: tuple[int, ...]
    sums: tuple[int, ...]


@functools.cache
def blas(dtype: str) -> Function | None:
    """The product of BLAS for a dtype; None where SciPy is not there."""
    import ctypes

    try:
        from scipy.linalg import cython_blas

        capsule = cython_blas.__pyx_capi__[NAMES[dtype]]
    except (ImportError, AttributeError, KeyError):
        return None
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype, api.PyCapsule_GetName.argtypes = ctypes.c_char_p, [ctypes.py_object]
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    return Function(api.PyCapsule_GetPointer(capsule, api.PyCapsule_GetName(capsule)))


def product_of(line: Line) -> Product | None:
    """A line as a large product; None where it is something else."""
    if line.reduce != "sum" or math.prod(line.sizes) < LARGE or line.place.table is not None:
        return None
    found = factors_of(line.term)
    if found is None:
        return None
    factor, x, y = found
    if any(r.place.table is not None or r.buffer.dtype != line.target.dtype for r in (x, y)):
        return None
    if x.buffer is line.target or y.buffer is line.target:
        return None
    kinds: dict[tuple[bool, bool, bool], list[int]] = {}
    for axis in range(len(line.sizes)):
        kind = tuple(place.strides[axis] != 0 for place in (line.place, x.place, y.place))
        kinds.setdefault(kind, []).append(axis)  # type: ignore[arg-type]
    rows, columns = kinds.pop((True, True, False), []), kinds.pop((True, False, True), [])
    summed, repeated = kinds.pop((False, True, True), []), kinds.pop((True, True, True), [])
    if kinds:
        return None
    best = None
    for i in rows:
        for j in columns:
            for k in summed:
                if min(line.sizes[a] for a in (i, j, k)) >= NARROWEST:
                    made = _by_rows(line, (i, j, k), x, y, factor) or _by_rows(line, (j, i, k), y, x, factor)
                    size = math.prod(line.sizes[a] for a in (i, j, k))
                    if made is not None and (best is None or size > best[0]):
                        best = size, made
    if best is None or best[0] < LARGE // 10:
        return None
    used = best[1].axes
    loops = tuple(a for a in (*repeated, *rows, *columns) if a not in used)
    return best[1]._replace(loops=loops, sums=tuple(a for a in summed if a not in used))


def factors_of(term: Any) -> tuple[Any, Read, Read] | None:
    """A term as a number, which may be read, times two reads; None where it is
    something else.
    """
    factor: Any = 1.0
    reads, stack = [], [term]
    while stack:
        part = stack.pop()
        if is_fixed(part):
            factor = part * factor
        elif isinstance(part, Read):
            reads.append(part)
        elif isinstance(part, Term) and part.op is multiply:
            stack += part.inputs[::-1]
        elif isinstance(part, Term) and part.op is negative:
            factor = -factor
            stack.append(part.inputs[0])
        else:
            return None
    return (factor, reads[0], reads[1]) if len(reads) == 2 and reads[0] is not reads[1] else None


def is_fixed(term: Any) -> bool:
    """Whether a term is the same number at each point."""
    return all(not any(r.place.strides) and r.place.table is None for r in reads_of(term))


def _by_rows(line: Line, axes: tuple[int, int, int], x: Read, y: Read, factor: Any) -> Product | None:
    """The product with these axes as rows, columns and sums; None where BLAS cannot
    read or write a matrix so.
    """
    i, j, k = axes
    sizes = line.sizes
    left, right = _side(x, i, k, sizes), _side(y, k, j, sizes)
    step = line.place.strides[i]
    if left is None or right is None or line.place.strides[j] != 1 or step < sizes[j]:
        return None
    return Product(axes, left, right, factor, step, (), ())


def _side(read: Read, rows: int, columns: int, sizes: tuple[int, ...]) -> Side | None:
    down, along = read.place.strides[rows], read.place.strides[columns]
    if along == 1 and down >= sizes[columns]:
        return Side(read, False, down)
    if down == 1 and along >= sizes[rows]:
        return Side(read, True, along)
    return None


def call_in_c(
    line: Line, product: Product, kind: str, names: tuple[str, str, str], factor: str, begins: str, rows: str
) -> str:
    """The call of BLAS, which stores matrices by columns: so it computes the transpose.

    Args:
        line: the line.
        product: what it is.
        kind: "double" or "float".
        names: the elements at which the target and both matrices begin, in C.
        factor: by which the product is multiplied, in C.
        begins: with which factor the target is taken in, in C.
        rows: how many there are, in C.
    """
    _, j, k = (line.sizes[a] for a in product.axes)
    target, x, y = names
    turned = {False: "N", True: "T"}
    return (
        f"{{\nconst int m = {rows}, n = {j}, k = {k}, ld = {product.step}, "
        f"ldx = {product.x.step}, ldy = {product.y.step};\n"
        f"const {kind} alpha = {factor}, beta = {begins};\n"
        f'gemm("{turned[product.y.is_turned]}", "{turned[product.x.is_turned]}", &n, &m, &k, &alpha, '
        f"&{y}, &ldy, &{x}, &ldx, &beta, &{target}, &ld);\n}}\n"
    )
