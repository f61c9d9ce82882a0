"""plot_decision_boundary: the mesh against the model called directly; what stays as it
was; what is refused.
"""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from micrograd import Value, ops, plot_decision_boundary
from micrograd.data import make_moons
from micrograd.errors import ArgumentError, DataError, MicrogradError, ShapeError
from micrograd.nn import MLP, BatchNorm1d, Dropout, Linear, Module, Sequential, Sigmoid, Tanh
from micrograd.texts import micrograduate

X, Y = make_moons(n_samples=40, noise=0.1, random_state=0)


class OwnNeuron:
    """As a reader writes it, without Module."""

    def __init__(self):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(2)]
        self.b = Value(0.1)

    def __call__(self, x):
        return sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b).tanh()


def branching(x):
    return 1.0 if x[0] > 0.3 else x[1] - 0.2


def layers(*sizes):
    rng = np.random.default_rng(3)
    found = []
    for nin, nout in itertools.pairwise(sizes):
        found += [Linear(nin, nout, rng=rng), Tanh()]
    return Sequential(*found[:-1])


def called(model, point):
    """The scores of one point, asked alone."""
    if isinstance(model, Sequential):
        return model(point[None, :]).numpy().ravel()
    out = model([Value(x) for x in point.tolist()])
    return np.ravel([v.data if isinstance(v, Value) else v for v in (out if isinstance(out, list) else [out])])


def mesh_of(ax):
    mesh = ax.collections[0]
    numbers = mesh.get_array()
    corners = np.asarray(mesh.get_coordinates())
    middles = (corners[1:, 1:] + corners[:-1, :-1]) / 2
    return numbers, middles


def probed(shape):
    return [
        (i, j) for i in np.linspace(0, shape[0] - 1, 6).astype(int) for j in np.linspace(0, shape[1] - 1, 6).astype(int)
    ]


