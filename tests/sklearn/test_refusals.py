"""What the estimators refuse, and in what words."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris

from micrograd import ops
from micrograd.errors import ArgumentError, DataError, DivergenceError, MicrogradError, ShapeError
from micrograd.sklearn import MLPClassifier, MLPRegressor
from micrograd.sklearn.settings import RULES

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_iris(return_X_y=True)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hidden_layer_sizes": (10, 0)}, "hidden_layer_sizes=(10, 0): sizes must be > 0; give integers of at least 1"),
        ({"hidden_layer_sizes": 2.5}, "hidden_layer_sizes=2.5: sizes must be > 0; give integers"),
        ({"hidden_layer_sizes": "abc"}, "hidden_layer_sizes='abc': sizes must be > 0"),
        (
            {"activation": "rleu"},
            "activation='rleu': give a function, or one of 'identity', 'logistic', 'tanh', 'relu'",
        ),
        ({"solver": "adm"}, "solver='adm': give a function, or one of 'adam', 'sgd', 'adamw'"),
        ({"loss": "mse"}, "loss='mse': give a function, or one of "),
        ({"alpha": -1}, "alpha=-1: give a number of at least 0"),
        ({"alpha": float("nan")}, "alpha=nan: give a number of at least 0"),
        ({"batch_size": 0}, "batch_size=0: give an integer, or 'auto'"),
        ({"learning_rate": "fast"}, "learning_rate='fast': give one of 'constant', 'invscaling', 'adaptive'"),
        ({"learning_rate_init": 0.0}, "learning_rate_init=0.0: give a number above 0"),
        ({"power_t": "x"}, "power_t='x': give a number of at least 0"),
        ({"max_iter": 2.0}, "max_iter=2.0: give an integer of at least 1"),
        ({"shuffle": 1}, "shuffle=1: give True or False"),
        ({"tol": -0.1}, "tol=-0.1: give a number of at least 0"),
        ({"verbose": "loud"}, "verbose='loud': give True or False"),
        ({"warm_start": None}, "warm_start=None: give True or False"),
        ({"momentum": 1.5}, "momentum=1.5: give a number from 0 to 1"),
        ({"nesterovs_momentum": "yes"}, "nesterovs_momentum='yes': give True or False"),
        ({"early_stopping": 0}, "early_stopping=0: give True or False"),
        ({"validation_fraction": 1.0}, "validation_fraction=1.0: give a number from 0 (excluded) to 1 (excluded)"),
        ({"beta_1": 1.0}, "beta_1=1.0: give a number from 0 to 1 (excluded)"),
        ({"beta_2": -0.5}, "beta_2=-0.5: give a number from 0 to 1 (excluded)"),
        ({"epsilon": 0}, "epsilon=0: give a number above 0"),
        ({"n_iter_no_change": 0.5}, "n_iter_no_change=0.5: give an integer of at least 1, or math.inf"),
        ({"max_fun": True}, "max_fun=True: give an integer of at least 1"),
        ({"class_weight": "even"}, "class_weight='even': give a dict of weights by class, 'balanced' or None"),
        ({"early_stopping": True, "solver": "lbfgs"}, "solver='lbfgs' does not stop early; set early_stopping=False"),
        ({"early_stopping": True, "validation_fraction": 0.001}, "the validation set is too small: 1 of 150 samples"),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_parameters(kind, settings, words):
    if kind is MLPRegressor and "class_weight" in settings:
        with pytest.raises(TypeError, match="class_weight"):
            kind(**settings)
        return
    with pytest.raises(ArgumentError, match=re.escape(f"{kind.__name__}: {words}")):
        kind(**settings).fit(X, y)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_every_parameter_has_a_rule(kind):
    checked_elsewhere = {"hidden_layer_sizes", "activation", "loss", "solver", "random_state"}
    assert set(kind().get_params()) <= set(RULES) | checked_elsewhere


@pytest.mark.parametrize(
    ("weights", "kind", "words"),
    [
        ([1.0, 2.0], ShapeError, "sample_weight has shape (2,) for 150 samples; give one weight for each"),
        (np.ones((150, 1)), ShapeError, "sample_weight has shape (150, 1) for 150 samples"),
        (-np.ones(150), ArgumentError, "sample_weight has -1.0, below zero; give weights of at least 0"),
        (np.zeros(150), ArgumentError, "all sample weights are zero; give at least one weight above zero"),
    ],
)
def test_weights(weights, kind, words):
    with pytest.raises(kind, match=re.escape(f"MLPClassifier: {words}")):
        MLPClassifier().fit(X, y, sample_weight=weights)


def test_classes_that_were_not_announced():
    model = MLPClassifier((4,)).partial_fit(X[:100], y[:100], classes=[0, 1])
    with pytest.raises(ArgumentError, match=r"y has the classes \[2\], which are not among \[0, 1\]; name all classes"):
        model.partial_fit(X, y)
    with pytest.raises(ArgumentError, match=r"classes=\[0, 1, 2\] is not the same as on the last call of partial_fit"):
        model.partial_fit(X[:100], y[:100], classes=[0, 1, 2])
    with pytest.raises(ArgumentError, match=r"y has shape \(150, 2\), and the network has learnt the classes \[0, 1\]"):
        model.partial_fit(X, np.c_[y > 0, y > 1].astype(int))
    with pytest.raises(
        ArgumentError, match=r"the first call of partial_fit needs all classes .*; give classes=np\.unique"
    ):
        MLPClassifier().partial_fit(X, y)


def test_parts_do_not_go_with_everything():
    with pytest.raises(ArgumentError, match="partial_fit does not support early_stopping=True: it sees a part"):
        MLPRegressor(early_stopping=True).partial_fit(X, y)
    with pytest.raises(ArgumentError, match=r"class_weight='balanced' wants;\ngive a dict"):
        MLPClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(AttributeError) as caught:
        MLPClassifier(solver="lbfgs").partial_fit(X, y, classes=[0, 1, 2])
    assert "solver='lbfgs' takes all samples at once; take another" in str(caught.value.__cause__)
    assert not hasattr(MLPRegressor(solver="lbfgs"), "partial_fit")


def test_warm_start_with_another_network():
    model = MLPClassifier((4,), max_iter=2, warm_start=True).fit(X, y)
    with pytest.raises(
        ArgumentError, match=r"has sizes \[4, 4, 3\], and the parameters ask for \[4, 5, 3\]; set warm_"
    ):
        model.set_params(hidden_layer_sizes=(5,)).fit(X, y)
    model = MLPRegressor((4,), max_iter=2, warm_start=True).fit(X, y)
    with pytest.raises(ArgumentError, match="y has 2 columns, and the network has 1 outputs; give the same columns"):
        model.fit(X, np.c_[y, y])


def test_targets():
    with pytest.raises(
        ArgumentError, match="several columns of classes; give one column, or wrap the estimator in skl"
    ):
        MLPClassifier().fit(X, np.c_[y, y])
    with pytest.raises(ArgumentError, match="loss='hinge' is for one class a sample; for labels take 'log_loss'"):
        MLPClassifier(loss="hinge").fit(X, np.c_[y > 0, y > 1].astype(int))
    with pytest.raises(ArgumentError, match=r"y has -1\.0, and loss='poisson' needs y of at least 0"):
        MLPRegressor(loss="poisson").fit(X, y - 1.0)


@pytest.mark.parametrize(
    ("loss", "kind", "words"),
    [
        (
            lambda z, t: ops.mean(z),
            ArgumentError,
            "it gives one number, so samples cannot be weighed; give a loss with",
        ),
        (
            lambda z, t: 3.0,
            DataError,
            "it gives float, wanted a Value; compute it from the outputs with operators and ops",
        ),
        (lambda z, t: (z.data[:, 0] - t) ** 2, DataError, "it gives ndarray, wanted a Value"),
        (lambda z, t: ops.sum(z, axis=0), ShapeError, "it gives shape (1,) for 120 samples; give a loss with a value"),
    ],
    ids=["one number", "a number without history", "an array", "wrong axis"],
)
def test_losses_of_ones_own(loss, kind, words):
    with pytest.raises(kind, match=re.escape(words)):
        MLPRegressor((4,), loss=loss).fit(X, y, sample_weight=np.arange(150) % 5)


def test_solvers_of_ones_own():
    with pytest.raises(ArgumentError, match=r"made a list, which has no step\(\); give a function of the parameters"):
        MLPRegressor((2,), solver=list).fit(X, y)

    class Still:
        def __init__(self, params):
            pass

        def step(self):
            pass

    with pytest.raises(ArgumentError, match="learning_rate='adaptive' changes the lr of param_groups, which"):
        MLPRegressor((2,), solver=Still, learning_rate="adaptive").fit(X, y)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
def test_a_loss_that_is_not_finite(solver):
    model = MLPRegressor((4,), solver=solver, learning_rate_init=1e3, random_state=0)
    with pytest.raises(
        DivergenceError, match=r"the loss is (nan|inf|not finite) after \d+ iterations.*\nscale X, as StandardScaler"
    ):
        model.fit(X * 1e200, y)


def test_errors_are_those_that_scikit_learn_raises():
    assert issubclass(ArgumentError, ValueError) and issubclass(ShapeError, ValueError)
    assert issubclass(ArgumentError, MicrogradError)


def test_without_scikit_learn():
    program = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import micrograd.sklearn\n"
        "from micrograd.errors import MissingExtraError\n"
        "try:\n    from micrograd.sklearn import MLPClassifier\nexcept MissingExtraError as error:\n    print(error)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == (
        "micrograd.sklearn: MLPClassifier needs scikit-learn, which is not installed; "
        "install it with: pip install 'micrograd-nd[sklearn]'"
    )


def test_the_import_is_light():
    program = (
        "import sys, micrograd.sklearn\n"
        "assert {'MLPClassifier', 'MLPRegressor'} <= set(dir(micrograd.sklearn))\n"
        "assert not {'sklearn', 'numpy'} & set(sys.modules)\n"
        "from micrograd.sklearn import MLPRegressor\n"
        "assert 'sklearn' in sys.modules and not hasattr(micrograd.sklearn, 'MLPRegresor')"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("loss", [lambda p, y: ((p[:, 0] - y) ** 2).mean(), lambda p, y: (p[:, 0] - y) ** 2])
def test_a_loss_that_pairs_all_samples(solver, loss):
    words = r"in the loss, subtract of shapes \(\d+, 1\) and \(\d+,\) pairs each row with all rows.\nGive shapes that"
    with pytest.raises(ShapeError, match=words):
        MLPRegressor((4,), loss=loss, solver=solver, max_iter=3).fit(X, y)
