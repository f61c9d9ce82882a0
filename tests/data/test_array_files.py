"""Files of NumPy and of type idx: what comes back, and what a damaged or hostile file
gets to hear.
"""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest

from micrograd.data import read_csv, read_idx, read_npy, read_npz
from micrograd.errors import ArgumentError, FormatError

ARRAYS = [
    np.arange(12.0).reshape(3, 4),
    np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    np.arange(3, dtype=np.uint8),
    np.array(7.0),
    np.zeros((0, 3)),
    np.array([True, False]),
    np.array(["ab", "c"]),
    np.arange(4, dtype=">i4"),
]


def name_of(array):
    return f"{array.dtype.str}-{array.shape}"


def said(error, folder):
    return str(error.value).replace(f"{folder}/", "").replace(f"{folder}\\", "")


@pytest.mark.parametrize("memory_map", [False, True])
@pytest.mark.parametrize("array", ARRAYS, ids=name_of)
def test_npy_comes_back(tmp_path, array, memory_map):
    np.save(tmp_path / "x.npy", array)
    back = read_npy(tmp_path / "x.npy", memory_map=memory_map)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    assert isinstance(back, np.memmap) == (memory_map and array.size > 0)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_comes_back(tmp_path, save):
    save(tmp_path / "x.npz", **{f"a{i}": array for i, array in enumerate(ARRAYS)})
    back = read_npz(tmp_path / "x.npz")
    assert list(back) == [f"a{i}" for i in range(len(ARRAYS))]
    for found, array in zip(back.values(), ARRAYS, strict=True):
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def hostile(header):
    text = header.encode().ljust(118)[:117] + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


HUGE = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 4), }"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            npy(np.zeros(100))[:-8],
            "x.npy: the header promises 800 bytes (float64 of shape (100,)), the file has at most 792; "
            "it is cut off or damaged, copy it again",
        ),
        (
            hostile(HUGE),
            "x.npy: the header promises 32,000,000,000,000 bytes (float64 of shape (1000000000000, 4)), "
            "the file has at most 0; it is cut off or damaged, copy it again",
        ),
        (
            hostile("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }"),
            "x.npy: the header asks for an array of shape (-1,); the file is damaged, copy it again",
        ),
        (
            hostile("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9223372036854775807), }"),
            "x.npy: the header asks for an array of shape (0, 9223372036854775807); the file is damaged, copy it again",
        ),
        (
            hostile("{'descr': '|V0', 'fortran_order': False, 'shape': (1000000000000000000,), }"),
            "x.npy: the header promises 1,000,000,000,000,000,000 bytes (|V0 of shape (1000000000000000000,)), "
            "the file has at most 0; it is cut off or damaged, copy it again",
        ),
        (
            hostile("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"),
            "x.npy: the array holds Python objects, and reading them could run a program; "
            "save numbers or texts: np.save(path, x.astype(float))",
        ),
    ],
)
def test_npy_that_is_refused(tmp_path, content, text):
    (tmp_path / "x.npy").write_bytes(content)
    for memory_map in (False, True):
        with pytest.raises(FormatError) as raised:
            read_npy(tmp_path / "x.npy", memory_map=memory_map)
        assert said(raised, tmp_path) == text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUM",
        b"a,b\n1,2\n",
        npy(np.zeros(3))[:50],
        hostile("{'descr': __import__('os').system('echo gone wrong'), 'fortran_order': False, 'shape': (1,), }"),
        hostile("[" * 100),
        hostile("{'descr': '<f8'}"),
        b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**32 - 1) + b"{}",
    ],
    ids=["empty", "cut", "csv", "half", "code", "deep", "lacking", "long"],
)
def test_what_is_not_npy(tmp_path, content, capfd):
    (tmp_path / "x.npy").write_bytes(content)
    with pytest.raises(FormatError) as raised:
        read_npy(tmp_path / "x.npy")
    assert said(raised, tmp_path).startswith("x.npy: this is not an .npy file, or it is damaged (")
    assert str(raised.value).endswith("); write it with np.save")
    assert capfd.readouterr().out == ""


def test_objects_are_refused_and_nothing_in_them_runs(tmp_path):
    class Hostile:
        def __reduce__(self):
            return exec, ("raise SystemExit('it ran')",)

    np.save(tmp_path / "x.npy", np.array([Hostile()]), allow_pickle=True)
    np.savez(tmp_path / "x.npz", X=np.array([Hostile()]))
    for read, name in ((read_npy, "x.npy"), (read_npz, "x.npz")):
        with pytest.raises(FormatError, match="holds Python objects"):
            read(tmp_path / name)


