"""The compiler: which one is taken, what is refused, and how its failures end."""

from __future__ import annotations

import errno
import os
import re
import shlex
import signal
import stat
import threading
import time

import numpy as np
import pytest

import micrograd
from micrograd.compiling import cache, compilers, processes
from tests.processes import printed

posix = pytest.mark.skipif(os.name != "posix", reason="scripts of the shell stand for compilers")


@pytest.fixture(autouse=True)
def _nothing_is_known(tmp_path, monkeypatch):
    """No compiler was looked for yet, in this process or in an earlier one."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.delenv("CC", raising=False)
    compilers.look_again()
    yield
    compilers.look_again()


@pytest.fixture(scope="module")
def real():
    """The command of a compiler that works."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CC", raising=False)
        compiler, why = compilers.found()
    if compiler is None:
        pytest.skip(f"there is no compiler here: {why}")
    return shlex.join(compiler.words)


@pytest.fixture
def script(tmp_path):
    """Makes a program from lines of a shell."""

    def made(lines, name="cc", folder="bin"):
        (tmp_path / folder).mkdir(exist_ok=True)
        path = tmp_path / folder / name
        path.write_text(f"#!/bin/sh\n{lines}\n")
        path.chmod(0o755)
        return str(path)

    return made


# Which one


def test_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert compilers.found() == (None, "none of cc, gcc, clang, zig is on the PATH")


def test_one_that_works(real):
    compiler, why = compilers.found()
    assert why == ""
    assert os.path.isabs(compiler.words[0])
    assert {"-O2", "-fvisibility=hidden"} < set(compiler.flags)
    assert "-ffp-contract=off" not in compiler.flags
    assert "-ffp-contract=off" in compilers.found(exact=True)[0].flags
    assert not any("fast" in flag and "math" in flag for flag in compiler.flags)


@posix
@pytest.mark.parametrize("name", ["cc", "gcc", "clang", "zig"])
def test_each_name_is_tried(real, script, tmp_path, monkeypatch, name):
    path = script(f'[ "$1" = cc ] && shift\nPATH={shlex.quote(os.environ["PATH"])} exec {real} "$@"', name)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    compiler, why = compilers.found()
    assert (compiler.words, why) == ((path, "cc") if name == "zig" else (path,), "")


@posix
def test_one_that_is_installed_while_we_run(real, script, tmp_path, monkeypatch):
    before = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert compilers.found()[0] is None
    script(f'PATH={shlex.quote(before)} exec {real} "$@"', "gcc")
    assert compilers.found()[0] is not None


@posix
def test_the_first_that_works_is_taken(real, script, tmp_path, monkeypatch):
    script("echo 'cc: error: no licence' >&2; exit 1", "cc")
    path = script(f'PATH={shlex.quote(os.environ["PATH"])} exec {real} "$@"', "clang")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert compilers.found()[0].words == (path,)


@posix
def test_the_same_program_is_not_tried_under_each_name(script, tmp_path, monkeypatch):
    path = script(f"echo tried >> {tmp_path}/log; exit 1", "gcc")
    os.symlink(path, tmp_path / "bin" / "cc")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    alone = compilers.found()[1]
    assert alone == "cc: it failed (exit status 1)"
    tries = (tmp_path / "log").read_text().count("tried")
    script(f"echo tried >> {tmp_path}/log; exit 1", "clang")
    compilers.look_again()
    (tmp_path / "log").unlink()
    assert compilers.found()[1] == "cc: it failed (exit status 1); clang: it failed (exit status 1)"
    assert (tmp_path / "log").read_text().count("tried") == 2 * tries


# CC


