"""An expression as text: Python's arithmetic and the ops of the table, and no more.

`ast` reads the text, and Python evaluates nothing: each part is an op of the table, a
name, or a number. So a text from a stranger can compute something, and do nothing else.
Scalars need no NumPy.
"""

from __future__ import annotations

import ast
import functools
import math
import operator
import re
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from micrograd import ops
from micrograd.arrays import as_operand
from micrograd.errors import ArgumentError, DataError, MicrogradError, OpError
from micrograd.interpreter import Interpreter, shape_of
from micrograd.op import Op
from micrograd.ops.calls import plan_of, read_op_call

LONGEST = 10_000  # characters of a text
DEEPEST = 80  # brackets within brackets
LARGEST = 2_000  # elements of an array
EXACT = 2**53  # beyond it a whole number becomes a float
LARGEST_PARAM = 1_000  # of n in polygamma(x, n=2), say, which takes as many steps
PART = 50  # characters of a part, in an error

CONSTANTS = {"pi": math.pi, "e": math.e}  # where no variable has the name
SPELLINGS = {"abs": "absolute", "pow": "power", "ln": "log"}  # what many write

INTERNAL = frozenset(  # ops that others are made of, with params that only these get right
    """bessel_ie betainc_dab cast clipped cofactor cofactor_slope contract convolved crossed eigenpairs euclidean_norm
    gammainc_da i0_derivative index_add index_set linear log_softmaxed middle ndtr_gap ndtr_slope orthogonal_factors
    overlap_add quantile_places recurrence rows_at rows_put scatter scattered sinc_derivative singular_triplets
    softmaxed standardized symmetric_function""".split()
)
COMPOSITES = frozenset(  # functions made of ops
    """average celu clip concatenate cosine_similarity cross cumprod deg2rad degrees det diag diagonal diff dot elu
    expand_dims flip gelu hardsigmoid hardswish hardtanh inner inv kron leaky_relu log_softmax logsumexp
    matrix_transpose mean median mish norm outer prod ptp rad2deg radians ravel reciprocal relu6 roll rsqrt selu silu
    softmax softshrink solve sort square squeeze stack std swapaxes tril triu var vdot vecdot""".split()
)

