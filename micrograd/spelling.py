"""Spelling: a folded expression as text, in Python, in LaTeX, or shortly for pictures.

A spelling is a pair: the text, and how tightly it binds, from `COMPARED` to `ATOM`.
What binds less tightly than its place asks for is put in parentheses.
"""

from __future__ import annotations

import keyword
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from micrograd import on_demand as np
from micrograd.folding import in_order, is_expression
from micrograd.interpreter import shape_of

Spelling = tuple[str, int]

COMPARED, SUM, PRODUCT, SIGNED, POWER, ATOM = range(6)
LONGEST = 60  # ops and variables; a longer text gives names to its parts
LEAST = 5  # of a part that gets a name
DEEPEST = 40  # ops within ops; Python's parser has its limits too

# By the op's name: its sign, how tightly it binds, and how tightly its operands must.
OPERATORS = {
    "equal": ("==", COMPARED, SUM, SUM),
    "not_equal": ("!=", COMPARED, SUM, SUM),
    "greater": (">", COMPARED, SUM, SUM),
    "less": ("<", COMPARED, SUM, SUM),
    "greater_equal": (">=", COMPARED, SUM, SUM),
    "less_equal": ("<=", COMPARED, SUM, SUM),
    "add": ("+", SUM, SUM, PRODUCT),
    "subtract": ("-", SUM, SUM, PRODUCT),
    "multiply": ("*", PRODUCT, PRODUCT, SIGNED),
    "divide": ("/", PRODUCT, PRODUCT, SIGNED),
    "matmul": ("@", PRODUCT, PRODUCT, SIGNED),
    "remainder": ("%", PRODUCT, PRODUCT, SIGNED),
    "floor_divide": ("//", PRODUCT, PRODUCT, SIGNED),
    "power": ("**", POWER, ATOM, SIGNED),
}


class Python:
    """Python that evaluates to the number; ops have their names in `OPS`."""

    power = "**"

    def name(self, name: str) -> str:
        """A variable."""
        return name

    def part(self, name: str) -> str:
        """What stands for a part that has a name."""
        return self.name(name)

    def number(self, x: float) -> Spelling:
        """A number with all its digits."""
        if isinstance(x, float) and not math.isfinite(x):
            return ("np.nan" if x != x else "np.inf", ATOM) if not x < 0 else ("-np.inf", SIGNED)
        return repr(float(x) if isinstance(x, float) else x), SIGNED if x < 0 else ATOM

    def array(self, x: Any) -> Spelling:
        """Raw data that is not a Python number."""
        if shape_of(x) == ():
            return self.number(x.item()) if x.dtype == float else (f"np.{x.dtype}({x.item()!r})", ATOM)
        dtype = "" if str(x.dtype) in ("float64", "int64", "bool") else f", dtype={str(x.dtype)!r}"
        if x.size > 1 and (x == x.flat[0]).all():
            first = x.flat[0].item()
            fill = {0.0: "np.zeros(", 1.0: "np.ones("}.get(first) if x.dtype.kind == "f" else None
            return (f"{fill}{x.shape}{dtype})" if fill else f"np.full({x.shape}, {self.number(first)[0]}{dtype})"), ATOM
        if not x.size:
            return f"np.zeros({x.shape}{dtype})", ATOM
        return f"np.array({self._nested(x.tolist())}{dtype})", ATOM

    def _nested(self, x: Any) -> str:
        return f"[{', '.join(map(self._nested, x))}]" if isinstance(x, list) else self.number(x)[0]

    def setting(self, x: Any) -> str:
        """A param."""
        if isinstance(x, float):
            return self.number(x)[0]
        if isinstance(x, (int, str, type(None))):
            return repr(x)
        if isinstance(x, (tuple, list)):
            inside = ", ".join(map(self.setting, x)) + ("," if isinstance(x, tuple) and len(x) == 1 else "")
            return f"({inside})" if isinstance(x, tuple) else f"[{inside}]"
        if isinstance(x, slice):
            return f"slice({self.setting(x.start)}, {self.setting(x.stop)}, {self.setting(x.step)})"
        if isinstance(x, np.ndarray):
            return self.array(x)[0]
        if isinstance(x, np.dtype):
            return repr(str(x))
        if isinstance(x, np.ufunc):
            return f"np.{x.__name__}"
        return x.__name__ if isinstance(x, type) else repr(x)

    def op(self, node: Any, inputs: Sequence[Spelling]) -> Spelling:
        """An op applied to inputs that are spelled already."""
        name, params = node.op.name, node.params
        if name in OPERATORS:
            sign, level, left, right = OPERATORS[name]
            space = "" if level == POWER else " "
            return f"{held(inputs[0], left)}{space}{sign}{space}{held(inputs[1], right)}", level
        if name == "negative":
            return "-" + held(inputs[0], PRODUCT), PRODUCT if inputs[0][1] == PRODUCT else SIGNED
        if name == "raise_to":
            return f"{held(inputs[0], ATOM)}{self.power}{self.setting(params['exponent'])}", POWER
        if name == "getitem":
            return f"{held(inputs[0], ATOM)}[{self.index(params['index'])}]", ATOM
        if name == "transpose" and params.get("axes") is None:
            return f"{held(inputs[0], ATOM)}.T", ATOM
        settings = [f"{k}={self._place(k, v)}" for k, v in _chosen(node).items()]
        called = "abs" if name == "absolute" else name
        return f"{called}({', '.join([text for text, _ in inputs] + settings)})", ATOM

    def _place(self, name: str, x: Any) -> str:
        return f"np.s_[{self.index(x)}]" if name == "index" and isinstance(x, (tuple, slice)) else self.setting(x)

    def index(self, index: Any) -> str:
        """What stands in the brackets of x[...]."""
        if isinstance(index, tuple) and index:
            return ", ".join(map(self._entry, index)) + ("," if len(index) == 1 else "")
        return self._entry(index)

    def _entry(self, x: Any) -> str:
        if not isinstance(x, slice):
            return "..." if x is Ellipsis else self.setting(x)
        bounds = [("" if part is None else self.setting(part)) for part in (x.start, x.stop)]
        return ":".join(bounds) + ("" if x.step is None else f":{self.setting(x.step)}")

    def whole(self, parts: Sequence[tuple[str, str]], text: str) -> str:
        """Everything, where parts have names: one expression on several lines."""
        lines = [f"    {name} := {part},\n" for name, part in parts]
        return f"(\n{''.join(lines)}    {text},\n)[-1]"


