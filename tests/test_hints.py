"""What newcomers from PyTorch and NumPy are told; formatting; where a warning points;
what a Value copies.
"""

from __future__ import annotations

import importlib
import types
import warnings
from typing import Any

import numpy as np
import pytest

import micrograd
from micrograd import Value, grad, jvp, ops, vmap
from micrograd.abstract import Abstract
from micrograd.errors import ArgumentError, DataError, OpError
from micrograd.ops.hints import ATTRIBUTES, CALLS, FUNCTIONS, KEYWORDS, NO_VALUE, SOLVERS, WHY
from tests.ops.composites import assert_alone
from tests.processes import printed


@pytest.mark.parametrize("name", sorted(ATTRIBUTES))
def test_a_name_of_pytorch_is_told_what_it_is_here(name: str) -> None:
    v = Value([1.0, 2.0])
    if hasattr(v, name):  # an own method by now
        return
    with pytest.raises(AttributeError) as caught:
        getattr(v, name)
    assert str(caught.value) == f"Value has no .{name}: here it is {ATTRIBUTES[name]}"
    with pytest.raises(AttributeError) as caught:
        setattr(v, name, True)
    assert str(caught.value) == f"Value has no .{name}: here it is {ATTRIBUTES[name]}"
    assert name not in dir(v)
    assert getattr(v, name, "default") == "default"
    assert not hasattr(Value, name)


@pytest.mark.parametrize("name", ["data", "numpy", "grad", "backward", "zero_grad"])
def test_what_only_a_value_has(name: str) -> None:
    assert hasattr(Value(1.0), name)
    for kind, called in {"Batch": lambda f: vmap(f)(np.ones(2)), "Dual": lambda f: jvp(f, (1.0,), (1.0,))}.items():
        with pytest.raises(AttributeError) as caught:
            called(lambda x: getattr(x, name))
        assert str(caught.value) == f"{kind} has no .{name}: here it is {ATTRIBUTES[name]}"


def test_the_names_that_the_issue_quotes() -> None:
    for name in [
        "view",
        "unsqueeze",
        "requires_grad",
        "detach_",
        "cpu",
        "t",
        "permute",
        "expand",
        "norm",
        "mm",
        "zero_",
    ]:
        with pytest.raises(AttributeError, match=rf"^Value has no \.{name}: here it is "):
            getattr(Value(1.0), name)


def test_what_is_named_as_the_repair_runs() -> None:
    """The repairs that are expressions in v alone."""
    v, w = Value([[1.0, 2.0]]), Value([[3.0], [4.0]])
    import numpy

    import micrograd

    shape = (2, 1)
    names = {"v": v, "w": w, "numpy": numpy, "micrograd": micrograd, "shape": shape, "axes": (1, 0), "dtype": "float32"}
    for name in [
        "view",
        "permute",
        "t",
        "mT",
        "mm",
        "norm",
        "add",
        "numel",
        "dim",
        "clone",
        "float",
        "type",
        "is_leaf",
    ]:
        text = ATTRIBUTES[name].split(",")[0].split(";")[0]
        assert eval(text.partition(" or ")[0], names) is not None


def test_a_subclass_may_have_the_name() -> None:
    class Parameter(Value):
        def view(self) -> str:
            return "mine"

    p = Parameter(1.0)
    assert p.view() == "mine"
    p.device = "here"
    assert p.device == "here"
    assert "device" in dir(p)
    with pytest.raises(AttributeError, match=r"^Parameter has no \.cpu"):
        p.cpu()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("program", "error", "words"),
    [
        (
            lambda v: v.backward(retain_graph=True),
            OpError,
            "backward: there is no retain_graph=; a graph is kept as lo",
        ),
        (lambda v: Value(1.0, "w"), DataError, "Value: 'w' stands in the place of _children; write label='w'"),
        (lambda v: ops.sum(v, dim=0), OpError, "sum: there is no dim=; write axis="),
        (lambda v: v.sum(dim=0), OpError, "sum: there is no dim=; write axis="),
        (lambda v: v.mean(0, keepdim=True), OpError, "mean: there is no keepdim=; write keepdims="),
        (lambda v: v.argmax(dim=0), OpError, "argmax: there is no dim=; write axis="),
        (lambda v: v.std(0, unbiased=False), OpError, "std: there is no unbiased=; write ddof="),
        (
            lambda v: v.sum(0, float),
            ArgumentError,
            "sum: keepdims=<class 'float'> is not True or False; give dtype= and",
        ),
    ],
)
def test_keywords_of_pytorch(program: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        program(Value([1.0, 2.0]))
    assert str(caught.value).startswith(words)
    assert_alone(caught.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda v: np.unique(v), "np.unique: there is no op for it; a set has no gradient; ops.sort and ops.take keep"),
        (
            lambda v: np.linalg.eig(v),
            "np.linalg.eig: there is no op for it; a matrix that is not symmetric may have complex eigenvalues",
        ),
        (
            lambda v: np.put(v, 0, 1.0),
            "np.put: there is no op for it; it writes into an array, which loses the history; use",
        ),
        (lambda v: np.gcd(v, 2), "np.gcd: there is no op for it; whole numbers have no gradient"),
        (lambda v: np.fft.fft(v), "np.fft.fft: there is no op for it, nor a similar one; take v.data for plain"),
    ],
)
def test_a_function_without_an_op_is_told_by_its_meaning(call: Any, words: str) -> None:
    with pytest.raises(OpError) as caught:
        call(Value([[1.0, 2.0], [3.0, 4.0]]))
    assert str(caught.value).startswith(words)
    assert str(caught.value).endswith("take v.data for plain NumPy")
    assert_alone(caught.value)


