"""C of one line: a static function that goes through the loops of its nest.

It gets an array of pointers: the target, what is read, tables. Where those begin is not
in the text, so lines of one structure share one function.
"""

from __future__ import annotations

import math
import re
from typing import Any

from micrograd.compiling import c_vectors, teams
from micrograd.compiling.lines import Buffer, Line
from micrograd.compiling.maps import Map
from micrograd.compiling.nests import Nest, nest_of
from micrograd.compiling.products import Function, Product, blas, call_in_c, product_of
from micrograd.compiling.terms import Part, Read, Term, expanded, in_order, reads_of
from micrograd.errors import OpError
from micrograd.record import Comparison

OPERATORS = {
    "+": "({} + {})",
    "-": "({} - {})",
    "*": "({} * {})",
    "/": "({} / {})",
    "neg": "(-{})",
    "==": "({} == {})",
    "!=": "({} != {})",
    ">": "({} > {})",
    "<": "({} < {})",
    ">=": "({} >= {})",
    "<=": "({} <= {})",
    "&&": "({} && {})",
    "||": "({} || {})",
    "!": "(!{})",
    "?:": "({} ? {} : {})",
}


class LineInC:
    """The function of a line, and what it is called with.

    Args:
        line: the line.
        exact: keep every op and every order.
        is_linked: whether it may call BLAS where it is a large product, and use the
            vectors of GNU C.
        team: the address of the threads that share it where it is large; 0 for none.

    Attributes:
        pointers: what the function gets: a buffer and the number of the first element;
            or a table; or a function of another library.
        is_shared: whether several threads compute it.
        storage: of what is copied first: "" for the stack, "static " for memory that
            stays.
    """

    def __init__(self, line: Line, exact: bool, is_linked: bool = True, team: int = 0) -> None:
        self.line = line
        self.nest: Nest = nest_of(line, exact)
        self._product: Product | None = product_of(line) if is_linked and not exact else None
        self._blas: Function | None = blas(line.target.dtype) if self._product else None
        self._team = team
        self._share = self._shared() if team else None
        if self._share is not None:
            self.nest = self._share.nest
        self.is_shared = self._share is not None
        self.type = c_type(line.target.dtype)
        self.storage = ""
        self._nothing = "-0.0" if exact else "0.0"  # what a sum starts from: -0.0 + x is x for any x
        self._in_vectors = is_linked and self._blas is None and c_vectors.fits(line, self.nest)
        self.pointers: list[tuple[Buffer, int] | Function | Any] = [(line.target, line.place.offset)]
        self._known: dict[Any, str] = {(line.target.name, line.place.offset): "p0"}
        self._declared: list[str] = []
        self.pack_names = {id(read): f"packed{i}" for i, read in enumerate(self.nest.packed)}
        is_read = any(read.buffer is line.target for read in line.reads())
        self._restrict = "" if is_read else "restrict "
        self._declared.append(f"{self.type} *{self._restrict}p0 = p[0];\n")

    def _shared(self) -> teams.Share | None:
        """How a team shares the line; None where it does not."""
        if self._product is not None and self._blas is not None:
            return teams.share_of_product(self.line, self.nest, self._product)
        return teams.share_of(self.line, self.nest)

    def text(self, name: str) -> str:
        """The function, under this name.

        The loops are a function of its own: gcc believes `restrict` of parameters only.
        Of pointers in a block it compares each two, and gives up where they are many.
        """
        body = self.body()
        given = ", ".join(f"p[{i}]" for i in range(len(self.pointers)))
        head = "WIDE static void" if c_vectors.is_wide(self.line, self.nest) else "static void"
        head = f"{head} {name}_loops({', '.join(self.parameters())}"
        holds_blas = bool(self._team) and self._blas is not None  # BLAS must not take threads of its own
        if self._share is None and not holds_blas:
            return f"{head}) {{\n{body}}}\nstatic void {name}(void **p) {{\n{name}_loops({given});\n}}\n"
        call = teams.call(self._share, f"{name}_part", f"p[{len(self.pointers)}]")
        self.pointers.append(Function(self._team))
        return (
            f"{head}, int from, int to) {{\n{body}}}\n"
            f"static void {name}_part(void **p, int from, int to) {{\n{name}_loops({given}, from, to);\n}}\n"
            f"static void {name}(void **p) {{\n{call}}}\n"
        )

    def parameters(self) -> list[str]:
        """A parameter of C for each pointer; known when the body is."""
        return [declared.partition(" = ")[0] for declared in self._declared]

    def _pointer(self, buffer: Buffer, offset: int) -> str:
        """The name of the pointer to an element of a buffer."""
        key = (buffer.name, offset)
        if key not in self._known:
            name = self._known[key] = f"p{len(self.pointers)}"
            self._declared.append(f"const {c_type(buffer.dtype)} *{self._restrict}{name} = p[{len(self.pointers)}];\n")
            self.pointers.append((buffer, offset))
        return self._known[key]

    def _table(self, table: Any) -> str:
        key = (table.tobytes(), table.shape)
        if key not in self._known:
            name = self._known[key] = f"t{len(self.pointers)}"
            self._declared.append(f"const int *restrict {name} = p[{len(self.pointers)}];\n")
            self.pointers.append(table)
        return self._known[key]

    def body(self) -> str:
        """The loops."""
        nest = self.nest
        if self._product is not None and self._blas is not None:
            return self._by_blas(self._product, self._blas)
        if not nest.summed and nest.width:
            return self._plain()
        if nest.width:
            return self._packs() + self._tiled()
        return self._one_by_one()

    def _loops(self, axes: tuple[int, ...], step: dict[int, int] | None = None, is_whole: bool = False) -> str:
        """Loops over axes: a part of that which is shared, unless they are whole."""
        opened = ""
        for axis in axes:
            by = (step or {}).get(axis, 1)
            move = f"i{axis} += {by}" if by != 1 else f"i{axis}++"
            begin, end = ("0", str(self.line.sizes[axis])) if is_whole else self._range(axis)
            opened += f"for (int i{axis} = {begin}; i{axis} < {end}; {move})\n"
        return opened

    def _range(self, axis: int) -> tuple[str, str]:
        """Where the loop over an axis begins and ends."""
        if self._share is not None and axis == self._share.axis:
            return "from", "to"
        return "0", str(self.line.sizes[axis])

    def _plain(self) -> str:
        axes = self.nest.outer if self.nest.wide is None else (*self.nest.outer, self.nest.wide)
        opened = self._loops(axes)
        sign = "+=" if self.line.grows else "="
        statements, value = self._value(self.line.term)
        return f"{opened}{{\n{statements}{self._element(self.line.target, self.line.place)} {sign} {value};\n}}\n"

    def _by_blas(self, product: Product, function: Function) -> str:
        """Calls of BLAS; what the sums begin with is put in place before."""
        line, kind = self.line, self.type
        text = ""
        if line.start is not None:
            statements, value = self._value(line.start)
            kept = [a for a in range(len(line.sizes)) if a not in line.summed]
            kept.sort(key=lambda a: -line.place.strides[a])  # one element after the other
            element = self._element(line.target, line.place)
            text += f"{self._loops(tuple(kept))}{{\n{statements}{element} = {value};\n}}\n"
        self._declared.append(
            f"void (*gemm)(const char *, const char *, const int *, const int *, const int *, const {kind} *, "
            f"const {kind} *, const int *, const {kind} *, const int *, const {kind} *, {kind} *, const int *) "
            f"= p[{len(self.pointers)}];\n"
        )
        self.pointers.append(function)
        begins = "1.0" if line.grows or line.start is not None else "0.0"
        if product.sums and begins == "0.0":
            begins = f"{' || '.join(f'i{a}' for a in product.sums)} ? 1.0 : 0.0"
        corner = {f"i{axis}": "0" for axis in product.axes}
        rows = product.axes[0]
        begin, end = self._range(rows)
        corner[f"i{rows}"] = begin
        places = [(line.target, line.place), *[(s.read.buffer, s.read.place) for s in (product.x, product.y)]]
        target, x, y = (self._element(buffer, place, corner) for buffer, place in places)
        text += self._loops((*product.loops, *product.sums))
        statements, factor = self._value(product.factor)
        count = end if begin == "0" else f"{end} - {begin}"
        return f"{text}{{\n{statements}{call_in_c(line, product, kind, (target, x, y), factor, begins, count)}}}\n"

    def packs(self) -> list[tuple[Buffer, int]]:
        """What is copied first: the buffers, and how many numbers of each."""
        return [
            (read.buffer, math.prod(self.line.sizes[a] for a in self._pack_axes(read))) for read in self.nest.packed
        ]

    def _packs(self) -> str:
        text = ""
        for read, (buffer, total) in zip(self.nest.packed, self.packs(), strict=True):
            opened = self._loops(self._pack_axes(read), is_whole=True)
            aligned = c_vectors.ALIGNED if self._in_vectors else ""
            text += f"{self.storage}{c_type(buffer.dtype)} {self.pack_names[id(read)]}[{total}]{aligned};\n"
            text += f"{opened}{self._packed(read)} = {self._element(read.buffer, read.place)};\n"
        return text

    def _pack_axes(self, read: Read) -> tuple[int, ...]:
        wide = self.nest.wide
        axes = tuple(a for a in range(len(self.line.sizes)) if a != wide and read.place.strides[a])
        assert wide is not None
        return (*axes, wide)

    def _packed(self, read: Read, rename: dict[str, str] | None = None) -> str:
        step, terms = 1, []
        for axis in reversed(self._pack_axes(read)):
            index = self._index(axis, rename)
            terms.append(index if step == 1 else f"{index} * {step}")
            step *= self.line.sizes[axis]
        return f"{self.pack_names[id(read)]}[{' + '.join(reversed(terms))}]"

    def _tiled(self) -> str:
        nest, line = self.nest, self.line
        wide, width = nest.wide, nest.width
        height = nest.tile[1] if nest.tile else 1
        steps = {nest.tile[0]: height} if nest.tile else {}
        chunks = line.sizes[wide] // width  # type: ignore[index]
        text = self._loops(nest.outer, steps)
        if chunks > 1:
            begin, end = self._range(wide)  # type: ignore[arg-type]
            text += f"for (int w = {begin}; w < {end}; w += {width})\n"
        start = "w" if chunks > 1 else "0"
        kind, count, place = self.type, str(width), "v"
        unrolled, each = "", f"for (int t = 0; t < {height}; t++) " if nest.tile else ""
        if self._in_vectors:
            kind, lanes = c_vectors.named(self.type), c_vectors.lanes(self.type)
            count, place = f"{width} / {lanes}", f"v * {lanes}"
            unrolled = c_vectors.unrolled(width)
            each = f"{c_vectors.unrolled(height)}{each.strip()}\n" if each else ""
        inner = f"{each}{unrolled}for (int v = 0; v < {count}; v++) "
        indices = {f"i{wide}": f"{start} + {place}"}
        if nest.tile:
            indices = {f"t{nest.tile[0]}": f"i{nest.tile[0]} + t", **indices}
        acc = "acc[t][v]" if nest.tile else "acc[v]"
        text += f"{{\n{kind} acc{f'[{height}]' if nest.tile else ''}[{count}];\n"
        rename = {f"i{nest.tile[0]}": f"t{nest.tile[0]}"} if nest.tile else {}
        here = self._at(line.target, line.place, rename)
        before, first = self._first(here, rename)
        text += f"{inner}{with_indices(indices, f'{before}{acc} = {first};')}"
        statements, value = self._value(line.term, rename)
        text += f"{self._loops(nest.summed)}{inner}{with_indices(indices, statements + self._joined(acc, value))}"
        return text + f"{inner}{with_indices(indices, f'{here} = {acc};')}}}\n"

    def _one_by_one(self) -> str:
        nest, line = self.nest, self.line
        opened = self._loops(nest.outer)
        here = self._element(line.target, line.place)
        text = f"{opened}{{\n"
        sums = self._loops(nest.summed)
        size = line.sizes[nest.wide]  # type: ignore[index]
        statements, value = self._value(line.term)
        before, first = self._first(here)
        text += before
        name = f"i{nest.wide}"
        loop = f"for (int {name} = {{}}; {name} < {size}; {name}++)"
        if nest.lanes == 1:
            more = self._joined("acc", value)
            text += f"{self.type} acc = {first};\n{sums}{loop.format(0)} {{\n{statements}{more}\n}}\n"
            return text + f"{here} = acc;\n}}\n"
        lanes, whole = nest.lanes, size // nest.lanes * nest.lanes
        text += f"{self.type} acc[{lanes}] = {{0.0}};\n{self.type} total = {first};\n{sums}{{\n"
        text += f"for (int w = 0; w < {whole}; w += {lanes}) for (int v = 0; v < {lanes}; v++) {{\n"
        text += f"const int {name} = w + v;\n{statements}acc[v] += {value};\n}}\n"
        if whole < size:
            text += f"{loop.format(whole)} {{\n{statements}total += {value};\n}}\n"
        text += "}\n"
        half = lanes // 2
        while half:
            text += f"for (int v = 0; v < {half}; v++) acc[v] += acc[v + {half}];\n"
            half //= 2
        return text + f"{here} = total + acc[0];\n}}\n"

    def _first(self, here: str, rename: dict[str, str] | None = None) -> tuple[str, str]:
        """Statements, and the expression with which a sum begins."""
        if self.line.start is not None:
            before, first = self._value(self.line.start, rename, "s")
            return before, self._spread(first, self.line.start)
        if self.line.reduce != "sum":
            return "", "-INFINITY" if self.line.reduce == "max" else "INFINITY"
        return "", here if self.line.grows else self._spread(self._nothing, 0.0)

    def _joined(self, acc: str, value: str) -> str:
        """The statement that takes one more point in."""
        if self.line.reduce == "sum":
            return f"{acc} += {value};"
        sign = ">" if self.line.reduce == "max" else "<"
        return f"{{ const {self.type} y = {value}; {acc} = {acc} {sign} y || {acc} != {acc} ? {acc} : y; }}"

    def _element(self, buffer: Buffer, place: Map, rename: dict[str, str] | None = None) -> str:
        terms = []
        for axis, stride in enumerate(place.strides):
            if stride:
                index = self._index(axis, rename)
                terms.append(index if stride == 1 else f"{index} * {stride}")
        if place.table is not None:
            step, inner = 1, []
            for axis, size in zip(reversed(place.axes), reversed(place.table.shape), strict=True):
                index = self._index(axis, rename)
                inner.append(index if step == 1 else f"{index} * {step}")
                step *= size
            terms.append(f"{self._table(place.table)}[{' + '.join(inner) or '0'}]")
        return f"{self._pointer(buffer, place.offset)}[{' + '.join(terms) or '0'}]"

    def _at(self, buffer: Buffer, place: Map, rename: dict[str, str] | None) -> str:
        """An element; in a loop over vectors, all those of a vector."""
        text = self._element(buffer, place, rename)
        return c_vectors.at(text, self.type, buffer is not self.line.target) if self._moves(place) else text

    def _moves(self, place: Map) -> bool:
        """Whether a vector is read there, not a number."""
        return self._in_vectors and bool(place.strides[self.nest.wide])  # type: ignore[index]

    def _spread(self, text: str, term: Any) -> str:
        """A term that a tile begins with; a number stands in all places of a vector."""
        is_vector = any(self._moves(read.place) for read in reads_of(term))
        return c_vectors.spread(text, self.type) if self._in_vectors and not is_vector else text

    def _index(self, axis: int, rename: dict[str, str] | None) -> str:
        return (rename or {}).get(f"i{axis}", f"i{axis}")

    def _read(self, read: Read, rename: dict[str, str] | None) -> str:
        if id(read) not in self.pack_names:
            return self._at(read.buffer, read.place, rename)
        text = self._packed(read, rename)
        return c_vectors.at(text, self.type) if self._in_vectors else text

    def _value(self, term: Any, rename: dict[str, str] | None = None, letter: str = "x") -> tuple[str, str]:
        """Statements, and the expression of a term."""
        term = expanded(term)
        if not isinstance(term, Part):
            return "", literal(term)
        names: dict[int, str] = {}
        kinds: dict[int, str] = {}
        vectors: set[int] = set()
        statements: list[str] = []
        for part in in_order(term):
            if isinstance(part, Read):
                names[id(part)] = self._read(part, rename)
                kinds[id(part)] = "weak" if part.buffer.is_weak else part.buffer.dtype
                if self._moves(part.place):
                    vectors.add(id(part))
                continue
            kind = kinds[id(part)] = joint_kind([kinds[id(x)] if isinstance(x, Part) else "weak" for x in part.inputs])
            given = [
                as_kind(names[id(x)], kinds[id(x)], kind) if isinstance(x, Part) else literal(x, kind)
                for x in part.inputs
            ]
            text = spelled(part, given, kind)
            if part is term:
                names[id(part)] = text
            else:
                names[id(part)] = f"{letter}{len(statements)}"
                type_ = "int" if isinstance(part.op, Comparison) else c_type(kind)
                if any(id(x) in vectors for x in part.inputs):
                    vectors.add(id(part))
                    type_ = c_vectors.named(type_)
                statements.append(f"const {type_} {letter}{len(statements)} = {text};\n")
        return "".join(statements), names[id(term)]


