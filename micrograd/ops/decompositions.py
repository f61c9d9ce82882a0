"""The table, decompositions: `cholesky`, `eigh`, `svd` and `qr`, batched.

An op has one output. So the op behind a decomposition packs its parts into one matrix:
`eigenpairs` gives the eigenvalues as the first row and the eigenvectors below. The
public function checks its arguments, calls the op and takes the parts out again.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from micrograd import on_demand as np
from micrograd.errors import ArgumentError, ShapeError
from micrograd.op import Array, named, primitive, shape_of
from micrograd.ops.arithmetic import where
from micrograd.ops.comparisons import equal, greater
from micrograd.ops.diagonals import diagonal, tril
from micrograd.ops.inverses import solution
from micrograd.ops.joining import concatenate
from micrograd.ops.matrices import apply_or_explain, matrix, not_finite, square, swap_last
from micrograd.ops.reductions import sum

__all__ = [
    "cholesky",
    "cholesky_factor",
    "eigenpairs",
    "eigh",
    "eigvalsh",
    "orthogonal_factors",
    "qr",
    "singular_triplets",
    "svd",
    "svdvals",
]


# Words of the rules


def _symmetric(x: Array) -> Array:
    return 0.5 * (x + swap_last(x))


def _from_triangle(name: str, x: Array, uplo: Any) -> Array:
    """The symmetric matrix with one triangle of x, which is all that NumPy reads."""
    if uplo not in ("L", "U", "l", "u"):
        raise ArgumentError(f"{name}: UPLO={uplo!r} of {named(x)}: 'L' reads the lower triangle, 'U' the upper")
    x = swap_last(x) if uplo in ("U", "u") else x
    return tril(x) + swap_last(tril(x, k=-1))


def _eye(x: Array) -> Any:
    return np.eye(shape_of(x)[-1], dtype=bool)


def _with_diagonal(w: Array, x: Array) -> Array:
    """Matrix x with w as its diagonal."""
    return where(_eye(x), w[..., None, :], x)


def _diagonal_of(x: Array) -> Array:
    return diagonal(x, axis1=-2, axis2=-1)


def _below(*blocks: Array) -> Array:
    """Matrices with the same number of columns, one below the other."""
    return concatenate(blocks, axis=-2)


def _inverse_gaps(w: Array, scale: Array = None) -> Array:
    """h_ij = 1 / (scale (w_j - w_i)), 0 on the diagonal; inf where two are equal."""
    gap = w[..., None, :] - w[..., :, None]
    gap = gap if scale is None else gap * scale
    return where(_eye(gap), 0.0, 1.0 / where(_eye(gap), 1.0, gap))


def _where_used(g: Array, part: Array) -> Array:
    """part with the columns zeroed whose cotangent g is all zero.

    There nobody asked for the eigenvectors, and the infinities of equal eigenvalues
    must not spread: the eigenvalues have a gradient where the eigenvectors have none.
    The test is on g and not on its product with the gaps: there 0 * inf may stand for
    any number.
    """
    count = sum(where(equal(g, 0.0), 0.0, 1.0), axis=-2, keepdims=True)
    return where(greater(count, 0.0), part, 0.0)


# Cholesky


def _halved(x: Array) -> Array:
    """The lower triangle, with half of the diagonal."""
    return tril(where(_eye(x), 0.5 * x, x))


def _cholesky_pull(g: Array, z: Array, x: Array) -> Array:
    h = swap_last(z)
    half = solution(h, _halved(h @ g))
    return _symmetric(swap_last(solution(h, swap_last(half))))


def _cholesky_push(t: Array, z: Array, x: Array) -> Array:
    half = solution(z, _symmetric(t))
    return z @ _halved(swap_last(solution(z, swap_last(half))))


@primitive(
    "cholesky", vjp=[_cholesky_pull], jvp=[_cholesky_push], shape=lambda x: shape_of(square("cholesky", x)), axes=2
)
def cholesky_factor(x: Array) -> Array:
    """The op behind `cholesky`: the lower factor of the symmetric part of x.

    Source of the rules: Murray (2016), arXiv:1602.07527, equations 8 and 9.

    >>> cholesky_factor(np.array([[4.0]]))
    array([[2.]])
    """
    return np.linalg.cholesky(_symmetric(x))


def _not_positive_definite(x: Any) -> str:
    """The reason why x has no Cholesky factor; "" if it has one."""
    x = (x + x.T) / 2
    for k in range(1, len(x) + 1):
        try:
            np.linalg.cholesky(x[:k, :k])
        except np.linalg.LinAlgError:
            return f"is not positive definite: its leading minor of order {k} is not; add a multiple of the identity?"
    return ""


def cholesky(x: Array, *, upper: bool = False) -> Array:
    """Triangular square root of a symmetric positive definite matrix.

    z z^T = x

    As in NumPy, only one triangle of x is read. This triangle has the gradient.

    Args:
        x: value of shape (..., n, n).
        upper: False reads the lower triangle of x and returns z, lower triangular. True
            reads the upper one and returns z^T, upper triangular.

    Raises:
        DomainError: a matrix is not positive definite.
        ShapeError: x is not square.

    >>> cholesky(np.array([[4.0, 2.0], [2.0, 5.0]]))
    array([[2., 0.],
           [1., 2.]])
    """
    x = square("cholesky", x)
    whole = _from_triangle("cholesky", x, "U" if upper else "L")
    z = apply_or_explain("cholesky", cholesky_factor, _not_positive_definite, whole, asked=x)
    return swap_last(z) if upper else z


# Eigenvalues of symmetric matrices


def _eigen_parts(z: Array) -> tuple[Array, Array]:
    return z[..., 0, :], z[..., 1:, :]


def _eigen_pull(g: Array, z: Array, x: Array) -> Array:
    (gw, gv), (w, v) = _eigen_parts(g), _eigen_parts(z)
    inside = _where_used(gv, _inverse_gaps(w) * (swap_last(v) @ gv))
    return _symmetric(v @ _with_diagonal(gw, inside) @ swap_last(v))


def _eigen_push(t: Array, z: Array, x: Array) -> Array:
    w, v = _eigen_parts(z)
    inside = swap_last(v) @ _symmetric(t) @ v
    return _below(_diagonal_of(inside)[..., None, :], v @ (_inverse_gaps(w) * inside))


def _eigen_shape(x: Array) -> tuple[int, ...]:
    *batch, n, _ = shape_of(square("eigh", x))
    return (*batch, n + 1, n)


@primitive(
    "eigh", vjp=[_eigen_pull], jvp=[_eigen_push], shape=_eigen_shape, kink="eigenvectors of equal eigenvalues", axes=2
)
def eigenpairs(x: Array) -> Array:
    """The op behind `eigh`: eigenvalues of the symmetric part, eigenvectors below.

    Source of the rules: Giles (2008), doi:10.1007/978-3-540-68942-3_4.

    >>> eigenpairs(np.diag([3.0, 4.0]))
    array([[3., 4.],
           [1., 0.],
           [0., 1.]])
    """
    w, v = np.linalg.eigh(_symmetric(x))
    return np.concatenate([w[..., None, :], v], axis=-2)


def _checked_eigenpairs(name: str, x: Array, uplo: Any) -> tuple[Array, Array]:
    x = square(name, x)
    return _eigen_parts(apply_or_explain(name, eigenpairs, not_finite, _from_triangle(name, x, uplo), asked=x))


class EighResult(NamedTuple):
    """What `eigh` returns."""

    eigenvalues: Any
    eigenvectors: Any


def eigh(x: Array, *, UPLO: str = "L") -> EighResult:
    """Eigenvalues and eigenvectors of a symmetric matrix.

    x = V diag(w) V^T

    As in NumPy, only one triangle of x is read. This triangle has the gradient.

    The gradient of w is always finite. That of V is not where two eigenvalues are
    equal. The sign of an eigenvector is arbitrary, so a gradient has a meaning only for
    functions that do not depend on it.

    Args:
        x: value of shape (..., n, n).
        UPLO: the triangle that is read: "L", the lower one, or "U", the upper one.

    Returns:
        The pair (eigenvalues, eigenvectors): w of shape (..., n), ascending, and V of
        shape (..., n, n), whose columns are the eigenvectors.

    Raises:
        ArgumentError: UPLO is neither "L" nor "U".
        DomainError: LAPACK gave up, as it may if a matrix holds nan or inf.
        ShapeError: x is not square.

    >>> w, v = eigh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    >>> w
    array([1., 3.])
    """
    return EighResult(*_checked_eigenpairs("eigh", x, UPLO))


def eigvalsh(x: Array, *, UPLO: str = "L") -> Array:
    """Eigenvalues of a symmetric matrix, as `eigh` gives them.

    Args:
        x: value of shape (..., n, n).
        UPLO: the triangle that is read: "L", the lower one, or "U", the upper one.

    Returns:
        Value of shape (..., n), ascending.

    Raises:
        ArgumentError: UPLO is neither "L" nor "U".
        DomainError: LAPACK gave up, as it may if a matrix holds nan or inf.
        ShapeError: x is not square.

    >>> eigvalsh(np.array([[2.0, 1.0], [1.0, 2.0]]))
    array([1., 3.])
    """
    return _checked_eigenpairs("eigvalsh", x, UPLO)[0]


# Singular values


def _singular_parts(z: Array, x: Array) -> tuple[Array, Array, Array]:
    """The singular values s, and U and V, whose columns are the singular vectors."""
    rows = shape_of(x)[-2]
    return z[..., 0, :], z[..., 1 : rows + 1, :], z[..., rows + 1 :, :]


def _inverse_square_gaps(s: Array) -> Array:
    """h_ij = 1 / (s_j^2 - s_i^2), and 0 on the diagonal."""
    return _inverse_gaps(s, scale=s[..., None, :] + s[..., :, None])


def _outside(u: Array, y: Array) -> Array:
    """The part of y that is orthogonal to the columns of u."""
    return y - u @ (swap_last(u) @ y)


def _singular_pull(g: Array, z: Array, x: Array) -> Array:
    (s, u, v), (gs, gu, gv) = _singular_parts(z, x), _singular_parts(g, x)
    rows, columns = shape_of(x)[-2:]
    h, row = _inverse_square_gaps(s), s[..., None, :]
    p, q = _where_used(gu, h * (swap_last(u) @ gu)), _where_used(gv, h * (swap_last(v) @ gv))
    inside = (p + swap_last(p)) * row + swap_last(row) * (q + swap_last(q))
    pulled = u @ _with_diagonal(gs, inside) @ swap_last(v)
    # For a square x nothing is outside, and 0 / s would be nan where s is 0.
    if rows > columns:
        pulled = pulled + _where_used(gu, _outside(u, gu) / row) @ swap_last(v)
    if columns > rows:
        pulled = pulled + u @ swap_last(_where_used(gv, _outside(v, gv) / row))
    return pulled


def _singular_push(t: Array, z: Array, x: Array) -> Array:
    s, u, v = _singular_parts(z, x)
    rows, columns = shape_of(x)[-2:]
    h, row = _inverse_square_gaps(s), s[..., None, :]
    p = swap_last(u) @ t @ v
    tu = u @ (h * (p * row + swap_last(p * row)))
    tv = v @ (h * (swap_last(row) * p + swap_last(swap_last(row) * p)))
    if rows > columns:
        tu = tu + _outside(u, t @ v) / row
    if columns > rows:
        tv = tv + _outside(v, swap_last(t) @ u) / row
    return _below(_diagonal_of(p)[..., None, :], tu, tv)


def _singular_shape(x: Array) -> tuple[int, ...]:
    *batch, rows, columns = shape_of(matrix("svd", x))
    return (*batch, 1 + rows + columns, min(rows, columns))


@primitive(
    "svd",
    vjp=[_singular_pull],
    jvp=[_singular_push],
    shape=_singular_shape,
    kink="singular vectors of equal singular values, or of 0",
    axes=2,
)
def singular_triplets(x: Array) -> Array:
    """The op behind `svd`: singular values, below them the left and the right vectors.

    Source of the rules: Townsend (2016), "Differentiating the singular value
    decomposition".

    >>> singular_triplets(np.array([[2.0]])) ** 2
    array([[4.],
           [1.],
           [1.]])
    """
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    return np.concatenate([s[..., None, :], u, swap_last(vh)], axis=-2)


class SVDResult(NamedTuple):
    """What `svd` returns: x = U diag(S) Vh."""

    U: Any
    S: Any
    Vh: Any


def svd(x: Array, *, full_matrices: bool = False, compute_uv: bool = True) -> Any:
    """Singular values and vectors of a matrix, in the thin form: k = min(m, n).

    x = U diag(S) Vh

    The gradient of S is always finite. Those of U and Vh are not where two singular
    values are equal or one is 0. The sign of a pair of vectors is arbitrary, so a
    gradient has a meaning only for functions that do not depend on it.

    Args:
        x: value of shape (..., m, n).
        full_matrices: True, which is NumPy's default, is possible for square x only:
            the further vectors are not unique.
        compute_uv: False returns S alone.

    Returns:
        The triple (U, S, Vh), of shapes (..., m, k), (..., k) and (..., k, n). S is
        descending.

    Raises:
        ArgumentError: full_matrices is True and x is not square.
        DomainError: a matrix holds nan or inf.
        ShapeError: x has fewer than two axes.

    >>> u, s, vh = svd(np.array([[0.0, 2.0], [1.0, 0.0], [0.0, 0.0]]))
    >>> s
    array([2., 1.])
    """
    x = matrix("svd", x)
    if full_matrices and compute_uv and shape_of(x)[-1] != shape_of(x)[-2]:
        raise ArgumentError(
            f"svd: {named(x)} is not square, and vectors beyond the thin form have no derivative; "
            f"pass full_matrices=False"
        )
    s, u, v = _singular_parts(apply_or_explain("svd", singular_triplets, not_finite, x), x)
    return SVDResult(u, s, swap_last(v)) if compute_uv else s


def svdvals(x: Array) -> Array:
    """Singular values of a matrix, descending.

    Args:
        x: value of shape (..., m, n).

    Raises:
        DomainError: a matrix holds nan or inf.
        ShapeError: x has fewer than two axes.

    >>> svdvals(np.diag([3.0, -4.0]))
    array([4., 3.])
    """
    x = matrix("svdvals", x)
    return apply_or_explain("svdvals", singular_triplets, not_finite, x)[..., 0, :]


# Orthogonal times triangular


def _factors(z: Array, x: Array) -> tuple[Array, Array]:
    rows = shape_of(x)[-2]
    return z[..., :rows, :], z[..., rows:, :]


def _orthogonal_pull(g: Array, z: Array, x: Array) -> Array:
    (q, r), (gq, gr) = _factors(z, x), _factors(g, x)
    m = r @ swap_last(gr) - swap_last(gq) @ q
    low = tril(m, k=-1)
    m = low + swap_last(low) + where(_eye(m), m, 0.0)
    return swap_last(solution(r, swap_last(gq + q @ m)))


def _orthogonal_push(t: Array, z: Array, x: Array) -> Array:
    q, r = _factors(z, x)
    c = swap_last(solution(swap_last(r), swap_last(t)))
    p = swap_last(q) @ c
    low = tril(p, k=-1)
    turn = low - swap_last(low)
    return _below(c + q @ (turn - p), (p - turn) @ r)


def _orthogonal_shape(x: Array) -> tuple[int, ...]:
    *batch, rows, columns = shape_of(matrix("qr", x))
    if rows < columns:
        raise ShapeError(f"orthogonal_factors: {named(x)} has more columns than rows; use qr, which splits it first")
    return (*batch, rows + columns, columns)


@primitive("qr", vjp=[_orthogonal_pull], jvp=[_orthogonal_push], shape=_orthogonal_shape, axes=2)
def orthogonal_factors(x: Array) -> Array:
    """The op behind `qr`, for at least as many rows as columns: Q, and R below it.

    Source of the rules: Seeger et al. (2017), arXiv:1710.08717, section 4.3, there for
    LQ.

    >>> abs(orthogonal_factors(np.array([[2.0]])))
    array([[1.],
           [2.]])
    """
    q, r = np.linalg.qr(x)
    return np.concatenate([q, r], axis=-2)


class QRResult(NamedTuple):
    """What `qr` returns: x = Q R."""

    Q: Any
    R: Any


def qr(x: Array, *, mode: str = "reduced") -> Any:
    """Orthogonal and triangular factor of a matrix, in the thin form: k = min(m, n).

    x = Q R, Q^T Q = identity

    The first k columns of x must be independent.

    Args:
        x: value of shape (..., m, n).
        mode: "reduced", or "r" for R alone.

    Returns:
        The pair (Q, R), of shapes (..., m, k) and (..., k, n).

    Raises:
        ArgumentError: the mode is another.
        ShapeError: x has fewer than two axes.

    >>> q, r = qr(np.array([[0.0, 2.0], [3.0, 0.0]]))
    >>> abs(r)
    array([[3., 0.],
           [0., 2.]])
    """
    x = matrix("qr", x)
    if mode not in ("reduced", "r"):
        raise ArgumentError(f"qr: mode {mode!r} of {named(x)}: only 'reduced' and 'r' have a derivative; choose one")
    rows, columns = shape_of(x)[-2:]
    tall = x[..., :rows] if rows < columns else x
    q, r = _factors(orthogonal_factors(tall), tall)
    if rows < columns:
        rest = swap_last(q) @ x[..., rows:]
        r = swap_last(_below(swap_last(r), swap_last(rest)))
    return r if mode == "r" else QRResult(q, r)
