"""Forms: how the ops on arrays are written as lines, or as another way to read what is
there already.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from micrograd import on_demand as np
from micrograd.compiling.groups import Group, contiguous
from micrograd.compiling.lines import Line
from micrograd.compiling.maps import Map, fitted
from micrograd.compiling.opaque import Opaque
from micrograd.compiling.roll import Operand, Roller

Form = Callable[[Roller, Group], None]


def _product(parts: list[Any]) -> Any:
    total = parts[0]
    for part in parts[1:]:
        total = total * part
    return total


def _only(parts: list[Any]) -> Any:
    return parts[0]


def _starts(group: Group) -> Any:
    return np.arange(len(group.members)) * group.size


def _view(roller: Roller, group: Group, strides: tuple[int, ...], offset: int = 0) -> None:
    """The members are their inputs, read along other strides."""
    source = roller.group(group.inputs[0][0])
    group.home = source.home
    group.strides = strides
    roller.position[group.members] = roller.index(source, group.inputs[0]) + offset


def transpose(roller: Roller, group: Group) -> None:
    """Axes in another order: a view."""
    source = roller.group(group.inputs[0][0])
    axes = (group.params or {}).get("axes")
    order = range(len(source.shape))[::-1] if axes is None else [a % len(source.shape) for a in axes]
    _view(roller, group, tuple(source.strides[a] for a in order))


def broadcast_to(roller: Roller, group: Group) -> None:
    """New axes along which nothing moves: a view."""
    source = roller.group(group.inputs[0][0])
    axes = roller.broadcast(group.inputs[0], group.shape)
    strides = [0] * len(group.shape)
    for axis, stride in zip(axes, source.strides, strict=True):
        if axis >= 0:
            strides[axis] = stride
    _view(roller, group, tuple(strides))


def reshape(roller: Roller, group: Group) -> None:
    """Another shape: a view where the elements lie one after the other, else a copy."""
    source = roller.group(group.inputs[0][0])
    if source.strides == contiguous(source.shape):
        _view(roller, group, contiguous(group.shape))
        return
    places = Map(0, source.strides).indices(source.shape).reshape(-1)
    place = fitted(places, group.shape)
    if place.table is None:
        _view(roller, group, place.strides)
        return
    line_of_places(roller, group, places, group.shape)


def line_of_places(roller: Roller, group: Group, places: Any, shape: tuple[int, ...]) -> None:
    """The members are elements of their inputs at these places, counted in memory."""
    home = roller.new_home(group)
    operand = Operand(group.inputs[0][:, None], (), np.asarray(places))
    roller.line(home, _starts(group), contiguous(shape), shape, [operand], _only, False)


def getitem(roller: Roller, group: Group) -> None:
    """Elements at an index: a view where strides say it."""
    source = roller.group(group.inputs[0][0])
    memory = Map(0, source.strides).indices(source.shape)
    places = memory[group.params["index"]]
    place = fitted(np.asarray(places).reshape(-1), group.shape)
    if place.table is None:
        _view(roller, group, place.strides, place.offset)
        return
    line_of_places(roller, group, places, group.shape)


def total(roller: Roller, group: Group) -> None:
    """A sum over axes."""
    source = roller.group(group.inputs[0][0])
    axis = (group.params or {}).get("axis")
    count = len(source.shape)
    given = range(count) if axis is None else [axis] if isinstance(axis, int) else axis
    summed = {a % count for a in given}
    is_kept = bool((group.params or {}).get("keepdims"))
    home = roller.new_home(group)
    rest = iter(contiguous(group.shape))
    strides = []
    for a in range(count):
        if a in summed:
            strides.append(0)
            if is_kept:
                next(rest)
        else:
            strides.append(next(rest))
    operand = Operand(group.inputs[0][:, None], tuple(range(count)))
    roller.line(home, _starts(group), tuple(strides), source.shape, [operand], _only, False)


def matmul(roller: Roller, group: Group) -> None:
    """A matrix product: sums over the last axis of x and the last but one of y."""
    x, y = (roller.group(e[0]) for e in group.inputs)
    n, m = len(x.shape), len(y.shape)
    batch = group.shape[: max(n, m) - 2] if max(n, m) > 2 else ()
    b = len(batch)
    sizes = [*batch]
    i = j = -1
    if n > 1:
        i = len(sizes)
        sizes.append(x.shape[-2])
    if m > 1:
        j = len(sizes)
        sizes.append(y.shape[-1])
    k = len(sizes)
    sizes.append(x.shape[-1])
    x_axes = (*_batch_axes(x.shape[:-2], b), i, k) if n > 1 else (k,)
    y_axes = (*_batch_axes(y.shape[:-2], b), k, j) if m > 1 else (k,)
    home = roller.new_home(group)
    operands = [Operand(group.inputs[0][:, None], x_axes), Operand(group.inputs[1][:, None], y_axes)]
    roller.line(home, _starts(group), (*contiguous(group.shape), 0), tuple(sizes), operands, _product, False)


def _batch_axes(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    shift = count - len(shape)
    return tuple(-1 if n == 1 else a + shift for a, n in enumerate(shape))


def contract(roller: Roller, group: Group) -> None:
    """einsum: an axis of the line for each letter."""
    given, _, out = group.params["subscripts"].replace(" ", "").partition("->")
    if "." in given:
        opaque(roller, group)
        return
    letters = given.split(",")
    shapes = [roller.group(e[0]).shape for e in group.inputs]
    sizes = {c: n for word, shape in zip(letters, shapes, strict=True) for c, n in zip(word, shape, strict=True)}
    order = [*out, *sorted(set(sizes) - set(out))]
    strides = [*contiguous(group.shape), *[0] * (len(order) - len(out))]
    operands = [
        Operand(e[:, None], tuple(order.index(c) for c in word)) for e, word in zip(group.inputs, letters, strict=True)
    ]
    home = roller.new_home(group)
    roller.line(home, _starts(group), tuple(strides), tuple(sizes[c] for c in order), operands, _product, False)


def joined(roller: Roller, group: Group) -> None:
    """stack and concatenate: each input goes to its own part."""
    is_stack = group.record.name == "stacked"
    axis = (group.params or {}).get("axis", 0) % len(group.shape)
    strides = contiguous(group.shape)
    home = roller.new_home(group)
    start = 0
    for e in group.inputs:
        shape = roller.group(e[0]).shape
        along = tuple(s for a, s in enumerate(strides) if not (is_stack and a == axis))
        operand = Operand(e[:, None], tuple(range(len(shape))))
        roller.line(home, _starts(group) + start * strides[axis], along, shape, [operand], _only, False)
        start += 1 if is_stack else shape[axis]


def scatter(roller: Roller, group: Group) -> None:
    """Zeros, to which the input is added at an index."""
    home = roller.new_home(group)
    roller.clear(home)
    indices = group.params["indices"] if "indices" in group.params else [group.params["index"]]
    for entries, index in zip(group.inputs, indices, strict=True):
        _put(roller, group, entries, index, True)


def _put(roller: Roller, group: Group, entries: Any, index: Any, grows: bool) -> None:
    """A line that puts entries at an index of the members, or adds them."""
    places = np.asarray(np.arange(group.size).reshape(group.shape)[index])
    operand = Operand(entries[:, None], roller.broadcast(entries, places.shape))
    place = fitted(places.reshape(-1), places.shape)
    roller.line(group.home, _starts(group), place, places.shape, [operand], _only, grows)


def index_add(roller: Roller, group: Group) -> None:
    """x, to which w is added at an index."""
    home = roller.new_home(group)
    operand = Operand(group.inputs[0][:, None], tuple(range(len(group.shape))))
    roller.line(home, _starts(group), contiguous(group.shape), group.shape, [operand], _only, False)
    _put(roller, group, group.inputs[1], group.params["index"], True)


def windows(roller: Roller, group: Group) -> None:
    """What a window sees at each place: a view, in which elements stand several
    times.
    """
    source, params = roller.group(group.inputs[0][0]), group.params
    fixed = len(source.shape) - len(params["size"])
    _view(roller, group, (*source.strides[:fixed], *_slid(source.strides[fixed:], params)))


def _slid(strides: tuple[int, ...], params: Any) -> tuple[int, ...]:
    """The strides of a window's places, and of its elements."""
    by = (*params["stride"], *params["dilation"])
    return tuple(stride * n for stride, n in zip((*strides, *strides), by, strict=True))


