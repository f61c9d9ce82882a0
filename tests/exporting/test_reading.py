"""What is exported, and what is refused: batches, branches, modes, numbers, names."""

from __future__ import annotations

import numpy as np
import pytest

from micrograd import Value, compile, export_js, export_python, nn, ops
from micrograd.errors import ArgumentError, DataError, ExportError, MicrogradError, ShapeError
from micrograd.exporting.program import Size
from micrograd.exporting.reading import read

RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 3))


def refused(model, example=X, **options) -> str:
    with pytest.raises(MicrogradError) as error:
        read("export", model, example, **options)
    text = str(error.value)
    assert text.startswith("export: ")
    assert len(text.splitlines()) <= 3
    return text


class Branch(nn.Module):
    def __call__(self, x):
        return x * 2.0 if ops.sum(x) > 0.0 else x


class OnlyForLarge(nn.Module):
    def __call__(self, x):
        return x * 2.0 if x.shape[0] > 4 else x


# Batches


def test_the_size_of_the_batch_is_a_size():
    program = read("export", nn.Linear(3, 2, rng=RNG), X)
    assert program.inputs[0].shape == (Size(1, 0), 3)
    assert program.steps[0].shape == (Size(1, 0), 2)
    assert str(Size(2, 1)) == "2 * n + 1"
    assert str(Size(1, -1)) == "n - 1"


def test_a_fixed_shape():
    program = read("export", nn.Linear(3, 2, rng=RNG), X, batch_axis=None)
    assert program.inputs[0].shape == (4, 3)


def test_sizes_made_of_that_of_the_batch():
    def model(x):
        return np.concatenate([x, x, np.zeros((1, 3))])[1:]

    program = read("export", model, X)
    assert program.steps[-1].shape == (Size(2, 0), 3)


def test_a_branch_by_the_size_of_the_batch_is_refused():
    assert refused(OnlyForLarge()) == (
        "export: the model depends on the size of the batch: it applies more ops for one batch than for another;\n"
        "give batch_axis=None for a fixed shape, or the axis of x that is the batch"
    )


def test_a_list_as_long_as_the_batch_is_refused():
    assert "it gives more results for one batch than for another" in refused(lambda x: [x] * x.shape[0])
    assert "it applies more ops for one batch than for another" in refused(lambda x: list(x))
    assert read("export", lambda x: list(x), X, batch_axis=None).tree == [0, 1, 2, 3]


def test_what_is_not_followed_says_so():
    pool = nn.MaxPool1d(2, return_indices=True)
    text = refused(pool, RNG.normal(size=(2, 3, 6)), batch_axis=None)
    assert "the model does something with its input that is not followed: " in text


def test_a_number_that_follows_the_batch_in_another_way_is_refused():
    text = refused(lambda x: x * (1.0 / x.shape[0]))
    assert "the model depends on the size of the batch: multiply: 0.25 in one batch is 0.2 in another" in text
    assert read("export", lambda x: x * (1.0 / x.shape[0]), X, batch_axis=None).steps


def test_one_example_that_the_model_refuses():
    text = refused(nn.BatchNorm1d(3, track_running_stats=False))
    assert text.startswith("export: a batch of 1 along the axis of the batch fails: BatchNorm1d: input (1, 3) has one")


def test_an_axis_that_is_not_the_batch_is_refused():
    text = refused(nn.Linear(3, 2, rng=RNG), X, batch_axis=1)
    assert text.startswith("export: a batch of 4 along the axis of the batch fails: Linear(3, 2): input (4, 4): ")


@pytest.mark.parametrize(
    ("example", "axis", "words"),
    [
        (X, 2, "batch_axis=2 is not an axis of x (4, 3)"),
        (X, (0, 0), "batch_axis=(0, 0) for 1 inputs; give one axis for each"),
        (np.zeros((0, 3)), 0, "x (0, 3) is an empty batch"),
        (np.array(2.0), 0, "batch_axis=0 is not an axis of x ()"),
        ((X, X[:2]), 0, "hold batches of different sizes along axis 0"),
    ],
)
def test_axes(example, axis, words):
    assert words in refused(lambda *xs: xs[0], example, batch_axis=axis)


