"""What the estimators promise beyond scikit-learn's checks."""

from __future__ import annotations

import copy
import functools
import math
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris, load_wine, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from micrograd import nn, ops, optim
from micrograd.nn import losses
from micrograd.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

IRIS = load_iris(return_X_y=True)
X, y = np.ascontiguousarray(StandardScaler().fit_transform(IRIS[0])), IRIS[1]
TWO_X, TWO_Y = X[50:], y[50:]  # two classes
Z = X[:, :3] @ [[1.0], [-2.0], [0.5]] + X[:, 3:]  # numbers to predict, in a column
LABELS = make_multilabel_classification(n_samples=80, n_features=6, n_classes=4, random_state=0)
TASKS = {
    "classes": (MLPClassifier, X, y),
    "two classes": (MLPClassifier, TWO_X, TWO_Y),
    "labels": (MLPClassifier, *LABELS),
    "number": (MLPRegressor, X, Z.ravel()),
    "numbers": (MLPRegressor, X, np.hstack([Z, Z**2])),
}
all_tasks = pytest.mark.parametrize("task", TASKS)


def fitted(task, **settings):
    kind, inputs, targets = TASKS[task]
    return kind(**{"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, **settings}).fit(inputs, targets)


def bits(model):
    return [x.tolist() for x in [*model.coefs_, *model.intercepts_]] + model.loss_curve_


def close(one, other, tolerance=1e-9):
    for a, b in zip([*one.coefs_, *one.intercepts_], [*other.coefs_, *other.intercepts_], strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    return True


# Attributes and answers


@all_tasks
def test_shapes(task):
    model = fitted(task, hidden_layer_sizes=(8, 6))
    kind, inputs, targets = TASKS[task]
    outputs = {"classes": 3, "two classes": 1, "labels": 4, "number": 1, "numbers": 2}[task]
    features = inputs.shape[1]
    assert [w.shape for w in model.coefs_] == [(features, 8), (8, 6), (6, outputs)]
    assert [b.shape for b in model.intercepts_] == [(8,), (6,), (outputs,)]
    assert (model.n_layers_, model.n_outputs_, model.n_features_in_) == (4, outputs, features)
    assert model.predict(inputs).shape == targets.shape
    assert model.n_iter_ == len(model.loss_curve_) == 5
    assert model.t_ == 5 * len(inputs)
    assert model.best_loss_ == min(model.loss_curve_) and model.loss_ == model.loss_curve_[-1]
    if kind is MLPClassifier:
        assert model.predict_proba(inputs).shape == (len(inputs), max(outputs, 2))
        np.testing.assert_allclose(np.exp(model.predict_log_proba(inputs)), model.predict_proba(inputs))


def test_last_activation_and_classes():
    assert fitted("classes").out_activation_ == "softmax"
    assert fitted("two classes").out_activation_ == fitted("labels").out_activation_ == "logistic"
    assert fitted("number").out_activation_ == "identity"
    assert fitted("two classes").classes_.tolist() == [1, 2]
    names = np.array(["setosa", "versicolor", "virginica"])
    model = MLPClassifier((8,), random_state=0, max_iter=300, learning_rate_init=0.01).fit(X, names[y])
    assert model.classes_.tolist() == names.tolist()
    assert model.predict(X[[0, 60, 149]]).tolist() == names.tolist()


def test_one_class_is_certain():
    model = MLPClassifier((4,), max_iter=2).fit(X, np.full(len(X), 7))
    assert model.predict(X[:2]).tolist() == [7, 7]
    assert model.predict_proba(X[:2]).tolist() == [[1.0], [1.0]]


def test_probabilities_keep_their_digits():
    model = MLPClassifier((), solver="lbfgs", alpha=0.0, random_state=0).fit([[-1.0], [1.0]], [0, 1])
    model.coefs_[0][...], model.intercepts_[0][...] = 100.0, 0.0
    assert model.predict_log_proba([[10.0]]).tolist() == [[-1000.0, 0.0]]
    assert model.predict_proba([[0.5]])[0, 0] == pytest.approx(math.exp(-50.0))


@all_tasks
def test_float32_stays_float32(task):
    kind, inputs, targets = TASKS[task]
    model = kind((8,), max_iter=3, random_state=0).fit(inputs.astype(np.float32), targets)
    assert {x.dtype.name for x in [*model.coefs_, *model.intercepts_]} == {"float32"}
    answer = model.predict(inputs.astype(np.float32)) if kind is MLPRegressor else model.predict_proba(inputs[:3])
    assert answer.dtype == (np.float32 if kind is MLPRegressor else np.float64)
    np.testing.assert_allclose(
        model.loss_curve_, kind((8,), max_iter=3, random_state=0).fit(inputs, targets).loss_curve_, 1e-4
    )


@all_tasks
def test_sparse_is_as_dense(task):
    from scipy import sparse

    kind, inputs, targets = TASKS[task]
    settings = {"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0}
    dense = kind(**settings).fit(inputs, targets)
    model = kind(**settings).fit(sparse.csr_matrix(inputs), targets)
    assert bits(model) == bits(dense)
    np.testing.assert_allclose(model.predict(sparse.csc_matrix(inputs)), dense.predict(inputs))


# The same numbers again


@all_tasks
@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"batch_size": 16, "solver": "sgd"}], ids=str)
def test_same_seed_same_bits(task, settings):
    assert bits(fitted(task, **settings)) == bits(fitted(task, **settings))
    assert bits(fitted(task, **settings)) != bits(fitted(task, **settings, random_state=1))


@all_tasks
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["copy", "pickle"])
def test_a_copy_answers_and_learns_alike(task, copied):
    _, inputs, targets = TASKS[task]
    model = fitted(task)
    twin = copied(model)
    assert np.array_equal(twin.predict(inputs), model.predict(inputs))
    for _ in range(3):
        assert bits(twin.partial_fit(inputs, targets)) == bits(model.partial_fit(inputs, targets))