def with_indices(indices: dict[str, str], text: str) -> str:
    """A block of statements, in which those of the indices that it uses are declared.

    >>> print(with_indices({"i0": "0 + v", "i1": "w + v"}, "p0[i1] = 0.0;"), end="")
    {
    const int i1 = w + v;
    p0[i1] = 0.0;
    }
    """
    used = set(re.findall(r"\w+", text))
    declared = "".join(f"const int {name} = {value};\n" for name, value in indices.items() if name in used)
    return f"{{\n{declared}{text}\n}}\n"


def c_type(kind: str) -> str:
    """The type of C for a dtype; Python's own numbers are doubles."""
    return "float" if kind == "float32" else "double"


def joint_kind(kinds: list[str]) -> str:
    """The dtype of an op on these: "weak" where all are Python's own numbers."""
    return "float64" if "float64" in kinds else "float32" if "float32" in kinds else "weak"


def as_kind(text: str, kind: str, wanted: str) -> str:
    """An operand in an op of the wanted kind."""
    return f"(float){text}" if wanted == "float32" and kind == "weak" else text


def literal(x: Any, kind: str = "weak") -> str:
    """A number in C."""
    x = float(x)
    if math.isnan(x):
        return "NAN"
    if math.isinf(x):
        return "INFINITY" if x > 0 else "(-INFINITY)"
    text = f"{x!r}f" if kind == "float32" else repr(x)
    return f"({text})" if text.startswith("-") else text


def spelled(term: Term, inputs: list[str], kind: str = "weak") -> str:
    """An op in C."""
    name = term.op.facts.c
    if not isinstance(name, str) or not name:
        raise OpError(f"compile: C cannot spell {term.op.name}")
    if name in OPERATORS:
        return OPERATORS[name].format(*inputs)
    return f"{name}{'f' if kind == 'float32' else ''}({', '.join(inputs)})"