# Branches on numbers


def test_a_branch_on_a_number_is_refused():
    assert refused(Branch()) == (
        "export: Branch asks for bool() of what it computes from its input;\n"
        "an exported model does the same for all numbers: use np.where in place of if, and no plain numbers of x"
    )


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        (lambda x: x * float(ops.sum(x)), "float()"),
        (lambda x: x * ops.sum(x).item(), "item()"),
        (lambda x: Value(x.data) * 2.0, ".data"),
        (lambda x: np.sort(np.asarray(x)), "its plain numbers"),
        (lambda x: [x] * int(x[0, 0] > 0), "int()"),
        (lambda x: max(x[0, 0], x[0, 1]), "bool()"),
        (lambda x: x if (x == x).all() else -x, "bool()"),
        (lambda x: np.array(x.tolist()), "tolist()"),
    ],
    ids=["float", "item", "data", "asarray", "int", "max", "all", "tolist"],
)
def test_plain_numbers_of_the_input_are_refused(model, asked):
    assert f"asks for {asked} of what it computes" in refused(model, np.abs(X))


def test_random_numbers_are_refused():
    rng = np.random.default_rng(0)
    assert "an array of constants differs from batch to batch" in refused(lambda x: x + rng.random(3))
    assert "give other numbers than the model" in refused(lambda x: x + rng.random(3), batch_axis=None)


def test_a_branch_that_hides_is_found_by_comparison():
    """The class of the input tells the runs apart."""
    assert "give other numbers than the model, of the example" in refused(
        lambda x: x * 2.0 if isinstance(x, Value) else x * 3.0
    )


def test_what_the_model_refuses_keeps_its_error():
    with pytest.raises(ShapeError, match="last axis must have the length 5"):
        read("export", nn.Linear(5, 2, rng=RNG), X)


def test_results_that_are_no_arrays():
    with pytest.raises(ExportError, match="export_python: the model gives a str; give arrays"):
        export_python(lambda x: (x, "text"), X, "predict.py")


# The mode


def test_each_module_keeps_its_mode():
    model = nn.Sequential(nn.Linear(3, 3, rng=RNG), nn.Dropout(0.5), nn.BatchNorm1d(3))
    model[1].eval()
    before = {name: x.copy() for name, x in model.state_dict().items()}
    program = read("export", model, X)
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert "dropout" not in [step.op.name for step in program.steps]
    assert all(np.array_equal(x, before[name]) for name, x in model.state_dict().items())


def test_a_module_that_trains_within_a_function_is_refused():
    norm, drop = nn.BatchNorm1d(3), nn.Dropout(0.5)
    assert refused(lambda x: norm(x)) == (
        "export: the model changes what it keeps, as in training; call eval() of that module first"
    )
    assert "draws random numbers" in refused(lambda x: drop(x))
    norm.eval()
    assert read("export", lambda x: norm(x), X).steps


def test_the_mode_is_kept_where_the_model_fails():
    model = nn.Sequential(nn.Dropout(0.5), Branch())
    refused(model)
    assert model.training
    assert model[0].training
    assert "training" not in vars(nn.Dropout())


def test_gradients_and_captures_are_left_alone():
    model = nn.Linear(3, 2, rng=RNG)
    ops.sum(model(X)).backward()
    grad = model.weight.grad.copy()
    read("export", model, X)
    assert np.array_equal(model.weight.grad, grad)
    assert compile(lambda x: model(x))(X).shape == (4, 2)


def test_within_a_compiled_function_it_is_refused():
    model = nn.Linear(3, 2, rng=RNG)

    def step(x):
        export_python(model, X, "predict.py")
        return x

    with pytest.raises(ExportError, match="a function is being compiled; export outside of it"):
        compile(step)(X)