def test_a_clone_has_learnt_nothing():
    model = clone(fitted("classes"))
    assert model.get_params()["hidden_layer_sizes"] == (8,)
    assert not hasattr(model, "coefs_")


# Parts of the data


@all_tasks
@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_parts_in_order_are_an_epoch(task, solver):
    """fit without shuffling sees the same batches as partial_fit of these batches."""
    kind, inputs, targets = TASKS[task]
    settings = {"hidden_layer_sizes": (8,), "random_state": 0, "solver": solver, "shuffle": False}
    whole = kind(**settings, max_iter=2, batch_size=16).fit(inputs, targets)
    parts = kind(**settings)
    first = {"classes": np.unique(targets)} if task in ("classes", "two classes") else {}
    for _ in range(2):
        for i in range(0, len(inputs), 16):
            parts.partial_fit(inputs[i : i + 16], targets[i : i + 16], **first)
            first = {}
    assert close(parts, whole, 0.0)


@all_tasks
def test_whole_epochs_of_partial_fit_are_a_fit(task):
    kind, inputs, targets = TASKS[task]
    model = kind((8,), random_state=0)
    for i in range(5):
        model.partial_fit(
            inputs, targets, **({"classes": np.unique(targets)} if task.endswith("classes") and not i else {})
        )
    assert bits(model) == bits(fitted(task))
    assert (model.n_iter_, model.t_) == (5, 5 * len(inputs))


@all_tasks
def test_warm_start_goes_on(task):
    kind, inputs, targets = TASKS[task]
    model = kind((8,), random_state=0, max_iter=3, warm_start=True, solver="sgd", momentum=0.0, shuffle=False)
    model.fit(inputs, targets).fit(inputs, targets)
    assert model.n_iter_ == 3 and len(model.loss_curve_) == 6
    # Without momentum the optimiser has no memory: twice 3 epochs are 6.
    whole = kind((8,), random_state=0, max_iter=6, solver="sgd", momentum=0.0, shuffle=False).fit(inputs, targets)
    assert bits(model) == bits(whole)
    model.set_params(warm_start=False).fit(inputs, targets)
    assert len(model.loss_curve_) == 3