@posix
@pytest.mark.parametrize(
    "form",
    [
        "{path}",
        "{path} -g",
        "{wrapper} {path}",
        "'{spaced}'",
        "'{spaced}' -g",
        "{spaced}",
        "   {path}   ",
        "wrapper {path}",
        "{odd}",
    ],
)
def test_cc_is_a_path_or_several_words(real, script, tmp_path, monkeypatch, form):
    call = f'exec {real} "$@"'
    odd = os.fsdecode(b"\xff")  # a name that is not text
    paths = {
        "path": script(call, "mine"),
        "wrapper": script('exec "$@"', "wrapper"),
        "spaced": script(call, "a b", "c d"),
        "odd": script(call, odd),
    }
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CC", form.format(**paths))
    compiler, why = compilers.found()
    assert why == ""
    assert compiler.words[0] in paths.values()


@pytest.mark.parametrize(
    ("cc", "why"),
    [
        ("no-such-compiler", "CC='no-such-compiler' is not on the PATH"),
        ("no-such-compiler -O2", "CC='no-such-compiler -O2' is not on the PATH"),
        ("'", 'CC="\'" cannot be split into words (No closing quotation)'),
        ("/no/such/compiler", "CC='/no/such/compiler' is not on the PATH"),
    ],
)
def test_a_cc_that_means_nothing_is_refused(monkeypatch, cc, why):
    monkeypatch.setenv("CC", cc)
    assert compilers.found() == (None, why)


@posix
def test_no_shell_reads_cc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for cc in (f"touch {tmp_path}/made;", "$(touch made)", "`touch made`", "true > made", "true; touch made"):
        monkeypatch.setenv("CC", cc)
        assert compilers.found()[0] is None
        assert not (tmp_path / "made").exists()


def test_an_empty_cc_asks_for_nothing(real, monkeypatch):
    monkeypatch.setenv("CC", " ")
    assert compilers.found()[0] is not None


CARELESS = {
    "-ffast-math": "(it takes numbers below 2.2e-308 as 0|nan equals itself|it regroups sums)",
    "-funsafe-math-optimizations": "(it takes numbers below 2.2e-308 as 0|it regroups sums|it forgets)",
    "-ffinite-math-only": "nan equals itself",
    "-fno-signed-zeros": "it forgets the sign of zero",
    "-freciprocal-math": "it divides inexactly",
}


@posix
@pytest.mark.parametrize("flag", CARELESS)
def test_a_compiler_that_is_told_to_compute_carelessly_is_refused(real, monkeypatch, flag):
    if "clang" in compilers.found()[0].version:
        pytest.skip("these flags mean these things to gcc")
    monkeypatch.setenv("CC", f"{real} {flag}")
    compiler, why = compilers.found()
    assert compiler is None
    assert why.rstrip().endswith("(-ffast-math?)")
    assert re.search(CARELESS[flag], why)


@posix
def test_exact_needs_each_product_rounded(real, script, monkeypatch):
    compiler, _ = compilers.found()
    # A compiler that takes no notice of -ffp-contract=off.
    lines = f'for word; do shift; [ "$word" = -ffp-contract=off ] || set -- "$@" "$word"; done\nexec {real} -mfma "$@"'
    monkeypatch.setenv("CC", script(lines))
    compiler, why = compilers.found(exact=True)
    if os.uname().machine != "x86_64" or " fma " not in compilers.processor():
        pytest.skip("this processor cannot compute a product and a sum in one")
    assert compiler is None
    assert why == "cc: it does not round each product"
    assert compilers.found()[0] is not None


@posix
@pytest.mark.parametrize("refused", ["-march=native", "-ftree-vectorize", "-fno-trapping-math"])
def test_a_flag_that_it_does_not_know_is_left_out(real, script, monkeypatch, refused):
    said = f'echo "error: what is {refused}?" >&2 && exit 1'
    lines = f'for word; do [ "$word" = {refused} ] && {said}; done\nexec {real} "$@"'
    monkeypatch.setenv("CC", script(lines))
    compiler, why = compilers.found()
    assert why == ""
    assert refused not in compiler.flags
    assert set(compilers.FASTER) - set(compiler.flags) == {refused}


