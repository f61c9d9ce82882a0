"""What the engine says to bad input: which error, with which words; and that nothing
has changed after it.
"""

from __future__ import annotations

import copy
import operator
import pickle

import numpy as np
import pytest

from micrograd import Value, no_grad, ops
from micrograd.errors import DataError, GradientError, IndexingError, MicrogradError, OpError, ShapeError
from tests.ops.composites import refusal


class Things:
    """What the programs below may use: labelled values, each with a history and a
    gradient.
    """

    def __init__(self):
        self.w = Value(np.arange(6.0).reshape(2, 3), label="w")
        self.b = Value([1.0, 2.0], label="b")
        self.n = Value(2.0, label="n")
        self.u = Value([[1.0, 2.0, 3.0, 4.0]])
        self.z = (self.w * self.w).sum() * self.n + self.b.sum() + self.u.sum()
        self.z.backward()
        self.c = Value(3.0, label="c").detach()
        with no_grad():
            self.quiet = self.n * 2.0
        self.own = Value(4.0, (self.n,), "double", label="d")
        self.own._backward = self.own_backward = lambda: None

    def state(self):
        values = [self.w, self.b, self.n, self.u, self.z, self.c, self.quiet, self.own]
        return [(v.label, repr(v.data), repr(v.grad), v._op, v.inputs) for v in values]


def said(program, error=MicrogradError):
    """The text of exactly this error, which the program raises and after which all
    values are as they were.
    """
    things = Things()
    text = refusal(program, error, {"copy": copy, "pickle": pickle, **vars(things)}, things.state)
    assert things.own._backward is things.own_backward
    return text


def programs(*rows):
    """Rows of a program and its words; one with a third entry is a bug that stands, and
    this its number.
    """
    marks = [[pytest.mark.xfail(strict=True, reason=row[2])] if len(row) > 2 else [] for row in rows]
    return pytest.mark.parametrize(
        ("program", "words"),
        [pytest.param(*row[:2], marks=mark, id=row[0]) for row, mark in zip(rows, marks, strict=True)],
    )


NOT_NUMBERS = [
    ("'2.0'", "'2.0' is a str, not a number or an array of numbers"),
    ("b'2'", "b'2' is a bytes, not a number or an array of numbers"),
    ("None", "None is a NoneType, not a number or an array of numbers"),
    ("1j", "1j is a complex, not a number or an array of numbers"),
    ("{'a': 1}", "{'a': 1} is a dict, not a number or an array of numbers"),
    ("{1}", "{1} is a set, not a number or an array of numbers"),
    ("object", "<class 'object'> is a type, not a number or an array of numbers"),
    ("range(3)", "range(0, 3) is a range, not a number or an array of numbers"),
    ("[[1], [2, 3]]", "the list [[1], [2, 3]] is ragged: its rows differ in length; make all rows equally long"),
    ("[1, [2, 3]]", "the list [1, [2, 3]] is ragged: its rows differ in length; make all rows equally long"),
    ("[np.ones(2), np.ones(3)]", "is ragged: its rows differ in length; make all rows equally long"),
    ("['a', 'b']", "array(['a', 'b'], dtype='<U1') has elements of type <U1; "),
    ("[None]", "array([None], dtype=object) has elements of type object; "),
    ("np.array([1.0, None])", "array([1.0, None], dtype=object) has elements of type object; "),
    (
        "np.array(['a'])",
        "array(['a'], dtype='<U1') has elements of type <U1; give real numbers; "
        "np.unique(x, return_inverse=True)[1] numbers texts",
    ),
    ("np.array([1j])", "array([0.+1.j]) has complex numbers; give real numbers, such as its .real part"),
    ("np.complex128(1j)", "np.complex128(1j) has complex numbers; give real numbers, such as its .real part"),
    ("np.array(['2020'], 'M8[Y]')", "has elements of type datetime64[Y]; "),
    ("np.array('a')", "array('a', dtype='<U1') has elements of type <U1; "),
]


@pytest.mark.parametrize(("data", "words"), NOT_NUMBERS, ids=[row[0] for row in NOT_NUMBERS])
@pytest.mark.parametrize(
    ("program", "asker"),
    [
        ("Value({})", "Value"),
        ("w.data = {}", "Value"),
        ("w.grad = {}", "Value"),
        ("z.backward({})", "Value"),
        ("n + {}", "add"),
        ("{} * w", "multiply"),
        ("n - {}", "subtract"),
        ("{} / n", "divide"),
        ("n ** {}", "power"),
        ("w @ {}", "matmul"),
        ("n < {}", "less"),
        ("ops.where({}, w, w)", "where"),
        ("ops.stack([n, {}])", "stack"),
    ],
)
def test_what_is_no_number(program, asker, data, words):
    if data == "None" and program in ("w.grad = {}", "z.backward({})"):
        pytest.skip("None is an answer there: no gradient")
    text = said(program.format(data), DataError)
    assert text.startswith(asker)
    assert words in text


