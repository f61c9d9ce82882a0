"""Writes docs/gallery.md, and its pictures into docs/gallery/. The lines of each
example run as they stand on the page, one example after the other.

python docs/make_gallery.py            # needs the extras draw and plot
python docs/make_gallery.py --browser  # screenshots as well: Playwright, Chromium
"""

from __future__ import annotations

import ast
import contextlib
import io
import linecache
import os
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

PAGE = Path(__file__).with_name("gallery.md")
PICTURES = PAGE.with_suffix("")
sys.path.insert(0, str(PAGE.parents[1]))

from micrograd import Value, step  # noqa: E402

INTRODUCTION = """# Gallery

What micrograd draws and tells, each with the lines that made it. The lines are run from top to bottom.
[docs/make_gallery.py](make_gallery.py) writes this page and its pictures. Graphs and plots have a white background, so
that they can be read on a dark page, too.

More about [pictures](pictures.md), [plots](plots.md), [explanations](explain.md), [zero gradients](why_grad.md),
[wrong engines](demonstrate.md) and [compiled functions](compile.md).
"""


class Example(NamedTuple):
    """A part of the page.

    Attributes:
        title: its heading.
        text: what one sees.
        code: the lines that are shown and run. They write the picture.
        picture: the name of its file; "" where the lines print text.
        alt: the picture in words.
    """

    title: str
    text: str
    code: str
    picture: str = ""
    alt: str = ""


