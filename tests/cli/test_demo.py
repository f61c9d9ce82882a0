"""The command line and the demo: the text's 100 lines, the pictures, and what is said
when something is wrong.
"""

from __future__ import annotations

import io
import itertools
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from micrograd import cli, demo
from micrograd.nn import Neuron
from tests.seeds.moons_losses import MOONS_LOSSES

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"step (\d+) loss (\S+), accuracy (\S+)%")


def command(*arguments, **options):
    """`micrograd` with these arguments, as a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "micrograd", *arguments], cwd=ROOT, **options)


def assert_lines_of_the_text(lines):
    assert lines
    for k, (line, (loss, percent)) in enumerate(zip(lines, MOONS_LOSSES, strict=False)):
        found = LINE.fullmatch(line)
        assert found, line
        assert int(found[1]) == k
        assert math.isclose(float(found[2]), loss, rel_tol=1e-9)
        assert float(found[3]) == percent


# The training


def test_the_hundred_losses_of_text_001():
    rows = list(demo.train())
    assert [k for k, _, _ in rows] == list(range(100))
    for (_, loss, accuracy), (loss_printed, percent_printed) in zip(rows, MOONS_LOSSES, strict=True):
        assert math.isclose(loss, loss_printed, rel_tol=1e-9)
        assert accuracy * 100 == percent_printed
        assert type(loss) is float
        assert type(accuracy) is float


@pytest.mark.parametrize(("steps", "length"), [(10, 100), (100, 100), (300, 300)])
def test_the_learning_rate_is_the_texts_and_never_negative(steps, length):
    # 1.0 - 0.9*k/100 would be negative from step 112 on.
    moons = demo.Moons()
    moons.model = Neuron(1, nonlin=False)
    moons.loss = lambda: (moons.model([1.0]), 1.0)  # its gradient by the weight is 1: a step is the rate
    weights = [moons.model.w[0].data]
    weights += [moons.model.w[0].data for _ in moons.train(steps)]
    rates = [before - after for before, after in itertools.pairwise(weights)]
    assert rates == pytest.approx([1.0 - 0.9 * k / length for k in range(steps)], abs=1e-12)
    assert min(rates) > 0.1


# What is printed, and the pictures


def test_the_demo_prints_the_texts_lines_and_draws(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    pytest.importorskip("pygraphviz")
    out = tmp_path / "new" / "folder"
    assert cli.main(["demo", "--steps", "3", "--out", str(out)]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert lines[0] == "step 0 loss 0.8958441028683222, accuracy 50.0%"
    assert len(lines) == 3
    assert_lines_of_the_text(lines)
    assert last == f"Pictures in {out}: loss.png, boundary.png, neuron.svg"
    for name in ("loss.png", "boundary.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG")
    svg = (out / "neuron.svg").read_text(encoding="utf-8")
    for text in ("<svg", "x0", "x1", "w0", "w1", ">b<", "w1*x1", ">act<", ">out<", ">ReLU<", "grad 1.0000"):
        assert text in svg


def test_piped_output_is_the_lines_alone(tmp_path):
    done = command("demo", "--steps", "2", "--out", str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = done.communicate()
    assert done.returncode == 0
    assert err == b""
    assert b"\r" not in out.replace(b"\r\n", b"\n")
    *lines, _last = out.decode().splitlines()
    assert_lines_of_the_text(lines[:2])


def test_a_terminal_gets_a_progress_bar_that_breaks_no_line(tmp_path):
    termios = pytest.importorskip("termios", reason="no terminal can be made here")
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = command("demo", "--steps", "3", "--out", str(tmp_path), stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = io.BytesIO()
    try:
        while block := os.read(ours, 4096):
            shown.write(block)
    except OSError:  # the other end is closed: how Linux says that a terminal has ended
        pass
    os.close(ours)
    assert process.wait() == 0
    text = shown.getvalue().decode()
    assert "| 0/3 [" in text
    assert " steps/s]" in text
    # What is left on a line is what was written after the last return to its start.
    *lines, last, rest = [line.rsplit("\r", 1)[-1] for line in text.split("\r\n")]
    assert len(lines) == 3
    assert_lines_of_the_text(lines)
    assert last == f"Pictures in {tmp_path}: loss.png, boundary.png, neuron.svg"
    assert rest == ""


def test_a_reader_that_goes_away_ends_the_demo_without_a_word(tmp_path):
    process = command("demo", "--out", str(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline().startswith(b"step 0 ")
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("missing", "last"),
    [
        (
            ["matplotlib"],
            "Not all pictures were drawn; the others need matplotlib: python -m pip install 'micrograd-nd[plot]'",
        ),
        (
            ["pygraphviz"],
            "Not all pictures were drawn; the others need pygraphviz: python -m pip install 'micrograd-nd[draw]'",
        ),
        (
            ["matplotlib", "pygraphviz"],
            "Not all pictures were drawn; the others need matplotlib and pygraphviz: "
            "python -m pip install 'micrograd-nd[plot,draw]'",
        ),
    ],
)
def test_without_an_extra_it_still_trains_and_says_which(tmp_path, capsys, monkeypatch, missing, last):
    for package in missing:
        monkeypatch.setitem(sys.modules, package, None)  # to Python, a package that is not installed
    monkeypatch.setenv("PATH", "")  # nor is there a `dot`
    assert cli.main(["demo", "--steps", "1", "--out", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert_lines_of_the_text(lines[:1])
    assert lines[-1] == last
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert ("neuron.svg" in drawn) == ("pygraphviz" not in missing)
    assert ("loss.png" in drawn) == ("boundary.png" in drawn) == ("matplotlib" not in missing)


# Nothing half made

posix = pytest.mark.skipif(os.name != "posix", reason="the signals and devices of POSIX")


def test_an_interrupt_while_drawing_leaves_the_older_pictures(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")

    def interrupted(moons):
        raise KeyboardInterrupt

    (tmp_path / "loss.png").write_text("older")
    monkeypatch.setattr(demo, "_decision_boundary", interrupted)  # the second picture, after loss.png
    assert cli.main(["demo", "--steps", "1", "--out", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "micrograd: interrupted\n"
    assert [path.name for path in tmp_path.iterdir()] == ["loss.png"]
    assert (tmp_path / "loss.png").read_text() == "older"


@posix
def test_ctrl_c_in_training_removes_the_folders_that_it_made(tmp_path):
    out = tmp_path / "new" / "folder"
    process = command(
        *("demo", "--out", str(out)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )
    assert process.stdout.readline().startswith(b"step 0 ")
    assert out.is_dir()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, b"micrograd: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_somebody_else_uses_by_now_stays(tmp_path, monkeypatch, capsys):
    def interrupted(moons, steps):
        (tmp_path / "out" / "notes.txt").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_train_aloud", interrupted)
    assert cli.main(["demo", "--out", str(tmp_path / "out")]) == 130
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["notes.txt"]


def closed(streams, *arguments):
    """The exit status and what is said, with streams closed by the shell."""
    script = f'exec "$0" -m micrograd "$@" {streams}'
    done = subprocess.run(["sh", "-c", script, sys.executable, *arguments], cwd=ROOT, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr


@posix
def test_closed_streams(tmp_path):
    pytest.importorskip("matplotlib")
    pytest.importorskip("pygraphviz")
    assert closed(">&-", "--version") == (0, b"", b"")
    assert closed("<&- >&- 2>&-", "demo", "--steps", "1", "--out", str(tmp_path)) == (0, b"", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["boundary.png", "loss.png", "neuron.svg"]
    assert (tmp_path / "loss.png").read_bytes().endswith(b"IEND\xaeB`\x82")
    assert (tmp_path / "neuron.svg").read_text(encoding="utf-8").endswith("</svg>\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device here")
@pytest.mark.parametrize("words", [["--version"], ["demo", "--out"]], ids=["version", "demo"])
def test_a_full_disk_is_said(tmp_path, words):
    status, _, said = closed(">/dev/full", *words, *[str(tmp_path / "out")] * (len(words) - 1))
    assert status == 1
    assert said == b"micrograd: [Errno 28] No space left on device\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_a_reader_that_is_not_there(word):
    reader, writer = os.pipe()
    os.close(reader)
    process = command(word, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert process.communicate()[1] == b""
    assert process.returncode in (0, 1)  # 0: argparse itself lets go of help that nobody reads


# The command line


def test_without_a_command_it_shows_its_help(capsys):
    assert cli.main([]) == 2
    assert "train a small network and draw what it has learned" in capsys.readouterr().out


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert re.fullmatch(
        r"micrograd-nd (\d+\.\d+\S*|\(not installed; runs from its source\))\n", capsys.readouterr().out
    )


@pytest.mark.parametrize("steps", ["0", "-3", "many", "1.5"])
def test_a_number_of_steps_that_is_none(capsys, steps):
    with pytest.raises(SystemExit) as raised:
        cli.main(["demo", "--steps", steps])
    assert raised.value.code == 2
    assert f"argument --steps: {steps!r} is not a number of steps; give a whole number, 1 or more" in (
        capsys.readouterr().err
    )


def test_a_folder_that_cannot_be_made_is_named_before_the_training(tmp_path, capsys):
    file = tmp_path / "taken"
    file.touch()
    assert cli.main(["demo", "--out", str(file)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"micrograd: demo: the folder --out {file} cannot be made (File exists); name another\n"


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (OSError(28, "No space left on device"), 1, "[Errno 28] No space left"),
    ],
)
def test_what_stops_the_demo_is_said_in_a_line(monkeypatch, capsys, error, status, said):
    def stopped(*arguments, **options):
        raise error

    monkeypatch.setattr(demo, "run", stopped)
    assert cli.main(["demo"]) == status
    assert capsys.readouterr().err.startswith(f"micrograd: {said}")


def test_importing_the_package_does_not_run_the_command():
    done = subprocess.run(
        [sys.executable, "-c", "import micrograd.__main__"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