class Short(Python):
    """A few signs for pictures: `x^2`, four digits, dots for what is too long."""

    power = "^"

    def part(self, name: str) -> str:
        return "..."

    def whole(self, parts: Sequence[tuple[str, str]], text: str) -> str:
        return text

    def number(self, x: float) -> Spelling:
        return f"{x:.4g}", SIGNED if x < 0 else ATOM

    def setting(self, x: Any) -> str:
        return self.number(x)[0] if isinstance(x, float) else super().setting(x)

    def op(self, node: Any, inputs: Sequence[Spelling]) -> Spelling:
        text, level = super().op(node, inputs)
        return (text.replace("**", "^"), level) if node.op.name == "power" else (text, level)


class Latex(Python):
    """LaTeX, by the `tex` of the op's facts, with four digits."""

    def name(self, name: str) -> str:
        stem, _, below = name.partition("_")
        if not below and (match := re.fullmatch(r"([A-Za-z]+)(\d+)", stem)):
            stem, below = match.groups()
        stem = f"\\{stem}" if stem.lower() in GREEK else stem if len(stem) == 1 else _upright(stem)
        return f"{stem}_{{{below if below.isdigit() or len(below) == 1 else _upright(below)}}}" if below else stem

    def number(self, x: float) -> Spelling:
        if not math.isfinite(x):
            return (r"\mathrm{nan}" if x != x else r"\infty", ATOM) if not x < 0 else (r"-\infty", SIGNED)
        digits, _, power = f"{x:.4g}".partition("e")
        if not power:
            return digits, SIGNED if x < 0 else ATOM
        return f"{digits} \\cdot 10^{{{int(power)}}}", PRODUCT

    def array(self, x: Any) -> Spelling:
        if shape_of(x) == ():
            return self.number(x.item())
        if x.ndim > 2 or x.size > 100:
            return _upright(f"array {shape_of(x)}"), ATOM
        if x.size > 1 and (x == x.flat[0]).all():
            number, _ = self.number(x.flat[0].item())
            sizes = r" \times ".join(map(str, x.shape))
            return rf"\mathbf{{{number}}}_{{{sizes}}}", ATOM
        rows = [x] if x.ndim == 1 else list(x)
        text = r" \\ ".join(" & ".join(self.number(n)[0] for n in row.tolist()) for row in rows)
        return rf"\begin{{pmatrix}} {text} \end{{pmatrix}}", ATOM

    def op(self, node: Any, inputs: Sequence[Spelling]) -> Spelling:
        name, params = node.op.name, node.params
        if name in TEX:
            return TEX[name](self, node, inputs)
        if node.op.facts.tex:
            params = (node.op.forward.__kwdefaults__ or {}) | params
            return _filled(node.op.facts.tex, inputs, {k: self._shown(v) for k, v in params.items()})
        settings = [f"{_upright(k)}={self._shown(v)}" for k, v in _chosen(node).items()]
        called = rf"\{name}" if name in KNOWN else rf"\operatorname{{{_escaped(name)}}}"
        inside = ", ".join([text for text, _ in inputs] + settings)
        return rf"{called}\left({inside}\right)", ATOM

    def _shown(self, x: Any) -> str:
        if isinstance(x, (int, float)) and not isinstance(x, bool):
            return self.number(x)[0]
        return _upright(Short().setting(x))  # as text: an array in it would be escaped twice

    def whole(self, parts: Sequence[tuple[str, str]], text: str) -> str:
        lines = [f"{name} &= {part} \\\\\n" for name, part in parts]
        return "\\begin{aligned}\n" + "".join(lines) + f"& {text}\n\\end{{aligned}}"