EXAMPLES = [
    Example(
        "A neuron with its gradients",
        "A box is a value with its data and its gradient. An ellipse is an op. This is the neuron of the first "
        'tutorial after `backward()`. `rankdir="TB"` draws from top to bottom, to fit on this page.',
        """
from micrograd import Value, draw
x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
b = Value(6.8813735870195432, label="b")
n = x1 * w1 + x2 * w2 + b
o = n.tanh()
n.label, o.label = "n", "o"
o.backward()
path = draw(o, rankdir="TB").render("neuron.svg")
""",
        "neuron.svg",
        "The graph of o = tanh(x1*w1 + x2*w2 + b): x1.grad is -1.5, w1.grad 1, x2.grad 0.5, w2.grad 0",
    ),
    Example(
        "The neuron in a terminal",
        "Below each value stand the values that it is made from.",
        """
draw(o, format="text")
""",
    ),
    Example(
        "Colours for the size of a gradient",
        "The largest gradient is orange, and each paler shade stands for a power of ten. Here the gradient vanishes: "
        "each tanh is nearly flat, and lets less than a tenth of it pass.",
        """
h = Value(0.8, label="x")
for layer in range(3):
    h = (2.5 * h).tanh()
    h.label = f"h{layer}"
path = draw(h, color="grad", rankdir="TB").render("colours.svg")
""",
        "colours.svg",
        "Three tanh in a row: the box of the result is orange, and the boxes become paler towards x",
    ),
    Example(
        "A graph of arrays",
        "A box of an array shows its numbers; of a large array, a few numbers and the shape.",
        """
import numpy as np
X = np.random.default_rng(0).normal(size=(100, 2))
w = Value([0.5, -0.5], label="w")
loss = np.mean(np.tanh(X @ w) ** 2)
loss.label = "loss"
loss.backward()
path = draw(loss, rankdir="TB").render("arrays.svg")
""",
        "arrays.svg",
        "The graph of a loss: the data has the shape (100, 2), w has two numbers, and the loss is one number",
    ),
    Example(
        "A network, folded",
        "Four samples go through `MLP(3, [4, 4, 1])`. The graph has 394 values, and each sample is one box.",
        """
import random
from micrograd.nn import MLP
random.seed(1)
model = MLP(3, [4, 4, 1])
xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
loss = sum((model(x) - y) ** 2 for x, y in zip(xs, [1.0, -1.0, -1.0, 1.0]))
loss.label = "loss"
path = draw(loss, model=model, grad=True, rankdir="TB").render("mlp.svg")
""",
        "mlp.svg",
        "A box for each of four samples, one for the 41 parameters, and the sums that lead to the loss",
    ),
    Example(
        "One sample, a box for each neuron",
        '`fold="module"` makes each call of a neuron or layer one box. With `model=` it has its name.',
        """
score = model(xs[0])
score.backward()
path = draw(score, model=model, fold="module", rankdir="TB", max_nodes=20).render("mlp_neurons.svg")
""",
        "mlp_neurons.svg",
        "Nine neurons in three layers, and the arrows between them",
    ),
    Example(
        "The network in full",
        "`fold=None` draws all 394 values. Nobody can read this picture, so it is small here. It shows "
        "why graphs are folded.",
        """
full = draw(loss, fold=None, grad=False)
full.source = full.source.replace("digraph {", 'digraph { size="5"', 1)
path = full.render("mlp_full.png")
""",
        "mlp_full.png",
        "Hundreds of tiny boxes and arrows",
    ),
    Example(
        "65,818 values in 7 boxes",
        "The loss of the two moons: 100 samples, one number at a time. The 100 samples are one box.",
        """
from micrograd.demo import Moons
moons = Moons()
loss, accuracy = moons.loss()
loss.label = "loss"
path = draw(loss, model=moons.model, grad=True, rankdir="TB").render("moons.svg")
""",
        "moons.svg",
        "Seven boxes: the parameters, the 100 samples, the sum of 99, the penalty on parameters, and the loss",
    ),
    Example(
        "A long sum is one box",
        "A chain of 4 or more `+` is folded, too. A sum of 99 has 99 additions, so it adds 100 values.",
        """
terms = [Value(float(i)) for i in range(100)]
total = sum(terms[1:], terms[0])
path = draw(total * 0.01, max_nodes=8, grad=False).render("sum.svg")
""",
        "sum.svg",
        "A box named sum of 99, which is multiplied by 0.01",
    ),
    Example(
        "Modules of your own",
        "Inside `with scopes():` it is noted which call of which module made each value. The calls become boxes.",
        """
from micrograd import nn, scopes
rng = np.random.default_rng(0)
net = nn.Sequential(nn.Linear(8, 16, rng=rng), nn.LayerNorm(16), nn.GELU(), nn.Linear(16, 2, rng=rng))
with scopes():
    out = net(rng.normal(size=(50, 8)))
path = draw(out, model=net, fold="module", rankdir="TB", grad=False).render("scopes.svg")
""",
        "scopes.svg",
        "A box each for two linear layers, a layer norm and a GELU, and one for their parameters",
    ),
    Example(
        "Why a gradient is what it is",
        "`explain` tells how a gradient comes about, with your numbers and names.",
        """
from micrograd import explain
print(explain(o, w1))
""",
    ),
    Example(
        "Why a gradient is zero",
        "`why_grad` names the reason, its evidence, and what to do.",
        """
from micrograd import why_grad
print(why_grad(w2, o))
""",
    ),
    Example(
        "A wrong engine beside the right one",
        "`demonstrate` leaves out a part of the engine, and shows the steps of both on the smallest example.",
        """
from micrograd import demonstrate
demonstrate("assign-not-accumulate")
""",
    ),
    Example(
        "A compiled program",
        "`micrograd.compile` rolls the 65,818 values into loops over arrays. These are the first lines of the program.",
        """
import micrograd
def moons_loss():
    scores = [moons.model(list(map(Value, x))) for x in moons.X]
    losses = [(1 - yi * score).relu() for yi, score in zip(moons.y, scores)]
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in moons.model.parameters())
fast = micrograd.compile(moons_loss)
z = fast()
print(*str(fast.program).splitlines()[2:26], sep="\\n")
""",
    ),
    Example(
        "The loss of a training",
        "`plot_loss` draws what `fit` returns, or any list of numbers.",
        """
from micrograd import optim, plot_loss
from micrograd.data import make_moons
from micrograd.train import fit
X, y = make_moons(200, noise=0.2, random_state=0)
rng = np.random.default_rng(0)
hidden = nn.Linear(2, 16, rng=rng), nn.ReLU(), nn.Linear(16, 16, rng=rng), nn.Tanh()
model = nn.Sequential(*hidden, nn.Linear(16, 2, rng=rng))
adam = optim.Adam(model.parameters(), lr=0.02)
history = fit(model, nn.losses.cross_entropy, (X[:100], y[:100]), adam, epochs=40, seed=0)
ax = plot_loss(history)
ax.figure.savefig("loss.svg")
""",
        "loss.svg",
        "A curve that falls over 40 epochs",
    ),
    Example(
        "Where a model draws the line",
        "The colours say which class the network chooses, and how sure it is.",
        """
from micrograd import plot_decision_boundary
ax = plot_decision_boundary(model, X, y, kind="probabilities")
ax.figure.savefig("boundary.png", dpi=80)
""",
        "boundary.png",
        "Two moons of points, and a curved border between them",
    ),
    Example(
        "A function and its tangent",
        "The tangent touches the curve at x = 1, and its slope is the derivative there.",
        """
from micrograd import plot_function
ax = plot_function(lambda x: x**3 - 2 * x, -2, 2, at=1, derivative=True)
ax.figure.savefig("function.svg")
""",
        "function.svg",
        "The curve of x^3 - 2x, its tangent at x = 1 with slope 1, and its derivative",
    ),
    Example(
        "The way down a surface",
        "Gradient descent in a long valley: it goes to and fro across it.",
        """
from micrograd import plot_surface
ax = plot_surface(lambda x, y: x**2 + 9 * y**2, -2, 2, start=(1.8, 1.5), lr=0.1, steps=25)
ax.figure.savefig("surface.png", dpi=80)
""",
        "surface.png",
        "Ellipses of equal height, and a path that zigzags to their centre",
    ),
    Example(
        "What the layers give",
        "A row for each layer: the median, the middle half and 90% of its numbers, and how many of its units are dead.",
        """
from micrograd import plot_activations
ax = plot_activations(model, X)
ax.figure.savefig("activations.svg")
""",
        "activations.svg",
        "A row for each layer with the spread of its activations",
    ),
    Example(
        "The gradients of the layers",
        "The same for the gradients of the parameters, after `backward()`.",
        """
from micrograd import plot_gradients
model.zero_grad()
nn.losses.cross_entropy(model(X), y).backward()
ax = plot_gradients(model)
ax.figure.savefig("gradients.svg")
""",
        "gradients.svg",
        "A row for each layer with the spread of its gradients",
    ),
    Example(
        "Which classes are taken for which",
        "Rows are the true classes, columns the predicted ones, for the 100 points that the training did not see.",
        """
from micrograd import plot_confusion
ax = plot_confusion(y[100:], model(X[100:]).data.argmax(axis=1))
ax.figure.savefig("confusion.svg")
""",
        "confusion.svg",
        "A table of two rows and two columns; most points are on its diagonal",
    ),
]

