"""The words of the command line, and what each may be."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from micrograd.data import MISSING

# Written out, as the networks are imported only when they are needed.
ACTIVATIONS = ("relu", "tanh", "gelu", "silu", "elu")

TRAIN = """\
Train a network to predict one column of a CSV file from the others.

It finds out whether that is a classification or a regression, and says so.
Numbers are standardised, texts become one input each, missing cells are
filled. A column that looks like an identifier, or that gives the answer away,
is left out unless --keep names it. Some rows are held out, to see how good the
answers are on rows that the network has not learned from."""

PREDICT = """\
Let a trained model answer for each row of a CSV file. The answer is the file
with new columns: the prediction and, for classes, their probabilities.
Columns are found by their names. Those that are not used are named."""

GRADE = """\
Check an engine of your own: a file with a class `Value`, and with Neuron, Layer and
MLP if you have come to them. Each check says what came, what is right, and which slip
gives just that number. The file runs in a process of its own.

The exit status is 0 if all passed, 1 if a check failed, 2 if the file cannot be run."""

NAMES = "NAME"

EXPRESSION = """

An expression has numbers, names, + - * / // % ** @, comparisons, and the ops of
micrograd by their names, such as tanh, relu, exp, log, sqrt, sum. pi and e are known.
Statements give names to parts: "n = x*w + b; tanh(n)". A variable gets its value
after the expression: x=2 w=-3, or x=[1,2,3] for an array.

example:
  """
NEURON = '"tanh(x1*w1 + x2*w2 + b)" x1=2 x2=0 w1=-3 w2=1 b=6.8813735870195432'

# The commands on expressions: what each does, and an example
COMMANDS = {
    "draw": (
        "draw how an expression is computed",
        """\
Draw how an expression is computed: each value, its data and its gradient.

Without -o, a tree of text is printed. With -o, the ending of the file says what
is written: .html is a page that steps through the backward pass, .svg, .png and
.pdf are pictures (they need the extra `draw`), .dot is Graphviz's text, .txt the
tree.""",
        f"micrograd draw {NEURON} -o neuron.html",
    ),
    "explain": (
        "explain a derivative with its numbers",
        "Explain a derivative: which parts it is the sum of, and where they come from.",
        'micrograd explain "a*b + a" a=2 b=-3 --of a',
    ),
    "grad": (
        "the value of an expression, and its derivative by each variable",
        "Print the value of an expression, and its derivative by each variable.",
        f"micrograd grad {NEURON}",
    ),
    "derive": (
        "the derivative as a formula",
        """\
