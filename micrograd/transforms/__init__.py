"""Functions of functions: the gradient of f is a function, which can be differentiated
again, to any depth.

`grad value_and_grad elementwise_grad vjp jvp jacobian hessian hvp vmap linearize
linear_transpose checkpoint custom_vjp custom_jvp`, and the loops `scan while_loop`,
under JAX's names. They take functions of plain numbers and arrays, written with NumPy
or `micrograd.numpy`, and give plain numbers and arrays; arguments may be nested lists,
tuples and dicts of them. Where an argument is a Value, the results are Values, with
gradients of their own. Reverse mode records Values and walks them back; forward mode
pushes Duals. Neither touches anybody's `grad`.

>>> import numpy as np
>>> grad(np.tanh)(1.0)
0.41997434161402614
>>> grad(grad(grad(np.sin)))(0.0)
-1.0
"""

from micrograd.transforms.custom_forward import custom_jvp
from micrograd.transforms.custom_reverse import custom_vjp
from micrograd.transforms.gradients import elementwise_grad, grad, value_and_grad
from micrograd.transforms.jacobians import hessian, hvp, jacobian
from micrograd.transforms.linearizing import linear_transpose, linearize
from micrograd.transforms.products import jvp, vjp
from micrograd.transforms.recomputing import checkpoint
from micrograd.transforms.scanning import scan
from micrograd.transforms.vmap import vmap
from micrograd.transforms.while_loops import while_loop

__all__ = [
    "checkpoint",
    "custom_jvp",
    "custom_vjp",
    "elementwise_grad",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linear_transpose",
    "linearize",
    "scan",
    "value_and_grad",
    "vjp",
    "vmap",
    "while_loop",
]