STEPPER = """
## The backward pass, step by step

`step(o)` in a notebook, or a file for any browser: what arrived, the local derivative as a formula with its numbers,
the product, and what is added where. These are screenshots. The live page is one command away:

```
micrograd draw "o = tanh(x1*w1 + x2*w2 + b)" x1=2 x2=0 w1=-3 w2=1 b=6.8813735870195432 -o neuron.html --open
```

![{alt}, on a light page](gallery/stepper_light.png)

![{alt}, on a dark page](gallery/stepper_dark.png)

![{alt}, on a phone](gallery/stepper_phone.png)
"""
STEPPER_ALT = "A step of the backward pass: the graph, and a panel with the numbers of the step"
SCREENS = {
    "stepper_light.png": {"viewport": {"width": 1100, "height": 620}, "color_scheme": "light"},
    "stepper_dark.png": {"viewport": {"width": 1100, "height": 620}, "color_scheme": "dark"},
    "stepper_phone.png": {"viewport": {"width": 400, "height": 800}, "color_scheme": "light"},
}
AFTER = "The neuron in a terminal"  # the part that the stepper follows


def write(folder: Path) -> str:
    """Run all examples, each of which writes its picture into the folder.

    Returns:
        The text of the page.
    """
    names: dict[str, Any] = {"__name__": "gallery"}
    parts = [INTRODUCTION]
    with _inside(folder):
        for example in EXAMPLES:
            session = _run(example.code, names)
            picture = f"\n![{example.alt}](gallery/{example.picture})\n" if example.picture else ""
            parts.append(
                f"\n## {example.title}\n\n{textwrap.fill(example.text, 118)}\n\n```python\n{session}\n```\n{picture}"
            )
            if example.title == AFTER:
                parts.append(STEPPER.format(alt=STEPPER_ALT))
    return "".join(parts)


def _run(code: str, names: dict[str, Any]) -> str:
    """Run lines of Python; give them as a prompt shows them, with what they print."""
    shown, lines = [], code.strip().splitlines()
    for statement in ast.parse(code.strip()).body:
        first, *rest = lines[statement.lineno - 1 : statement.end_lineno]
        shown += [f">>> {first}", *(f"... {line}" for line in rest)]
        # Its lines are known, as in doctest: a compiled program quotes them.
        source, name = "\n".join([first, *rest, ""]), f"<gallery {len(linecache.cache)}>"
        linecache.cache[name] = len(source), None, source.splitlines(keepends=True), name
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(source, name, "single"), names)
        shown += [line or "<BLANKLINE>" for line in printed.getvalue().splitlines()]
    return "\n".join([*shown, ""])


@contextlib.contextmanager
def _inside(folder: Path) -> Iterator[None]:
    """Run in a folder; Matplotlib writes the same bytes each time."""
    import matplotlib

    environment = {"SOURCE_DATE_EPOCH": "0"}  # the date that Matplotlib writes into an SVG
    settings = {"svg.hashsalt": "micrograd"}
    with contextlib.chdir(folder), mock.patch.dict(os.environ, environment), matplotlib.rc_context(settings):
        yield


def neuron() -> Value:
    """The neuron of the first example."""
    names: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        _run(EXAMPLES[0].code, names)
    return names["o"]  # type: ignore[no-any-return]


def photograph(folder: Path) -> None:
    """Write the screenshots of the stepper: Playwright drives Chromium."""
    from PIL import Image
    from playwright.sync_api import sync_playwright

    program = os.environ.get("MICROGRAD_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as started, tempfile.TemporaryDirectory() as temporary:
        path = step(neuron()).save(Path(temporary, "neuron.html"))
        browser = started.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        for name, options in SCREENS.items():
            page = browser.new_page(**options, reduced_motion="reduce")
            page.goto(path.as_uri())
            for _ in range(5):
                page.keyboard.press("ArrowRight")
            screen = Image.open(io.BytesIO(page.screenshot()))
            screen.quantize(64).save(folder / name, optimize=True)
        browser.close()


def main() -> None:
    """Write the page and the pictures; the screenshots where they are asked for."""
    PICTURES.mkdir(exist_ok=True)
    PAGE.write_text(write(PICTURES), encoding="utf-8")
    if "--browser" in sys.argv[1:]:
        photograph(PICTURES)


if __name__ == "__main__":
    main()