# Weights


@all_tasks
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_weights_are_repetitions(task, solver):
    kind, inputs, targets = TASKS[task]
    weights = np.random.default_rng(0).integers(0, 4, len(inputs))
    settings = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 20, "solver": solver, "batch_size": 1000}
    with pytest.warns(UserWarning, match="more than the") if solver == "adam" else pytest.warns(ConvergenceWarning):
        weighted = kind(**settings).fit(inputs, targets, sample_weight=weights)
        repeated = kind(**settings).fit(np.repeat(inputs, weights, 0), np.repeat(targets, weights, 0))
    assert close(weighted, repeated, 1e-6)


@all_tasks
def test_weights_of_zero_and_one_are_a_choice(task):
    kind, inputs, targets = TASKS[task]
    kept = np.arange(len(inputs)) % 5 > 0
    settings = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 3, "batch_size": 16}
    weighted = kind(**settings).fit(inputs, targets, sample_weight=kept)
    assert close(weighted, kind(**settings).fit(inputs[kept], targets[kept]))


@pytest.mark.parametrize("task", ["classes", "two classes"])
def test_class_weights_are_sample_weights(task):
    kind, inputs, targets = TASKS[task]
    by_class = {0: 0.5, 1: 2.0, 2: 1.5}
    settings = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 3}
    model = kind(**settings, class_weight=by_class).fit(inputs, targets)
    weights = np.array([by_class[c] for c in targets])
    assert bits(model) == bits(kind(**settings).fit(inputs, targets, sample_weight=weights))
    both = kind(**settings, class_weight=by_class).fit(inputs, targets, sample_weight=weights)
    assert bits(both) == bits(kind(**settings).fit(inputs, targets, sample_weight=weights**2))


def test_balanced_classes_count_alike():
    rare = np.r_[np.arange(50), np.arange(50, 60)]  # 50 of a class, 10 of another
    settings = {"hidden_layer_sizes": (8,), "random_state": 0, "max_iter": 3}
    model = MLPClassifier(**settings, class_weight="balanced").fit(X[rare], y[rare])
    weights = np.where(y[rare] == 0, 60 / 2 / 50, 60 / 2 / 10)
    assert bits(model) == bits(MLPClassifier(**settings).fit(X[rare], y[rare], sample_weight=weights))


# Stopping


@all_tasks
def test_early_stopping_keeps_the_best(task):
    settings = {"early_stopping": True, "n_iter_no_change": 4, "max_iter": 100, "learning_rate_init": 0.05}
    model = fitted(task, **settings)
    scores = model.validation_scores_
    assert model.best_validation_score_ == max(scores) and model.best_loss_ is None
    best = int(np.argmax(scores)) + 1
    assert best < model.n_iter_ == len(scores)
    assert close(model, fitted(task, **{**settings, "max_iter": best}), 0.0)


def test_it_stops_when_the_loss_does_not_fall():
    model = fitted("classes", tol=10.0, n_iter_no_change=3, max_iter=100)
    assert model.n_iter_ == 5  # the first is always better, and one more than 3 are not
    assert fitted("classes", tol=10.0, n_iter_no_change=math.inf, max_iter=20).n_iter_ == 20


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
def test_it_warns_where_it_has_not_converged():
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached and the optimization hasn't conv"):
        MLPClassifier((4,), max_iter=2).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="lbfgs stopped before it converged, after 2 iterations"):
        MLPClassifier((4,), max_iter=2, solver="lbfgs").fit(X, y)
    MLPClassifier((4,), tol=10.0).fit(X, y)