ARITHMETIC: dict[type, tuple[Callable[..., Any], Callable[..., Any]]] = {  # on Values and arrays; on plain numbers
    ast.Add: (operator.add, ops.add),
    ast.Sub: (operator.sub, ops.subtract),
    ast.Mult: (operator.mul, ops.multiply),
    ast.Div: (operator.truediv, ops.divide),
    ast.FloorDiv: (operator.floordiv, ops.floor_divide),
    ast.Mod: (operator.mod, ops.remainder),
    ast.Pow: (operator.pow, ops.power),
    ast.MatMult: (operator.matmul, ops.matmul),
}
SIGNS: dict[type, Callable[..., Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
# Not Python's operators: `==` of two Values asks whether they are the same object.
COMPARISONS = {
    ast.Eq: ops.equal,
    ast.NotEq: ops.not_equal,
    ast.Lt: ops.less,
    ast.LtE: ops.less_equal,
    ast.Gt: ops.greater,
    ast.GtE: ops.greater_equal,
}

_A_LOOP = "there are no loops; write lists of numbers, and ops such as sum(x)"
REFUSED = {
    "Subscript": "elements are not taken by [ ]; give each number a name of its own",
    "Lambda": "functions are not made here; call an op by its name, as tanh(x)",
    "JoinedStr": "texts are not used here; write numbers and names",
    "NamedExpr": "write a statement of its own: a = x*2; a + 1",
    "Starred": "write out each argument",
    "IfExp": "write where(condition, a, b)",
    "BoolOp": "write logical_and(a, b) or logical_or(a, b)",
    "AugAssign": "a name gets a value once; take a new name: b = a + 1",
    "AnnAssign": "leave the type out: a = x*2",
    **dict.fromkeys(["ListComp", "SetComp", "DictComp", "GeneratorExp", "For", "While"], _A_LOOP),
}
ONLY = "only numbers, names, arithmetic, ops such as tanh(x), and statements name = ... are known here"


class Step(NamedTuple):
    """One step of the computation: it takes results off the stack, and puts one on.

    Attributes:
        act: what makes the new result.
        taken: how many results it takes.
        node: the part of the text, for errors.
    """

    act: Callable[..., Any]
    taken: int
    node: ast.AST


class Expression:
    """An expression, read and checked.

    The text may have several statements: `n = x*w + b; tanh(n)`. The last one is the
    result. A name is assigned once.

    Args:
        text: the expression, of at most 10,000 characters.

    Attributes:
        text: the text.
        names: the names that need a value, in the order of the text.
        assigned: the names that the text assigns, in its order.
        numbers: those of them that get a number, as in `a = 2`.
        result_name: the name of the result, if the last statement is an assignment.

    Raises:
        ArgumentError: the text is too long or too deep, or is not of this language.
        OpError: it calls something that is not an op.

    >>> expression = Expression("n = x*w + b; tanh(n)")
    >>> expression.names, expression.assigned
    (['x', 'w', 'b'], ['n'])
    >>> expression.run({"x": 2.0, "w": -3.0, "b": 6.0})
    0.0
    """

    def __init__(self, text: str) -> None:
        _check_text(text)
        self.text = text.strip()
        self.names: list[str] = []
        self.assigned: list[str] = []
        self.numbers: set[str] = set()
        self.result_name = ""
        self._statements: list[tuple[str, list[Step]]] = []
        for statement in _parsed(self.text):
            self._read_statement(statement)

    def run(self, values: Mapping[str, Any], assign: Callable[[str, Any], Any] = lambda name, x: x) -> Any:
        """Compute the expression on numbers, arrays, Values, Symbols and their like.

        Args:
            values: what each name stands for. `pi` and `e` need nothing.
            assign: is called with a name that the text assigns and what was computed
                for it. It gives what the name stands for from there on.

        Returns:
            What the last statement computes.

        Raises:
            ArgumentError: a name has no value, or a number is too large.
            MicrogradError: what an op raises, with the part of the text.
        """
        known = {**CONSTANTS, **values}
        if missing := [name for name in self.names if name not in known]:
            raise ArgumentError(_about_missing(missing))
        result = None
        for name, steps in self._statements:
            stack: list[Any] = []
            for step in steps:
                taken = stack[len(stack) - step.taken :]
                del stack[len(stack) - step.taken :]
                stack.append(self._done(step, known, taken))
            result = _as_array(stack.pop())
            if name:
                result = known[name] = assign(name, result)
        return result

    def _done(self, step: Step, known: dict[str, Any], taken: list[Any]) -> Any:
        try:
            result = step.act(known, *taken)
            if not isinstance(result, (int, float, list, type(None))):
                _check_size(result)
            return result
        except MicrogradError as error:
            raise type(error)(f"{error}\nin the part {self._part(step.node)}") from None
        except Exception as error:  # an op that is given nonsense may fail in its own way
            raise ArgumentError(f"expression: {self._part(step.node)} cannot be computed: {error}") from None

    # Reading

    def _read_statement(self, statement: ast.stmt) -> None:
        name, value = "", statement
        if isinstance(statement, ast.Assign):
            target, *more = statement.targets
            if more or not isinstance(target, ast.Name):
                raise self._refused(statement, "assign one name at a time: a = x*2")
            name, value = target.id, statement.value  # type: ignore[assignment]
        elif isinstance(statement, ast.Expr):
            value = statement.value  # type: ignore[assignment]
        if isinstance(value, ast.Tuple):
            raise self._refused(value, "one result is needed; an array is written [1, 2], a decimal point as in 1.2")
        steps = self._steps(value)
        if name in self.assigned or name in self.names:
            raise self._refused(statement, f"{name} has a value already; take another name")
        if name:
            self.assigned.append(name)
            if all(step.node.id in CONSTANTS for step in steps if isinstance(step.node, ast.Name)):
                self.numbers.add(name)
        self.result_name = name
        self._statements.append((name, steps))

    def _steps(self, root: ast.AST) -> list[Step]:
        """The steps that compute a part, its inputs first. Without recursion: a sum may
        have thousands of terms.
        """
        steps: list[Step] = []
        ahead: list[Any] = [root]
        while ahead:
            item = ahead.pop()
            if isinstance(item, Step):
                steps.append(item)
                continue
            act, inputs = self._read(item)
            ahead += [Step(act, len(inputs), item), *reversed(inputs)]
        return steps

    def _read(self, node: ast.AST) -> tuple[Callable[..., Any], list[Any]]:
        """What a part does, and its inputs."""
        match node:
            case ast.Constant(value=value):
                number = self._number(node, value)
                return (lambda known: number), []
            case ast.Name(id=name):
                if name not in self.assigned and name not in self.names:
                    self.names.append(name)
                return (lambda known: known[name]), []
            case ast.BinOp(op=sign) if type(sign) in ARITHMETIC:
                return functools.partial(_arithmetic, type(sign)), [node.left, node.right]
            case ast.UnaryOp(op=sign) if type(sign) in SIGNS:
                return functools.partial(_signed, SIGNS[type(sign)]), [node.operand]
            case ast.Compare(ops=[sign], comparators=[right]) if type(sign) in COMPARISONS:
                return functools.partial(_called, COMPARISONS[type(sign)], []), [node.left, right]
            case ast.List(elts=inputs) | ast.Tuple(elts=inputs):
                return (lambda known, *items: list(items)), inputs
            case ast.Call():
                return self._read_call(node)
        raise self._refused(node, _why_refused(node))

    def _read_call(self, node: ast.Call) -> tuple[Callable[..., Any], list[Any]]:
        if isinstance(node.func, ast.Attribute):
            inside = isinstance(node.func.value, ast.Name) and node.func.value.id in ("np", "numpy", "math", "ops")
            what = "x" if inside else self._part(node.func.value).strip("'")
            known = node.func.attr in functions()
            write = f"write {node.func.attr}({what})" if known else "call an op by its name, as tanh(x)"
            raise self._refused(node.func, f"attributes are not used here; {write}")
        if not isinstance(node.func, ast.Name):
            raise self._refused(node.func, "only an op can be called; to multiply write *")
        if any(keyword.arg is None for keyword in node.keywords):
            raise self._refused(node, REFUSED["Starred"])
        name = node.func.id
        function = functions().get(name)
        if function is None:
            raise OpError(f"expression: {_about_unknown(name)}")
        if name in ("max", "min") and len(node.args) > 1:
            raise self._refused(node, f"for two values write {name}imum(a, b), for an axis {name}(x, axis=0)")
        params = [str(keyword.arg) for keyword in node.keywords]
        return functools.partial(_called, function, params), [*node.args, *(k.value for k in node.keywords)]

    def _number(self, node: ast.AST, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, complex):
            raise self._refused(node, "complex numbers have no gradient here")
        if not isinstance(value, (int, float)):
            raise self._refused(node, REFUSED["JoinedStr"])
        try:
            number = value if abs(value) <= EXACT else float(value)
        except OverflowError:
            number = math.inf
        if number == math.inf:
            raise self._refused(node, "the number is too large; a float goes up to 1.8e308")
        return number

    def _refused(self, node: ast.AST, why: str) -> ArgumentError:
        return ArgumentError(f"expression: {self._part(node)}: {why}")

    def _part(self, node: ast.AST) -> str:
        return quoted(ast.get_source_segment(self.text, node) or self.text)


def value_of(name: str, text: str) -> Any:
    """The number or array that a text gives a name: "-3", "1/3", "[[1, 2], [3, 4]]".

    Args:
        name: what gets the value, for errors.
        text: numbers, lists of numbers, and arithmetic on them.

    Raises:
        ArgumentError: the text is not a finite number, or a list of them.

    >>> value_of("x", "-3"), value_of("x", "pi/2")
    (-3.0, 1.5707963267948966)
    """
    if not text.strip():
        raise ArgumentError(f"{name}= has no value; write {name}=2, or {name}=[1,2,3] for an array")
    try:
        expression = Expression(text)
        if names := [*expression.assigned, *(unknown for unknown in expression.names if unknown not in CONSTANTS)]:
            raise ArgumentError(f"{quoted(names[0])} is a name")
        value = expression.run({})
        if isinstance(value, (int, float)):
            value = float(value)
        if not (math.isfinite(value) if isinstance(value, float) else ops.all(ops.isfinite(value))):
            raise ArgumentError("it is not finite")
        _check_size(value)
    except MicrogradError as error:
        why = str(error).removeprefix("expression: ").partition("\n")[0]
        raise ArgumentError(
            f"{name}={clipped(text)}: this is not a number: {why};\nwrite {name}=2, or {name}=[1,2,3] for an array"
        ) from None
    return value


def normal(name: str) -> str:
    """A name as Python reads it: letters that look alike are one letter.

    >>> normal("ｘ")
    'x'
    """
    return unicodedata.normalize("NFKC", name)


@functools.cache
def functions() -> dict[str, Callable[..., Any]]:
    """What can be called, by name: the ops of the table, and what is made of them."""
    return {
        **{name: op for name, op in ops.OPS.items() if name not in INTERNAL},
        **{name: getattr(ops, name) for name in sorted(COMPOSITES)},
        **{name: ops.OPS[ours] for name, ours in SPELLINGS.items()},
    }


def clipped(text: str) -> str:
    """A part of a text on one line, at most 50 characters."""
    line = " ".join(text.split())
    line = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in line[: PART + 1])
    return line if len(line) <= PART else line[: PART - 3] + "..."


def quoted(text: str) -> str:
    """The same in quotes."""
    return f"'{clipped(text)}'"


# Reading


def _check_text(text: str) -> None:
    if not text.strip():
        raise ArgumentError("expression: it is empty; write one, as 'a*b + 1'")
    if len(text) > LONGEST:
        raise ArgumentError(
            f"expression: it has {len(text):,} characters, and may have {LONGEST:,}; write a program in Python"
        )
    odd = next((sign for sign in text if not sign.isprintable() and sign not in "\n\t"), "")
    if odd:
        raise ArgumentError(f"expression: it holds the sign {odd!a}, which cannot be printed; take it out")
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise ArgumentError(
            f"expression: it has {deepest:,} brackets within brackets, and may have {DEEPEST};\n"
            f"name the inner parts: a = ...; b = a + 1"
        )


def _parsed(text: str) -> list[ast.stmt]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's warnings are about programs
            body = ast.parse(text).body
    except SyntaxError as error:
        raise ArgumentError(f"expression: {_about_syntax(text, error)}") from None
    except (RecursionError, MemoryError):
        raise ArgumentError(
            "expression: it is too deep: too many signs or terms in a row; name parts of it: a = ...; b = a + 1"
        ) from None
    except ValueError as error:
        raise ArgumentError(f"expression: it cannot be read: {error}") from None
    if not body:
        raise ArgumentError("expression: it holds a comment only; write one, as 'a*b + 1'")
    return body


def _about_syntax(text: str, error: SyntaxError) -> str:
    line = (text.split("\n")[(error.lineno or 1) - 1 :] or [""])[0]
    place = max((error.offset or 1) - 1, 0)
    where = f"at character {place + 1}, {quoted(line[place:])}" if line[place:].strip() else f"after {quoted(line)}"
    said = f"it cannot be read {where}: {clipped(error.msg)}"
    if found := re.search(r"(?<![\w.])([0-9][0-9.]*)([^\W\d]\w*)", text):
        said += f"; to multiply write {found[1]}*{clipped(found[2])}"
    return said


def _why_refused(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return "attributes are not used here; call an op by its name, as tanh(x)"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
        return "^ is not a power; write x**2"
    if isinstance(node, ast.BinOp) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert)):
        return "whole numbers bit by bit have no gradient; for conditions write logical_and(a, b)"
    if isinstance(node, ast.UnaryOp):
        return "write logical_not(a)"
    if isinstance(node, ast.Compare) and len(node.ops) > 1:
        return "compare two at a time: logical_and(0 < x, x < 1)"
    return REFUSED.get(type(node).__name__, ONLY)


