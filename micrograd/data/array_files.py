"""NumPy's files: .npy, also larger than memory, and .npz. Nothing in them is run."""

from __future__ import annotations

import os
import zipfile
import zlib
from tokenize import TokenError
from typing import TYPE_CHECKING, Any, BinaryIO

from micrograd import on_demand as np
from micrograd.data.opening import opened
from micrograd.errors import FormatError

if TYPE_CHECKING:
    from numpy.typing import NDArray

LARGEST = 2**63  # bytes


def read_npy(path: str | os.PathLike[str], *, memory_map: bool = False) -> NDArray[Any]:
    """Read an array that `np.save` wrote.

    The header is compared with the size of the file first, so a damaged or hostile file
    takes no memory. Pickled objects are refused.

    Args:
        path: the file.
        memory_map: whether the numbers stay in the file until they are used; the array
            cannot be written to. So it may be larger than memory.

    Returns:
        The array, of the dtype and shape that was saved.

    Raises:
        FormatError: the file is not an .npy file, is damaged, or holds objects.
        OSError: the file cannot be read.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.save(os.path.join(folder, "x.npy"), np.arange(3))
    ...     read_npy(os.path.join(folder, "x.npy"))
    array([0, 1, 2])
    """
    name = str(path)
    with opened("read_npy", path) as file:
        shape, dtype, start = _header(file, name)
        _check_size(name, shape, dtype, os.fstat(file.fileno()).st_size - start)
    size = _product(shape)
    # NumPy cannot map a file of no numbers.
    return np.load(path, mmap_mode="r" if memory_map and size else None, allow_pickle=False)  # type: ignore[no-any-return]


def read_npz(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Read the arrays that `np.savez` or `np.savez_compressed` wrote.

    Args:
        path: the file.

    Returns:
        The arrays by name.

    Raises:
        FormatError: the file is not an .npz file, is damaged, or holds objects.
        OSError: the file cannot be read.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(os.path.join(folder, "xy.npz"), X=np.ones((2, 1)), y=np.arange(2))
    ...     read_npz(os.path.join(folder, "xy.npz"))
    {'X': array([[1.],
           [1.]]), 'y': array([0, 1])}
    """
    name = str(path)
    with opened("read_npz", path) as raw:
        try:
            return _arrays(raw, name)
        # OSError: a damaged file may point before its own beginning.
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            raise FormatError(
                f"{name}: this is not an .npz file, or it is damaged ({error}); write it with np.savez"
            ) from None


def _arrays(raw: BinaryIO, name: str) -> dict[str, NDArray[Any]]:
    arrays = {}
    with zipfile.ZipFile(raw) as archive:
        for member in archive.infolist():
            title = f"{name}: {member.filename}"
            with archive.open(member) as file:
                shape, dtype, start = _header(file, title)
                # Deflate makes a file at most 1032 times smaller.
                held = min(member.file_size, 1032 * member.compress_size + 1032)
                _check_size(title, shape, dtype, held - start)
            with archive.open(member) as file:
                key = member.filename.removesuffix(".npy")
                arrays[key] = np.lib.format.read_array(file, allow_pickle=False)
    return arrays


def _header(file: Any, name: str) -> tuple[tuple[int, ...], Any, int]:
    """Shape and dtype of an .npy file, and where its numbers begin."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    except (ValueError, EOFError, TypeError, SyntaxError, RecursionError, MemoryError, TokenError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FormatError(
            f"{name}: this is not an .npy file, or it is damaged ({reason}); write it with np.save"
        ) from None
    if dtype.hasobject:
        raise FormatError(
            f"{name}: the array holds Python objects, and reading them could run a program; "
            f"save numbers or texts: np.save(path, x.astype(float))"
        )
    # NumPy holds no such array, even if one axis has length 0.
    if any(n < 0 for n in shape) or _product(tuple(max(n, 1) for n in shape)) * max(dtype.itemsize, 1) >= LARGEST:
        raise FormatError(f"{name}: the header asks for an array of shape {shape}; the file is damaged, copy it again")
    return shape, dtype, file.tell()


def _check_size(name: str, shape: tuple[int, ...], dtype: Any, held: int) -> None:
    wanted = _product(shape) * max(dtype.itemsize, 1)  # texts of length 0 may not be many for nothing
    if wanted > held:
        raise FormatError(
            f"{name}: the header promises {wanted:,} bytes ({dtype} of shape {shape}), "
            f"the file has at most {max(held, 0):,}; it is cut off or damaged, copy it again"
        )


def _product(shape: tuple[int, ...]) -> int:
    size = 1
    for n in shape:  # in whole numbers of Python, which do not overflow
        size *= n
    return size
