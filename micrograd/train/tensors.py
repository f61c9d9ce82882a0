"""The file of a checkpoint: a safetensors file with our state in its metadata.

    8 bytes        length of the header, little-endian
    header         JSON: for each array its type, shape and place; and __metadata__
    data           the numbers of the arrays

The metadata has one entry, "micrograd". It is JSON, too: the version of this format,
a checksum of the data, a checksum of the header (taken with zeros in its own place),
and the state, see states.py. So any byte that changes is noticed. Other programs that
read safetensors files can read the arrays.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import json
import os
import re
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, BinaryIO

from micrograd import on_demand as np
from micrograd.errors import CheckpointError, MissingExtraError
from micrograd.train.states import flattened, restored

if TYPE_CHECKING:
    from numpy.typing import NDArray

VERSION = 1
KEY = "micrograd"
# The names of types in safetensors files, and NumPy's.
TYPES = {
    "BOOL": "bool",
    **{f"{sign}{8 * size}": f"<{kind}{size}" for sign, kind in (("I", "i"), ("U", "u")) for size in (1, 2, 4, 8)},
    **{f"F{8 * size}": f"<f{size}" for size in (2, 4, 8)},
    "C64": "<c8",
}
LONGEST_HEADER = 100_000_000  # bytes: what safetensors accepts
MOST_ENTRIES = 500_000  # of the header; an array has about ten. More would take seconds to read
BLANK = "0" * 64  # in the place of a checksum
# Quotes inside of a JSON string are escaped.
PLACES = {name: re.compile(rb'\\"' + name.encode() + rb'\\":\\"([0-9a-f]{64})\\"') for name in ("data", "header")}
# The first bytes of files that people take for checkpoints.
SIGNS = {b"\x80": "a pickle", b"PK": "a zip file, as PyTorch's and NumPy's .npz are", b"\x93NUMPY": "a .npy file"}


def packed(state: dict[str, Any]) -> bytes:
    """The file that holds a state: dicts, lists, numbers, strings and arrays.

    Raises:
        CheckpointError: the state holds something else.
        MissingExtraError: safetensors is not installed.
    """
    arrays: dict[str, NDArray[Any]] = {}
    tree = {key: flattened(x, key, arrays) for key, x in state.items()}
    metadata = {"version": VERSION, "data": BLANK, "header": BLANK, "state": tree}
    text = json.dumps(metadata, separators=(",", ":"), allow_nan=False)
    content = bytearray(safetensors().save(arrays, {KEY: text}))
    size = 8 + int.from_bytes(content[:8], "little")
    if size > LONGEST_HEADER or _entries(content[8:size]) > MOST_ENTRIES:
        raise CheckpointError(
            f"save: {len(arrays)} arrays and {len(text)} letters of other state are more than one file can hold; "
            f"join numbers to arrays: parameters with Sequential.from_neurons, lists with numpy.array"
        )
    for name, covered in (("data", memoryview(content)[size:]), ("header", memoryview(content)[:size])):
        checksum = hashlib.sha256(covered).hexdigest().encode()
        covered.release()
        found = PLACES[name].search(content, 0, size)
        assert found
        start, end = found.span(1)
        found = None
        content[start:end] = checksum
    return bytes(content)


@dataclass
class Header:
    """What stands before the data of a checkpoint.

    Attributes:
        path: the file, for errors.
        size: the number of bytes before the data.
        checksum: of the data.
        tensors: the dtype and the shape of every array.
        tree: the state, as `flattened` gives it.
    """

    path: str
    size: int
    checksum: str
    tensors: dict[str, tuple[np.dtype[Any], tuple[int, ...]]]
    tree: dict[str, Any]

    def state(self, file: BinaryIO) -> Any:
        """The state, with the arrays that are in the file.

        Raises:
            CheckpointError: the data is damaged.
        """
        file.seek(0)
        content = file.read()
        if hashlib.sha256(memoryview(content)[self.size :]).hexdigest() != self.checksum:
            raise damaged(self.path, "the checksum of its data is wrong")
        arrays = {}
        for name, tensor in _deserialized(content, self.path):
            dtype, shape = self.tensors[name]
            try:
                array = np.frombuffer(tensor["data"], dtype).reshape(shape)
            except (ValueError, OverflowError) as error:  # 100 axes, or 2**63 columns of no rows
                raise damaged(self.path, f"{name!r} is not an array ({error})") from None
            arrays[name] = array.astype(dtype.newbyteorder("="))  # a copy, which may be written to
        return _restored(self.tree, arrays, self.path)


def read_header(file: BinaryIO, path: str) -> Header:
    """Read and check what stands before the data. It takes no time for a large file.

    Raises:
        CheckpointError: it is damaged, or is not a checkpoint.
    """
    size = os.fstat(file.fileno()).st_size
    start = file.read(8)
    if size == 0:
        raise CheckpointError(f"load: {path} is empty; the program that wrote it did not finish, restore a copy")
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > min(size - 8, LONGEST_HEADER):
        raise _foreign(path, start, f"it begins with a length of {length} bytes, and has {size}")
    header = file.read(length)
    if not header.startswith(b"{"):
        raise _foreign(path, start, "it does not begin as a safetensors file")
    found = PLACES["header"].search(header)
    if found is None:
        _parsed(header, path)
        raise CheckpointError(
            f"load: {path} is a safetensors file, but not a checkpoint of micrograd: it has no state.\n"
            f"For its weights alone: model.load_state_dict(safetensors.numpy.load_file({path!r}))"
        )
    blank = header[: found.start(1)] + BLANK.encode() + header[found.end(1) :]
    if hashlib.sha256(start + blank).hexdigest().encode() != found.group(1):
        raise damaged(path, "the checksum of its header is wrong")
    return _read(header, path, size)


def damaged(path: str, why: str) -> CheckpointError:
    """The error for a file that is not as it was written."""
    return CheckpointError(f"load: {path} is damaged: {why}; restore a copy of the file, or train again")


def _read(header: bytes, path: str, size: int) -> Header:
    """The header, whose checksum is right. Whoever wrote it may still mean harm."""
    table = _parsed(header, path)
    try:
        metadata = _parsed(table.pop("__metadata__")[KEY].encode(), path)
        version, checksum, tree = metadata["version"], metadata["data"], metadata["state"]
        tensors = {name: _entry(x["dtype"], x["shape"]) for name, x in table.items()}
        end = max((x["data_offsets"][1] for x in table.values()), default=0)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise damaged(path, f"its header has no good entry where one must be ({error!r})") from None
    if version != VERSION:
        raise CheckpointError(
            f"load: {path} has version {version!r} of the format, and this micrograd reads version {VERSION}; "
            f"install a newer micrograd"
        )
    if not isinstance(tree, dict) or end != size - 8 - len(header):
        raise damaged(path, f"its arrays take {end} bytes, and there are {size - 8 - len(header)}")
    return Header(path, 8 + len(header), str(checksum), tensors, tree)


def _entry(name: str, shape: Any) -> tuple[np.dtype[Any], tuple[int, ...]]:
    if not all(type(n) is int and n >= 0 for n in shape):
        raise ValueError(f"shape {shape}")
    return np.dtype(TYPES[name]), tuple(shape)


def _parsed(text: bytes, path: str) -> Any:
    """JSON, with no key twice in one place."""
    if _entries(text) > MOST_ENTRIES:
        raise damaged(path, f"its header has more than {MOST_ENTRIES} entries")
    try:
        return json.loads(text, object_pairs_hook=functools.partial(_once, path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise damaged(path, f"its header is not JSON ({error})") from None


def _entries(text: bytes | bytearray) -> int:
    """At most so many things are in a text of JSON."""
    return text.count(b"{") + text.count(b"[") + text.count(b",")


def _once(path: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in found if keys.count(key) > 1)
        raise damaged(path, f"its header has the key {twice[:40]!r} twice")
    return found


def _deserialized(content: bytes, path: str) -> Any:
    library = importlib.import_module("safetensors")
    try:
        return library.deserialize(content)
    except library.SafetensorError as error:  # arrays that overlap, or lie outside of the file
        raise damaged(path, str(error)) from None


def _restored(tree: Any, arrays: dict[str, NDArray[Any]], path: str) -> Any:
    try:
        return restored(tree, arrays)
    except RecursionError:
        raise damaged(path, "its state is nested too deeply") from None


def _foreign(path: str, start: bytes, why: str) -> CheckpointError:
    for sign, kind in SIGNS.items():
        if start.startswith(sign):
            return CheckpointError(f"load: {path} is {kind}, not a checkpoint; micrograd does not run pickles")
    # The length of a header that is not too long ends in bytes of 0.
    if len(start) == 8 and all(byte >= 32 or byte in b"\t\r\n" for byte in start) and start.isascii():
        return CheckpointError(f"load: {path} is a text file, not a checkpoint; give a file that `save` wrote")
    return CheckpointError(f"load: {path} is not a checkpoint, or is damaged: {why}; restore a copy of the file")


def safetensors() -> ModuleType:
    """The package safetensors.numpy.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return importlib.import_module("safetensors.numpy")
    except ImportError:
        raise MissingExtraError(
            "train: checkpoints need the package safetensors, which is not installed; pip install 'micrograd-nd[train]'"
        ) from None