def test_nearest_names_are_not_those_of_letters() -> None:
    assert "ops.sort" in WHY["partition"]
    assert "lgamma" in WHY["gammaln"]
    assert "digamma" in WHY["psi"]


def test_the_tables_name_only_what_there_is() -> None:
    texts = [*WHY.values(), *KEYWORDS.values(), *ATTRIBUTES.values()]
    named = {word.split("ops.")[1].rstrip(".,;:)") for text in texts for word in text.split() if "ops." in word}
    assert {name.partition("(")[0].rstrip(":") for name in named} <= set(ops.__all__)
    homes = {*np.__all__, *np.linalg.__all__, "asmatrix"}
    of_scipy = {name for name in WHY if name not in homes}
    assert of_scipy == {"gammaln", "loggamma", "psi", "gamma", "beta"}
    assert set(NO_VALUE) <= homes
    assert not {*WHY, *NO_VALUE} & set(ops.__all__)  # an op needs no hint
    assert not set(NO_VALUE) & set(WHY)


def test_a_name_of_another_library_is_told_what_it_is_here() -> None:
    """By `micrograd.jacrev`, and by `from micrograd import jacrev`."""
    tables = {"micrograd": FUNCTIONS, "micrograd.scipy": SOLVERS}
    for module, table in tables.items():
        for name, here in table.items():
            words = f"{module} has no {name}: here it is {here}"
            with pytest.raises(AttributeError) as caught:
                getattr(importlib.import_module(module), name)
            assert str(caught.value) == words
            with pytest.raises(ImportError) as refused:
                exec(f"from {module} import {name}")
            assert str(refused.value) == words
            assert not hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize(("function", "name"), [(f, name) for f, names in CALLS.items() for name in names])
def test_a_keyword_of_another_library_is_told_what_to_write(function: str, name: str) -> None:
    import inspect

    from micrograd import scipy

    called = getattr(scipy, function, None) or getattr(micrograd, function)
    own = inspect.signature(called).parameters
    with pytest.raises(OpError) as caught:
        called(**{name: None})
    assert str(caught.value) == f"{function}: there is no {name}=; {CALLS[function][name]}"
    assert_alone(caught.value)
    assert name not in own
    word, _, ours = CALLS[function][name].partition("=")[0].partition(" ")
    assert word != "write" or ours in [*own, "max_step", "first_step", "max_nfev"]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("stop_gradient", "ops.stop_gradient"),
        ("odeint", "scipy.odeint"),
        ("Linear", "nn.Linear"),
        ("cross_entropy", "nn.losses.cross_entropy"),
        ("Adam", "optim.Adam"),
        ("array", "numpy.array"),
    ],
)
def test_a_name_of_another_room_is_told_where_it_is(name: str, place: str) -> None:
    with pytest.raises(AttributeError, match=rf"^micrograd has no {name}: here it is micrograd\.{place}$"):
        getattr(micrograd, name)
    exec(f"import micrograd.{place.rpartition('.')[0]}; micrograd.{place}")


def test_a_name_that_nobody_has_is_pythons_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'micrograd' has no attribute 'jaccobian'$"):
        _ = micrograd.jaccobian
    with pytest.raises(ImportError, match="cannot import name 'jaccobian' from 'micrograd'"):
        exec("from micrograd import jaccobian")
    with pytest.raises(ImportError, match=r"^micrograd.nn has no CrossEntropyLoss: here it is losses.cross_entropy"):
        exec("from micrograd.nn import CrossEntropyLoss")


def test_what_the_names_of_functions_stand_for_is_there() -> None:
    """Our name begins the text, but for texts that explain."""
    told = {name for name, here in FUNCTIONS.items() if not hasattr(micrograd, here.split("(")[0].split(" ")[0])}
    assert told == {
        "autograd", "cond", "detach", "fori_loop", "func", "functional_call", "jit", "lax", "linalg", "manual_seed",
        "no_gradient", "optimize", "pmap", "random", "tree_map", "tree_util",
    }  # fmt: skip
    assert not [name for name in FUNCTIONS if name in micrograd.__all__]