@pytest.mark.parametrize("program", ["Value({})", "w.data = {}", "w.grad = {}", "z.backward({})"])
@pytest.mark.parametrize("data", ["[Value(2.0), 2.0]", "[[Value(2.0)]]", "[1.0, (Value(2.0),)]"])
def test_a_list_of_values_is_no_data(program, data):
    """Ops stack such a list; here its history would be lost."""
    words = "Value: a list that holds Value(data=2.0, grad=0.0); use micrograd.ops.stack to join Values"
    assert said(program.format(data), DataError) == words


@pytest.mark.parametrize("program", ["w + [n, n, n]", "[n, n, n] * w", "w @ [n, 2.0, n]", "n - [Value(1.0), 2.0]"])
def test_a_list_of_values_is_an_operand(program):
    z = eval(program, {"Value": Value, **vars(Things())})
    assert z.shape in ((2, 3), (2,))


@programs(
    (
        "Value(n)",
        "Value: the data is a Value already, Value(data=2.0, grad=55.0, label='n'); use it as it is, or its .data",
    ),
    ("float(w)", "float(): 'w' (2, 3) has 6 elements, not one; sum() or index it first"),
    ("int(b)", "int(): 'b' (2,) has 2 elements, not one; sum() or index it first"),
    ("bool(b)", "bool(): 'b' (2,) has 2 elements, not one; sum() or index it first"),
    ("round(b)", "round(): 'b' (2,) has 2 elements, not one; sum() or index it first"),
    ("float(u)", "float(): (1, 4) has 4 elements, not one; sum() or index it first"),
    ("len(n)", "len: 'n' () is a number, and has no length"),
    ("list(n)", "len: 'n' () is a number, and has no length"),
    ("b[0] = 5.0", "setitem: 'b' (2,) is a Value, and not changed in place, or its history would be wrong;"),
    ("b[0] += 5.0", "use v.at[0].set(...), or for data that no graph uses v.data[0] = ..."),
    ("n[()] = 5.0", "setitem: 'n' () is a Value, and not changed in place, or its history would be wrong;"),
    ("u[0] = 5.0", "setitem: (1, 4) is a Value"),
)
def test_data_that_does_not_serve(program, words):
    assert words in said(program, DataError)


REPAIR = "do not broadcast: sizes on an axis, counted from the last, must be equal or 1; reshape one operand?"


@pytest.mark.parametrize(
    ("x", "y", "named"),
    [
        ("w", "b", "'w' (2, 3) and 'b' (2,)"),
        ("b", "w", "'b' (2,) and 'w' (2, 3)"),
        ("w", "np.ones((3, 2))", "'w' (2, 3) and (3, 2)"),
        ("np.ones((3, 2))", "w", "(3, 2) and 'w' (2, 3)"),
        ("u", "[1.0, 2.0]", "(1, 4) and (2,)"),
    ],
)
@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("+", "add"),
        ("-", "subtract"),
        ("*", "multiply"),
        ("/", "divide"),
        ("**", "power"),
        ("<", "less"),
        ("<=", "less_equal"),
        (">", "greater"),
        (">=", "greater_equal"),
    ],
)
def test_shapes_that_do_not_broadcast(x, y, named, symbol, name):
    assert said(f"{x} {symbol} {y}", ShapeError) == f"{name}: {named} {REPAIR}"