@posix
@pytest.mark.parametrize("refused", ["-march=native", "-ftree-vectorize", "-fno-math-errno"])
def test_a_flag_with_which_it_computes_wrongly_is_left_out(real, script, monkeypatch, refused):
    if "clang" in compilers.found()[0].version:
        pytest.skip("this flag means this to gcc")
    lines = f'for word; do [ "$word" = {refused} ] && set -- "$@" -freciprocal-math; done\nexec {real} "$@"'
    monkeypatch.setenv("CC", script(lines))
    compiler, why = compilers.found()
    assert why == ""
    assert compiler.refused == (f"{refused}: it divides inexactly (-ffast-math?)",)
    assert set(compilers.FASTER) - set(compiler.flags) == {refused}
    compilers.look_again()
    assert compilers.found()[0] == compiler  # it is kept


@posix
def test_flags_that_are_wrong_together_are_left_out(real, script, monkeypatch):
    if "clang" in compilers.found()[0].version:
        pytest.skip("this flag means this to gcc")
    both = 'case " $* " in *" -ftree-vectorize "*"-fno-math-errno"*) set -- "$@" -freciprocal-math;; esac'
    monkeypatch.setenv("CC", script(f'{both}\nexec {real} "$@"'))
    compiler, _ = compilers.found()
    assert compiler.flags == compilers._needed()
    assert compiler.refused == (f"{' '.join(compilers.FASTER)}: together, it divides inexactly (-ffast-math?)",)


@posix
def test_the_users_processor_stays(real, monkeypatch):
    if os.uname().machine != "x86_64":
        pytest.skip("names of another processor")
    monkeypatch.setenv("CC", f"{real} -march=x86-64")
    assert "-march=native" not in compilers.found()[0].flags


# Its failures


@posix
@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("exit 3", "it failed (exit status 3)"),
        ("kill -9 $$", "it was ended by signal 9"),
        ("exit 0", "proof.exe cannot be run: No such file or directory"),
        ("echo 'warning: old' >&2; echo 'proof.c:1:1: error: no' >&2; exit 1", "proof.c:1:1: error: no"),
        ("echo one; echo two; echo three; exit 1", "one; two"),
        ("printf '\\377\\376'; exit 1", "\ufffd\ufffd"),
        ("yes error | head -c 1000000; exit 1", "error; error"),
    ],
    ids=["status", "signal", "nothing written", "error", "lines", "no text", "much"],
)
def test_what_it_says(script, monkeypatch, lines, why):
    monkeypatch.setenv("CC", script(lines))
    assert compilers.found() == (None, f"cc: {why}")


@posix
def test_a_program_that_is_for_another_processor(script, monkeypatch):
    # Writes what no system runs to the file after -o.
    monkeypatch.setenv(
        "CC", script('while [ "$1" != -o ]; do shift; done; printf "\\177ELF other" > "$2"; chmod 755 "$2"')
    )
    compiler, why = compilers.found()
    assert compiler is None
    assert why == "cc: proof.exe cannot be run: Exec format error"


@posix
def test_a_file_that_is_not_a_program(tmp_path, monkeypatch):
    (tmp_path / "cc").write_bytes(b"\x00\x01")
    (tmp_path / "cc").chmod(0o755)
    monkeypatch.setenv("CC", str(tmp_path / "cc"))
    assert compilers.found() == (None, "cc: cc cannot be run: Exec format error")


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def ended_soon(pid):
    end = time.monotonic() + 10
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not alive(pid)


@posix
def test_one_that_hangs_is_ended_with_its_children(script, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "TIMEOUT", 1.0)
    monkeypatch.setenv("CC", script(f"sleep 1000 & echo $! > {tmp_path}/child; wait"))
    start = time.monotonic()
    assert compilers.found() == (None, "cc: it did not end within 1 s")
    assert time.monotonic() - start < 10  # once, not for each set of flags
    assert ended_soon(int((tmp_path / "child").read_text()))


@posix
def test_one_that_hangs_where_processes_cannot_be_watched(script, monkeypatch):
    def refused(pid):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", refused, raising=False)
    monkeypatch.setattr(processes, "TIMEOUT", 0.3)
    monkeypatch.setenv("CC", script("exec sleep 1000"))
    assert compilers.found() == (None, "cc: it did not end within 0.3 s")