MODELS = {
    "arrays": lambda: layers(2, 5, 1),
    "MLP": lambda: MLP(2, [8, 1]),
    "text 001": lambda: micrograduate.MLP(2, [4, 1]),
    "own class": OwnNeuron,
    "branches": lambda: branching,
    "two scores": lambda: MLP(2, [4, 2]),
    "three scores": lambda: micrograduate.MLP(2, [4, 3]),
    "three scores of arrays": lambda: layers(2, 6, 3),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_mesh_is_what_the_model_gives_point_by_point(name):
    model = MODELS[name]()
    many = "three" in name
    y = np.arange(40) % 3 if many else 2 * Y - 1 if "two" not in name else Y
    ax = plot_decision_boundary(model, X, y)
    index, middles = mesh_of(ax)
    assert index.shape == ((60, 60) if name == "branches" else (200, 200))
    for i, j in probed(index.shape):
        scores = called(model, middles[i, j])
        assert index[i, j] == (int(scores[0] > 0) if scores.size == 1 else scores.argmax())
    classes = ["0", "1", "2"] if many else ["0", "1"] if "two" in name else ["-1", "1"]
    shown = [text.get_text() for text in ax.get_legend().get_texts()]
    assert shown[:-1] == classes
    assert shown[-1] == ("score = 0" if len(shown) == 3 and "two" not in name else "the two largest scores are equal")


@pytest.mark.parametrize("name", ["arrays", "MLP", "text 001"])
def test_shades_are_the_scores_or_their_sigmoid(name):
    model = MODELS[name]()
    for kind in ("scores", "probabilities"):
        ax = plot_decision_boundary(model, X, 2 * Y - 1, kind=kind, grid_resolution=12)
        shades, middles = mesh_of(ax)
        wanted = [[called(model, point)[0] for point in row] for row in middles]
        wanted = wanted if kind == "scores" else 1 / (1 + np.exp(-np.array(wanted)))
        np.testing.assert_allclose(shades, wanted, rtol=1e-9, atol=1e-12)
        label = ax.figure.axes[1].get_ylabel()
        assert label == ("score, for class 1" if kind == "scores" else "sigmoid(score), for class 1")


@pytest.mark.parametrize(
    ("scores", "y", "threshold", "line"),
    [
        (lambda p: p[:, 0], [0, 1], None, "score = 0"),  # from -1 to 2
        (lambda p: ops.sigmoid(p[:, 0]), [0, 1], None, "score = 0.5"),
        (lambda p: ops.sigmoid(p[:, 0]), [-1, 1], None, "score = 0"),
        (lambda p: p[:, 0], [0, 1], 0.7, "score = 0.7"),
        (lambda p: p[:, 0], ["a", "b"], None, "score = 0"),
        (lambda p: p[:, :1], [False, True], None, "score = 0"),
    ],
)
def test_the_threshold_is_chosen_by_a_rule_and_said(scores, y, threshold, line):
    ax = plot_decision_boundary(scores, X, np.array(y)[Y], threshold=threshold)
    *classes, said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert (classes, said) == ([str(c) for c in y], line)
    index, middles = mesh_of(ax)
    given = scores(middles.reshape(-1, 2))
    given = np.reshape(given.data if isinstance(given, Value) else given, index.shape)
    assert np.array_equal(index, given > float(line.split()[-1]))


def test_the_line_is_where_the_score_is_the_threshold():
    ax = plot_decision_boundary(lambda p: p[:, 0] - 2 * p[:, 1], X, 2 * Y - 1)
    (path,) = [p for c in ax.collections[1:2] for p in c.get_paths()]
    assert np.allclose(path.vertices[:, 0], 2 * path.vertices[:, 1], atol=1e-9)


def test_samples_have_the_marker_and_the_colour_of_their_class():
    ax = plot_decision_boundary(lambda p: p[:, 0], X, Y)
    zero, one = ax.collections[-2:]
    assert np.array_equal(zero.get_offsets(), X[Y == 0]) and np.array_equal(one.get_offsets(), X[Y == 1])
    assert len(zero.get_paths()[0].vertices) != len(one.get_paths()[0].vertices)
    assert ax.get_xlim() == pytest.approx(
        (X[:, 0].min() - 0.1 * np.ptp(X[:, 0]), X[:, 0].max() + 0.1 * np.ptp(X[:, 0]))
    )
    wide = plot_decision_boundary(lambda p: p[:, 0], X, Y, eps=1.0)
    assert wide.get_ylim() == pytest.approx((X[:, 1].min() - 1, X[:, 1].max() + 1))


def test_estimators():
    sklearn = pytest.importorskip("micrograd.sklearn", reason="the extra `sklearn` is not installed")
    names = np.array(["north", "south"])[Y]
    estimator = sklearn.MLPClassifier(hidden_layer_sizes=(8,), max_iter=20, random_state=0)
    with pytest.warns(UserWarning):
        estimator.fit(X, names)
    index, middles = mesh_of(plot_decision_boundary(estimator, X, names, grid_resolution=15))
    wanted = estimator.predict(middles.reshape(-1, 2)).reshape(15, 15)
    assert np.array_equal(np.array(["north", "south"])[index.astype(int)], wanted)
    ax = plot_decision_boundary(estimator, X, names, grid_resolution=15, kind="probabilities")
    wanted = estimator.predict_proba(middles.reshape(-1, 2))[:, 1].reshape(15, 15)
    np.testing.assert_allclose(mesh_of(ax)[0], wanted, atol=1e-12)
    assert ax.figure.axes[1].get_ylabel() == "probability of class south"


class Predicts:
    """What an estimator has at least."""

    classes_ = np.array([3, 7, 9])

    def predict(self, X):
        return self.classes_[(X[:, 0] > 0).astype(int) + (X[:, 1] > 0.5)]


def test_an_estimator_that_only_predicts():
    y = np.array([3, 7, 9])[np.arange(40) % 3]
    ax = plot_decision_boundary(Predicts(), X, y)
    index, middles = mesh_of(ax)
    assert np.array_equal(np.array([3, 7, 9])[index.astype(int)].ravel(), Predicts().predict(middles.reshape(-1, 2)))
    with pytest.raises(
        ArgumentError, match=r"kind='probabilities' needs predict_proba\(\), which Predicts does not have"
    ):
        plot_decision_boundary(Predicts(), X, y, kind="probabilities")
    same = plot_decision_boundary(Predicts().predict, X, y)  # a function that gives the classes
    assert np.array_equal(mesh_of(same)[0], index)


def test_a_function_that_gives_the_class_itself():
    """Both classes are above 0: a threshold would find only the second."""
    ax = plot_decision_boundary(lambda p: np.where(p[:, 0] > 0.5, 2, 1), X, Y + 1)
    index, middles = mesh_of(ax)
    assert np.array_equal(index, middles[..., 0] > 0.5)


def test_a_frame_gives_the_names_of_its_columns():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")

    class AsksForNames(Predicts):
        def predict(self, X):
            return super().predict(X[["height", "weight"]].to_numpy())

    frame = pandas.DataFrame(X, columns=["height", "weight"])
    ax = plot_decision_boundary(AsksForNames(), frame, pandas.Series(np.array([3, 7, 9])[np.arange(40) % 3]))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("height", "weight")


def test_no_class_between_two_others():
    """Filled contours of class numbers would draw a stripe of 1 between 0 and 2."""
    ax = plot_decision_boundary(lambda p: np.where(p[:, 0] > 0.5, 2, 0), X, np.arange(40) % 3)
    assert set(np.unique(mesh_of(ax)[0])) == {0, 2}


def test_probabilities_of_three_classes_are_pale_where_it_is_not_sure():
    model = layers(2, 6, 3)
    ax = plot_decision_boundary(model, X, np.arange(40) % 3, kind="probabilities", grid_resolution=9)
    colours, middles = mesh_of(ax)
    shares = ops.softmax(model(middles.reshape(-1, 2)), axis=1).numpy()
    sure = (shares.max(axis=1) - 1 / 3) * 1.5
    whole = __import__("matplotlib").colormaps["cividis"](np.linspace(0, 1, 3))[shares.argmax(axis=1), :3]
    np.testing.assert_allclose(colours.reshape(-1, 3), 1 - (1 - whole) * sure[:, None], atol=1e-9)
    assert ax.get_legend().get_title().get_text() == "softmax(scores)"


def test_nan_is_left_white_and_counted():
    ax = plot_decision_boundary(lambda p: np.log(p[:, 0]), X, 2 * Y - 1, grid_resolution=20)
    index, middles = mesh_of(ax)
    bad = middles[..., 0] < 0
    assert np.array_equal(np.ma.getmaskarray(index), bad)
    assert ax.get_legend().get_texts()[-1].get_text() == f"nan: {bad.sum()} of 400 points"


def test_the_model_is_as_before():
    rng = np.random.default_rng(0)
    model = Sequential(Linear(2, 4), BatchNorm1d(4), Dropout(0.5, rng=rng), Linear(4, 1), Sigmoid())
    model[1].eval()
    model(X).sum().backward()
    grads = [np.array(p.grad) for p in model.parameters()]
    state, modes = model.state_dict(), [m.training for m in model.modules()]
    before = rng.bit_generator.state, random.getstate(), np.random.get_state()[1].tolist()
    plot_decision_boundary(model, X, Y)
    with pytest.raises(ArgumentError):
        plot_decision_boundary(lambda p: [random.random(), np.random.rand(), p.nothing], X, Y)
    assert [m.training for m in model.modules()] == modes and modes[0] is True
    assert (rng.bit_generator.state, random.getstate(), np.random.get_state()[1].tolist()) == before
    for p, grad in zip(model.parameters(), grads, strict=True):
        assert np.array_equal(p.grad, grad)
    for name, array in model.state_dict().items():
        assert np.array_equal(array, state[name])


class Broken(Module):
    def __call__(self, x):
        raise ValueError("no such layer")


def test_the_mode_is_kept_after_an_error():
    model = Broken()
    with pytest.raises(ArgumentError, match="ValueError: no such layer"):
        plot_decision_boundary(model, X, Y)
    assert model.training


def line(p):
    return p[:, 0]


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ((line, np.zeros((4, 3)), np.zeros(4)), ShapeError, "X has shape (4, 3), and a plane needs (n, 2)"),
        ((line, np.zeros(4), np.zeros(4)), ShapeError, "X has shape (4,)"),
        ((line, [[1.0, 2.0], [3.0]], [0, 1]), ShapeError, "a plane needs (n, 2)"),
        ((line, np.zeros((0, 2)), []), ShapeError, "X has shape (0, 2)"),
        ((line, [["a", "b"]], [0]), DataError, "X has <U1 numbers; give real numbers"),
        ((line, [[1.0, np.nan], [0.0, 0.0]], [0, 1]), DataError, "X[0] is [1.0, nan]; leave rows out"),
        ((line, X, Y[:5]), ShapeError, "y has shape (5,); give one class for each of 40 samples"),
        ((line, X, np.eye(2)[Y]), ShapeError, "give y.argmax(axis=1)"),
        ((line, X, np.where(Y, np.nan, 0)), DataError, "is nan; leave this sample out"),
        ((line, X, np.where(Y, None, 1)), DataError, "y has classes of several kinds"),
        ((Predicts(), X, 3 * Y), ArgumentError, "y has the class 0, which Predicts has not learnt"),
        ((line, X, np.arange(40) % 3), ArgumentError, "y has 3 classes, and the model gives one score"),
        ((line, X, np.full(40, 5)), ArgumentError, "y has the one class 5; give samples of two classes"),
        (
            (lambda p: np.zeros((len(p), 3)), X, 5 * Y),
            ArgumentError,
            "3 scores for a point, and y has the classes 0, 5",
        ),
        ((lambda p: np.zeros((len(p), 2, 2)), X, Y), ShapeError, "the model gives shape (2, 2) for a point"),
        ((lambda p: p.nothing, X, Y), ArgumentError, "it cannot be computed at"),
        ((lambda p: p[:, 0] * 1j, X, Y), DataError, "the model gives complex128 numbers; it must give real scores"),
        ((MLP, X, Y), ArgumentError, "given the class MLP; make a model of it: MLP(...)"),
        (("model", X, Y), ArgumentError, "str can neither be called nor predict"),
        ((MLP(3, [1]), X, Y), ArgumentError, "it cannot be computed at"),
    ],
)
def test_refused(given, error, words):
    with pytest.raises(error) as caught:
        plot_decision_boundary(*given)
    assert str(caught.value).startswith("plot_decision_boundary: ") and words in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kind": "class"}, "kind='class' is not known; choose from classes, probabilities, scores"),
        ({"alpha": 2}, "alpha=2: give a number from 0 to 1"),
        ({"eps": -1}, "eps=-1: give a number above 0"),
        ({"eps": "a"}, "eps is 'a', which is not a number"),
        ({"grid_resolution": 1}, "grid_resolution=1: give an integer of at least 2"),
        ({"cmap": "no such map"}, "cmap='no such map' is not a colour map"),
        ({"threshold": "x"}, "threshold is 'x', which is not a number"),
        ({"levels": "a", "kind": "scores"}, "levels[0] is np.str_('a'), which is not a number"),
        ({"levels": [1]}, "levels= needs shades of two classes"),
        ({"ax": 3}, "ax=int is not one panel of matplotlib"),
    ],
)
def test_options_refused(options, words):
    with pytest.raises(MicrogradError) as caught:
        plot_decision_boundary(line, X, Y, **options)
    assert words in str(caught.value)


def test_the_legend_stands_where_fewest_points_are() -> None:
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], *([[0.9, 0.9]] * 5)])
    ax = plot_decision_boundary(lambda X: X[:, 0] - 0.5, X, (X[:, 0] > 0.5) * 1)
    ax.figure.canvas.draw()
    box = ax.get_legend().get_window_extent()
    assert not box.contains(*ax.transData.transform((0.9, 0.9)))
