"""Files of type idx, plain or gzipped: MNIST and its kin."""

from __future__ import annotations

import gzip
import math
import os
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO

from micrograd import on_demand as np
from micrograd.data.opening import opened
from micrograd.errors import ArgumentError, FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    BinaryFile = BinaryIO | gzip.GzipFile

DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
AXES = 64  # NumPy has no more
BLOCK = 1 << 20  # bytes
LARGEST = 2**63  # bytes
SHRINKS = 1032  # deflate makes nothing smaller than that many times


def read_idx(path: str | os.PathLike[str], *, memory_map: bool = False) -> NDArray[Any]:
    """Read an array from a file of type idx, as MNIST comes in; gzipped ones too.

    The file begins with two zero bytes, a byte for the dtype, a byte for the number of
    axes, and the length of each axis as four bytes, the highest first. All of it is
    compared with the size of the file first, so a damaged or hostile file takes no
    memory.

    Args:
        path: the file.
        memory_map: whether the numbers stay in the file until they are used; the array
            cannot be written to. A gzipped file cannot be mapped.

    Returns:
        The array: uint8 of shape (60000, 28, 28) for the pictures of MNIST. A mapped
        array of larger numbers keeps the byte order of the file.

    Raises:
        FormatError: the file is not of this type, is cut off, or is damaged.
        ArgumentError: a gzipped file is to be mapped.
        OSError: the file cannot be read.

    Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(os.path.join(folder, "x-idx1-ubyte"), "wb") as file:
    ...         _ = file.write(bytes([0, 0, 8, 1, 0, 0, 0, 3]) + bytes([5, 0, 4]))
    ...     read_idx(os.path.join(folder, "x-idx1-ubyte"))
    array([5, 0, 4], dtype=uint8)
    """
    name = str(path)
    with opened("read_idx", path) as raw:
        size = os.fstat(raw.fileno()).st_size
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if zipped and memory_map:
            raise ArgumentError(f"read_idx: {name} is gzipped, and cannot be mapped; unpack it first: gunzip {name}")
        if zipped:
            return _unzipped(raw, name, size)
        dtype, shape, start = _header(raw, name)
        _check_size(name, dtype, shape, start, size)
        if memory_map and _bytes(dtype, shape):
            return np.memmap(path, dtype=dtype, mode="r", offset=start, shape=shape)
        return _array(raw.read(), dtype, shape)


def _unzipped(raw: BinaryIO, name: str, size: int) -> NDArray[Any]:
    """The array in a gzipped file of so many bytes."""
    try:
        with gzip.open(raw) as file:
            dtype, shape, start = _header(file, name)
            wanted = _bytes(dtype, shape)
            if start + wanted > SHRINKS * size:
                _check_size(name, dtype, shape, start, SHRINKS * size)
            data = _at_most(file, wanted + 1)  # one more shows a file that is too long
    except (OSError, EOFError, zlib.error) as error:
        raise FormatError(f"{name}: the gzip file is damaged ({error}); copy it again") from None
    _check_size(name, dtype, shape, start, start + len(data))
    return _array(data, dtype, shape)


def _header(file: BinaryFile, name: str) -> tuple[str, tuple[int, ...], int]:
    """The dtype, the shape, and where the numbers begin."""
    start = file.read(4)
    if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in DTYPES or not 1 <= start[3] <= AXES:
        raise FormatError(
            f"{name}: this is not a file of type idx (it begins with {start.hex(' ') or 'nothing'}); "
            f"such a file begins with 00 00, a type from 08 to 0e, and the number of axes"
        )
    lengths = file.read(4 * start[3])
    if len(lengths) < 4 * start[3]:
        raise FormatError(f"{name}: the file ends within its header; it is cut off, copy it again")
    shape = tuple(int.from_bytes(lengths[i : i + 4], "big") for i in range(0, len(lengths), 4))
    dtype = DTYPES[start[2]]
    # NumPy holds no such array, even if one axis has length 0.
    if _bytes(dtype, tuple(max(n, 1) for n in shape)) >= LARGEST:
        raise FormatError(f"{name}: the header asks for an array of shape {shape}; the file is damaged, copy it again")
    return dtype, shape, 4 + len(lengths)


def _bytes(dtype: str, shape: tuple[int, ...]) -> int:
    return int(dtype[-1]) * math.prod(shape)


def _check_size(name: str, dtype: str, shape: tuple[int, ...], start: int, size: int) -> None:
    wanted = start + _bytes(dtype, shape)
    if wanted != size:
        held, what = ("at most", "cut off or damaged") if wanted > size else ("at least", "damaged")
        raise FormatError(
            f"{name}: the header promises {wanted:,} bytes (shape {shape}), "
            f"the file has {held} {size:,}; it is {what}, copy it again"
        )


def _at_most(file: BinaryFile, size: int) -> bytearray:
    """Read block by block: read(size) would first make room for as much as is asked."""
    data = bytearray()
    while len(data) < size and (block := file.read(min(BLOCK, size - len(data)))):
        data += block
    return data


def _array(data: bytes | bytearray, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    array = np.frombuffer(bytearray(data), dtype=dtype).reshape(shape)
    return array.astype(array.dtype.newbyteorder("="), copy=False)
