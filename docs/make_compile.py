"""Writes the part of docs/compile.md that follows one layer from Python to C: from the
real thing. A test compares the two.

python docs/make_compile.py
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("compile.md")
BEGIN = "<!-- docs/make_compile.py writes what follows; do not edit it. -->\n"
END = "<!-- Here ends what docs/make_compile.py writes. -->\n"
sys.path.insert(0, str(PAGE.parents[1]))

from micrograd import Value, compile  # noqa: E402

SHOWN = 12  # entries of the tape
w = [Value(0.5), Value(-1.0)]
b = Value(0.25)
SAMPLES = [[1.0, 2.0], [0.5, -1.0], [3.0, 1.0], [-2.0, 0.0]]


def neuron(samples: Any) -> Any:
    """The sum of what one neuron gives for each sample."""
    outputs = []
    for x in samples:
        act = w[0] * x[0] + w[1] * x[1] + b
        outputs.append(act.tanh())
    return sum(outputs)


def tape_of(printout: Any) -> str:
    """The first entries of the tape, as a table."""
    tape = printout.origins.plan.script.tape
    lines = ["entry  what        inputs   number"]
    for i in range(SHOWN):
        record, inputs = tape.records[i], ", ".join(map(str, tape.inputs[i]))
        name = record if isinstance(record, str) else record.symbol
        lines.append(f"{i:5}  {name:10}  {inputs:7}  {float(tape.numbers[i]):.4g}")
    lines.append(f"... and so on: {len(tape)} entries in all")
    return "\n".join(lines)


def section_of(printout: Any, name: str) -> str:
    """The lines of one section of the printed program."""
    blocks = str(printout).split("\n\n")
    return next(block for block in blocks if block.splitlines()[0] == name)


def function_of(source: str, name: str) -> str:
    """One function of the C."""
    start = source.index(f" {name}(")
    start = source.rindex("\n", 0, start) + 1
    return source[start : source.index("\n}\n", start) + 2]


def walk() -> str:
    """The text between the marks."""
    fast = compile(neuron)
    fast(SAMPLES)
    printout = fast.program
    python = inspect.getsource(neuron).replace('    """The sum of what one neuron gives for each sample."""\n', "")
    python = python.replace("(samples: Any) -> Any", "(samples)")
    return f"""
**Python.** A neuron with two weights, for four samples, one number at a time:

```text
{python.strip()}
```

**Tape.** The function runs once, on its numbers. What it computes is noted, in order:

```text
{tape_of(printout)}
```

**Program.** Entries that were computed alike become one line. The {SHOWN} entries above are of two
samples; the program has the same lines for any number of samples:

```text
{section_of(printout, "theta")}

{section_of(printout, "forward")}
```

**Derivative.** Each line is derived by the rules of its ops. Where a line reads, its derivative
adds:

```text
{section_of(printout, "gradients")}
```

**C.** A line is a loop nest. This is the first line of the program:

```c
{function_of(fast.source, "line0_loops")}
```

"""


def page(text: str) -> str:
    """The page with the made part in its place."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + walk() + END + after


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
