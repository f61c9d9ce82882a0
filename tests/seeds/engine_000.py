"""The engine and the network of text 000, as the text has them, without its comments."""

import random


class Value(object):
    def __init__(self, data, _children=()):
        self.data = data
        self.grad = 0.0
        self._backward = lambda: None
        self._prev = set(_children)

    def __repr__(self):
        return f"Value(data={self.data}, grad={self.grad})"


def custom_addition(self, other):
    other = other if isinstance(other, Value) else Value(other)
    out = Value(data=self.data + other.data, _children=(self, other))

    def _backward():
        self.grad += out.grad * 1.0
        other.grad += out.grad * 1.0

    out._backward = _backward
    return out


def custom_reverse_addition(self, other):
    return self + other


Value.__add__ = custom_addition
Value.__radd__ = custom_reverse_addition


def custom_multiplication(self, other):
    other = other if isinstance(other, Value) else Value(other)
    out = Value(data=self.data * other.data, _children=(self, other))

    def _backward():
        self.grad += out.grad * other.data
        other.grad += out.grad * self.data

    out._backward = _backward
    return out


def custom_reverse_multiplication(self, other):
    return self * other


Value.__mul__ = custom_multiplication
Value.__rmul__ = custom_reverse_multiplication


def custom_power(self, other):
    assert isinstance(other, (int, float)), "only supporting int/float powers for now"
    out = Value(data=self.data**other, _children=(self,))

    def _backward():
        self.grad += out.grad * (other * self.data ** (other - 1))

    out._backward = _backward
    return out


Value.__pow__ = custom_power


def custom_negation(self):
    return self * -1


Value.__neg__ = custom_negation


def custom_subtraction(self, other):
    return self + (-other)


def custom_reverse_subtraction(self, other):
    return other + (-self)


Value.__sub__ = custom_subtraction
Value.__rsub__ = custom_reverse_subtraction


def custom_division(self, other):
    return self * other**-1


def custom_reverse_division(self, other):
    return other * self**-1


Value.__truediv__ = custom_division
Value.__rtruediv__ = custom_reverse_division


def relu(self):
    out = Value(data=0 if self.data < 0 else self.data, _children=(self,))

    def _backward():
        self.grad += out.grad * (out.data > 0)

    out._backward = _backward
    return out


Value.relu = relu


def backward(self):
    topo = []
    visited = set()

    def build_topo(node):
        if node not in visited:
            visited.add(node)
            for child in node._prev:
                build_topo(child)
            topo.append(node)

    build_topo(self)
    self.grad = 1.0
    for node in reversed(topo):
        node._backward()


Value.backward = backward


class Module(object):
    def zero_grad(self):
        for p in self.parameters():
            p.grad = 0

    def parameters(self):
        return []


class Neuron(Module):
    def __init__(self, number_inputs, name, is_nonlinear=True):
        self.weights = [Value(data=random.uniform(-1, 1)) for _ in range(number_inputs)]
        self.bias = Value(data=0.0)
        self.is_nonlinear = is_nonlinear
        self.name = name

    def __call__(self, x):
        act = sum(((wi * xi) for wi, xi in zip(self.weights, x)), self.bias)
        return act.relu() if self.is_nonlinear else act

    def parameters(self):
        return self.weights + [self.bias]

    def __repr__(self):
        return (
            f"Neuron {self.name}(Number={len(self.weights)}, Non-Linearity={'ReLU' if self.is_nonlinear else 'None'})"
        )


class Layer(Module):
    def __init__(self, number_inputs, number_outputs, name, **kwargs):
        self.neurons = [Neuron(number_inputs=number_inputs, name=idx, **kwargs) for idx in range(number_outputs)]
        self.name = name
        self.number_outputs = number_outputs

    def __call__(self, x):
        out = [n(x) for n in self.neurons]
        return out if self.number_outputs != 1 else out[0]

    def parameters(self):
        return [p for n in self.neurons for p in n.parameters()]


class MLP(Module):
    def __init__(self, number_inputs, list_number_outputs):
        total_size = [number_inputs] + list_number_outputs
        self.layers = [
            Layer(
                number_inputs=total_size[i],
                number_outputs=total_size[i + 1],
                name=i,
                is_nonlinear=i != len(list_number_outputs) - 1,
            )
            for i in range(len(list_number_outputs))
        ]

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]