@programs(
    ("ops.where(np.ones(5) > 0, w, 0.0)", f"where: (5,) and 'w' (2, 3) and () {REPAIR}"),
    ("[1.0, 2.0] - u", f"subtract: (2,) and (1, 4) {REPAIR}"),
    ("w @ w", "matmul: 'w' (2, 3) @ 'w' (2, 3): inner sizes 3 and 2 differ; transpose one operand?"),
    ("w @ b", "matmul: 'w' (2, 3) @ 'b' (2,): inner sizes 3 and 2 differ; transpose one operand?"),
    ("[1.0, 2.0, 3.0] @ b", "matmul: (3,) @ 'b' (2,): inner sizes 3 and 2 differ; transpose one operand?"),
    ("np.ones((2, 2)) @ u", "matmul: (2, 2) @ (1, 4): inner sizes 2 and 1 differ; transpose one operand?"),
    ("n @ w", "matmul: 'n' () @ 'w' (2, 3): a number has no axis to sum over; use * instead"),
    ("w @ 2.0", "matmul: 'w' (2, 3) @ (): a number has no axis to sum over; use * instead"),
    ("n @ n", "matmul: 'n' () @ 'n' (): a number has no axis to sum over; use * instead"),
    (
        "Value(np.ones((2, 2, 3))) @ np.ones((4, 3, 1))",
        "matmul: (2, 2, 3) @ (4, 3, 1): batch axes (2,) and (4,) do not broadcast; sizes must be equal or 1",
    ),
    ("w.reshape(4, 2)", "reshape: 'w' (2, 3) has 6 elements, and shape (4, 2) does not; give"),
    ("w.reshape((5, -1))", "reshape: 'w' (2, 3) has 6 elements, and shape (5, -1) does not; give"),
    ("w.reshape(-1, -1)", "one may be -1, to be computed"),
    ("w.reshape(0, -1)", "reshape: 'w' (2, 3) has 6 elements, and shape (0, -1) does not; give"),
    ("w.reshape()", "reshape: 'w' (2, 3) has 6 elements, and shape () does not; give"),
    ("n.reshape(2)", "reshape: 'n' () has 1 element, and shape (2,) does not; give"),
    ("w.reshape(-2, -3)", "reshape: 'w' (2, 3)"),
    ("w.transpose(0)", "transpose: axes (0,) of 'w' (2, 3): name each of its 2 axes once"),
    ("w.transpose(0, 0)", "transpose: axes (0, 0) of 'w' (2, 3): name each of its 2 axes once"),
    ("w.transpose((0, 2))", "transpose: axes (0, 2) of 'w' (2, 3): name each of its 2 axes once"),
    ("w.transpose(0, -2)", "transpose: axes (0, -2) of 'w' (2, 3): name each of its 2 axes once"),
    ("n.transpose(0)", "transpose: axes (0,) of 'n' (): name each of its 0 axes once"),
    ("w.sum(axis=2)", "sum: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
    ("w.sum(axis=(0, 5))", "sum: axis (0, 5) of 'w' (2, 3): its axes are numbered from -2 to 1"),
    ("w.sum(axis=(1, -1))", "sum: axis (1, -1) of 'w' (2, 3): an axis is named twice; name each once"),
    ("w.mean(axis=-3)", "mean: axis -3 of 'w' (2, 3): its axes are numbered from -2 to 1"),
    ("w.max(axis=2)", "max: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
    ("w.min(axis=2)", "min: axis 2 of 'w' (2, 3): its axes are numbered from -2 to 1"),
    ("n.mean(axis=0)", "mean: axis 0 of 'n' ()"),
    ("n.sum(axis=1)", "sum: axis 1 of 'n' ()"),
    ("Value(np.ones((0, 3))).max()", "max: (0, 3) has no element along axis None; it needs at least one"),
    ("Value(np.ones((0, 3)), label='e').min(axis=0)", "min: 'e' (0, 3) has no element along axis 0; it needs at least"),
    ("ops.stack([w, b, w])", "stack: 'w' (2, 3), 'b' (2,): give at least one value, all of one shape"),
    ("ops.stack([n, [1.0, 2.0]])", "stack: 'n' (), (2,): give at least one value, all of one shape"),
    ("ops.stack([])", "stack: nothing: give at least one value, all of one shape"),
    ("ops.stack([n, n], axis=2)", "stack: axis 2: the axes of the result are numbered from -1 to 0"),
    ("ops.expand_dims(w, axis=4)", "expand_dims: axis 4: the axes of the result are numbered from -3 to 2"),
    ("ops.broadcast_to(w, shape=(2, 2))", "broadcast_to: 'w' (2, 3) does not broadcast to (2, 2): "),
    ("ops.broadcast_to(w, shape=(3,))", "broadcast_to: 'w' (2, 3) does not broadcast to (3,): "),
    ("z.backward([1.0, 2.0])", "backward: a gradient of shape (2,) for (); give one of the same shape"),
    ("(w * 2).backward(1.0)", "backward: a gradient of shape () for (2, 3); give one of the same shape"),
    ("w.backward(np.ones((1, 3)))", "backward: a gradient of shape (1, 3) for 'w' (2, 3); give one of the same shape"),
    ("w.backward(b)", "backward: a gradient of shape (2,) for 'w' (2, 3); give one of the same shape"),
    ("w.grad = 1.0", "grad: a gradient of shape () for 'w' (2, 3); give one of the same shape"),
    ("w.grad = [[1.0, 2.0, 3.0]]", "grad: a gradient of shape (1, 3) for 'w' (2, 3); give one of the same shape"),
    ("n.grad = [1.0]", "grad: a gradient of shape (1,) for 'n' (); give one of the same shape"),
    (
        "w.grad = b",
        "grad: a gradient of shape (2,) for 'w' (2, 3)",
    ),
)
def test_shapes_that_do_not_fit(program, words):
    assert words in said(program, ShapeError)


@programs(
    ("w.reshape('a')", "reshape"),
    ("w.reshape(None)", "reshape"),
    ("w.reshape(2.5, 3)", "reshape"),
    ("w.transpose('ab')", "transpose"),
    ("w.sum(axis='rows')", "sum"),
    ("w.sum(axis=1.0)", "sum"),
    ("w.mean(axis=[0, 1])", "mean"),
    ("ops.stack(3)", "stack"),
    ("ops.stack([n], axis='a')", "stack"),
)
def test_arguments_of_another_type(program, words):
    things = Things()
    with pytest.raises(MicrogradError, match=f"^{words}: "):
        exec(program, {"ops": ops, **vars(things)})


@programs(
    ("b[2]", "getitem: index 2 of 'b' (2,): index 2 is out of bounds for axis 0 with size 2"),
    ("w[0, 3]", "getitem: index (0, 3) of 'w' (2, 3): index 3 is out of bounds for axis 1 with size 3"),
    ("w[0, 0, 0]", "getitem: index (0, 0, 0) of 'w' (2, 3): too many indices for array"),
    ("n[0]", "getitem: index 0 of 'n' (): too many indices for array"),
    ("u[5]", "getitem: index 5 of (1, 4): index 5 is out of bounds for axis 0 with size 1"),
    ("b[1.0]", "getitem: index 1.0 of 'b' (2,): give integers,"),
    ("b['x']", "getitem: index 'x' of 'b' (2,): give integers,"),
    ("b[[0, 7]]", "getitem: index [0, 7] of 'b' (2,): index 7 is out of bounds"),
    ("b[np.array([True, False, True])]", "boolean index did not match"),
    ("b[0:'x']", "getitem: index slice(0, 'x', None) of 'b' (2,): "),
)
def test_elements_that_are_not_there(program, words):
    assert words in said(program, IndexingError)


@programs(
    ("c.backward()", "backward: 'c' is a constant: detached, or made under no_grad() or from constants alone; "),
    ("(c * 2.0).backward()", "backward: this value is a constant: "),
    ("quiet.backward()", "call it on a result of Values with a history"),
    ("z.detach().backward()", "backward: this value is a constant: "),
    (
        "copy.deepcopy(own * 2.0)",
        "deepcopy: 'd' has a `_backward` that you assigned, and that is bound to the nodes of this graph; "
        "copy the leaves and build the graph again",
    ),
)
def test_gradients_that_there_are_not(program, words):
    assert words in said(program, GradientError)


def test_a_step_of_ones_own_is_not_pickled():
    assert "`_backward`" in said("pickle.dumps(own)", GradientError)


@programs(
    ("np.spacing(w)", "np.spacing: there is no op for it"),
    ("np.histogram2d(w[0], w[1])", "np.histogram2d: there is no op for it"),
    ("np.fft.fft(w)", "np.fft.fft: there is no op for it"),
)
def test_numpy_functions_without_an_op(program, words):
    text = said(program, OpError)
    assert text.startswith(words)
    assert text.endswith("take v.data for plain NumPy")


@programs(
    (
        "np.add.at(w, 0, 1.0)",
        "np.add.at: a Value is never changed in place; write w = v.at[index].add(",
    ),
    (
        "np.exp(w, out=np.ones((2, 3)))",
        "np.exp: there is no op for it with out=, as a Value is never written",
    ),
    (
        "a = np.ones(2); a += b",
        "np.add: there is no op for it with out=, as a Value is never written",
    ),
)
def test_nothing_is_written_in_place(program, words):
    assert said(program, OpError).startswith(words)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (DataError, TypeError),
        (ShapeError, ValueError),
        (IndexingError, IndexError),
        (GradientError, RuntimeError),
        (OpError, TypeError),
    ],
)
def test_each_error_is_also_the_builtin_that_a_caller_would_catch(error, builtin):
    assert issubclass(error, MicrogradError)
    assert issubclass(error, builtin)


@pytest.mark.parametrize("name", ["and_", "or_", "xor", "lshift"])
def test_operators_that_numbers_have_and_values_do_not(name):
    with pytest.raises(TypeError, match="unsupported operand"):
        getattr(operator, name)(Value(2.0), 2)


def test_a_long_list_is_shown_short():
    text = said("Value([[1] * 100, [2]])", DataError)
    assert "..." in text
    assert len(text) < 160
