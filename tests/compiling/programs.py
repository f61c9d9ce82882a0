"""Programs to compile, with the values that they read: each is run by several tests."""

from __future__ import annotations

import itertools

import numpy as np

from micrograd import Value, grad, hessian, jacobian, jvp, ops, special, value_and_grad, vmap


def _values(*shapes, seed=0, dtype=float):
    rng = np.random.default_rng(seed)
    return [Value(rng.normal(size=s).astype(dtype)) if s else Value(float(rng.normal())) for s in shapes]


A, B, C, S = _values((3, 4), (4,), (3, 1), (4, 4))
A32, B32 = _values((3, 4), (4,), dtype=np.float32)
SIGNAL, KERNELS, BIAS, BACK = _values((2, 4, 6, 5), (6, 2, 3, 2), (6,), (4, 3, 2, 2))
LONG = np.arange(2000) % 3
OTHER = np.where(np.arange(2000) == 1000, 0, LONG)
MATRICES = [np.arange(16.0).reshape(4, 4) / (k + 10.0) for k in (1, 2, 3)] * 2
p, q, r = _values((), (), ())
numbers = _values(*[()] * 12)
filters = [_values((), (), (), seed=k) for k in range(4)]

# Per name: a function without arguments, and the values that it reads.
ARRAYS = {
    "broadcast": (lambda: (A * B + C).tanh().sum(), [A, B, C]),
    "transpose": (lambda: (A.T @ (A * 2.0)).sum(axis=0) @ B, [A, B]),
    "slices": (lambda: (A[1:, ::2] * A[:2, 1::2]).sum() + A[0, 1] * B[-1], [A, B]),
    "stack": (lambda: (np.stack([B * B, B.exp()]) @ np.ones(4)).sum(), [B]),
    "concatenate": (lambda: (np.concatenate([A, A * C], axis=1) ** 2).sum(), [A, C]),
    "mean": (lambda: ((A - A.mean(axis=1, keepdims=True)) ** 2).mean(), [A]),
    "einsum": (lambda: np.einsum("ij,j,i->", A, B, C[:, 0]), [A, B, C]),
    "reshape of a view": (lambda: (A.T.reshape(2, 6) @ np.arange(6.0)).sum(), [A]),
    "outer": (lambda: (np.outer(B, B) * np.eye(4)).sum(), [B]),
    "an array as the result": (lambda: A @ B, [A, B]),
    "rows, repeated": (lambda: (A[np.array([0, 2, 2])] * 2.0).sum(axis=0) @ B, [A, B]),
    "where": (lambda: np.where(A > 0, A * 2.0, A.exp()).sum(), [A]),
    "softmax": (lambda: (ops.softmax(A, axis=-1) * A).sum(), [A]),
    "logsumexp": (lambda: ops.logsumexp(A, axis=-1).sum(), [A]),
    "max": (lambda: A.max(axis=0).sum() * 2.0, [A]),
    "min of ties": (lambda: np.min(np.stack([B, B]), axis=0).sum(), [B]),
    "std": (lambda: A.std(axis=0).sum(), [A]),
    "solve": (lambda: (np.linalg.solve(S, B) ** 2).sum(), [S, B]),
    "cholesky": (lambda: np.linalg.cholesky(S @ S.T + 4 * np.eye(4)).sum(), [S]),
    "gammaln": (lambda: special.gammaln(B * B + 1.0).sum(), [B]),
    "cumsum": (lambda: (np.cumsum(B) ** 2).sum(), [B]),
    "at set": (lambda: (S.at[1].set(B) * S).sum(), [S, B]),
    "at add": (lambda: (S.at[np.array([1, 1])].add(B) ** 2).sum(), [S, B]),
    "float32": (lambda: ((A32 @ B32).tanh() * 2.0).sum() + 1e-3 * (A32 * A32).sum(), [A32, B32]),
    "float32 and float64": (lambda: (A32 * np.arange(4.0)).sum(), [A32]),
    "a loop over rows": (lambda: sum((np.ones((3, 4)) * 0.5)[i] @ B * (i + 1.0) for i in range(3)) ** 2, [B]),
    "plain arrays of one shape": (lambda: sum((M @ (B * (i + 1.0))).tanh().sum() for i, M in enumerate(MATRICES)), [B]),
    "a convolution": (
        lambda: ops.conv2d(SIGNAL, KERNELS, BIAS, stride=(1, 2), padding=1, groups=2).tanh().sum(),
        [SIGNAL, KERNELS, BIAS],
    ),
    "a transposed convolution": (
        lambda: ops.conv_transpose2d(SIGNAL, BACK, stride=2, padding=1).tanh().sum(),
        [SIGNAL, BACK],
    ),
    "a spread convolution": (lambda: ops.conv1d(A[None], B[:3].reshape(1, 3, 1), dilation=2).tanh(), [A, B]),
    "pools": (
        lambda: ops.max_pool2d(SIGNAL, 2, stride=1).sum() * ops.avg_pool2d(SIGNAL, 3, 2, padding=1).sin().sum(),
        [SIGNAL],
    ),
    "windows of a window": (lambda: ops.unfold(ops.max_pool2d(SIGNAL, 2, 1), (2, 2)).sin().sum(), [SIGNAL]),
    "long indices that differ in the middle": (lambda: (A[LONG] ** 2).sum() - (A[OTHER] ** 2).sum(), [A]),
    "no rows": (lambda: (A[:0] ** 2).sum() + A.sum(), [A]),
    "several results": (lambda: {"a": (A * A).sum(), "b": [B.sum(), A @ B]}, [A, B]),
}
SCALARS = {
    "one op": (lambda: p * q, [p, q]),
    "the same twice": (lambda: p * p + p, [p]),
    "powers": (lambda: p**2 + q**-1 + (r * r + 1.0) ** 0.5, [p, q, r]),
    "quotients": (lambda: (p - q) / (r * r + 2.0) - 1.0 / q, [p, q, r]),
    "sums of sums": (lambda: sum(x * y for x, y in itertools.pairwise(numbers)) ** 2, numbers),
    "windows": (lambda: sum(sum(numbers[i : i + 3]).tanh() for i in range(9)), numbers),
    "windows under filters": (
        lambda: sum(z.tanh() for w in filters for z in _filtered(w)),
        [*numbers, *itertools.chain(*filters)],
    ),
    "a product of all": (lambda: _product(numbers), numbers),
    "softmax by hand": (lambda: _softmax_by_hand(numbers)[2].log(), numbers),
    "functions": (lambda: p.exp() + q.sin() * r.cos() + p.sigmoid() + (q * q + 1.0).log() + r.relu(), [p, q, r]),
    "where": (lambda: np.where(p > q, p * 2.0, q * 3.0), [p, q]),
    "a constant result": (lambda: p * 0.0 + 1.0, [p]),
    "detached": (lambda: p * q.detach() + q, [p, q]),
}
_x = np.random.default_rng(1).normal(size=5)
_M = np.random.default_rng(2).normal(size=(5, 5))