@posix
def test_an_interrupt_ends_the_compiler(script, tmp_path, monkeypatch):
    waits, waited = threading.Event(), processes._waited
    monkeypatch.setattr(processes, "_waited", lambda process: waits.set() or waited(process))

    def interrupt():
        waits.wait()
        while not (tmp_path / "child").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv(
        "CC", script(f"sleep 1000 & echo $! > {tmp_path}/part; mv {tmp_path}/part {tmp_path}/child; wait")
    )
    other = threading.Thread(target=interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have it ignored: a job beside it
    try:
        other.start()
        with pytest.raises(KeyboardInterrupt):
            compilers.found()
    finally:
        signal.signal(signal.SIGINT, before)
    other.join()
    assert ended_soon(int((tmp_path / "child").read_text()))
    assert list(tmp_path.glob("micrograd-*")) == []


@posix
def test_one_that_asks_gets_no_answer(script, monkeypatch):
    monkeypatch.setenv("CC", script('read answer || echo "error: nobody answers" >&2; exit 1'))
    assert compilers.found() == (None, "cc: error: nobody answers")


@posix
def test_its_messages_are_english_and_its_files_are_in_our_folder(script, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("CC", script(f'echo "$LC_ALL $TMPDIR" > {tmp_path}/log; touch "$TMPDIR/part.s"; exit 1'))
    compilers.found()
    language, folder = (tmp_path / "log").read_text().split()
    assert language == "C"
    assert os.path.dirname(folder) == str(tmp_path)
    assert not os.path.exists(folder)


# What is known is kept


def log_of(script, real, tmp_path, monkeypatch):
    monkeypatch.setenv("CC", script(f'echo "$@" >> {tmp_path}/log; exec {real} "$@"'))
    return tmp_path / "log"


@posix
def test_what_is_found_is_kept_for_the_next_process(real, script, tmp_path, monkeypatch):
    log = log_of(script, real, tmp_path, monkeypatch)
    found = compilers.found()
    calls = log.read_text()
    assert re.match(r"(gcc|clang) \d", found[0].version)
    compilers.look_again()
    assert compilers.found() == found
    assert log.read_text() == calls


@posix
def test_a_new_compiler_of_the_same_name_is_tried_again(real, script, tmp_path, monkeypatch):
    log = log_of(script, real, tmp_path, monkeypatch)
    compilers.found()
    calls = log.read_text()
    script(f'echo "$@" >> {tmp_path}/log\nexec {real} "$@"')
    compilers.look_again()
    compilers.found()
    assert log.read_text() != calls


@posix
def test_another_processor_tries_again(real, script, tmp_path, monkeypatch):
    log = log_of(script, real, tmp_path, monkeypatch)
    compilers.found()
    calls = log.read_text()
    monkeypatch.setattr(compilers, "processor", lambda: "another")
    compilers.look_again()
    compilers.found()
    assert log.read_text() != calls


@posix
def test_a_failure_is_not_kept(real, script, tmp_path, monkeypatch):
    path = script(f'[ -e {tmp_path}/repaired ] || exit 1\nexec {real} "$@"')
    monkeypatch.setenv("CC", path)
    assert compilers.found()[0] is None
    (tmp_path / "repaired").touch()
    compilers.look_again()
    assert compilers.found()[0] is not None


def test_the_processor_is_told_by_what_stays(monkeypatch):
    text = compilers.processor()
    assert text == compilers.processor.__wrapped__()
    assert "MHz" not in text and "bogomips" not in text.lower()
    assert len(text.splitlines()) >= 3


@posix
def test_a_full_disk_leaves_no_message(real, script, tmp_path, monkeypatch):
    def check(folder):
        if folder.startswith(str(tmp_path / "full")):
            raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "full").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "full"))
    monkeypatch.setattr(compilers, "check_space", check)
    monkeypatch.setenv("CC", script(f'case $TMPDIR in {tmp_path}/full/*) exit 1;; esac\nexec {real} "$@"'))
    assert compilers.found()[0] is not None  # the folder of the cache has space
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "full"))
    compilers.look_again()
    assert compilers.found() == (
        None,
        "No space left on device in the folder of temporary files (TMPDIR names another)",
    )