# Names and dtypes


def test_parameters_have_their_names():
    model = nn.Sequential({"first": nn.Linear(3, 4, rng=RNG), "second": nn.Linear(4, 2, bias=False, rng=RNG)})
    program = read("export", model, X)
    assert list(program.constants) == ["first.weight", "first.bias", "second.weight"]
    assert program.constants["second.weight"].data.shape == (2, 4)
    assert {step.module[0] for step in program.steps} == {"first", "second"}


def test_a_parameter_called_like_an_input():
    class Shift(nn.Module):
        def __init__(self):
            self.x = Value(np.array([1.0, 2.0, 3.0]))

        def __call__(self, x):
            return x + self.x

    assert list(read("export", Shift(), X).constants) == ["x (constant)"]


def test_inputs_have_the_names_of_the_model_where_these_are_free():
    def model(left, sum, P):  # two that an exported file uses itself
        return left + sum + P

    assert [x.name for x in read("export", model, (X, X, X)).inputs] == ["left", "x2", "x3"]
    assert [x.name for x in read("export", lambda Math, v7, new: Math + v7 + new, (X, X, X)).inputs] == [
        "x1",
        "x2",
        "x3",
    ]


def test_float64_made_of_float32_is_compared_as_float32():
    model = nn.Linear(3, 2, dtype="float32", rng=RNG)
    assert read("export", lambda x: model(x) * np.ones(1) / 3.0, X.astype("float32")).steps[-1].dtype == np.float64


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_keep_their_dtype(dtype, tmp_path):
    model = nn.Sequential(nn.Linear(3, 8, dtype=dtype, rng=RNG), nn.GELU(), nn.LayerNorm(8, dtype=dtype))
    x = X.astype(dtype)
    path = export_python(model, x, tmp_path / "predict.py")
    room = {"__name__": "predict"}
    exec(path.read_text(encoding="utf-8"), room)
    assert room["predict"](x).dtype == dtype
    for name, p in model.named_parameters():
        assert room["P"][name].dtype == dtype
        assert room["P"][name].tobytes() == p.data.tobytes()  # the same bits
    np.testing.assert_allclose(room["predict"](x), model(x).data, rtol=1e-5 if dtype == "float32" else 1e-12)


def test_large_arrays_keep_their_bits(tmp_path):
    numbers = RNG.normal(size=(40, 50))
    numbers[0, :4] = [np.nan, np.inf, -np.inf, -0.0]
    weight = Value(numbers, label="w")
    path = export_python(lambda x: x + weight, np.zeros((2, 40, 50)), tmp_path / "predict.py")
    room = {"__name__": "predict"}
    exec(path.read_text(encoding="utf-8"), room)
    assert room["P"]["w"].tobytes() == numbers.tobytes()


def test_too_many_parameters_for_a_file_of_text(monkeypatch, tmp_path):
    monkeypatch.setattr("micrograd.exporting.files.MOST", 50)
    with pytest.raises(ExportError, match="export_js: 64 bytes of parameters, and a file of text holds at most 50"):
        export_js(nn.Linear(3, 2, rng=RNG), X, tmp_path / "model.js")


def test_examples_that_are_no_arrays():
    with pytest.raises(DataError, match="export: the example holds no array; give what the model takes"):
        read("export", lambda: 1.0, ())
    with pytest.raises(DataError, match="export: the example holds <U1; give arrays of numbers"):
        read("export", lambda x: x, np.array(["a"]))
    with pytest.raises(ArgumentError, match="export: model is a int; give a module, or a function of arrays"):
        read("export", 3, X)


def test_lists_and_values_are_examples():
    model = nn.Linear(3, 2, rng=RNG)
    for example in (X.tolist(), Value(X)):
        assert read("export", model, example).inputs[0].shape == (Size(1, 0), 3)


def test_a_function_with_methods_of_values():
    assert [step.op.name for step in read("export", lambda x: x.tanh().sum(axis=1), X).steps] == ["tanh", "sum"]