def overlap_add(roller: Roller, group: Group) -> None:
    """Windows added together where they came from."""
    shape = roller.group(group.inputs[0][0]).shape
    fixed = len(group.shape) - len(group.params["lengths"])
    home = roller.new_home(group)
    roller.clear(home)
    strides = (*group.strides[:fixed], *_slid(group.strides[fixed:], group.params))
    operand = Operand(group.inputs[0][:, None], tuple(range(len(shape))))
    roller.line(home, _starts(group), Map(0, strides), shape, [operand], _only, True)


def extremum(roller: Roller, group: Group) -> None:
    """The largest or smallest along axes."""
    total(roller, group)
    if group.inputs[0].size * roller.group(group.inputs[0][0]).size:  # else there is no line
        roller.program.lines[-1].reduce = group.record.name


def opaque(roller: Roller, group: Group) -> None:
    """No loops: the record itself runs, once for each member."""
    home = roller.new_home(group)
    terms = roller.program.terms
    for m in range(len(group.members)):
        reads, shapes, dtypes = [], [], []
        for entries in group.inputs:
            source = roller.group(entries[m])
            place = Map(roller.start_of(source, int(entries[m])), source.strides)
            assert source.home is not None
            reads.append(terms.read(source.home, place))
            shapes.append(source.shape)
            dtypes.append(whole_type(roller.tape.numbers[entries[m]]))
        target = home
        if len(group.members) > 1:
            target = roller.program.new(f"{home.name}_{m}", group.size, dtype=home.dtype)
        target.shape = group.shape
        roller.program.lines.append(Opaque(target, group.record, group.params, reads, shapes, dtypes))
        if target is not home:
            part = terms.read(target, Map(0, contiguous(group.shape)))
            place = Map(m * group.size, contiguous(group.shape))
            roller.program.lines.append(Line(home, place, group.shape, part, False))


def whole_type(number: Any) -> Any:
    """The dtype of a number or array that is whole or a truth; None for all others."""
    if isinstance(number, int):
        return np.dtype(type(number))
    dtype = getattr(number, "dtype", None)
    return dtype if dtype is not None and dtype.kind in "iub" else None


FORMS: dict[str, Form] = {
    "transpose": transpose,
    "broadcast_to": broadcast_to,
    "reshape": reshape,
    "getitem": getitem,
    "sum": total,
    "max": extremum,
    "min": extremum,
    "scatter": scatter,
    "scattered": scatter,
    "index_add": index_add,
    "windows": windows,
    "overlap_add": overlap_add,
    "matmul": matmul,
    "contract": contract,
    "opaque": opaque,
    "stacked": joined,
    "concatenated": joined,
}

__all__ = ["FORMS"]
