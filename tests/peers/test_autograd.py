"""The programs of HIPS autograd's README and tutorial, with the import changed, give
what autograd gives.
"""

from __future__ import annotations

import numpy
import pytest

pytestmark = pytest.mark.peer

PROGRAMS = {
    "README": """
def tanh(x):                 # Define a function
    return (1.0 - np.exp((-2 * x))) / (1.0 + np.exp(-(2 * x)))

grad_tanh = grad(tanh)       # Obtain its gradient function
slope = grad_tanh(1.0)       # Evaluate the gradient at x = 1.0
difference = (tanh(1.0001) - tanh(0.9999)) / 0.0002  # Compare to finite differences
""",
    "README, higher derivatives": """
from PACKAGE import elementwise_grad as egrad  # for functions that vectorize over inputs

def tanh(x):
    return (1.0 - np.exp((-2 * x))) / (1.0 + np.exp(-(2 * x)))

x = np.linspace(-1, 7, 200)  # from -7 in the README, where autograd's own sixth is 2e6 in place of 1e-4
curves = [tanh(x), egrad(tanh)(x), egrad(egrad(tanh))(x), egrad(egrad(egrad(tanh)))(x),
          egrad(egrad(egrad(egrad(tanh))))(x), egrad(egrad(egrad(egrad(egrad(tanh)))))(x),
          egrad(egrad(egrad(egrad(egrad(egrad(tanh))))))(x)]
seventh = egrad(egrad(egrad(egrad(egrad(egrad(egrad(np.tanh)))))))(x / 3.5)
""",
    "tutorial, a Taylor series": """
def taylor_sine(x):  # Taylor approximation to sine function
    ans = currterm = x
    i = 0
    while np.abs(currterm) > 0.001:
        currterm = -currterm * x**2 / ((2 * i + 3) * (2 * i + 2))
        ans = ans + currterm
        i += 1
    return ans

grad_sine = grad(taylor_sine)
slope = grad_sine(np.pi)
second = grad(grad_sine)(np.pi / 2)
""",
    "tutorial, logistic regression": """
def sigmoid(x):
    return 0.5 * (np.tanh(x / 2.) + 1)

def logistic_predictions(weights, inputs):
    # Outputs probability of a label being true according to logistic model.
    return sigmoid(np.dot(inputs, weights))

def training_loss(weights):
    # Training loss is the negative log-likelihood of the training labels.
    preds = logistic_predictions(weights, inputs)
    label_probabilities = preds * targets + (1 - preds) * (1 - targets)
    return -np.sum(np.log(label_probabilities))

# Build a toy dataset.
inputs = np.array([[0.52, 1.12,  0.77],
                   [0.88, -1.08, 0.15],
                   [0.52, 0.06, -1.30],
                   [0.74, -2.49, 1.39]])
targets = np.array([True, True, False, True])

# Define a function that returns gradients of training loss using Autograd.
training_gradient_fun = grad(training_loss)

# Optimize weights using gradient descent.
weights = np.array([0.0, 0.0, 0.0])
initial = training_loss(weights)
first = training_gradient_fun(weights)
for i in range(100):
    weights -= training_gradient_fun(weights) * 0.01
trained = training_loss(weights)

numerical = np.array([(training_loss(weights + d) - training_loss(weights - d)) / 2e-5 for d in 1e-5 * np.eye(3)])
assert np.allclose(training_gradient_fun(weights), numerical)
""",
    "a neural network": """
import PACKAGE.numpy.random as npr

def init_random_params(scale, layer_sizes, rs=npr.RandomState(0)):
    return [(scale * rs.randn(m, n), scale * rs.randn(n)) for m, n in zip(layer_sizes[:-1], layer_sizes[1:])]

def neural_net_predict(params, inputs):
    for W, b in params:
        outputs = np.dot(inputs, W) + b
        inputs = np.tanh(outputs)
    top = np.max(outputs, axis=1, keepdims=True)
    return outputs - top - np.log(np.sum(np.exp(outputs - top), axis=1, keepdims=True))

def log_posterior(params, inputs, targets, L2_reg):
    log_prior = -L2_reg * sum(np.sum(W**2) + np.sum(b**2) for W, b in params)
    return log_prior + np.sum(neural_net_predict(params, inputs) * targets)

params = init_random_params(0.5, [4, 5, 3])
X, T = npr.RandomState(1).randn(6, 4), np.eye(3)[[0, 1, 2, 0, 1, 2]]
objective_grad = grad(lambda params: -log_posterior(params, X, T, 0.1))
gradient = objective_grad(params)
for i in range(20):
    params = [(W - 0.1 * dW, b - 0.1 * db) for (W, b), (dW, db) in zip(params, objective_grad(params))]
loss = -log_posterior(params, X, T, 0.1)
accuracy = np.mean(np.argmax(neural_net_predict(params, X), axis=1) == np.argmax(T, axis=1))
""",
    "a recurrent network": """
def step(W, U, b, h, x):
    return np.tanh(np.dot(h, W) + np.dot(x, U) + b)

def loss(p):
    h, total = np.zeros((2, 3)), 0.0
    for t in range(5):
        h = step(p["W"], p["U"], p["b"], h, X[t])
        total = total + np.sum((h[:, 0] - Y[t]) ** 2)
    return total

rs = np.random.RandomState(3)
p = {"W": rs.randn(3, 3), "U": rs.randn(4, 3), "b": rs.randn(3)}
X, Y = rs.randn(5, 2, 4), rs.randn(5, 2)
gradient = grad(loss)(p)
""",
    "Rosenbrock's valley": """
from PACKAGE import value_and_grad, jacobian, hessian
from scipy.optimize import minimize

def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2

result = minimize(value_and_grad(rosenbrock), x0=np.array([0.0, 0.0]), jac=True, method="BFGS").x
both = value_and_grad(rosenbrock)(np.array([-1.2, 1.0]))
curvature = hessian(rosenbrock)(np.array([-1.2, 1.0]))
rows = jacobian(lambda x: np.array([x[0] * x[1], np.sin(x[0]), x[1] ** 3]))(np.array([0.5, 2.0]))
""",
    "a Gaussian process": """
def covariance(params, x, y):
    scale, lengths = np.exp(params[0]), np.exp(params[1:])
    diffs = np.expand_dims(x / lengths, 1) - np.expand_dims(y / lengths, 0)
    return scale * np.exp(-0.5 * np.sum(diffs**2, axis=2))

def log_marginal_likelihood(params):
    K = covariance(params[1:], X, X) + np.exp(params[0]) * np.eye(len(y))
    return -0.5 * np.dot(y, np.linalg.solve(K, y)) - 0.5 * np.linalg.slogdet(K)[1]

rs = np.random.RandomState(0)
X, params = rs.randn(8, 2), np.array([-1.0, 0.3, 0.1, -0.2])
y = np.sin(X[:, 0]) + 0.1 * rs.randn(8)
value, gradient = log_marginal_likelihood(params), grad(log_marginal_likelihood)(params)
""",
    "argnums, structures, indices": """
from PACKAGE import elementwise_grad
x, y, z = np.arange(1.0, 4.0), np.arange(4.0, 7.0), np.arange(12.0).reshape(3, 4)
second = grad(lambda x, y: np.sum(x * y**2), 1)(x, y)
both = grad(lambda x, y: np.sum(x * y**2), (0, 1))(x, y)
tree = grad(lambda p: np.sum(p["a"][0] * p["a"][1]) * p["b"])({"a": [x, y], "b": 2.0})
picked = grad(lambda z: np.sum(z[[0, 0, 2], [1, 1, 3]] ** 2) + np.sum(z[::2, 1:] ** 3) + np.sum(z[z > 5.0]))(z)
chosen = grad(lambda z: np.sum(np.where(z > 5.0, z**2, -z)))(z)
joined = grad(lambda x: np.sum(np.concatenate([x, x**2, np.ones(2)]) ** 2))(x)
stacked = grad(lambda x: np.sum(np.array([x[0], x[1] * x[2], 3.0]) ** 2))(x)
einsum = grad(lambda z: np.einsum("ij,ik->", z, z))(z)
ties = elementwise_grad(np.abs)(np.array([-1.0, 2.0]))
reshaped = grad(lambda z: np.sum(np.reshape(z.T, (2, 6))[1] ** 2))(z)
statistics = grad(lambda z: np.mean(z) + np.var(z, axis=0)[1] + np.std(z) + np.prod(z[1]))(z)
sums = grad(lambda z: np.sum(np.cumsum(z, axis=1) ** 2) + np.max(z) * np.min(z[1:]))(z)
sorts = grad(lambda x: np.sum(np.sort(x * np.array([3.0, 1.0, 2.0])) * np.arange(3.0)))(x)
tiled = grad(lambda x: np.sum(np.tile(x, 3) ** 2) + np.sum(np.repeat(x, 2) ** 2) + np.sum(np.roll(x, 1) * x))(x)
products = grad(lambda z: np.sum(np.outer(z[0], z[1])) + np.sum(np.tensordot(z, z, [[0], [0]])) + np.trace(z @ z.T))(z)
""",
}


