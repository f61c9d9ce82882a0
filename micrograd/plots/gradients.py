"""plot_gradients: how large the gradients of each layer of a model are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd import on_demand as np
from micrograd.engine import Value
from micrograd.errors import ArgumentError, GradientError, a_kind
from micrograd.node import data_of, holds_grad
from micrograd.plots.figures import axes_of, check_is_made
from micrograd.plots.layers import Row, draw_rows, fit_height, layer_of, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ASKER = "plot_gradients"


def plot_gradients(model: Any, *, ax: Any = None) -> Axes:
    """Draw for each layer how large its gradients are: |grad|, on a logarithmic axis.

    They are what `.grad` holds after `backward()`. Gradients that are 0 are not on the
    axis; their share stands below the name of the layer. A layer far to the left of
    the others learns far more slowly.

    Args:
        model: a Module, or an object with `parameters()`.
        ax: axes to draw on. None makes a figure.

    Returns:
        The axes: a row for each layer, the first at the top.

    Raises:
        ArgumentError: it has no parameters.
        GradientError: no parameter has a gradient.
        MissingExtraError: matplotlib is not installed.

    >>> from micrograd.nn import MLP
    >>> model = MLP(2, [4, 1], activation="tanh")
    >>> model([0.5, -1.0]).backward()
    >>> [text.get_text() for text in plot_gradients(model).get_yticklabels()][1:]
    ['layers.1 Layer\\n5 gradients, 0% are 0']
    """
    check_is_made(ASKER, model)
    layers = _layers(model)
    parameters = [p for own in layers.values() for p in own]
    if not parameters:
        raise ArgumentError(f"{ASKER}: {type(model).__name__} has no parameters; give a model that has some")
    strange = next((p for p in parameters if not isinstance(p, Value)), None)
    if strange is not None:
        raise ArgumentError(f"{ASKER}: a parameter of {type(model).__name__} is {a_kind(strange)}, not a Value")
    if not any(map(holds_grad, parameters)):
        raise GradientError(
            f"{ASKER}: no parameter of {type(model).__name__} has a gradient: backward() was not called, or "
            f"zero_grad() came after it; call loss.backward() first"
        )
    rows = [_row(name, own) for name, own in layers.items()]
    axes = axes_of(ASKER, ax)
    if ax is None:
        fit_height(axes, len(rows))
    draw_rows(axes, rows)
    if any(row.numbers.size for row in rows):
        axes.set_xscale("log")
    axes.set_xlabel("|gradient| of the parameters")
    return axes


def _layers(model: Any) -> dict[str, list[Any]]:
    """The parameters of each layer, by its name."""
    layers: dict[str, list[Any]] = {}
    if hasattr(model, "named_modules"):
        modules = dict(model.named_modules())
        for path, parameter in model.named_parameters():
            owner = path
            while owner and owner not in modules:
                owner = owner.rpartition(".")[0]
            layer = layer_of(model, owner, modules)
            layers.setdefault(f"{layer} {type(modules[layer]).__name__}".strip(), []).append(parameter)
        return layers
    if not callable(getattr(model, "parameters", None)):
        raise ArgumentError(f"{ASKER}: {type(model).__name__} has no parameters(); give a Module, such as an MLP")
    parts = list(getattr(model, "layers", ()))
    if parts and all(callable(getattr(part, "parameters", None)) for part in parts):
        return {f"layers.{i}": list(part.parameters()) for i, part in enumerate(parts)}
    return {type(model).__name__: list(model.parameters())}


def _row(name: str, parameters: list[Any]) -> Row:
    grads = np.concatenate([np.ravel(np.asarray(data_of(p.grad), float)) for p in parameters])
    without = sum(not holds_grad(p) for p in parameters)
    zero, bad = int((grads == 0).sum()), int((~np.isfinite(grads)).sum())
    said = f"{grads.size:,} gradient{'s' * (grads.size != 1)}, {share(zero, grads.size)} are 0"
    if without == len(parameters):
        said = "no gradient"
    elif without:
        said += f", {without} parameter{'s have' if without > 1 else ' has'} none"
    if bad:
        said += f", {share(bad, grads.size)} not finite"
    sizes = np.abs(grads[(grads != 0) & np.isfinite(grads)])
    return Row(name, said, sizes, bool(bad or zero == grads.size))
