"""Small programs of a few values: what is printed is what runs, on any engine."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from types import CodeType
from typing import Any, NamedTuple

from micrograd.grading.attempts import Fault
from micrograd.grading.student import Engine

ROOT = "root"  # the name under which the last expression is kept


class Program(NamedTuple):
    """Statements, of which the last is an expression: the root.

    Attributes:
        text: such as "b = a * 2; b + b * 3".
        leaves: the data of its variables.
    """

    text: str
    leaves: dict[str, float]

    def run(self, engine: Engine) -> tuple[Any, dict[str, Any]]:
        """The root, and all values by their names, the leaves first."""
        values = {name: engine.new(data) for name, data in self.leaves.items()}
        space: dict[str, Any] = {**values, "Value": engine.cls, "__builtins__": {"sum": sum}}
        exec(_code(self.text, engine.takes_numbers), space)
        root = space.pop(ROOT)
        if not isinstance(root, engine.cls):
            engine.number(root)  # says what it is
            raise Fault(f"is a {type(root).__name__}; it is a {engine.cls.__name__}")
        return root, {name: space[name] for name in space if name not in ("Value", "__builtins__")}

    @property
    def given(self) -> str:
        """The leaves in words: "a = 3, b = 2"."""
        return ", ".join(f"{name} = {spelled(data)}" for name, data in self.leaves.items())


Measure = Callable[[Program, Engine], dict[str, float]]


def forward(program: Program, engine: Engine) -> dict[str, float]:
    """The data of the root; that of the leaves too, which stays as it is."""
    root, values = program.run(engine)
    return {"data": engine.number(root), **{f"{x}.data": engine.number(values[x]) for x in program.leaves}}


def alone(program: Program, engine: Engine) -> dict[str, float]:
    """The gradients of the leaves where 3 arrives at the root."""
    root, values = program.run(engine)
    engine.seeded(root, {name: values[name] for name in program.leaves})
    return _gradients(program, engine, values)


def backward(program: Program, engine: Engine) -> dict[str, float]:
    """The gradients of the leaves after `backward()`."""
    root, values = program.run(engine)
    root.backward()
    return _gradients(program, engine, values)


def unchanged(program: Program, engine: Engine) -> dict[str, float]:
    """The data of all values after `backward()`, which changes none."""
    root, values = program.run(engine)
    root.backward()
    return {f"{name}.data": engine.number(value) for name, value in values.items()}


def _gradients(program: Program, engine: Engine, values: dict[str, Any]) -> dict[str, float]:
    return {f"{name}.grad": engine.number(values[name], "grad") for name in program.leaves}


def spelled(x: float) -> str:
    """A number with up to six digits.

    >>> spelled(3.0), spelled(3 * 3 * 1.7**3)
    ('3', '44.217')
    """
    return f"{x + 0.0:.6g}"  # -0 is 0


def factor(x: float) -> str:
    """A number as the second factor of a product.

    >>> factor(8.67), factor(-0.6)
    ('8.67', '(-0.6)')
    """
    return f"({spelled(x)})" if x < 0 else spelled(x)


def told_apart(x: float, y: float) -> tuple[str, str]:
    """Two numbers with as many digits as tell them apart.

    >>> told_apart(10.0, 8.0), told_apart(1.0, 1.00000012)
    (('10', '8'), ('1', '1.0000001'))
    """
    x, y = x + 0.0, y + 0.0
    for digits in range(6, 18):
        if f"{x:.{digits}g}" != f"{y:.{digits}g}":
            return f"{x:.{digits}g}", f"{y:.{digits}g}"
    return spelled(x), spelled(y)


class _Wrapped(ast.NodeTransformer):
    """`a * 2` as `a * Value(2)`, for a class that takes no plain numbers; what is
    in a power stays one.
    """

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        if not isinstance(node.op, ast.Pow):
            node.right = self.visit(node.right)
            node.left = self.visit(node.left)
        elif not isinstance(node.left, ast.Constant):
            node.left = self.visit(node.left)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Call(ast.Name("Value", ast.Load()), [node], [])


@functools.lru_cache(1000)
def _code(text: str, takes_numbers: bool) -> CodeType:
    tree = ast.parse(text.replace("; ", "\n"))
    last = tree.body[-1]
    assert isinstance(last, ast.Expr)
    tree.body[-1] = ast.Assign([ast.Name(ROOT, ast.Store())], last.value)
    if not takes_numbers:
        tree = _Wrapped().visit(tree)
    return compile(ast.fix_missing_locations(tree), "<program>", "exec")