def test_adaptive_rate_falls_before_it_stops():
    model = fitted("classes", solver="sgd", learning_rate="adaptive", tol=10.0, n_iter_no_change=1, max_iter=100)
    # 0.001 / 5^5 is the first rate below a millionth. Each takes two epochs without
    # progress.
    assert model.n_iter_ == 1 + 2 * 6


def test_what_it_prints(capsys):
    model = fitted("number", verbose=True, early_stopping=True, tol=10.0, n_iter_no_change=1)
    assert capsys.readouterr().out.splitlines() == [
        f"Iteration 1, loss = {model.loss_curve_[0]:.8f}",
        f"Validation score: {model.validation_scores_[0]:f}",
        f"Iteration 2, loss = {model.loss_curve_[1]:.8f}",
        f"Validation score: {model.validation_scores_[1]:f}",
        f"Iteration 3, loss = {model.loss_curve_[2]:.8f}",
        f"Validation score: {model.validation_scores_[2]:f}",
        "Validation score did not improve more than tol=10.000000 for 1 consecutive epochs. Stopping.",
    ]


def test_an_interrupt_keeps_what_was_learnt():
    class Interrupted(optim.SGD):
        steps = 0

        def step(self, closure=None):
            self.steps += 1
            if self.steps == 4:
                raise KeyboardInterrupt
            return super().step(closure)

    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model = fitted("classes", solver=lambda params: Interrupted(params, lr=0.1))
    assert model.n_iter_ == 3
    assert model.predict(X).shape == y.shape


# Parts of one's own


@pytest.mark.parametrize("name", ["adamw", "nadam", "radam", "adamax", "rmsprop", "adagrad", "lion", "sgd", "lbfgs"])
def test_solvers_by_name(name):
    model = fitted("classes", solver=name, learning_rate_init=0.1 if name == "adagrad" else 0.05, max_iter=60)
    assert model.score(X, y) > 0.85


def test_solver_of_ones_own():
    settings = {"alpha": 0.01, "max_iter": 3}
    assert bits(fitted("classes", solver=optim.Adam, **settings)) == bits(fitted("classes", **settings))
    slow = fitted("classes", solver=functools.partial(optim.Adam, lr=1e-5), **settings)
    assert bits(slow) == bits(fitted("classes", learning_rate_init=1e-5, **settings))


def test_solver_with_nothing_but_a_step():
    class Steps:
        def __init__(self, params):
            self.params = params

        def step(self):
            for p in self.params:
                p.data -= 0.1 * p.grad

    sgd = fitted("classes", solver="sgd", momentum=0.0, learning_rate_init=0.1)
    assert close(fitted("classes", solver=Steps), sgd)


@pytest.mark.parametrize("name", ["gelu", "silu", "leaky_relu", "softplus", "elu", "identity", "logistic"])
def test_activations_by_name(name):
    own = {"identity": lambda x: x, "logistic": ops.sigmoid}.get(name) or getattr(ops, name)
    model = fitted("classes", activation=name, max_iter=60, learning_rate_init=0.05)
    assert model.score(X, y) > 0.85
    if name != "logistic":  # whose first weights are smaller
        assert bits(fitted("classes", activation=own)) == bits(fitted("classes", activation=name))


def test_activation_of_ones_own():
    assert (
        fitted("classes", activation=lambda x: x * ops.sigmoid(x), max_iter=60, learning_rate_init=0.05).score(X, y)
        > 0.85
    )
    shared = nn.PReLU()
    model = fitted("classes", activation=shared, hidden_layer_sizes=(8, 8))
    slopes = [layer.weight.data for layer in model.network_ if isinstance(layer, nn.PReLU)]
    assert len(slopes) == 2 and slopes[0] != slopes[1]  # each layer trains its own
    assert shared.weight.data == [0.25]
    dropping = nn.Sequential(nn.ReLU(), nn.Dropout(0.5, rng=np.random.default_rng(0)))
    model = fitted("classes", activation=dropping)
    assert np.array_equal(model.predict_proba(X), model.predict_proba(X))  # nothing is dropped