def _about_unknown(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, [*functions()], 1, 0.7)
    hint = f"did you mean {near[0]}?" if near else "docs/ops.md lists the ops; to multiply write *"
    return f"there is no op {quoted(name)}; {hint}"


def _about_missing(missing: list[str]) -> str:
    ops_named = [name for name in missing if name in functions()]
    if ops_named and len(missing) == len(ops_named):
        return f"expression: {ops_named[0]} is an op; call it, as {ops_named[0]}(x), or give it a value"
    listed = " and ".join(filter(None, [", ".join(map(clipped, missing[:-1])), clipped(missing[-1])]))
    give = " ".join(f"{clipped(name)}=2" for name in missing)
    return f"expression: {listed} {'has' if len(missing) == 1 else 'have'} no value; give one, as {clipped(give)}"


# Computing


def _arithmetic(sign: type, known: Any, x: Any, y: Any) -> Any:
    on_values, on_numbers = ARITHMETIC[sign]
    x, y = _operand(x), _operand(y)
    if isinstance(x, Interpreter) or isinstance(y, Interpreter):
        return on_values(x, y)
    if not (isinstance(x, (int, float)) and isinstance(y, (int, float))):
        return on_numbers(x, y)
    # Not Python's arithmetic: 9**9**9 would not end, and (-8)**0.5 would be complex.
    are_whole = isinstance(x, int) and isinstance(y, int)
    if are_whole and sign in (ast.Add, ast.Sub, ast.Mult):
        z = on_values(int(x), int(y))
        return z if abs(z) <= EXACT else float(z)
    z = on_numbers(float(x), float(y))
    return int(z) if are_whole and sign is not ast.Div and abs(z) <= EXACT and z == int(z) else z