GREEK = frozenset(
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu".split()
    + "nu xi pi rho sigma tau phi chi psi omega".split()
)
KNOWN = frozenset("exp log sin cos tan sinh cosh tanh arcsin arccos arctan max min".split())


def _between(sign: str, level: int, left: int, right: int) -> Callable[..., Spelling]:
    def spell(latex: Latex, node: Any, inputs: Sequence[Spelling]) -> Spelling:
        return f"{in_latex(inputs[0], left)} {sign} {in_latex(inputs[1], right)}", level

    return spell


def _product(latex: Latex, node: Any, inputs: Sequence[Spelling]) -> Spelling:
    x, y = in_latex(inputs[0], PRODUCT), in_latex(inputs[1], SIGNED)
    if node.op.name == "matmul" and len(shape_of(node.inputs[0])) == len(shape_of(node.inputs[1])) == 1:
        return rf"{in_latex(inputs[0], ATOM)}^\top {y}", PRODUCT
    if y.startswith(r"\left["):  # 1 times a truth is the truth
        x = "" if x == "1" else x
    y = rf"\left({y}\right)" if y.startswith("-") else y
    is_run_together = y[:1].isdigit() or not (x[-1:].isalnum() or x[-1:] in "})]|") or re.search(r"\\[a-z]+ \S+$", x)
    return f"{x} \\cdot {y}" if x and is_run_together else f"{x} {y}".strip(), PRODUCT


def _quotient(latex: Latex, node: Any, inputs: Sequence[Spelling]) -> Spelling:
    return rf"\frac{{{inputs[0][0]}}}{{{inputs[1][0]}}}", SIGNED


def _negated(latex: Latex, node: Any, inputs: Sequence[Spelling]) -> Spelling:
    return "-" + in_latex(inputs[0], PRODUCT), PRODUCT if inputs[0][1] == PRODUCT else SIGNED


def _raised(latex: Latex, node: Any, inputs: Sequence[Spelling]) -> Spelling:
    exponent = latex.number(node.params["exponent"])[0] if node.params else inputs[1][0]
    return f"{in_latex(inputs[0], ATOM)}^{{{exponent}}}", POWER


def _cases(latex: Latex, node: Any, inputs: Sequence[Spelling]) -> Spelling:
    condition, x, y = (text for text, _ in inputs)
    condition = condition.removeprefix(r"\left[").removesuffix(r"\right]")
    return rf"\begin{{cases}} {x} & {condition} \\ {y} & \text{{otherwise}} \end{{cases}}", PRODUCT


def _compared(sign: str) -> Callable[..., Spelling]:
    """A truth in brackets: 1 where it holds, else 0."""

    def spell(latex: Latex, node: Any, inputs: Sequence[Spelling]) -> Spelling:
        x, y = (in_latex(x, SUM) for x in inputs)
        return rf"\left[{x} {sign} {y}\right]", ATOM

    return spell


def _indexed(latex: Latex, node: Any, inputs: Sequence[Spelling]) -> Spelling:
    x = in_latex(inputs[0], ATOM)
    x = f"{{{x}}}" if "_" in x else x  # x_{1}_{0} is an error in LaTeX
    return f"{x}_{{{latex.index(node.params['index'])}}}", ATOM


def _transposed(latex: Latex, node: Any, inputs: Sequence[Spelling]) -> Spelling:
    return f"{in_latex(inputs[0], ATOM)}^\\top", POWER