# format


@pytest.mark.parametrize("number", [2.0, 2, np.float32(2.0), np.float64(2.0)])
@pytest.mark.parametrize("spec", [".3f", ">10", "+.1e", "g", "010.2f"])
def test_a_number_is_formatted(number: Any, spec: str) -> None:
    v = Value(number, label="loss")
    assert format(v, spec) == format(np.asarray(number).item(), spec)
    assert f"{v}" == str(v)
    assert f"{v!r:>60}".strip() == repr(v)
    assert "{:>10}".format(v) == f"{np.asarray(number).item():>10}"  # noqa: UP032 - the spelling of the texts


def test_what_is_formatted_inside_a_transform_is_still_differentiated() -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append(f"{x:.2f}")
        return x * x

    assert grad(f)(3.0) == 6.0
    assert seen == ["3.00"]


@pytest.mark.parametrize("v", [Value([1.0, 2.0], label="w"), Abstract((), label="w"), Value([[1.0]], label="w")])
def test_an_array_is_not_formatted(v: Any) -> None:
    with pytest.raises(DataError) as caught:
        format(v, ".3f")
    assert str(caught.value) == (
        f"format: 'w' {v.shape} is not a number, and '.3f' formats numbers; "
        "format an element, or take .data, as in np.array2string(v.data, precision=3)"
    )


def test_a_bad_format_is_pythons_error() -> None:
    with pytest.raises(ValueError, match="Unknown format code"):
        format(Value(1.0), "d")


# zero_grad, copy


@pytest.mark.parametrize("data", [3.0, 3, [1.0, 2.0], np.ones((2, 2), np.float32)])
def test_zero_grad(data: Any) -> None:
    x = Value(data)
    for _ in range(2):
        (x * x).sum().backward()
        np.testing.assert_array_equal(x.grad, 2.0 * np.asarray(data))
        assert x.zero_grad() is None  # type: ignore[func-returns-value]
        np.testing.assert_array_equal(x.grad, np.zeros(np.shape(data)))


def test_an_array_is_kept_itself_unless_a_copy_is_asked_for() -> None:
    array = np.ones(2)
    assert Value(array).data is array
    copied = Value(array, copy=True)
    array[0] = 5.0
    np.testing.assert_array_equal(copied.data, [1.0, 1.0])
    assert Value(2.0, copy=True).data == 2.0
    assert Value(2, copy=True).data == 2
    np.testing.assert_array_equal(Value([1, 2], copy=True).data, [1.0, 2.0])


# warnings


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda: Value(0.0).log(), "divide by zero encountered in log"),
        (lambda: ops.log(0.0), "divide by zero encountered in log"),
        (lambda: ops.log(-1.0), "invalid value encountered in log"),
        (lambda: np.log(Value(0.0)), "divide by zero encountered in log"),
        (lambda: Value(1000.0).exp(), "overflow encountered in exp"),
        (lambda: ops.divide(1.0, 0.0), "divide by zero encountered in divide"),
        (lambda: Value(1.0) / Value(0.0), "divide by zero encountered in power"),
        (lambda: ops.square(ops.exp(1000.0)), "overflow encountered in exp"),
    ],
)
def test_a_warning_of_a_number_points_at_the_users_line(program: Any, words: str) -> None:
    with pytest.warns(RuntimeWarning) as caught:
        program()
    (warning,) = caught.list
    assert str(warning.message) == words
    assert warning.filename == __file__
    assert warning.lineno == program.__code__.co_firstlineno


def test_numpys_wishes_about_warnings_hold() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(all="ignore"):
            assert ops.log(0.0) == -np.inf
        with np.errstate(all="raise"), pytest.raises(FloatingPointError, match="divide by zero encountered in log"):
            ops.log(0.0)
        heard = []
        with np.errstate(all="call", call=lambda kind, flag: heard.append(kind)):
            assert ops.log(0.0) == -np.inf
        assert heard == ["divide by zero"]


def test_hints_are_cheap_to_load() -> None:
    """No difflib, no inspect: an import that is paid only with an error."""
    program = "import sys, micrograd.engine; print('difflib' in sys.modules, 'inspect' in sys.modules)"
    before = "import sys, lazy_loader; print('difflib' in sys.modules, 'inspect' in sys.modules)"
    assert printed(program) == printed(before)


def test_composites_are_functions_under_their_names() -> None:
    assert isinstance(ops.mean, types.FunctionType)
    assert ops.mean is ops.reductions.mean
    assert ops.mean.__name__ == "mean"
