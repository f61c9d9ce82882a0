"""The folder of kept objects: whose it is; a file in it is whole, or it is not used."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from micrograd import cli
from micrograd.compiling import cache
from tests.processes import printed

posix = pytest.mark.skipif(os.name != "posix", reason="owners and modes of POSIX")
KEY = cache.digest(b"a program")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache of this test alone, in which nothing was said yet."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_said", set())
    return tmp_path / "cache" / "objects"


def contents(key=KEY, ending=".txt"):
    return [content for _, content in cache.found(key, ending)]


def test_a_file_is_kept_and_found(folder):
    assert contents() == []
    path = cache.keep(KEY, ".txt", b"abc")
    assert list(cache.found(KEY, ".txt")) == [(path, b"abc")]
    assert contents(ending=".so") == []
    assert Path(path).parents[1] == folder
    assert [entry.name for entry in Path(path).parent.iterdir()] == [Path(path).name]


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nobody_else_may_look_or_write(folder, umask):
    before = os.umask(umask)
    try:
        path = Path(cache.keep(KEY, ".txt", b"abc"))
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(os.stat(x).st_mode) for x in (path.parents[2], path.parents[1], path.parent, path)]
    assert modes == [0o700, 0o700, 0o700, 0o600]


def test_parts_are_told_apart():
    names = {cache.digest(*parts) for parts in ((b"a", b"b"), (b"ab",), (b"", b"ab"), (b"ab", b""), ())}
    assert len(names) == 5


# Where it is


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the folders of Linux")
@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"MICROGRAD_CACHE": "/mine"}, "/mine/objects"),
        ({"MICROGRAD_CACHE": "~/mine"}, "/home/ada/mine/objects"),
        ({"MICROGRAD_CACHE": "", "XDG_CACHE_HOME": "/xdg"}, "/xdg/micrograd/objects"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/ada/.cache/micrograd/objects"),
        ({}, "/home/ada/.cache/micrograd/objects"),
    ],
)
def test_where_it_is(monkeypatch, environment, wanted):
    for name in ("MICROGRAD_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/ada")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache.folder() == wanted


def test_a_relative_folder_is_found_from_where_the_process_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(cache.VARIABLE, "here")
    assert cache.folder() == os.path.join(os.getcwd(), "here", "objects")


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the folders of Linux")
def test_without_a_home_nothing_is_kept(monkeypatch, capsys):
    for name in ("MICROGRAD_CACHE", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # nobody has this number
    with pytest.raises(OSError, match="there is no folder to keep it in"):
        cache.keep(KEY, ".txt", b"abc")
    assert contents() == []
    assert cache.size() == cache.clear() == (0, 0)
    assert cli.main(["cache"]) == 0
    assert "Nothing is kept: this user has no home. MICROGRAD_CACHE" in capsys.readouterr().out


# Damaged files


@pytest.mark.parametrize("damage", [b"", b"ab", b"abd", b"abcabc"], ids=["empty", "cut", "other", "longer"])
def test_a_damaged_file_is_not_used_and_removed(folder, damage):
    path = Path(cache.keep(KEY, ".txt", b"abc"))
    path.write_bytes(damage)
    assert contents() == []
    assert not path.exists()
    cache.keep(KEY, ".txt", b"abc")
    assert contents() == [b"abc"]


@posix
@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "open"])
def test_what_is_not_a_file_of_ours_is_not_used(folder, tmp_path, kind):
    path = Path(cache.keep(KEY, ".txt", b"abc"))
    if kind == "open":
        path.chmod(0o666)
    else:
        path.unlink()
    if kind == "link":
        (tmp_path / "elsewhere").write_bytes(b"abc")
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    assert contents() == []
    assert (tmp_path / "elsewhere").exists() == (kind == "link")
    if kind != "folder":
        cache.keep(KEY, ".txt", b"abc")
        assert contents() == [b"abc"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_user_is_not_used(folder):
    os.chown(cache.keep(KEY, ".txt", b"abc"), 12345, -1)
    assert contents() == []


# A folder that is not ours alone


def refused(monkeypatch, folder, kind):
    folder.parent.mkdir()
    if kind == "link":
        (folder.parent / "target").mkdir(0o700)
        folder.symlink_to(folder.parent / "target")
    elif kind == "file":
        folder.touch()
    else:
        folder.mkdir(0o700)
    if kind == "foreign":
        uid = os.geteuid() + 1
        monkeypatch.setattr(os, "geteuid", lambda: uid)
    if kind == "open":
        folder.chmod(0o770)


REFUSED = {
    "link": "is a link; remove it, or name the folder that it leads to in MICROGRAD_CACHE",
    "file": "is not a folder; remove it, or name another in MICROGRAD_CACHE",
    "foreign": "belongs to another user",
    "open": "is open to other users (mode 770); empty it by `micrograd cache --clear`, then chmod 700",
}


@posix
@pytest.mark.parametrize("kind", REFUSED)
def test_a_folder_that_is_not_ours_alone_is_not_used_and_said_once(folder, monkeypatch, kind):
    refused(monkeypatch, folder, kind)
    with pytest.warns(UserWarning) as caught:
        for _ in range(3):
            assert contents() == []
            with pytest.raises(OSError, match="there is no folder to keep it in"):
                cache.keep(KEY, ".txt", b"abc")
    assert len(caught) == 1
    said = str(caught[0].message)
    assert said.startswith(f"compile: {folder} {REFUSED[kind]}")
    assert said.endswith("; until then each process compiles anew")
    assert [x for x in folder.parent.rglob("*") if x.is_file() and x != folder] == []


@posix
@pytest.mark.parametrize("kind", REFUSED)
def test_the_command_says_why_it_is_not_used(folder, monkeypatch, capsys, kind):
    refused(monkeypatch, folder, kind)
    assert cli.main(["cache"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["folder", str(folder)]
    assert said[-1].startswith(f"The folder is not used: it {REFUSED[kind]}")


@posix
def test_an_open_folder_is_used_again_when_it_was_emptied_and_closed(folder, monkeypatch):
    cache.keep(KEY, ".txt", b"abc")
    folder.chmod(0o777)
    assert cache.refusal(str(folder))
    assert cache.clear() == (0, 3)
    folder.chmod(0o700)
    cache.keep(KEY, ".txt", b"abc")
    assert contents() == [b"abc"]


@posix
def test_a_folder_that_appears_while_ours_is_made_is_looked_at_again(folder, monkeypatch):
    def somebody_is_faster(path):
        os.makedirs(path, exist_ok=True)
        folder.chmod(0o777)

    monkeypatch.setattr(cache, "make", somebody_is_faster)
    with pytest.raises(OSError, match="is open to other users"):
        cache.keep(KEY, ".txt", b"abc")


@posix
def test_a_link_above_the_folder_is_followed(tmp_path, monkeypatch):
    (tmp_path / "large disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "large disk")
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "link"))
    cache.keep(KEY, ".txt", b"abc")
    assert contents() == [b"abc"]


# Nothing half written


@pytest.mark.parametrize("call", ["mkdir", "open", "replace"])
def test_a_disk_that_takes_nothing(folder, monkeypatch, call):
    real = getattr(os, call)

    def full(*arguments, **options):
        if call == "open" and not arguments[1] & os.O_CREAT:
            return real(*arguments, **options)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(OSError, match="No space left on device"):
            cache.keep(KEY, ".txt", b"abc")
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    assert contents() == []


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(OSError):
        cache.keep(KEY, ".txt", b"abc")
    assert contents() == []
    assert cache.size() == (0, 0)


# The command


def test_the_command(folder, capsys):
    cache.keep(KEY, cache.LIBRARY, b"x" * 1000)
    cache.keep(KEY, cache.LIBRARY, b"y" * 1000)
    cache.keep(cache.digest(b"notes"), ".txt", b"abc")
    wanted = {
        "cache": ["2", "2,003"],
        "cache --clear": ["2", "2,003"],
        "cache --clear again": ["0", "0"],
    }
    for words, numbers in wanted.items():
        assert cli.main(words.removesuffix(" again").split()) == 0
        lines = capsys.readouterr().out.splitlines()
        what = "removed" if "--clear" in words else "kept"
        assert [line.split() for line in lines] == [
            ["folder", str(folder)],
            ["objects", what, numbers[0]],
            ["bytes", what, numbers[1]],
        ]
    assert list(folder.iterdir()) == []


def test_only_what_is_ours_is_removed(folder, tmp_path):
    path = Path(cache.keep(KEY, cache.LIBRARY, b"abc"))
    unfinished = path.parent / f".{'0' * 16}.part"
    strangers = [folder / "notes.txt", folder / "photos" / "a.png", path.parent / "notes.txt"]
    for stranger in [*strangers, unfinished]:
        stranger.parent.mkdir(exist_ok=True)
        stranger.write_text("abc")
    assert cache.clear() == (1, 6)
    assert [stranger.exists() for stranger in strangers] == [True, True, True]
    assert not path.exists() and not unfinished.exists()


@posix
def test_a_link_is_not_followed_when_clearing(folder, tmp_path):
    path = Path(cache.keep(KEY, cache.LIBRARY, b"abc"))
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert cache.clear() == (0, 0)
    folder.unlink()
    folder.mkdir(0o700)
    (folder / KEY).symlink_to(tmp_path / "elsewhere" / KEY)
    assert cache.clear() == (0, 0)
    assert (tmp_path / "elsewhere" / KEY / path.name).exists()


def test_nothing_is_imported_or_written_before_something_is_compiled(tmp_path):
    program = (
        "import sys\n"
        "before = set(sys.modules)\n"  # a program that measures coverage has some of them
        "import micrograd\n"
        "x = micrograd.Value(2.0)\n"
        "(x * x).backward()\n"
        "print(sorted({'subprocess', 'hashlib', 'ctypes', 'tempfile', 'shutil'} & set(sys.modules) - before))"
    )
    assert printed(program, MICROGRAD_CACHE=str(tmp_path / "cache")) == "[]"
    assert list(tmp_path.iterdir()) == []