def test_npz_that_is_refused(tmp_path):
    path = tmp_path / "x.npz"
    np.savez_compressed(path, X=np.arange(1000.0))
    whole = path.read_bytes()
    for content in (b"", b"PK\x03\x04", whole[: len(whole) // 2], whole[:200] + bytes(50) + whole[250:]):
        path.write_bytes(content)
        with pytest.raises(FormatError) as raised:
            read_npz(path)
        assert said(raised, tmp_path).startswith("x.npz: this is not an .npz file, or it is damaged (")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", hostile(HUGE))
    with pytest.raises(FormatError, match=r"x\.npz: X\.npy: the header promises 32,000,000,000,000 bytes"):
        read_npz(path)


# idx


def idx(code, shape, data):
    return bytes([0, 0, code, len(shape)]) + b"".join(struct.pack(">I", n) for n in shape) + data


@pytest.mark.parametrize(
    ("code", "dtype"), [(8, "u1"), (9, "i1"), (0xB, ">i2"), (0xC, ">i4"), (0xD, ">f4"), (0xE, ">f8")]
)
@pytest.mark.parametrize("shape", [(6,), (2, 3), (3, 1, 2), (0, 28)])
def test_idx_comes_back(tmp_path, code, dtype, shape):
    array = np.arange(np.prod(shape)).astype(dtype).reshape(shape)
    content = idx(code, shape, array.tobytes())
    (tmp_path / "x").write_bytes(content)
    (tmp_path / "x.gz").write_bytes(gzip.compress(content))
    native = np.dtype(dtype).newbyteorder("=")
    for found in (read_idx(tmp_path / "x"), read_idx(tmp_path / "x.gz")):
        assert found.dtype == native
        np.testing.assert_array_equal(found, array)
        found[...] = 0  # it is ours
    mapped = read_idx(tmp_path / "x", memory_map=True)
    assert isinstance(mapped, np.memmap) == (array.size > 0)
    np.testing.assert_array_equal(mapped, array)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            idx(8, (3, 2), b"12345"),
            "x: the header promises 18 bytes (shape (3, 2)), the file has at most 17; "
            "it is cut off or damaged, copy it again",
        ),
        (
            idx(8, (3, 2), b"1234567"),
            "x: the header promises 18 bytes (shape (3, 2)), the file has at least 19; it is damaged, copy it again",
        ),
        (idx(8, (3, 2), b"")[:-3], "x: the file ends within its header; it is cut off, copy it again"),
        (
            idx(0xE, (2**32 - 1,) * 4, b"12345678"),
            "x: the header asks for an array of shape (4294967295, 4294967295, 4294967295, 4294967295); "
            "the file is damaged, copy it again",
        ),
        (
            idx(8, (0, 2**32 - 1, 2**32 - 1), b""),
            "x: the header asks for an array of shape (0, 4294967295, 4294967295); the file is damaged, copy it again",
        ),
        (
            idx(0xE, (2**32 - 1,), b"12345678"),
            "x: the header promises 34,359,738,368 bytes (shape (4294967295,)), the file has at most 16; "
            "it is cut off or damaged, copy it again",
        ),
        (
            b"",
            "x: this is not a file of type idx (it begins with nothing); "
            "such a file begins with 00 00, a type from 08 to 0e, and the number of axes",
        ),
        (b"\x89PNG....", "x: this is not a file of type idx (it begins with 89 50 4e 47); "),
        (idx(0x0A, (1,), b"1"), "x: this is not a file of type idx (it begins with 00 00 0a 01); "),
        (idx(8, (), b"1"), "x: this is not a file of type idx (it begins with 00 00 08 00); "),
        (idx(8, (1,) * 65, b"1"), "x: this is not a file of type idx (it begins with 00 00 08 41); "),
    ],
)
def test_idx_that_is_refused(tmp_path, content, text):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(FormatError) as raised:
        read_idx(tmp_path / "x")
    assert said(raised, tmp_path).startswith(text)
    (tmp_path / "x").write_bytes(gzip.compress(content))
    with pytest.raises(FormatError) as raised:
        read_idx(tmp_path / "x")
    assert said(raised, tmp_path).startswith(text[:20])


def test_gzip_that_is_damaged(tmp_path):
    whole = gzip.compress(idx(8, (1000,), bytes(range(250)) * 4))
    for content in (whole[:-20], whole[:30] + b"\xff" * 20 + whole[50:], whole[:12]):
        (tmp_path / "x").write_bytes(content)
        with pytest.raises(FormatError) as raised:
            read_idx(tmp_path / "x")
        assert said(raised, tmp_path).startswith("x: the gzip file is damaged (")
        assert str(raised.value).endswith("); copy it again")


def damaged(content, rng):
    """The file with bytes changed, cut off, or put in."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        place, how = int(rng.integers(len(content))), rng.random()
        if how < 0.6:
            content[place] = rng.integers(256)
        elif how < 0.8 and place:
            del content[place:]
        else:
            content[place:place] = rng.bytes(3)
    return bytes(content)


def npz(**arrays):
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


IDX = idx(0xC, (3, 4), bytes(48))


@pytest.mark.filterwarnings("ignore:Reading `.npy` or `.npz` file required additional header parsing")
@pytest.mark.parametrize(
    ("read", "content"),
    [
        (read_npy, npy(np.arange(6.0).reshape(2, 3))),
        (read_npz, npz(X=np.arange(6.0), y=np.arange(3))),
        (read_idx, IDX),
        (read_idx, gzip.compress(IDX, mtime=0)),
        (read_csv, b'a;"b c";d\n1,5;x;2024\n"2,5";"y ""q""";\n3;z;7\n'),
    ],
    ids=["npy", "npz", "idx", "gz", "csv"],
)
def test_damage_anywhere_is_read_or_refused(tmp_path, read, content):
    rng, refused = np.random.default_rng(0), 0
    for _ in range(300):
        (tmp_path / "x").write_bytes(damaged(content, rng))
        try:
            read(tmp_path / "x")
        except FormatError:
            refused += 1
    assert refused > 100


def test_a_gzip_file_that_promises_more_than_it_can_hold_is_not_unpacked(tmp_path):
    (tmp_path / "x").write_bytes(gzip.compress(idx(8, (2**31,), bytes(1000))))
    with pytest.raises(FormatError, match=r"promises 2,147,483,656 bytes .* the file has at most "):
        read_idx(tmp_path / "x")


def test_a_gzipped_file_cannot_be_mapped(tmp_path):
    (tmp_path / "x.gz").write_bytes(gzip.compress(idx(8, (1,), b"1")))
    with pytest.raises(ArgumentError) as raised:
        read_idx(tmp_path / "x.gz", memory_map=True)
    path = tmp_path / "x.gz"
    assert str(raised.value) == f"read_idx: {path} is gzipped, and cannot be mapped; unpack it first: gunzip {path}"
