"""Why a gradient is what it is: the first of fourteen diagnoses that holds.

| diagnosis | what holds |
|---|---|
| not-called | `backward()` was not called on root |
| zeroed-after | root gives x a gradient, and `x.grad` is 0 |
| stale | data was assigned since root was computed |
| constant-copy | x is not below root; a constant with its data is |
| other-leaf | x is not below root; another value of its label or data is |
| not-made-from | x is not below root |
| not-finite | root gives x a nan or an infinity |
| accumulated | `x.grad` is not what root gives x |
| multiplied-by-zero | root gives x 0, because of a product with 0 |
| dead-relu | root gives x 0, because ReLUs are off, or other parts are chosen |
| saturated | an op on the largest way is on a flat end |
| cancelled | parts add up to 0, or to almost 0 |
| grew | the gradient grew on the way |
| nothing-wrong | none of these |
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from micrograd import on_demand as np
from micrograd.engine import Value, toposort
from micrograd.interpreter import Interpreter, shape_of
from micrograd.node import Node, data_of, holds_grad, inputs_of, is_constant
from micrograd.quiet import quietly
from micrograd.see.given import check_numbers, paths_in
from micrograd.see.noted import size_of
from micrograd.see.numerals import apart, brief, in_full, listed
from micrograd.see.order import preformatted
from micrograd.see.reasons import REASONS
from micrograd.see.telling import Telling
from micrograd.see.ways import Ways, is_finite, is_zero
from micrograd.stale import is_stale

CLOSE = 1e-9  # relative: by this a gradient may differ and still be the same; 1e-5 for float32


def why_grad(x: Value, root: Value, *, model: Any = None) -> Diagnosis:
    """Say why `x.grad` is what it is after `root.backward()`: zero, nan, too large, or
    right.

    Gradients are computed anew, in one backward pass. Nobody's `.grad` is touched. Of
    several causes the first is told, in the order of the table in
    `micrograd.see.why`. After the repair, ask again.

    A slope below 1e-3 on a flat end is saturated. Parts cancel where their sum is below
    1e-6 of the largest. A gradient grew where it is over 1e6 times that of root. An
    array's gradient is zero where all of its elements are.

    Args:
        x: the value whose gradient is in question.
        root: the value on which `backward()` was called, such as the loss.
        model: a Module; its parameters without a label are called by their paths in it.

    Returns:
        The Diagnosis. It prints itself.

    Raises:
        DataError: x or root is not a Value, or holds no numbers, as inside a transform.
        GradientError: a node in between has a `_backward` of its own.
        ArgumentError: model is not a Module.

    >>> w, x = Value(3.0, label="w"), Value(0.0, label="x")
    >>> L = w * x
    >>> L.label = "L"
    >>> L.backward()
    >>> why_grad(w, L)
    w.grad is 0, because it is multiplied by x, which is 0.
      L = w * x = 0: its derivative by w is x = 0; the 1 that arrived is multiplied by
      that. However w changes, L stays 0.
      If x is not meant to be 0, look at where it comes from.
    """
    for name, v in (("x", x), ("root", root)):
        check_numbers("why_grad", name, v)
    case = Case(x, root, paths_in("why_grad", model))
    with quietly():
        told = next(told for look in LOOKS if (told := look(case)) is not None)
    return Diagnosis(*told)


class Diagnosis:
    """Why a gradient is what it is. `str()` is the text.

    Attributes:
        name: of the diagnosis, such as "dead-relu".
        head: the answer, in a sentence.
        evidence: sentences with the numbers.
        repair: what to do; empty where nothing is wrong.
    """

    def __init__(self, name: str, head: str, evidence: list[str], repair: str = "") -> None:
        self.name, self.head, self.evidence, self.repair = name, head, evidence, repair

    def __str__(self) -> str:
        return "\n  ".join([self.head, *self.evidence, *filter(None, [self.repair])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return preformatted(str(self))


Told = tuple[str, str, list[str], str]  # the parts of a Diagnosis


class Case:
    """What is asked: x and root, with what is known of both.

    Attributes:
        paths: names of parameters, by the value.
        grad: `x.grad` as it is.
        is_called: whether root has a gradient, as after `backward()`.
        told: names and numbers in words.
        is_below: whether root was made from x, or is x.
    """

    def __init__(self, x: Value, root: Value, paths: dict[Any, str]) -> None:
        self.x, self.root, self.paths = x, root, paths
        self.grad = _plain(x.grad)
        own = _plain(root.grad)
        self.is_called = holds_grad(root) or not is_zero(own)
        self.seed = own if self.is_called and root is not x else None
        self.told = Telling(root, x, paths)
        self.order = toposort(root)
        self.is_below = not is_constant(x) and not is_constant(root) and any(node is x for node in self.order)

    @cached_property
    def ways(self) -> Ways:
        """The ways from root back to x."""
        return Ways(self.root, self.x, self.seed)

    @cached_property
    def given(self) -> Any:
        """The gradient that root gives x: zeros where nothing arrived."""
        given = self.ways.grads.get(self.x)
        return np.zeros(shape_of(data_of(self.x))) if given is None else given

    @property
    def grad_is(self) -> str:
        """The begin of a head line: "x.grad is 0"."""
        return f"{self.told.x}.grad is {brief(self.grad)}"

    def is_right(self) -> bool:
        """Whether `x.grad` is what root gives."""
        parts = [size_of(use.part) for use in self.ways.uses.get(self.x, [])]
        scale = max([size_of(self.given), *parts])
        dtype = getattr(data_of(self.x), "dtype", None)
        close = CLOSE if dtype is None or np.dtype(dtype).itemsize > 4 else 1e-5
        gap = np.abs(np.asarray(self.grad, float) - np.asarray(self.given, float))
        return bool(np.all(gap <= close * scale))


def _plain(grad: Any) -> Any:
    """The numbers of a gradient: it is a Value after `backward(create_graph=True)`."""
    while isinstance(grad, Node):
        grad = data_of(grad)
    return grad


def _swapped(case: Case) -> Told | None:
    """Root was given in the place of x."""
    if case.is_below or not any(node is case.root for node in toposort(case.x)[:-1]):
        return None
    told = Telling(case.x, case.root, case.paths)
    r, x = told.x, told.root
    head = f"{x}.grad is {brief(case.grad)}, and nothing of it comes from {r}: it is the other way round."
    return (
        "not-made-from",
        head,
        [f"{x} was made from {r}."],
        f"Ask why_grad({r}, {x}): first the value, then the root.",
    )


def _no_history(case: Case) -> Told | None:
    """Root or x is a constant: `backward()` does not go there."""
    r, x = case.told.root, case.told.x
    if is_constant(case.root):
        why = "because" if is_zero(case.grad) else f"and not from {r}, as"
        head = f"{case.grad_is}, {why} {r} has no history, and {r}.backward() is refused."
        evidence = f"{r} is a constant: detached, or made under no_grad() or from constants alone."
        return "not-made-from", head, [evidence], f"Make {r} from Values, outside of no_grad(), and without detach()."
    if is_constant(case.x):
        head = f"{case.grad_is}, because it is a constant."
        evidence = f"{x} was detached, or made under no_grad() or from constants alone: no gradient goes to it."
        return "constant-copy", head, [evidence], "Ask for the value that it was made from, and use that one."
    return None


def _not_called(case: Case) -> Told | None:
    r, x = case.told.root, case.told.x
    if not case.is_called:
        why = f"because {r}.backward() was not called"
        head = f"{case.grad_is}, {why}."
        if not is_zero(case.grad):
            head = f"{case.grad_is}, and not from {r}, {why}."
        evidence = f"{r} has no gradient; {r}.backward() gives it 1"
        if not case.is_below:
            return (
                "not-called",
                head,
                [f"{evidence}, and {x} none: {r} was not made from {x}."],
                f"Use {x} in the forward pass. Then call {r}.backward().",
            )
        return "not-called", head, [f"{evidence}, and {x} {brief(case.given)}."], f"Call {r}.backward()."
    if case.is_below and _is_of_another_walk(case):
        grad, given = apart(case.grad, case.given)
        head = f"{x}.grad is {grad}, and not from {r}: {r} gives it {given}."
        evidence = f"{x} was made by an op. Its gradient is that of the last backward() that went through it."
        return "not-called", head, [evidence], f"Call {r}.backward() last."
    return None


def _is_of_another_walk(case: Case) -> bool:
    """Whether x was made by an op, and its gradient comes from another root."""
    if not inputs_of(case.x) or case.x is case.root or is_zero(case.grad) or not is_finite(case.given):
        return False
    return not case.is_right() and not any(map(is_stale, case.order))


def _zeroed_after(case: Case) -> Told | None:
    if not case.is_below or not is_zero(case.grad) or is_zero(case.given):
        return None
    r, x = case.told.root, case.told.x
    head = f"{case.grad_is}, because it was set to 0 after {r}.backward()."
    own = brief(_plain(case.root.grad))
    evidence = f"{r} has the gradient {own}, so backward() was called; it gives {x} {brief(case.given)}."
    return "zeroed-after", head, [evidence], f"Call zero_grad() before {r}.backward(), and not between it and the step."


def _stale(case: Case) -> Told | None:
    node = next((node for node in case.order if is_stale(node)), None)
    if node is None:
        return None
    told = case.told
    nodes = dict.fromkeys(y for y in inputs_of(node) if isinstance(y, Node))
    say: Callable[[Any], str] = brief
    try:
        now = node._record.run(*[[data_of(y) for y in inputs_of(node)]] * 2, node._params or {})
        was, is_now = apart(data_of(node), now)
        ending = f"where its inputs now give {is_now}"
        say = brief if was == brief(data_of(node)) else in_full
    except (ArithmeticError, ValueError, IndexError, TypeError):  # as in is_stale
        was, ending = brief(data_of(node)), "and its op has no answer for its inputs as they are now"
    head = f"{case.grad_is}, and cannot be trusted: data was changed after {told.root} was computed."
    inputs = listed([f"{told.name(y)} is {say(data_of(y))}" for y in nodes])
    evidence = f"{told.made(node)} is {was}, {ending}: {inputs}."
    repair = f"Compute {told.root} again, call backward(), and ask before you change data, as a step of training does."
    return "stale", head, [evidence], repair


def _not_made_from(case: Case) -> Told | None:
    if case.is_below:
        return None
    r, x = case.told.root, case.told.x
    head = f"{case.grad_is}, because {r} was not made from it."
    if not is_zero(case.grad):
        head = f"{case.grad_is}, and nothing of it comes from {r}, because {r} was not made from it."
    if (copy := _copy_below(case)) is not None:
        user, y = copy
        evidence = f"{case.told.made(user)} uses a constant with the data of {x}, {brief(data_of(y))}, in its place."
        repair = f"Use {x} itself: detach(), .data, float() and no_grad() cut the history."
        return "constant-copy", head, [evidence], repair
    below = [node for node in case.order if node is not case.root]
    others = [y for y in case.order if case.x.label and y.label == case.x.label and _may_be_anew(case, y)]
    if others:
        evidence = f"Another value labelled {x!r} is below {r}: its data is {brief(data_of(others[0]))}, "
        evidence += f"that of the {x} you asked for is {brief(data_of(case.x))}."
        return (
            "other-leaf",
            head,
            [evidence],
            f"Was {x} made anew? Assign to {x}.data to change it, and keep the Value.",
        )
    if (leaf := _leaf_with_the_data(case)) is not None:
        evidence = f"{case.told.name(leaf)}, another leaf below {r}, has the data of {x}, {brief(data_of(leaf))}."
        return "other-leaf", head, [evidence], f"Was it made from {x}.data? Use {x} itself: a Value of its data is new."
    evidence = f"{x} is none of the {len(below)} values below {r}." if below else f"{r} is a leaf: no op made it."
    return "not-made-from", head, [evidence], "Use it in the forward pass, or differentiate by a value that is used."


def _may_be_anew(case: Case, y: Any) -> bool:
    """Whether a value of the same label may be x, made anew. Layers label their weights
    alike.
    """
    return y not in case.paths and shape_of(data_of(y)) == shape_of(data_of(case.x))


def _copy_below(case: Case) -> tuple[Any, Any] | None:
    """A constant below root with the data of x, and the node that uses it."""
    data = data_of(case.x)
    for user in case.order:
        for y in inputs_of(user):
            if isinstance(y, Node) and not is_constant(y):
                continue
            other = data_of(y)
            if other is data and shape_of(data) != ():
                return user, y
            if isinstance(other, Interpreter) or shape_of(other) != shape_of(data) or not _are_equal(other, data):
                continue
            is_named = isinstance(y, Node) and bool(case.x.label) and y.label == case.x.label
            if is_named or not _is_common(data):
                return user, y
    return None


def _leaf_with_the_data(case: Case) -> Any:
    """A leaf below root with the data of x, as `Value(x.data)` is."""
    data = data_of(case.x)
    for node in case.order:
        other = data_of(node)
        if inputs_of(node) or isinstance(other, Interpreter) or shape_of(other) != shape_of(data):
            continue
        if (other is data and shape_of(data) != ()) or (not _is_common(data) and _are_equal(other, data)):
            return node
    return None


def _are_equal(a: Any, b: Any) -> bool:
    return bool(np.all(np.asarray(a) == np.asarray(b)))


def _is_common(data: Any) -> bool:
    """Whether others may have this data by chance: small whole numbers, and a half."""
    x = np.asarray(data, float)
    return bool(np.all((x == np.floor(x)) & (np.abs(x) <= 100)) or np.all(np.abs(x) == 0.5) or not x.size)


def _accumulated(case: Case) -> Told | None:
    if not is_finite(case.given) or case.is_right():
        return None
    r, x = case.told.root, case.told.x
    grad, given = apart(case.grad, case.given)
    times = _whole_ratio(case)
    before = f"Before the next one: {x}.zero_grad(), or model.zero_grad()."
    if times:
        head = f"{x}.grad is {grad}, which is {times} times what {r} gives: {given}."
        evidence = f"backward() adds to what is there, and was called {times} times since the gradient was zeroed, "
        return "accumulated", head, [f"{evidence}or on more than {r}."], before
    if share := _share(case):
        head = f"{x}.grad is {grad}, which is {share:.4g} times what {r} gives: {given}."
        evidence = f"{x}.grad was changed after {r}.backward(), as by clipping, or other parts were added to it."
        return "accumulated", head, [evidence], "If that is not meant: ask before the gradients are clipped or scaled."
    other = np.asarray(case.grad, float) - np.asarray(case.given, float)
    head = f"{x}.grad is {grad}, and {r} gives {given}: the other {brief(other)} was there before, or came later."
    evidence = f"backward() adds to what is there. It was called on something else too, or {x}.grad was changed."
    return "accumulated", head, [evidence], before


def _whole_ratio(case: Case) -> int:
    """How many times what root gives is in `x.grad`; 0 where it is not a whole number
    from 2 on.
    """
    times = _ratio(case, 1e-6)
    return round(times) if times > 1.5 and abs(times - round(times)) < 1e-6 * times else 0


def _share(case: Case) -> float:
    """Which share of what root gives is in `x.grad`; 0 where not all of it has the
    same, between 0 and 1.
    """
    times = _ratio(case, 1e-5)
    return times if 0 < times < 1 else 0.0


def _ratio(case: Case, close: float) -> float:
    """`x.grad` by what root gives, where all elements have the same; or else 0."""
    grad, given = np.asarray(case.grad, float), np.asarray(case.given, float)
    if not is_finite(grad) or is_zero(given):
        return 0.0
    place = np.unravel_index(int(np.argmax(np.abs(given))), given.shape)
    times = float(grad[place] / given[place])
    is_same = np.all(np.abs(grad - times * given) <= close * size_of(given) * abs(times))
    return times if is_same and np.isfinite(times) else 0.0


def _nothing_wrong(case: Case) -> Told:
    r, x = case.told.root, case.told.x
    head = f"{case.grad_is}: nothing is wrong."
    if case.x is case.root:
        return "nothing-wrong", head, [f"The derivative of {r} by itself is 1."], ""
    count = len(case.ways.uses[case.x])
    uses = "one use" if count == 1 else f"{count} uses"
    seed = (
        "" if is_zero(np.asarray(case.ways.seed, float) - 1) else f", where {r}.grad is {brief(_plain(case.root.grad))}"
    )
    return "nothing-wrong", head, [f"{r} gives {x} {brief(case.given)}, by {uses} of it{seed}: the same."], ""


LOOKS: list[Callable[[Any], Told | None]] = [
    _swapped,
    _no_history,
    _not_called,
    _zeroed_after,
    _stale,
    _not_made_from,
    REASONS["not-finite"],
    _accumulated,
    REASONS["zero"],
    REASONS["saturated"],
    REASONS["cancelled"],
    REASONS["grew"],
    _nothing_wrong,
]
