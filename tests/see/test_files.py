"""Files of pictures: whole, or as they were."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from micrograd import Value, draw_dot
from micrograd.errors import DrawError, PictureFileError, a_kind
from micrograd.see.files import write

WRITERS = {
    "save": lambda path: draw_dot(Value(1.0)).save(path),
    "tree": lambda path: draw_dot(Value(1.0), format="text").save(path),
    "page": lambda path: draw_dot(Value(1.0), format="html").save(path),
    "render": lambda path: draw_dot(Value(1.0)).render(path),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_path_in_no_folder(writer, tmp_path):
    if writer == "render":
        pytest.importorskip("pygraphviz")
    path = tmp_path / "no" / ("graph.svg" if writer == "render" else "graph")
    with pytest.raises(PictureFileError) as error:
        WRITERS[writer](path)
    asked = "render" if writer == "render" else "save"
    assert str(error.value) == (
        f"{asked}: {str(path)!r} cannot be written: {os.strerror(errno.ENOENT)}; give a path in a folder that is there"
    )
    assert isinstance(error.value, DrawError)
    assert isinstance(error.value, OSError)


def test_a_folder_at_the_path(tmp_path):
    (tmp_path / "graph.dot").mkdir()
    with pytest.raises(PictureFileError, match=r"graph\.dot' cannot be written"):
        draw_dot(Value(1.0)).save(tmp_path / "graph.dot")


def test_the_old_file_stays_where_the_disk_is_full(tmp_path, monkeypatch):
    path = tmp_path / "graph.dot"
    path.write_bytes(b"old")

    def full(self, content):
        with open(self, "wb") as file:
            file.write(content[:3])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(PictureFileError, match=os.strerror(errno.ENOSPC)):
        draw_dot(Value(1.0)).save(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_old_file_stays_where_the_picture_fails(tmp_path):
    path = tmp_path / "graph.svg"
    path.write_bytes(b"old")
    drawing = draw_dot(Value(1.0))
    drawing.source = "digraph {"
    with pytest.raises(DrawError):
        drawing.render(path)
    assert path.read_bytes() == b"old"


@pytest.mark.skipif(os.name != "posix", reason="modes and links of files are those of POSIX")
def test_mode_and_links_stay(tmp_path):
    path, link = tmp_path / "graph.dot", tmp_path / "link.dot"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    write("save", path, b"new")
    assert path.stat().st_mode & 0o777 == 0o640
    write("save", link, b"newer")
    assert link.is_symlink()
    assert path.read_bytes() == b"newer"


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("path", [None, 3, b"graph.svg", ["graph.svg"]], ids=lambda path: type(path).__name__)
def test_what_is_no_path(writer, path):
    with pytest.raises(DrawError) as error:
        WRITERS[writer](path)
    assert str(error.value) == (
        f"{'render' if writer == 'render' else 'save'}: given {a_kind(path)}, not a path; "
        f"give a str or a Path, such as 'graph.svg'"
    )


@pytest.mark.parametrize("writer", ["save", "tree", "page"])
@pytest.mark.parametrize("name", ["", ".", "a\0b", "x" * 300])
def test_names_that_no_file_has(writer, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PictureFileError, match=r"cannot be written: .*; give a path in a folder that is there"):
        WRITERS[writer](name)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_without_a_name(tmp_path, monkeypatch):
    pytest.importorskip("pygraphviz")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PictureFileError, match=r"render: '\.' cannot be written"):
        draw_dot(Value(1.0)).render("")


class PathLike(os.PathLike):
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return str(self.path)


@pytest.mark.parametrize("writer", ["save", "tree", "page"])
def test_what_is_like_a_path(writer, tmp_path):
    assert WRITERS[writer](PathLike(tmp_path / "graph")) == tmp_path / "graph"
    assert (tmp_path / "graph").stat().st_size > 5


@pytest.mark.parametrize(
    ("writer", "what", "suffix"),
    [("save", "DOT text", ".dot"), ("tree", "a tree of text", ".txt"), ("page", "a page", ".html")],
)
def test_a_text_with_the_name_of_a_picture(writer, what, suffix, tmp_path):
    with pytest.raises(DrawError) as error:
        WRITERS[writer](tmp_path / "graph.PNG")
    assert str(error.value) == (
        f"save: 'graph.PNG' is the name of a picture, and this is {what}; "
        f"name it {suffix}, or a picture is draw_dot(v).render(path)"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("writer", "what", "suffix"), [("save", "DOT text", ".dot"), ("tree", "a tree of text", ".txt")]
)
def test_a_text_with_the_name_of_a_page(writer, what, suffix, tmp_path):
    with pytest.raises(DrawError) as error:
        WRITERS[writer](tmp_path / "graph.html")
    assert str(error.value) == (
        f"save: 'graph.html' is the name of a page, and this is {what}; "
        f"name it {suffix}, or a page is draw_dot(v, format='html').save(path)"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is full")
@pytest.mark.parametrize("writer", ["save", "tree", "page"])
def test_a_full_device(writer):
    with pytest.raises(PictureFileError, match=os.strerror(errno.ENOSPC)):
        WRITERS[writer]("/dev/full")
