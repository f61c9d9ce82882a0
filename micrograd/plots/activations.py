"""plot_activations: what each layer of a model gives, and which units are dead or
saturated.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd import on_demand as np
from micrograd.engine import Value, enable_grad, toposort
from micrograd.errors import ArgumentError, DataError, ShapeError
from micrograd.nn.untouched import untouched
from micrograd.node import inputs_of
from micrograd.plots.calling import plain
from micrograd.plots.figures import axes_of, check_is_made, scale_of, short
from micrograd.plots.layers import Row, draw_rows, fit_height, layer_of, share
from micrograd.record import Elementwise
from micrograd.see.calls import ARRANGING
from micrograd.see.obstacles import GATES, SATURATED, SATURATING
from micrograd.see.scopes import scope_of, scopes
from micrograd.see.ways import Use, slope_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASKER = "plot_activations"
# Ops that are an activation wherever they stand; others may be a part of one
ACTIVATIONS = {"relu", "clipped", "tanh", "sigmoid", "softsign"}
SUMS = {"add", "+", "matmul", "@", "subtract", "-"}


class Part(NamedTuple):
    """What a call gave, for some samples and units.

    Attributes:
        numbers: of shape (samples, units).
        slopes: of its activation, likewise; None where it is not one op.
        op: the name of the activation, or "".
    """

    numbers: Any
    slopes: Any
    op: str


def plot_activations(model: Any, X: Any, *, ax: Any = None) -> Axes:
    """Draw for each layer how the numbers are spread that it gives for samples.

    A unit is dead if its ReLU is flat for all samples: nothing that it does changes
    with its weights. A number is saturated if it is on a flat end of tanh or sigmoid,
    with a slope below 1e-3. The model is in eval mode meanwhile; its gradients and all
    random generators stay as they are.

    Args:
        model: a Module, called with X; a text's network is called with a Value for each
            column of X.
        X: the samples, an array of shape (n, ...).
        ax: axes to draw on. None makes a figure.

    Returns:
        The axes: a row for each layer, the first at the top.

    Raises:
        ArgumentError: the model is not a Module, cannot be called with X, or nothing
            in it is a layer.
        DataError: X is not an array with at least one row.
        MissingExtraError: matplotlib is not installed.

    >>> from micrograd.nn import MLP
    >>> ax = plot_activations(MLP(2, [4, 1]), [[0.5, -1.0], [1.0, 2.0], [-0.5, 0.0]])
    >>> [label.get_text().split()[0] for label in ax.get_yticklabels()]
    ['layers.0', 'layers.1']
    """
    check_is_made(ASKER, model)
    if not (hasattr(model, "named_modules") and callable(model)):
        raise ArgumentError(f"{ASKER}: {type(model).__name__} is not a Module; give one, such as an MLP")
    samples = _samples(X)
    with untouched(model), enable_grad(), scopes():
        outputs = _called(model, samples)
        parts = _parts(model, _nodes(outputs), len(samples))
    if not parts:
        raise ArgumentError(
            f"{ASKER}: no layer was seen: what {type(model).__name__} gives is not computed from its parameters; does "
            f"it use .data?"
        )
    rows = [_row(name, found) for name, found in parts.items()]
    axes = axes_of(ASKER, ax)
    if ax is None:
        fit_height(axes, len(rows))
    draw_rows(axes, rows)
    label = f"activation, for {len(samples)} sample{'s' * (len(samples) != 1)}"
    if threshold := _threshold(rows):
        axes.set_xscale("symlog", linthresh=threshold)
        label += f" (logarithmic beyond {short(threshold)})"
    axes.set_xlabel(label)
    return axes


def _threshold(rows: list[Row]) -> float:
    """Up to where the axis is linear, if the rows are too different for a linear one;
    else 0.
    """
    sizes = [np.quantile(np.abs(x), 0.95) for row in rows if (x := row.numbers[np.isfinite(row.numbers)]).size]
    sizes = [float(size) for size in sizes if size > 0]
    return 10.0 ** math.ceil(math.log10(min(sizes))) if sizes and scale_of([sizes]) == "log" else 0.0


def _samples(X: Any) -> Any:
    try:
        samples = plain(X)
    except ValueError:
        samples = np.empty(0)
    if not samples.ndim or not len(samples) or samples.dtype.kind not in "biuf":
        raise DataError(f"{ASKER}: X is {X!r:.40}; give an array of numbers with a row for each sample")
    return samples


def _called(model: Any, samples: Any) -> list[Value]:
    """The Values that the model gives for all samples."""

    def batch(X: Any) -> Any:
        out = model(X)
        if X.ndim == 2 and any(value.shape[:1] != (len(X),) for value in _values(out)[:1]):
            raise ShapeError("it does not give a row for each row of X")
        return out

    ways = [batch]
    if samples.ndim == 2:
        ways += [
            lambda X: model([Value(column) for column in X.T.astype(float)]),
            lambda X: [model([Value(x) for x in row]) for row in X.tolist()],
        ]
    # As many rows as no column count: so zip(w, X) is not taken for an answer.
    probes = samples[np.arange(samples[0].size + 1) % len(samples)] if samples.ndim == 2 else samples[:1]
    errors = []
    for way in ways:
        try:
            with np.errstate(all="ignore"):
                way(probes)
                return _values(way(samples))
        except Exception as error:  # of the user's model: any
            errors.append(error)
    raise ArgumentError(
        f"{ASKER}: the model cannot be called with X of shape {samples.shape}: "
        f"{type(errors[0]).__name__}: {(str(errors[0]).splitlines() or [''])[0]}"
    ) from errors[0]


def _values(thing: Any) -> list[Value]:
    if isinstance(thing, Value):
        return [thing]
    if isinstance(thing, dict):
        thing = list(thing.values())
    return [value for part in thing for value in _values(part)] if isinstance(thing, (list, tuple)) else []


def _nodes(outputs: list[Value]) -> list[Value]:
    """All values below the outputs, each once, inputs first."""
    seen: dict[int, Value] = {}
    for output in outputs:
        seen.update({id(node): node for node in toposort(output) if id(node) not in seen})
    return [node for node in seen.values() if inputs_of(node)]


def _parts(model: Any, nodes: list[Value], count: int) -> dict[str, list[list[Part]]]:
    """By the name of the row, what it gave: a list for each unit or array of units."""
    modules = dict(model.named_modules())
    paths = {id(module): path for path, module in modules.items()}
    calls = [(node, scope_of(node)) for node in nodes]
    with_inner = {id(call.outer) for _, call in calls if call is not None}
    last = {id(call): node for node, call in calls if call is not None and id(call) not in with_inner}
    ends = {id(_unarranged(node)) for node in last.values()}
    found: dict[str, dict[Any, list[Part]]] = {}
    counts: dict[tuple[int, str], int] = {}
    for node, call in calls:
        is_end = id(node) in ends
        if call is None or not (is_end or node._record.name in ACTIVATIONS):
            continue
        if not is_end and id(call) in last and not call.module.parameters():
            continue  # a part of an activation, such as the tanh in GELU
        path = next((paths[id(c.module)] for c in call.chain()[::-1] if id(c.module) in paths), "")
        layer = layer_of(model, path, modules)
        name = f"{layer} {_kind(node, modules[layer])}".strip()
        if not is_end:  # one of several in a call
            counts[id(call), name] = counts.get((id(call), name), 0) + 1
            name += f" {counts[id(call), name]}" if counts[id(call), name] > 1 else ""
        found.setdefault(name, {}).setdefault(path, []).append(_part(node, count))
    return {name: list(units.values()) for name, units in found.items()}


def _unarranged(node: Any) -> Any:
    """The node whose numbers a node only arranges in another shape."""
    while node._record.name in ARRANGING and len(inputs_of(node)) == 1 and isinstance(inputs_of(node)[0], Value):
        (node,) = inputs_of(node)
    return node


def _kind(node: Any, module: Any) -> str:
    """What a row is called besides its path: its activation, or the class."""
    op, kind = node._record.name, type(module).__name__
    if op in ACTIVATIONS or op in SATURATING:
        return "ReLU" if op == "relu" else op
    return "linear" if kind in ("Layer", "Neuron") and op in SUMS else kind


def _part(node: Any, count: int) -> Part:
    data = np.asarray(node.data, float)
    op, slopes = node._record, None
    if isinstance(op, Elementwise) and len(inputs_of(node)) == 1 and op.name in SATURATING | GATES:
        slopes = np.broadcast_to(slope_of(Use(node, 0, 1.0, None)), data.shape)
    shape = (count, -1) if data.ndim and data.shape[0] == count else (1, -1)
    return Part(data.reshape(shape), None if slopes is None else slopes.reshape(shape), op.name)


def _row(name: str, units: list[list[Part]]) -> Row:
    """A row of calls of the same layer."""
    joined = [np.concatenate([part.numbers for part in calls]) for calls in units]
    numbers = np.concatenate([x.ravel() for x in joined])
    width = sum(x.shape[1] for x in joined)
    said = [f"{width:,} unit{'s' * (width != 1)}"]
    ops = {part.op for calls in units for part in calls}
    warns = False
    if all(part.slopes is not None for calls in units for part in calls):
        slopes = [np.concatenate([part.slopes for part in calls]) for calls in units]
        if ops <= SATURATING:
            flat = sum(int((np.abs(s) < SATURATED).sum()) for s in slopes)
            said.append(f"{share(flat, numbers.size)} saturated")
            warns = flat > 0.5 * numbers.size
        else:
            dead = sum(int((s == 0).all(axis=0).sum()) for s in slopes)
            said.append(f"{dead} dead")
            warns = dead > 0
    if bad := int((~np.isfinite(numbers)).sum()):
        said.append(f"{share(bad, numbers.size)} not finite")
        warns = True
    return Row(name, ", ".join(said), numbers, warns)