def _signed(sign: Callable[..., Any], known: Any, x: Any) -> Any:
    return sign(_operand(x))


def _called(function: Callable[..., Any], params: list[str], known: Any, *given: Any) -> Any:
    count = len(given) - len(params)
    args, named = given[:count], dict(zip(params, given[count:], strict=True))
    if large := [n for n in named.values() if isinstance(n, int) and abs(n) > LARGEST_PARAM]:
        raise ArgumentError(f"expression: the param {large[0]} is too large; it may be {LARGEST_PARAM:,}")
    if isinstance(function, Op):
        if not plan_of(function).suits(args, named):
            args, named = read_op_call(function, args, named)
        if named or any(shape_of(x) for x in args):
            _check_shape(function.shape(*args, **named))
        if all(isinstance(x, int) for x in args):
            args = tuple(float(x) for x in args)  # power(9, power(9, 9)) would not end
    result = function(*args, **named)
    if isinstance(result, int) and abs(result) > EXACT:
        return float(result)
    if isinstance(result, (list, tuple)):
        raise OpError(f"{function.__name__}: it gives several values, and one is needed here; take another op")
    return result


def _operand(x: Any) -> Any:
    if x is None:
        raise DataError("expression: None is not a number")
    return as_operand(x, "expression") if isinstance(x, list) else x


def _as_array(x: Any) -> Any:
    return _operand(x) if x is None or isinstance(x, list) else x


def _check_size(x: Any) -> None:
    if not isinstance(x, Interpreter) and not hasattr(x, "dtype"):
        return
    _check_shape(shape_of(x))


def _check_shape(shape: tuple[int, ...]) -> None:
    if (size := math.prod(shape)) > LARGEST:
        raise ArgumentError(
            f"expression: an array of {size:,} elements; it may have {LARGEST:,}; write a program in Python"
        )