def test_a_disk_with_space_is_left_as_it_was(tmp_path):
    compilers.check_space(str(tmp_path))
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []
    with pytest.raises(OSError):
        compilers.check_space(str(tmp_path / "missing"))


@posix
def test_a_work_folder_is_private_and_removed(tmp_path):
    seen = []

    def task(folder):
        seen.append((folder, stat.S_IMODE(os.stat(folder).st_mode)))
        with open(os.path.join(folder, "file"), "w"):
            return "done"

    assert compilers.in_work_folder(task) == "done"
    ((folder, mode),) = seen
    assert mode == 0o700
    assert not os.path.exists(folder)


def test_where_temporary_files_cannot_be_the_cache_serves(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert compilers.in_work_folder(os.path.dirname) == cache.folder()
    if os.name == "posix":  # not where others could exchange our files
        os.chmod(cache.folder(), 0o777)
        with pytest.raises(FileNotFoundError):
            compilers.in_work_folder(os.path.dirname)
    (tmp_path / "file").touch()
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file"))
    with pytest.raises(OSError):
        compilers.in_work_folder(os.path.dirname)


TILES = """
import numpy as np, micrograd
A = micrograd.Value(np.ones((2, 3, 4), np.float32))
z = micrograd.compile(lambda: (A.transpose(0, 2, 1) @ A).sum(), backend="c")()
z.backward()
print(A.grad.sum())
"""


def test_vectors_on_the_stack_are_aligned():
    """GCC 12 took the red zone for them, and the fault ended the process."""
    assert printed(TILES) == "192.0"


# While a function is captured


def starts(path):
    return path.read_text().count("start") if path.exists() else 0


@posix
def test_what_was_begun_is_not_started_again(real, script, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("CC", script(f'echo start >> {tmp_path}/log\nexec {real} "$@"'))
    with compilers.begun():
        compiler, why = compilers.found()
    assert (why, starts(tmp_path / "log")) == ("", 1)
    assert compiler.flags[-len(compilers.FASTER) :] == compilers.FASTER
    with compilers.begun():  # it is known now
        pass
    compilers.look_again()
    with compilers.begun():  # and kept
        assert compilers.found() == (compiler, "")
    assert starts(tmp_path / "log") == 1
    assert list(tmp_path.glob("micrograd-*")) == []


@posix
def test_what_was_begun_and_nobody_asks_for_is_ended(script, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv(
        "CC", script(f"sleep 1000 & echo $! > {tmp_path}/part; mv {tmp_path}/part {tmp_path}/child; wait")
    )
    with pytest.raises(ZeroDivisionError), compilers.begun():
        while not (tmp_path / "child").exists():
            time.sleep(0.01)
        raise ZeroDivisionError
    assert ended_soon(int((tmp_path / "child").read_text()))
    assert list(tmp_path.glob("micrograd-*")) == []


@posix
def test_one_that_fails_after_it_was_begun_says_why(script, monkeypatch):
    monkeypatch.setenv("CC", script("echo error: no licence; exit 3"))
    with compilers.begun():
        assert compilers.found() == (None, "cc: error: no licence")


def test_a_cc_that_means_nothing_begins_nothing(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with compilers.begun():
        assert compilers.found() == (None, "CC='no-such-compiler' is not on the PATH")


def test_a_first_call_begins_the_proof(real, monkeypatch):
    begun = []
    begin = processes.begin
    monkeypatch.setattr(processes, "begin", lambda command, folder: begun.append(command) or begin(command, folder))
    micrograd.compile(lambda x: begun.append("captured") or 2.0 * x)(np.arange(3.0))
    assert begun[0][0] == shlex.split(real)[0]
    assert begun[1] == "captured"