# Operators, by the op's name; they need no `tex`.
TEX: dict[str, Callable[..., Spelling]] = {
    "equal": _compared("="),
    "not_equal": _compared(r"\neq"),
    "greater": _compared(">"),
    "less": _compared("<"),
    "greater_equal": _compared(r"\geq"),
    "less_equal": _compared(r"\leq"),
    "add": _between("+", SUM, SUM, PRODUCT),
    "subtract": _between("-", SUM, SUM, PRODUCT),
    "multiply": _product,
    "divide": _quotient,
    "matmul": _product,
    "negative": _negated,
    "power": _raised,
    "raise_to": _raised,
    "where": _cases,
    "getitem": _indexed,
    "transpose": _transposed,
}


BEFORE = re.compile(r"(\{\{|[(|,\[&]|\\lfloor|\\lceil)\s*$")
AFTER = re.compile(r"\s*(\}\}|[)|,\]&]|\\right|\\rfloor|\\rceil)")


def _filled(tex: str, inputs: Sequence[Spelling], params: dict[str, str]) -> Spelling:
    """A format string, filled. An input between braces or bars needs no parentheses."""
    texts = []
    for i, (text, level) in enumerate(inputs):
        before, _, after = tex.partition(f"{{{i}}}")
        is_enclosed = BEFORE.search(before) and AFTER.match(after)
        texts.append(text if is_enclosed else in_latex((text, level), ATOM))
    is_atom = re.search(r"\\right([)|]|\\rfloor|\\rceil)$", tex)
    return tex.format(*texts, **params), ATOM if is_atom else POWER


def in_latex(spelling: Spelling, level: int) -> str:
    """The text for a place that asks for this level."""
    return spelling[0] if spelling[1] >= level else rf"\left({spelling[0]}\right)"


def held(spelling: Spelling, level: int) -> str:
    """The text for a place that asks for this level."""
    return spelling[0] if spelling[1] >= level else f"({spelling[0]})"


def spelled(root: Any, style: Python) -> str:
    """A folded expression as text.

    Args:
        root: a Symbol, or the number or array that folding has left.
        style: Python(), Short() or Latex().
    """
    order = in_order(root)
    named = _parts_to_name(order)
    taken = {node.name for node in order}
    spellings: dict[int, Spelling] = {}
    parts: list[tuple[str, str]] = []
    for node in order:
        if node.op is None:
            spellings[id(node)] = style.name(node.name), ATOM
            continue
        text, level = style.op(node, [_input(x, spellings, style) for x in node.inputs])
        if id(node) in named and node is not root:
            name = next(name for i in range(len(order)) if (name := f"t{len(parts) + i}") not in taken)
            taken.add(name)
            parts.append((style.name(name), text))
            text, level = style.part(name), ATOM
        spellings[id(node)] = text, level
    text = _input(root, spellings, style)[0]
    return style.whole(parts, text) if parts else text


def _input(x: Any, spellings: dict[int, Spelling], style: Python) -> Spelling:
    if is_expression(x):
        return spellings[id(x)]
    return style.number(x) if isinstance(x, (int, float)) and not hasattr(x, "dtype") else style.array(x)


def _parts_to_name(order: Sequence[Any]) -> set[int]:
    """What a long expression gives names to: parts used twice, and what is too deep."""
    uses = Counter(id(x) for node in order for x in node.inputs)
    size: dict[int, int] = {}
    depth: dict[int, int] = {}
    named: set[int] = set()
    for node in order:
        below = [id(x) for x in node.inputs if is_expression(x)]
        size[id(node)] = 1 + sum(size[i] for i in below)
        depth[id(node)] = 1 + max((0 if i in named else depth[i] for i in below), default=-1)
        if depth[id(node)] >= DEEPEST:
            named.add(id(node))
    if not order or size[id(order[-1])] <= LONGEST:
        return named
    return named | {id(node) for node in order if size[id(node)] >= LEAST and uses[id(node)] > 1}


def is_name(name: str) -> bool:
    """Whether Python takes it for the name of a variable."""
    return name.isidentifier() and not keyword.iskeyword(name)


def _chosen(node: Any) -> dict[str, Any]:
    """The params that are not as by default."""
    defaults = getattr(node.op.forward, "__kwdefaults__", None) or {}
    return {k: v for k, v in node.params.items() if not _is_default(v, defaults.get(k, ...))}


def _is_default(x: Any, default: Any) -> bool:
    return x is default or (type(x) is type(default) and not hasattr(x, "dtype") and bool(x == default))


def _upright(text: str) -> str:
    return rf"\mathrm{{{_escaped(text)}}}"


def _escaped(text: str) -> str:
    return re.sub(r"([_%{}#&$])", r"\\\1", text)