@pytest.mark.parametrize(
    ("task", "named", "own"),
    [
        ("classes", "log_loss", lambda z, c: -ops.log_softmax(z)[np.arange(len(c)), c]),
        ("classes", "log_loss", lambda z, c: losses.cross_entropy(z, c)),
        ("classes", "log_loss", losses.cross_entropy),
        ("classes", "hinge", losses.multi_hinge),
        ("number", "squared_error", lambda z, t: 0.5 * (z - t) ** 2),
        ("numbers", "squared_error", lambda z, t: 0.5 * (z - t) ** 2),
        ("numbers", "absolute_error", lambda z, t: ops.sum(ops.absolute(z - t), axis=1)),
        ("numbers", "huber", losses.huber),
    ],
)
def test_loss_of_ones_own(task, named, own):
    model = fitted(task, loss=own)
    assert close(model, fitted(task, loss=named))
    np.testing.assert_allclose(model.loss_curve_, fitted(task, loss=named).loss_curve_)


def test_poisson_learns_counts():
    random = np.random.default_rng(0)
    counts = random.poisson(np.exp(X[:, 0]))
    model = MLPRegressor((8,), loss="poisson", solver="lbfgs", max_iter=60, random_state=0).fit(X, counts)
    assert model.out_activation_ == "exp"
    assert model.predict(X).min() > 0.0
    assert np.corrcoef(model.predict(X), np.exp(X[:, 0]))[0, 1] > 0.8


def test_hinge_has_no_probabilities():
    model = fitted("two classes", loss="hinge", max_iter=60, learning_rate_init=0.05)
    assert model.n_outputs_ == 2 and model.score(TWO_X, TWO_Y) > 0.85
    assert not hasattr(model, "predict_proba") and not hasattr(model, "predict_log_proba")


def test_the_network_is_a_module():
    model = fitted("classes", hidden_layer_sizes=(8, 6), activation="tanh")
    assert len(model.network_.parameters()) == 6
    z = model.network_(X)
    assert z.shape == (150, 3)
    assert np.array_equal(z.data.argmax(1), model.predict(X))


# Among scikit-learn's tools


def test_pipeline_and_grid_search():
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((8,), max_iter=40, random_state=0))
    grid = {"mlpclassifier__activation": ["tanh", "gelu"], "mlpclassifier__learning_rate_init": [1e-4, 0.05]}
    search = GridSearchCV(pipeline, grid, cv=3).fit(*load_wine(return_X_y=True))
    assert search.best_params_["mlpclassifier__learning_rate_init"] == 0.05
    assert search.best_score_ > 0.9


def test_target_is_scaled_and_score_is_cross_validated():
    inner = make_pipeline(StandardScaler(), MLPRegressor((8,), solver="lbfgs", alpha=10.0, max_iter=30, random_state=0))
    model = TransformedTargetRegressor(inner, transformer=StandardScaler())
    assert cross_val_score(model, *load_diabetes(return_X_y=True), cv=3).mean() > 0.4


def test_several_columns_of_classes():
    columns = np.c_[y, y[::-1]]
    model = MultiOutputClassifier(MLPClassifier((4,), max_iter=2)).fit(X, columns)
    assert model.predict(X).shape == columns.shape


def test_data_frames_name_the_features():
    pandas = pytest.importorskip("pandas", reason="data frames are pandas'")
    frame = pandas.DataFrame(X, columns=["a", "b", "c", "d"])
    model = MLPClassifier((4,), max_iter=2, random_state=0).fit(frame, pandas.Series(y))
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert (
        model.predict(frame).tolist() == MLPClassifier((4,), max_iter=2, random_state=0).fit(X, y).predict(X).tolist()
    )
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"a": "z"}))