Print the derivative as a formula. Variables need no value; where all have one, the
number is printed too. An array needs one, for its shape.""",
        'micrograd derive "sin(x) * x**2" --by x',
    ),
}
WITH_A_WORD = ("-o", "--out", "--of", "--by", "--index")  # options of these commands that take a word


def parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    words = argparse.ArgumentParser(prog="micrograd", description="A gradient engine to read, to draw and to train.")
    words.add_argument("--version", action="store_true", help="print the version and stop")
    commands = words.add_subparsers(dest="command", metavar="command")
    demo = commands.add_parser("demo", help="train a small network and draw what it has learned")
    demo.add_argument("--out", type=Path, default=Path("demo"), help="folder for the pictures (default: %(default)s)")
    demo.add_argument("--steps", type=_count("steps"), default=100, help="training steps (default: %(default)s)")
    raw = argparse.RawDescriptionHelpFormatter
    # The usage is written out: --keep and others take all words that follow, so the
    # file has to come first.
    train = commands.add_parser(
        "train",
        usage="micrograd train data.csv --target NAME [--save FILE] [more options]",
        help="learn from a CSV file",
        description=TRAIN,
        formatter_class=raw,
    )
    _add_train(train)
    predict = commands.add_parser(
        "predict",
        usage="micrograd predict model.safetensors data.csv [--out FILE] [more options]",
        help="answer for the rows of a CSV file",
        description=PREDICT,
        formatter_class=raw,
    )
    predict.add_argument("model", type=Path, help="a file that `micrograd train --save` wrote")
    predict.add_argument("data", type=Path, help="the CSV file")
    predict.add_argument("--out", type=Path, metavar="FILE", help="the CSV file to write (default: print it)")
    _add_reading(predict)
    info = commands.add_parser("info", help="what a trained model predicts, from what, and how well")
    info.add_argument("model", type=Path, help="a file that `micrograd train --save` wrote")
    for name in COMMANDS:
        _add_expression(commands, name)
    play = commands.add_parser("play", help="the live page: a network that learns, step by step")
    play.add_argument("--port", type=_port, default=0, help="where it answers (default: a free port)")
    play.add_argument("--no-open", dest="open", action="store_false", help="print the address, and open no browser")
    cache = commands.add_parser("cache", help="what `micrograd.compile` keeps on the disk: where, and how much")
    cache.add_argument("--clear", action="store_true", help="remove it")
    grade = commands.add_parser(
        "grade", help="check an engine of your own, stage by stage", description=GRADE, formatter_class=raw
    )
    _add_grade(grade)
    return words


def arranged(words: Sequence[str]) -> list[str]:
    """The words, for a command on expressions with the options first.

    argparse takes no words of one list before and after an option, and takes the
    expression -x*y for options. A blank before it prevents that.

    >>> arranged(["grad", "-x*y", "x=2", "--of", "x", "y=-3"])
    ['grad', '--of=x', ' -x*y', 'x=2', 'y=-3']
    """
    if not words or words[0] not in COMMANDS:
        return list(words)
    options: list[str] = []
    others: list[str] = []
    ahead = iter(words[1:])
    for word in ahead:
        if word == "--":
            others += ahead
        elif word in WITH_A_WORD:
            value = next(ahead, None)
            if value is None:
                return list(words)  # argparse says that it needs a word
            options.append(f"{'--out' if word == '-o' else word}={value}")
        elif word.startswith("--") or word == "-h" or re.fullmatch(r"-o\S*\.[A-Za-z]{2,4}", word):
            options.append(word)
        else:
            others.append(word)
    return [words[0], *options, *(f" {word}" if word.startswith("-") else word for word in others)]


def _add_expression(commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str) -> None:
    short, long, example = COMMANDS[name]
    command = commands.add_parser(
        name,
        usage=f'micrograd {name} "expression" [name=value ...] [options]',
        help=short,
        description=long + EXPRESSION + example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("expression", help="in quotes, so that the shell leaves it alone")
    command.add_argument(
        "values", nargs="*", default=[], metavar="name=value", help="the value of a variable: x=2, x=[1,2,3]"
    )
    if name == "draw":
        command.add_argument(
            "-o", "--out", type=Path, metavar="FILE", help="the file to write: neuron.svg, neuron.html"
        )
        command.add_argument("--open", action="store_true", help="open the file in the browser")
    if name == "explain":
        command.add_argument("--of", metavar=NAMES, help="the variable by which is differentiated")
        command.add_argument("--index", type=_index, metavar="I,J", help="one element of an array, as 2,1")
    if name == "derive":
        command.add_argument(
            "--by", metavar=NAMES, action="append", help="the variable; give it twice for the second derivative"
        )
        command.add_argument("--latex", action="store_true", help="print LaTeX")


def _add_train(train: argparse.ArgumentParser) -> None:
    train.add_argument("data", type=Path, help="the CSV file")
    train.add_argument("--target", required=True, metavar=NAMES, help="the column to be predicted")
    train.add_argument("--save", type=Path, metavar="FILE", help="where the model goes: model.safetensors")
    train.add_argument("--plot", type=Path, metavar="PNG", help="a picture of the loss in each epoch")

    columns = train.add_argument_group("columns")
    columns.add_argument("--task", choices=["classification", "regression"], help="(default: by the target)")
    columns.add_argument("--keep", nargs="+", default=[], metavar=NAMES, help="use these, whatever they look like")
    columns.add_argument("--drop", nargs="+", default=[], metavar=NAMES, help="leave these out")
    columns.add_argument(
        "--text", nargs="+", default=[], metavar=NAMES, help="these hold words, even if they look like numbers"
    )

    network = train.add_argument_group("network and training")
    network.add_argument(
        "--hidden",
        nargs="*",
        type=_count("neurons"),
        default=[16, 16],
        metavar="N",
        help="neurons of each hidden layer (default: 16 16); no number gives a linear model",
    )
    network.add_argument("--activation", choices=ACTIVATIONS, default="relu", help="(default: %(default)s)")
    network.add_argument(
        "--epochs", type=_count("epochs"), default=100, metavar="N", help="passes over the rows (default: %(default)s)"
    )
    network.add_argument(
        "--batch-size", type=_count("rows"), default=32, metavar="N", help="rows of a step (default: %(default)s)"
    )
    network.add_argument("--lr", type=_positive, default=0.01, help="step size of Adam (default: %(default)s)")
    network.add_argument(
        "--patience", type=_count("epochs"), metavar="N", help="stop if N epochs bring no better validation loss"
    )
    network.add_argument(
        "--validation", type=_share, default=0.2, metavar="SHARE", help="of the rows held out (default: %(default)s)"
    )
    network.add_argument(
        "--test", type=_share, default=0.0, metavar="SHARE", help="of other rows, for the report alone (default: 0)"
    )
    network.add_argument("--compile", action="store_true", help="run each step as one program, for long trainings")
    network.add_argument("--seed", type=_seed, default=0, help="same seed, same model (default: %(default)s)")
    reading = _add_reading(train)
    reading.add_argument(
        "--missing",
        nargs="+",
        action="extend",
        default=list(MISSING),
        metavar="CELL",
        help=f"cells that stand for no value, besides empty ones, {', '.join(MISSING[1:])}",
    )


def _add_grade(grade: argparse.ArgumentParser) -> None:
    grade.add_argument("file", type=Path, help="the file with the class, as engine.py or notebook.ipynb")
    grade.add_argument("--upto", type=_count("stages"), metavar="STAGE", help="the last stage, 1 to 10 (default: all)")
    grade.add_argument(
        "--sandboxed", action="store_true", help="for files of strangers: they can open no file and import little"
    )
    grade.add_argument("--json", action="store_true", help="print JSON, for programs")
    grade.add_argument("--class", dest="name", default="Value", metavar=NAMES, help="(default: %(default)s)")
    grade.add_argument("--seed", type=_seed, default=0, help="of the random expressions (default: %(default)s)")
    grade.add_argument(
        "--seconds", type=_count("seconds"), default=60, metavar="N", help="for all of it (default: %(default)s)"
    )
    grade.add_argument(
        "--megabytes", type=_count("megabytes"), default=2048, metavar="N", help="of memory (default: %(default)s)"
    )


def _add_reading(command: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    reading = command.add_argument_group("how the file is read (found by itself, as a rule)")
    reading.add_argument("--delimiter", type=_delimiter, metavar="CHARACTER", help="between two cells; \\t is a tab")
    reading.add_argument("--decimal", choices=[".", ","], metavar="MARK", help="the decimal mark: . or ,")
    reading.add_argument("--encoding", help="of the text, such as cp1252 (default: UTF-8)")
    reading.add_argument(
        "--header", action=argparse.BooleanOptionalAction, default=None, help="whether the first line holds names"
    )
    return reading


def _count(what: str) -> Callable[[str], int]:
    def count(text: str) -> int:
        if not text.isdecimal() or int(text) < 1:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number of {what}; give a whole number, 1 or more")
        return int(text)

    return count


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give a whole number from 0 to 65535")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32 - 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a seed; give a whole number from 0 to 4294967294")
    return int(text)


def _index(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in text.strip("[()] ").split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an index; give a whole number for each axis, as 2,1"
        ) from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _positive(text: str) -> float:
    number = _number(text)
    if not 0.0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a step size; give a number above 0, as 0.01")
    return number


def _share(text: str) -> float:
    number = _number(text)
    if not 0.0 <= number < 1.0:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a share of the rows; give a number from 0 to below 1, as 0.2"
        )
    return number


def _delimiter(text: str) -> str:
    text = "\t" if text == "\\t" else text
    if len(text) != 1 or text in '"\r\n':
        raise argparse.ArgumentTypeError(f"{text!r} is not one character; give one, as ';'")
    return text
