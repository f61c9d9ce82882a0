"""Text 001: "micrograd: implementing an autograd engine", chapter 1 of micrograduate.

By ckaraneen, https://github.com/ckaraneen/micrograduate.

The text builds its class in steps, each `class Value(Value)`. `Value` here is right for
all steps except the last. `LastValue` is the last step, where tanh is made of
exponentials. The networks are made of LastValue, as in the text. The text's sneak peek
and its moons import `micrograd.engine` and `micrograd.nn`. They run as they are.

One number of the text is wrong: it prints -7.0 for f.grad. Its manual pass uses an old
`e` from another cell. The derivative is 4.0.

>>> a, b, c, f = Value(2.0), Value(-3.0), Value(10.0), Value(-2.0, label="f")
>>> L = (a * b + c) * f
>>> L
Value(data='-8.0')
>>> L.backward()
>>> f.grad
4.0
"""

from __future__ import annotations

from typing import Any

from micrograd import engine
from micrograd.draw import draw, trace
from micrograd.texts import tanh_network

__all__ = ["MLP", "LastValue", "Layer", "Neuron", "Value", "draw", "trace"]


class Value(engine.Value):
    """Our Value, printed as in the text: the data in quotes, then the label.

    >>> Value(-8.0, label="L")
    Value(data='-8.0', label='L')
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Value(data='{self.data}'" + (f", label='{self.label}')" if self.label else ")")


class LastValue(Value):
    """The text's last Value: tanh is made of exponentials.

    tanh(x) = (exp(2 x) - 1) / (exp(2 x) + 1)

    From x = 355 on it is nan, because exp(2 x) is beyond the range of floats. The tanh
    of `Value` is right there.

    >>> import math
    >>> a = LastValue(2.0)
    >>> a_tanh = a.tanh()
    >>> a_tanh.backward()
    >>> math.isclose(a.grad, 1 - a_tanh.data**2)
    True
    """

    __slots__ = ()

    def tanh(self) -> Any:
        """Hyperbolic tangent, made of exponentials.

        It is nine nodes in the graph; `Value.tanh` is one.
        """
        e = (2 * self).exp()
        return (e - 1) / (e + 1)


class Neuron(tanh_network.Neuron):
    """The text's neuron: `w`, `b`, tanh(w . x + b), all drawn from [-1, 1].

    >>> len(Neuron(2).parameters())
    3
    """

    Value = LastValue


class Layer(tanh_network.Layer):
    """The text's layer: `neurons`.

    >>> len(Layer(2, 3)([2.0, 3.0]))
    3
    """

    Neuron = Neuron


class MLP(tanh_network.MLP):
    """The text's network: `layers`.

    >>> import random
    >>> random.seed(1337)
    >>> MLP(3, [4, 4, 1])([2.0, 3.0, -1.0])
    Value(data='0.42767811248845455')
    """

    Layer = Layer
