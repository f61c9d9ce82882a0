"""What names of other libraries are called here: keywords, attributes and functions.

The errors of calls and of `np.*`, the attributes of a Value, and docs/numpy.md read it.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from micrograd.errors import OpError

F = TypeVar("F", bound=Callable[..., Any])

# Keywords of NumPy and PyTorch. A text that ends in "=" is our name for the same thing.
KEYWORDS = {
    "dim": "axis=",
    "dims": "axis=",
    "keepdim": "keepdims=",
    "axes": "axis=",
    "input": "x=",
    "other": "y=",
    "a": "x=",
    "m": "x=",
    "x1": "x=",
    "x2": "y=",
    "newshape": "shape=",
    "size": "shape=",
    "unbiased": "ddof=",
    "n": "exponent=",
    "p": "ord=",
    "alpha": "negative_slope=",
    "out": "no op writes into an array; take the result instead",
    "inplace": "a Value is not changed in place; take the result instead",
    "dtype": "use .astype(dtype) on the input or on the result",
    "order": "elements are always in C order here",
    "kind": "a sort is always stable here",
    "stable": "a sort is always stable here",
    "casting": "use .astype(dtype) on the input",
    "subok": "the result is a Value, or an array of the input's kind",
    "copy": "a Value is never changed in place, so a copy makes no difference",
    "where": "use ops.where on the result, or on the input",
    "initial": "use ops.maximum, ops.minimum, + or * on the result",
}

# Functions whose arguments are ordered as in another library, not as in NumPy
OTHER_ORDERS = {
    "logsumexp": "a axis b keepdims return_sign",  # SciPy's
}

# Functions of NumPy and SciPy without an op: why, or what to use instead
_WHY = {
    "a matrix that is not symmetric may have complex eigenvalues, and Values are real; use eigh or eigvalsh for a "
    "symmetric one, svd for any": "eig eigvals roots",
    "complex numbers have no gradient here": "imag iscomplex isreal sort_complex",
    "bits of whole numbers have no gradient": "bitwise_and bitwise_or bitwise_xor bitwise_not bitwise_invert invert "
    "bitwise_count bitwise_left_shift bitwise_right_shift left_shift right_shift packbits unpackbits",
    "whole numbers have no gradient": "gcd lcm ravel_multi_index unravel_index",
    "a set has no gradient; ops.sort and ops.take keep theirs": "intersect1d setdiff1d setxor1d union1d unique "
    "unique_all unique_counts unique_inverse unique_values",
    "counts have no gradient": "bincount histogram2d histogramdd",
    "places have no gradient; argmax, argmin and argsort give them, take gives the elements": "argpartition "
    "argwhere flatnonzero lexsort nanargmax nanargmin",
    "it writes into an array, which loses the history; use v.at[index].set(w), or micrograd.numpy.full to fill": ""
    "copyto fill_diagonal place put put_along_axis putmask resize",
    "ops.sort is the nearest: it sorts all": "partition",
    "write it with *, + and powers of v": "poly polyadd polyder polydiv polyfit polyint polymul polysub",
    "multiply by a power of 2": "frexp",
    "the distance of two floating-point numbers has no gradient": "spacing",
    "ops.isinf with the sign gives it": "isneginf isposinf isnat",
    "ops.diag with ops.ravel gives it": "diagflat",
    "call the function on the slices, and ops.stack the results": "apply_along_axis apply_over_axes",
    "it is about the plain array": "array_repr array_str array2string common_type einsum_path may_share_memory "
    "min_scalar_type shares_memory",
    "v.astype(dtype) does the same": "astype",
    "ops.lgamma is the same": "gammaln loggamma",
    "ops.digamma is the same": "psi",
    "ops.exp of ops.lgamma is its size": "gamma",
    "ops.exp of ops.betaln gives it": "beta",
}
WHY = {name: why for why, names in _WHY.items() for name in names.split()}

# Functions of NumPy that take no Value
_NO_VALUE = {
    "makes a plain array; micrograd.numpy has its own array and asarray": "array asanyarray asarray "
    "asarray_chkfinite ascontiguousarray asfortranarray asmatrix bmat require",
    "makes plain numbers": "arange bartlett blackman diag_indices empty eye frombuffer from_dlpack fromfile "
    "fromfunction fromiter fromregex fromstring hamming hanning identity indices ix_ kaiser mask_indices ones tri "
    "tril_indices triu_indices zeros",
    "looks only at the layout": "broadcast_shapes isfortran diag_indices_from tril_indices_from triu_indices_from",
    "reads or writes a file": "genfromtxt load loadtxt save savetxt savez savez_compressed",
    "is about types": "can_cast isdtype issubdtype mintypecode promote_types typename isscalar iterable",
    "is about text": "base_repr binary_repr format_float_positional format_float_scientific",
    "is about dates": "busday_count busday_offset datetime_as_string datetime_data is_busday",
    "is a setting of NumPy": "errstate get_include get_printoptions getbufsize geterr geterrcall info printoptions "
    "set_printoptions setbufsize seterr seterrcall show_config show_runtime test",
    "makes a function or an iterator": "frompyfunc nested_iters",
}
NO_VALUE = {name: why for why, names in _NO_VALUE.items() for name in names.split()}

# What PyTorch's tensors have, and a Value has under another name or not at all
ATTRIBUTES = {
    "view": "v.reshape(shape)",
    "view_as": "v.reshape(w.shape)",
    "reshape_as": "v.reshape(w.shape)",
    "unsqueeze": "micrograd.ops.expand_dims(v, axis=...), or v[:, None]",
    "permute": "v.transpose(axes)",
    "t": "v.T",
    "mT": "micrograd.ops.swap_last(v), or v.swapaxes(-1, -2)",
    "expand": "micrograd.ops.broadcast_to(v, shape=...)",
    "expand_as": "micrograd.ops.broadcast_to(v, shape=w.shape)",
    "mm": "v @ w",
    "bmm": "v @ w",
    "mv": "v @ w",
    "matmul": "v @ w",
    "norm": "numpy.linalg.norm(v)",
    "add": "v + w",
    "sub": "v - w",
    "mul": "v * w",
    "div": "v / w",
    "pow": "v ** w",
    "neg": "-v",
    "square": "v * v",
    "softmax": "micrograd.ops.softmax(v, axis=...)",
    "log_softmax": "micrograd.ops.log_softmax(v, axis=...)",
    "logsumexp": "micrograd.ops.logsumexp(v, axis=...)",
    "clamp": "v.clip(min, max)",
    "masked_fill": "numpy.where(mask, number, v)",
    "gather": "numpy.take_along_axis(v, indices, axis=...)",
    "numel": "v.size, without parentheses",
    "dim": "v.ndim, without parentheses",
    "contiguous": "v itself: its data is contiguous",
    "clone": "v.copy()",
    "cpu": "v itself: a Value is where its data is",
    "cuda": "Value(cupy.asarray(data)): a Value is where its data is",
    "to": "v.astype(dtype); a Value is where its data is",
    "device": "v itself: a Value is where its data is",
    "type": "v.dtype",
    "float": "v.astype('float32')",
    "double": "v.astype('float64')",
    "half": "v.astype('float16')",
    "long": "v.numpy().astype(int)",
    "int": "int(v), or v.numpy().astype(int)",
    "requires_grad": "not needed: every Value has a gradient. v.detach() is a constant, "
    "and an optimiser moves only the Values that it is given",
    "requires_grad_": "not needed: every Value has a gradient. v.detach() is a constant, "
    "and an optimiser moves only the Values that it is given",
    "retain_grad": "not needed: every Value keeps its gradient",
    "retains_grad": "not needed: every Value keeps its gradient",
    "is_leaf": "not v.inputs",
    "grad_fn": "v.op, and v.inputs",
    "register_hook": "v._backward, which can be assigned",
    "detach_": "v = v.detach(): a Value is not changed in place",
    "zero_": "v.data = 0 * v.data; v.zero_grad() is for gradients",
    "add_": "v.data += w, which changes the data and is not recorded",
    "sub_": "v.data -= w, which changes the data and is not recorded",
    "mul_": "v.data *= w, which changes the data and is not recorded",
    "div_": "v.data /= w, which changes the data and is not recorded",
    "copy_": "v.data = w, which changes the data and is not recorded",
    "fill_": "v.data = number + 0 * v.data, which changes the data and is not recorded",
    "fill": "v.data[...] = number, which changes the data and is not recorded",
    "nonzero": "numpy.nonzero(v.data)",
    "block_until_ready": "v itself: it is already computed",
    "primal": "v.data",
    "stop_gradient": "v.detach(), or micrograd.ops.stop_gradient(v)",
    # What a Value has, and a value inside vmap and jvp has not
    **dict.fromkeys(
        ["data", "numpy"],
        "only on a Value, which has plain numbers; use NumPy's functions, or v.detach() for a constant",
    ),
    **dict.fromkeys(
        ["grad", "backward", "zero_grad"],
        "only on a Value, which keeps a gradient; grad(f) gives that of a function",
    ),
}

# What JAX, PyTorch, autograd and TensorFlow have beside their arrays, and micrograd has
# under another name. What has the same name in one of our rooms is found there.
FUNCTIONS = {
    "jacrev": "jacobian(f, mode='reverse'), or jacobian(f) for the cheaper mode",
    "jacfwd": "jacobian(f, mode='forward'), or jacobian(f) for the cheaper mode",
    "grad_and_value": "value_and_grad",
    "value_and_gradient": "value_and_grad",
    "gradient": "grad(f) of a function, or v.grad of a Value",
    "GradientTape": "grad(f) of a function, or backward() of a Value",
    "autograd": "grad, jacobian and hessian of a function, or backward() of a Value",
    "func": "in micrograd itself: from micrograd import grad, vmap, jacobian",
    "functional_call": "not needed: a module may be an argument, as in grad(lambda model, x: loss(model(x)))(model, x)",
    "stack_module_state": "vmap over a dict or list of parameters, each stacked by numpy.stack",
    "make_vjp": "vjp",
    "make_jvp": "jvp",
    "make_hvp": "hvp",
    "hessian_vector_product": "hvp",
    "vectorize": "vmap",
    "pmap": "vmap, on one machine",
    "jit": "not needed: leave it out",
    "lax": "micrograd.scan, micrograd.while_loop and micrograd.ops.stop_gradient",
    "fori_loop": "a Python loop, or scan(f, init, None, length=n)",
    "cond": "a Python `if`, or numpy.where(condition, x, y) inside a vmap",
    "remat": "checkpoint",
    "custom_gradient": "custom_vjp",
    "Function": "custom_vjp",
    "detach": "v.detach() of a Value, or micrograd.ops.stop_gradient(x) of a Value or an array",
    "no_gradient": "micrograd.ops.stop_gradient(x)",
    "inference_mode": "no_grad",
    "set_grad_enabled": "no_grad and enable_grad",
    "Tensor": "Value",
    "tensor": "Value",
    "Parameter": "Value",
    "Variable": "Value",
    "tree_map": "micrograd.trees.mapped(f, tree)",
    "tree_util": "micrograd.trees",
    "random": "numpy.random; micrograd has no random numbers of its own",
    "manual_seed": "rng=numpy.random.default_rng(seed), given to a layer",
    "linalg": "numpy.linalg: its functions take Values",
    "optimize": "micrograd.scipy",
}

# The same for SciPy's solvers
SOLVERS = {
    "optimize": "in micrograd.scipy itself: from micrograd.scipy import minimize",
    "integrate": "in micrograd.scipy itself: from micrograd.scipy import odeint",
    "solve_ivp": "odeint(f, y0, t), with f(t, y) as for solve_ivp",
    "minimize_scalar": "minimize(f, x0)",
    "leastsq": "least_squares",
    **dict.fromkeys(["fmin", "fmin_bfgs", "fmin_l_bfgs_b", "fmin_cg", "fmin_ncg"], "minimize"),
    **dict.fromkeys(["root_scalar", "brentq", "bisect", "newton", "fsolve"], "root(f, x0)"),
}

# Keywords of the functions of functions and of solvers, by our function: what the same
# thing is in JAX, PyTorch or SciPy, and what it is here
_NOT_NEEDED = "leave it out"
_SCIPYS = {"maxiter": "write options={'maxiter': ...}", "x0": "write params="}
CALLS = {
    "vmap": {
        "in_dims": "write in_axes=",
        "out_dims": "write out_axes=",
        "randomness": "draw outside, one set per example, and map over it",
        "axis_name": _NOT_NEEDED,
        "axis": "write in_axes=, along which the examples lie, and out_axes= for the results",
    },
    "jacobian": {
        "vectorize": _NOT_NEEDED,
        "strategy": "write mode='forward' or mode='reverse'",
        "sparse": "write sparsity='detect'",
        "create_graph": "leave it out: the result can be differentiated again",
        "holomorphic": "complex numbers have no gradient here",
    },
    "hessian": {
        "vectorize": _NOT_NEEDED,
        "outer_jacobian_strategy": _NOT_NEEDED,
        "mode": _NOT_NEEDED,
        "sparse": "write sparsity='detect'",
        "create_graph": "leave it out: the result can be differentiated again",
    },
    "scan": {"unroll": _NOT_NEEDED, "carry": "write init="},
    "while_loop": {
        "cond_fun": "write cond=",
        "body_fun": "write body=",
        "init_val": "write init=",
        **dict.fromkeys(["maxiter", "max_iter", "max_iterations"], "write max_steps="),
    },
    "checkpoint": dict.fromkeys(
        ["use_reentrant", "preserve_rng_state", "policy", "prevent_cse", "determinism_check"], _NOT_NEEDED
    ),
    "root": {"fun": "write equations=", **_SCIPYS},
    "minimize": {"fun": "write loss=", **_SCIPYS},
    "least_squares": {"fun": "write residuals=", **_SCIPYS, "maxiter": "write max_nfev="},
    "fixed_point": {"tol": "write xtol=", "max_iter": "write maxiter=", "f": "write func="},
    "odeint": {
        "func": "write f=, with f(t, y)",
        "fun": "write f=",
        "t_eval": "the result is y at the times t",
        "t_span": "write t=, the times of the result",
        "tol": "write rtol= or atol=",
        "hmax": "write max_step=",
        "h0": "write first_step=",
    },
}


def told_keywords(function: F) -> F:
    """A function whose keywords in other libraries are refused with ours, by CALLS.

    >>> @told_keywords
    ... def scan(f, init, xs):
    ...     return init
    >>> scan(None, 0.0, None, unroll=2)
    Traceback (most recent call last):
    micrograd.errors.OpError: scan: there is no unroll=; leave it out
    """
    here = CALLS[function.__name__]

    @functools.wraps(function)
    def called(*args: Any, **options: Any) -> Any:
        unknown = [name for name in options if name in here]
        if unknown:
            raise OpError(f"{function.__name__}: there is no {unknown[0]}=; {here[unknown[0]]}")
        return function(*args, **options)

    return cast(F, called)


def elsewhere(module: str, name: str, here: Mapping[str, str]) -> AttributeError | ImportError:
    """The error for a name that a module does not have, for its `__getattr__`.

    Args:
        module: the module's name.
        name: what was asked for.
        here: what names of other libraries are called here.

    >>> print(elsewhere("micrograd", "jacrev", {"jacrev": "jacobian"}))
    micrograd has no jacrev: here it is jacobian
    """
    if name not in here:
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    said = f"{module} has no {name}: here it is {here[name]}"
    # `from module import name` asks for the name too, and drops the text of an
    # AttributeError.
    is_import = sys._getframe(2).f_code.co_name == "_handle_fromlist"
    return ImportError(said) if is_import else AttributeError(said)


def why_not(name: str) -> str:
    """Why a function of NumPy or SciPy has no op, or what to use; "" if unknown.

    >>> why_not("arange")
    'it makes plain numbers'
    """
    return WHY.get(name) or (f"it {NO_VALUE[name]}" if name in NO_VALUE else "")


class Elsewhere:
    """A name of PyTorch on a Value: asking for it raises an error with our name.

    It raises an AttributeError, so that `hasattr` is false. A `__getattr__` would slow
    down every attribute; this costs nothing until it is asked. A subclass may define
    the name, or assign to it.
    """

    def __init__(self, name: str, here: str) -> None:
        self.name = name
        self.here = here

    def __get__(self, value: Any, kind: Any = None) -> Any:
        own = getattr(value, "__dict__", {})  # a subclass may have its own attributes
        if self.name in own:
            return own[self.name]
        raise AttributeError(self.said(kind))

    def __set__(self, value: Any, given: Any) -> None:
        if not hasattr(value, "__dict__"):
            raise AttributeError(self.said(type(value)))
        value.__dict__[self.name] = given

    def said(self, kind: Any) -> str:
        """The text of the error."""
        return f"{kind.__name__} has no .{self.name}: here it is {self.here}"

    def __repr__(self) -> str:
        return f"<here it is {self.here}>"
