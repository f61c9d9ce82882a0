"""Text 002: "Building Autograd Engine & Neural Network Library: An Interactive Guide".

By x0axz, https://x0axz.com/blog/autograd.html. The text publishes its classes as the
package ngrad.

Two rules of the text are wrong. They are right here:

- In the text, the gradient of x**y by y lacks the factor x**y.
- In the text, the gradient of an operand that was broadcast is not summed back to its
  shape. So `2.0 * v` fails in `backward()`.

Here an array of integers becomes float64. The text keeps it, and then its gradient
cannot hold a half.

>>> import numpy as np
>>> x, y = Value(np.array([2.0, 3.0])), Value(np.array([3.0, 2.0]))
>>> (x**y).backward()
>>> bool(np.allclose(y.grad, np.array([8.0, 9.0]) * np.log([2.0, 3.0])))
True
"""

from __future__ import annotations

from micrograd import engine
from micrograd.draw import draw_dot, trace
from micrograd.texts import tanh_network

__all__ = ["MLP", "Layer", "Neuron", "Value", "draw_dot", "trace"]


class Value(engine.Value):
    """Our Value, printed as in the text: the data only.

    As in the text, a NumPy array is not copied. If you change the array, the Value
    changes.

    >>> Value([1.0, 2.0])
    Value(data=[1. 2.])
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Value(data={self.data})"


class Neuron(tanh_network.Neuron):
    """The text's neuron: `w`, `b`, tanh(w . x + b), all drawn from [-1, 1].

    Each input may be an array that holds one number per sample. Then the output is such
    an array, too.

    >>> Neuron(2)([Value([2.0, 0.0, 1.0]), Value([0.0, 2.0, 1.0])]).shape
    (3,)
    """

    Value = Value


class Layer(tanh_network.Layer):
    """The text's layer: `neurons`.

    >>> len(Layer(2, 3)([2.0, 3.0]))
    3
    """

    Neuron = Neuron


class MLP(tanh_network.MLP):
    """The text's network: `layers`.

    `MLP(3, [4, 4, 1])` has two hidden layers; the text counts three.

    >>> n = MLP(3, [4, 4, 1])
    >>> [len(layer.neurons) for layer in n.layers]
    [4, 4, 1]
    """

    Layer = Layer
