"""The stepper in a real browser."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd import Value, draw, step
from micrograd.data import make_moons
from micrograd.nn import MLP
from micrograd.ops import where
from micrograd.see.graph import data as data_of
from micrograd.see.html import page_of, page_of_data
from micrograd.see.toplevel import top_level
from tests.see.stepping import Group, Grouped, grouped_data, moons_like, neuron, nodes_of

pytestmark = pytest.mark.browser

AXE = os.environ.get("MICROGRAD_AXE", "")


def text(page: Any, selector: str) -> str:
    """The text of the first such element, its spaces single."""
    return re.sub(r"\s+", " ", page.locator(selector).first.text_content()).strip()


def shown_grads(page: Any) -> dict[str, str]:
    """The gradient in each box, by the name of the value."""
    boxes = page.locator(".box.value")
    return {
        box.locator(".name").text_content(): box.locator(".grad").text_content().removeprefix("grad ")
        for box in boxes.all()
    }


def states(page: Any, state: str) -> list[str]:
    """The names in the boxes of this state."""
    return sorted(name.text_content() for name in page.locator(f".box.{state} .name").all())


def rows(page: Any) -> list[str]:
    """The lines of the panel."""
    return [re.sub(r"\s+", " ", row.text_content()).strip() for row in page.locator(".panel dl > div").all()]


def whys(page: Any) -> list[str]:
    """What the panel says of values that are used more than once."""
    return [why.text_content() for why in page.locator(".why").all()]


def came(page: Any) -> list[str]:
    """The parts of earlier steps that the picture shows."""
    return [chip.text_content() for chip in page.locator(".came text").all()]


def crossed() -> Value:
    """f = (a * b) * (a + b), of text 003."""
    a, b = Value(-2.0, label="a"), Value(3.0, label="b")
    d, e = a * b, a + b
    f = d * e
    d.label, e.label, f.label = "d", "e", "f"
    return f


def twice() -> Value:
    """b = a + a; c = b * b."""
    a = Value(3.0, label="a")
    b = a + a
    b.label = "b"
    c = b * b
    c.label = "c"
    return c


# The neuron of text 001


def test_the_neuron_runs_to_its_end(opened):
    page = opened(page_of(neuron()))
    assert text(page, "h2") == "step 0 of 5"
    assert set(shown_grads(page).values()) == {"–"}
    for count in range(1, 6):
        page.keyboard.press("ArrowRight")
        assert text(page, "h2") == f"step {count} of 5"
    grads = shown_grads(page)
    assert [grads[name] for name in ("x1", "w1", "x2", "w2", "b")] == ["−1.5", "1", "0.5", "0", "0.5"]
    page.keyboard.press("ArrowRight")
    assert text(page, "h2") == "step 5 of 5"
    assert text(page, ".end") == "The walk is complete: each value has its gradient."


STEPS = [
    ("o = tanh(n) = 0.7071", "∂o/∂o = 1: the walk starts here", ["n"], ["+ 0.5"]),
    ("n = (x1*w1 + x2*w2) + b = 0.8814", "∂o/∂n = 0.5", ["b", "x1*w1 + x2*w2"], ["+ 0.5", "+ 0.5"]),
    (
        "x1*w1 + x2*w2 = (x1*w1) + (x2*w2) = −6",
        "∂o/∂(x1*w1 + x2*w2) = 0.5",
        ["x1*w1", "x2*w2"],
        ["+ 0.5", "+ 0.5"],
    ),
    ("x2*w2 = x2 × w2 = 0", "∂o/∂(x2*w2) = 0.5", ["w2", "x2"], ["+ 0.5", "+ 0"]),
    ("x1*w1 = x1 × w1 = −6", "∂o/∂(x1*w1) = 0.5", ["w1", "x1"], ["− 1.5", "+ 1"]),
]


def test_each_step_of_the_neuron(opened):
    page = opened(page_of(neuron()))
    for formula, arrived, receive, chips in STEPS:
        page.keyboard.press("ArrowRight")
        assert text(page, ".formula") == formula
        assert text(page, ".arrived") == f"arrived {arrived}"
        assert states(page, "at") == [formula.partition(" = ")[0]]
        assert states(page, "gets") == receive
        assert [chip.text_content() for chip in page.locator(".chip text").all()] == chips
        assert text(page, "[role=status]").partition(". ")[2].startswith(formula)


def test_the_panel_has_the_formula_its_numbers_and_the_sum(opened):
    page = opened(page_of(neuron()))
    page.keyboard.press("ArrowRight")
    assert rows(page) == ["local∂o/∂n = 1 − o² = 1 − 0.7071² = 0.5", "product1 × 0.5 = 0.5", "grad +=0 + 0.5 = 0.5"]
    page.keyboard.press("End")
    assert rows(page)[:3] == ["local∂(x1*w1)/∂x1 = w1 = −3", "product0.5 × (−3) = −1.5", "grad +=0 + (−1.5) = −1.5"]
    assert text(page, "[role=status]") == (
        "Step 5 of 5. x1*w1 = x1 × w1 = −6. Gradient 0.5 arrived. x1 gets −1.5, and has −1.5 now. "
        "w1 gets 1, and has 1 now. Every gradient is complete."
    )


def test_why_the_gradients_are_added(opened):
    page = opened(page_of(twice()))
    page.keyboard.press("End")
    assert text(page, ".arrived") == "arrived ∂c/∂b = 12: 6 + 6, the sum of the parts of its 2 uses"
    assert rows(page) == [
        *("local∂b/∂a = 1", "product12 × 1 = 12", "grad +=0 + 12 = 12"),
        *("local∂b/∂a = 1", "product12 × 1 = 12", "grad +=12 + 12 = 24"),
    ]
    assert whys(page) == [
        "a is used twice: 12 comes now from b (input 1). The other part is added later.",
        "a is used twice: 12 came from b (input 1), 12 comes now from b (input 2).",
        "A change of a reaches c through each use, so the parts are added (+=). "
        "With = here, the new part would replace the old: a.grad would be 12, not 24.",
    ]


def test_each_use_of_a_value_stays_in_sight(opened):
    """The graph of text 003: a part of each use, the earlier one beside the new one."""
    page = opened(page_of(crossed()))
    page.keyboard.press("ArrowRight")
    assert (whys(page), came(page)) == ([], [])
    page.keyboard.press("ArrowRight")
    assert whys(page) == [f"{x} is used twice: −6 comes now from e. The other part is added later." for x in "ab"]
    assert came(page) == []
    page.keyboard.press("ArrowRight")
    assert whys(page) == [
        "a is used twice: −6 came from e, 3 comes now from d.",
        "b is used twice: −6 came from e, −2 comes now from d.",
        "A change of a or b reaches f through each use, so the parts are added (+=). "
        "With = here, the new part would replace the old: a.grad would be 3, not −3; b.grad would be −2, not −8.",
    ]
    assert came(page) == ["− 6", "− 6"]
    assert "a gets 3 more, added to −6, and has −3 now." in text(page, "[role=status]")


def test_four_uses_and_more(opened):
    x = Value(2.0, label="x")
    many = x * x + x * 3.0
    L = many * x
    L.label, many.label = "L", "m"
    page = opened(page_of(L))
    page.keyboard.press("End")
    assert whys(page)[-2].startswith("x is used 4 times: 10 came from L, ")
    assert len(came(page)) == 2
    page = opened(page_of(x * 1.0 + x * 2.0 + x * 3.0 + x * 4.0 + x * 5.0))
    page.keyboard.press("End")
    assert whys(page)[0].startswith("x is used 5 times: 14 came from 4 uses before, 1 comes now from ")


def test_two_arrays_are_added(opened):
    W = Value(np.ones((2, 2)), label="W")
    page = opened(page_of((W * 2.0 + W).sum()))
    page.keyboard.press("End")
    assert whys(page)[0].startswith("W is used twice: a part came from v2, a part comes now from v1.")
    assert whys(page)[1].endswith("With = here, the new part would replace the old.")


def test_buttons_slider_and_keys(opened):
    page = opened(page_of(neuron()))

    def at() -> str:
        return text(page, "h2").split()[1]

    def press(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).click()

    for name, expected in [("On", "1"), ("On", "2"), ("Back", "1"), ("End", "5"), ("Back", "4"), ("Start", "0")]:
        press(name)
        assert at() == expected
    page.get_by_label("Step", exact=True).fill("3")
    assert at() == "3"
    assert page.get_by_label("Step", exact=True).get_attribute("aria-valuetext").startswith("Step 3 of 5. ")
    page.locator("h1").click()
    for key, expected in [("End", "5"), ("Home", "0"), ("ArrowRight", "1"), ("ArrowLeft", "0"), ("ArrowLeft", "0")]:
        page.keyboard.press(key)
        assert at() == expected
    page.clock.install()
    page.keyboard.press("Space")
    for _ in range(6):
        page.clock.run_for(1300)
    assert at() == "5"


def test_predict_first(opened):
    page = opened(page_of(twice()))
    page.get_by_label("Predict first").check()
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    assert rows(page) == ["local∂c/∂b = b = 6"] * 2
    assert {chip.text_content() for chip in page.locator(".chip text").all()} == {"+ ?"}
    assert shown_grads(page) == {"a": "–", "b": "?", "c": "1"}
    assert "6" not in text(page, "[role=status]").partition("arrived")[2]
    fields = page.locator(".guess input")
    fields.nth(0).fill("6")
    fields.nth(1).fill("5")
    page.get_by_role("button", name="Show").click()
    assert [said.text_content() for said in page.locator(".said").all()] == ["✓ as you said", "you said 5"]
    assert shown_grads(page) == {"a": "–", "b": "12", "c": "1"}
    assert rows(page)[1:3] == ["product1 × 6 = 6", "grad +=0 + 6 = 6"]
    page.get_by_role("button", name="All steps as a table").click()
    assert page.locator("tbody tr").last.text_content() == "2b = a + a = 6?????"


def test_a_prediction_is_not_given_away(opened):
    page = opened(page_of(crossed()))
    page.get_by_label("Predict first").check()
    page.locator("h1").click()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert whys(page) == [f"{x} is used twice: −6 came from e." for x in "ab"]
    assert came(page) == ["− 6", "− 6"]
    page = opened(page_of(twice()))
    page.get_by_label("Predict first").check()
    page.locator("h1").click()
    page.keyboard.press("ArrowRight")
    assert whys(page) == ["b is used twice."] * 2


def test_the_panel_starts_at_its_top(opened):
    page = opened(page_of(crossed()), viewport={"width": 1280, "height": 500})
    page.keyboard.press("End")
    page.evaluate("document.querySelector('.panel').scrollTop = 200")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.querySelector('.panel').scrollTop") == 0


def test_names_that_many_neurons_have(opened):
    page = opened(draw(MLP(3, [4, 4, 1])([1.0, 2.0, 3.0]), format="html").page)
    page.keyboard.press("ArrowRight")
    assert {"Layer 1 > Neuron 0 > out", "Layer 1 > Neuron 1 > out"} <= {row.split("grad")[0] for row in rows(page)}


def test_the_graph_is_one_tab_stop(opened):
    page = opened(page_of(neuron()))
    graph = page.locator("svg.picture")
    graph.focus()
    page.keyboard.press("ArrowDown")
    first = graph.get_attribute("aria-activedescendant")
    assert page.locator(f"#{first}").get_attribute("aria-selected") == "true"
    assert page.locator(f"#{first}").get_attribute("aria-label").startswith("x1 data 2 grad –")
    page.keyboard.press("ArrowUp")
    assert graph.get_attribute("aria-activedescendant") != first
    assert text(page, "h2") == "step 0 of 5"
    page.keyboard.press("ArrowRight")
    assert text(page, "h2") == "step 1 of 5"


def test_zoom_and_drag(opened):
    page = opened(page_of(neuron()))

    def look() -> str:
        return page.locator("svg.picture > g").get_attribute("transform")

    fit = look()
    page.get_by_role("button", name="Zoom in").click()
    assert look() != fit
    page.get_by_role("button", name="Fit").click()
    assert look() == fit
    box = page.locator("svg.picture").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 340, box["y"] + 90)
    page.mouse.up()
    moved = look()
    assert moved != fit
    page.mouse.wheel(0, -200)
    page.wait_for_function(
        "look => document.querySelector('svg.picture > g').getAttribute('transform') !== look", arg=moved
    )


# Arrays, notes, labels


def test_arrays_show_shape_rule_and_numbers(opened):
    X, W = Value(np.ones((2, 3)), label="X"), Value(np.full((3, 2), 0.5), label="W")
    root = X @ W
    root.label = "Y"
    page = opened(page_of(root))
    page.keyboard.press("ArrowRight")
    assert rows(page)[:4] == [
        *("shape2 × 3, float64", "rulearrived @ W.T", "adds[1, 1, 1, 1, 1, 1] (2 × 3, float64)"),
        "grad now[1, 1, 1, 1, 1, 1] (2 × 3, float64)",
    ]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ([2.0, 0.0], "[2, 0]"),
        ([0.25, 0.125, 2.0], "array of 3"),
        (np.ones((2, 3)), "array of 2 × 3"),
        (np.ones(100), "array of 100"),
        (2.5, "data 2.5"),
    ],
)
def test_a_box_does_not_show_a_shape_as_a_number(opened, data, line):
    page = opened(page_of(Value(data, label="x") * 3.0))
    assert line in [text.text_content() for text in page.locator(".box text").all()]


def test_constants(opened):
    named = Value(4.0, label="k").detach()
    named.label = "k"
    x = Value(2.0, label="x")
    page = opened(page_of(where(True, x, named) * 3))
    page.keyboard.press("End")
    assert sorted(" ".join(box.text_content().split()) for box in page.locator(".box.constant").all()) == [
        "3",
        "True",
        "k data 4",
    ]
    assert shown_grads(page)["x"] == "3"
    assert rows(page)[0] == "local∂v1/∂x = where(True, 1, 0) = 1"


def test_the_panel_says_whose_gradients_it_shows(opened):
    root = Value(3.0, label="x") * 6.0
    page = opened(page_of(root))
    assert text(page, ".note").startswith("backward() was not called.")
    root.backward()
    root.backward()
    page = opened(page_of(root))
    page.keyboard.press("End")
    assert text(page, ".part .note") == "x.grad is 12; this pass gives 6."


@pytest.mark.parametrize(
    "label", ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\ud800🙂", "{x}"]
)
def test_a_label_is_text(opened, label):
    page = opened(page_of(Value(2.0, label=label) * 3.0))
    page.keyboard.press("End")
    name = label.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert name[:20] in page.locator(".box.value .name").first.text_content() + name * ("\ufffd" in name)
    assert page.locator("img").count() == 0


# Groups


def test_boxes_open_and_close(opened):
    loss, groups = moons_like(12, [4, 4, 1])
    page = opened(page_of_data(grouped_data(loss, groups, "Moons")))
    page.keyboard.press("End")
    whole = shown_grads(page)["loss"]
    counts = [page.locator(".box").count()]
    for name in ("12 samples", "sample ", "layer 1", "neuron 1.0"):
        page.locator(f'.box.group[aria-label^="{name}"]').first.dispatch_event("click")
        counts.append(page.locator(".box").count())
    assert counts == sorted(set(counts))
    assert text(page, ".legend .group").endswith("closed, each taken whole")
    page.keyboard.press("End")
    assert shown_grads(page)["loss"] == whole == "1"
    assert "–" not in shown_grads(page).values()
    graph = page.locator("svg.picture")
    graph.focus()
    page.keyboard.press("ArrowDown")
    page.locator(".open").last.dispatch_event("click")
    assert page.locator(".box").count() < counts[-1]


def test_the_moons_open_down_to_a_neuron(opened):
    """65,818 values: 7 boxes at first."""
    model = MLP(2, [16, 16, 1])
    X, y = make_moons(n_samples=100, noise=0.1)
    scores = [model([Value(float(v)) for v in row]) for row in X]
    losses = [(1 + -float(yi * 2 - 1) * score).relu() for yi, score in zip(y, scores, strict=True)]
    loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
    text_of_page = draw(loss, format="html", model=model).page
    assert len(text_of_page) < 4_000_000
    page = opened(text_of_page)
    assert page.locator(".box").count() == 7
    for name in ("100 samples", "sample ", "MLP > Layer 1", "MLP > Layer 1 > Neuron 0"):
        page.locator(f'.box.group[aria-label^="{name}"]').first.dispatch_event("click")
    names = [name.text_content() for name in page.locator(".box.value .name").all()]
    assert {"sum", "out", "layers.1.neurons.0.w.0", "layers.1.neurons.0.b"} <= set(names)
    page.keyboard.press("End")
    assert "–" not in shown_grads(page).values()


INSIDE = """() => {
  const boxes = [...document.querySelectorAll(".box .frame")].map(box => box.getBBox());
  const isIn = (b, f) => b.x >= f.x && b.y >= f.y && b.x + b.width <= f.x + f.width && b.y + b.height <= f.y + f.height;
  const frames = [...document.querySelectorAll(".open > rect")].map(frame => frame.getBBox());
  return frames.map(frame => boxes.filter(box => isIn(box, frame)).length);
}"""


def test_open_boxes_have_a_frame_around_what_is_in_them(opened):
    """With more than 120 boxes, the frames were strips that held nothing."""
    loss, groups = moons_like(2, [4, 4, 1])
    page = opened(page_of_data(grouped_data(loss, groups)))
    while page.locator(".box").count() <= 130:
        page.locator('.box.group:not([aria-label*="parameters"])').first.dispatch_event("click")
    frames = page.evaluate(INSIDE)
    assert len(frames) > 8
    assert min(frames) > 1


def test_a_very_large_graph_is_shown_by_its_top_level(opened):
    """Its groups are closed, and stay so."""
    loss, groups = moons_like(3, [3, 1])
    page = opened(page_of_data(top_level(grouped_data(loss, groups))))
    before = page.locator(".box").count()
    page.locator('.box.group[aria-label^="3 samples"]').dispatch_event("click")
    assert text(page, "[role=status]") == "3 samples cannot be opened: this page has the top level alone."
    assert page.locator(".box").count() == before
    page.keyboard.press("End")
    assert shown_grads(page)["loss"] == "1"
    assert "–" not in shown_grads(page).values()
    assert "this is its top level alone" in text(page, ".note")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert re.search(r"3 samples is closed. Its \d+ values are not in this page", text(page, ".panel"))


def test_a_closed_box_is_opened_by_keyboard(opened):
    loss, groups = moons_like(3, [3, 1])
    page = opened(page_of_data(grouped_data(loss, groups)))
    graph = page.locator("svg.picture")
    graph.focus()
    before = page.locator(".box").count()
    for _ in range(20):
        page.keyboard.press("ArrowDown")
        chosen = page.locator(f"#{graph.get_attribute('aria-activedescendant')}")
        if "3 samples" in chosen.get_attribute("aria-label"):
            break
    page.keyboard.press("Enter")
    assert page.locator(".box").count() > before
    page.keyboard.press("ArrowRight")
    assert text(page, "h2").startswith("step 1 of ")


def test_a_closed_box_says_that_it_is_taken_whole(opened):
    loss, groups = moons_like(3, [3, 1])
    page = opened(page_of_data(grouped_data(loss, groups)))
    page.keyboard.press("End")
    assert re.fullmatch(r"3 samples is closed\. Its \d+ steps are taken whole, .*", text(page, ".panel p"))
    assert "taken together" in text(page, "[role=status]")


def test_boxes_in_a_circle_go_in_the_engines_order(opened):
    a = Value(2.0, label="a")
    b = a * 3.0
    c = b.tanh()
    d = c * 4.0 + b
    groups = Grouped([Group("outer", "module")], [0 if node in (b, d) else -1 for node in nodes_of(d)])
    page = opened(page_of_data(grouped_data(d, groups)))
    page.locator(".open").first.dispatch_event("click")
    page.keyboard.press("ArrowRight")
    words = "Boxes here use each other in a circle, so all goes in the engine's own order: now 1 of its 2 steps."
    assert text(page, ".panel p").startswith(f"outer is closed. {words}")


def test_another_version_of_the_data_is_refused(opened):
    page = opened(page_of_data({**data_of(neuron()), "version": 2}))
    assert text(page, "#page") == "This page shows version 1 of micrograd-graph, and not micrograd-graph 2."


# Everywhere


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_sticks_out(opened, scheme, width):
    page = opened(page_of(neuron()), viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.keyboard.press("End")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 27)"
    assert dark == (scheme == "dark")
    page.get_by_role("button", name="Light" if dark else "Dark").click()
    page.wait_for_function(
        "was => (getComputedStyle(document.body).backgroundColor === 'rgb(22, 24, 27)') !== was", arg=dark
    )
    small = page.evaluate(
        "[...document.querySelectorAll('button, input[type=range]')]"
        ".map(e => e.getBoundingClientRect()).filter(r => r.width && (r.height < 36 || r.width < 36)).length"
    )
    assert small == 0


def test_print_shows_the_table_and_no_buttons(opened):
    page = opened(page_of(neuron()))
    page.emulate_media(media="print")
    assert page.locator("table").is_visible()
    assert not page.get_by_role("button", name="Fit").is_visible()


def test_motion_is_reduced(opened):
    page = opened(page_of(neuron()), reduced_motion="reduce")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("getComputedStyle(document.querySelector('.dashes')).animationName") == "none"


def test_in_the_frame_of_a_notebook(opened):
    page = opened(f"<!doctype html><title>notebook</title>{step(neuron())._repr_html_()}")
    frame = page.frame_locator("iframe")
    for _ in range(5):
        frame.get_by_role("button", name="On", exact=True).click()
    assert frame.locator("h2").text_content() == "step 5 of 5"


@pytest.mark.skipif(not Path(AXE).is_file(), reason="axe-core is not here: name its axe.min.js in MICROGRAD_AXE")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(opened, scheme):
    loss, groups = moons_like(3, [3, 1])
    for text_of_page, width in [
        (page_of(twice()), 1280),
        (page_of(neuron()), 400),
        (page_of_data(grouped_data(loss, groups)), 1280),
    ]:
        page = opened(
            text_of_page, color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce"
        )
        page.get_by_role("button", name="All steps as a table").click()
        page.get_by_label("Predict first").check()
        page.locator("h1").click()
        for key in ("Home", "ArrowRight", "End"):
            page.keyboard.press(key)
            page.evaluate(Path(AXE).read_text(encoding="utf-8"))
            found = page.evaluate(
                "axe.run().then(({ violations }) => violations.map(v => [v.id, v.nodes.map(n => n.failureSummary)]))"
            )
            assert found == []