def _filtered(weights):
    """Gradients of numbers that windows share are sums over filters."""
    return [sum(w * numbers[i + j] for j, w in enumerate(weights)) for i in range(10)]


def _product(values):
    total = values[0]
    for x in values[1:]:
        total = total * x
    return total


def _softmax_by_hand(values):
    largest = max(x.data for x in values)
    exponentials = [(x - largest).exp() for x in values]
    total = sum(exponentials)
    return [e / total for e in exponentials]


def rosenbrock(x):
    """The function of its name."""
    return ((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2).sum()


# Per name: a function of arguments, and the arguments.
TRANSFORMS = {
    "plain": (rosenbrock, (_x,)),
    "grad": (grad(rosenbrock), (_x,)),
    "value_and_grad": (value_and_grad(rosenbrock), (_x,)),
    "hessian": (hessian(rosenbrock), (_x,)),
    "jacobian": (jacobian(lambda x: np.sin(_M @ x)), (_x,)),
    "jvp": (lambda x, t: jvp(rosenbrock, (x,), (t,)), (_x, np.ones(5))),
    "vmap": (vmap(lambda row: np.tanh(row).sum()), (_M,)),
    "vmap of grad": (vmap(grad(rosenbrock)), (_M,)),
    "grad of a number": (grad(lambda z: z * z * np.sin(z)), (2.0,)),
    "hessian of a max": (hessian(lambda x: np.sum(np.max(np.outer(x, x[::-1]), axis=0) ** 2)), (_x,)),
    "hessian of a convolution": (hessian(lambda x: np.sum(ops.conv1d(x[None, None], x[None, None, :3]) ** 3)), (_x,)),
    "hessian of a pool": (hessian(lambda x: np.sum(ops.max_pool1d(x[None] ** 3, 2, stride=1))), (_x,)),
    "hessian without rows": (hessian(lambda x: np.sum(x[:0] ** 2) + np.sum(x**3)), (_x,)),
    "hessian of a where": (hessian(lambda x: np.sum(np.where(x > 0, x**3, x**2))), (_x,)),
    "jacobian of clip": (jacobian(lambda x: np.clip(x, -0.5, 0.5) * x), (_x,)),
    "grad of grad": (grad(grad(lambda z: z**3 * np.exp(z))), (2.0,)),
}