def run(program, package):
    names = {}
    lines = f"import {package}.numpy as np\nfrom {package} import grad\n" + program.replace("PACKAGE", package)
    exec(lines, names)
    return {name: x for name, x in names.items() if not name.startswith("__") and is_number(x)}


def is_number(x):
    if isinstance(x, dict):
        return all(map(is_number, x.values()))
    if isinstance(x, (list, tuple)):
        return all(map(is_number, x))
    return isinstance(x, (int, float, numpy.ndarray, numpy.generic))


def agree(mine, theirs):
    if isinstance(theirs, dict):
        assert mine.keys() == theirs.keys()
        for key in theirs:
            agree(mine[key], theirs[key])
    elif isinstance(theirs, (list, tuple)):
        assert isinstance(mine, (list, tuple)) and len(mine) == len(theirs)
        for x, y in zip(mine, theirs, strict=True):
            agree(x, y)
    else:
        scale = float(numpy.max(numpy.abs(theirs), initial=0.0))
        numpy.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-11 * scale)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name):
    ours = run(PROGRAMS[name], "micrograd")
    with numpy.errstate(all="ignore"):  # autograd's higher derivatives overflow on their way
        theirs = run(PROGRAMS[name], "autograd")
    assert ours.keys() == theirs.keys() and len(ours) > 1
    for variable in theirs:
        agree(ours[variable], theirs[variable])


def test_the_far_end_of_the_plot_in_the_readme():
    """The sixth derivative of tanh at -7, as the README has it plotted, is
    1.0643e-04.
    """

    def tanh(x):
        return (1.0 - numpy.exp(-2 * x)) / (1.0 + numpy.exp(-(2 * x)))

    from micrograd import elementwise_grad

    polynomial = numpy.polynomial.Polynomial([0.0, 1.0])
    for _ in range(6):
        polynomial = polynomial.deriv() * numpy.polynomial.Polynomial([1.0, 0.0, -1.0])
        tanh = elementwise_grad(tanh)
    numpy.testing.assert_allclose(tanh(numpy.array([-7.0])), polynomial(numpy.tanh(-7.0)), rtol=1e-8)
    numpy.testing.assert_allclose(tanh(-7.0), 1.0643e-4, rtol=1e-4)
