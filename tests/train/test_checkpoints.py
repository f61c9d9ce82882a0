"""Checkpoints: what is saved comes back, and what is damaged, foreign or hostile is
refused at once, with the model as it was.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pickle
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.errors import CheckpointError, MissingExtraError
from micrograd.nn import Module
from micrograd.train import files, load, save, tensors

pytest.importorskip("safetensors", reason="the extra `train` is not installed")
safetensors_numpy = pytest.importorskip("safetensors.numpy")

SECOND = 1.0  # every refusal is quicker


class Net(Module):
    """An array, a number, a buffer and a random generator."""

    def __init__(self, seed: int = 0, dtype: Any = np.float64) -> None:
        rng = np.random.default_rng(seed)
        self.weight = Value(rng.standard_normal((3, 2)).astype(dtype))
        self.scale = Value(float(rng.standard_normal()))
        self.register_buffer("mean", rng.standard_normal(2))
        self.rng = np.random.default_rng(seed)


class Momentum:
    """An optimiser whose state is nested, with keys that are not strings."""

    def __init__(self, model: Module) -> None:
        self.state = {i: {"step": 0, "moment": np.zeros_like(p.data)} for i, p in enumerate(model.parameters())}
        self.groups = [{"lr": 0.1, "betas": (0.9, 0.999), "maximize": False, "name": None, "limit": float("inf")}]

    def state_dict(self) -> dict[str, Any]:
        return {"state": self.state, "groups": self.groups}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.state, self.groups = state["state"], state["groups"]


def bits(x: Any) -> Any:
    """Everything in a state, down to the types and the bytes."""
    if isinstance(x, dict):
        return {key: bits(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x), [bits(value) for value in x]
    if isinstance(x, (np.ndarray, np.generic)):
        return type(x), x.dtype, x.shape, x.tobytes()
    return type(x), repr(x)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A checkpoint of a Net and its optimiser."""
    path = tmp_path / "net.safetensors"
    model = Net(seed=1)
    save(path, model, Momentum(model), 7, seed=3, best=model.state_dict(), extra={"loss": [0.5, 0.25]})
    return path


def refused(path: Path, words: str, kind: type[Exception] = CheckpointError) -> None:
    """Loading fails with these words, at once, and nothing is assigned."""
    model = Net()
    optimizer = Momentum(model)
    optimizer.state[0]["step"] = 5
    before = bits([model.state_dict(), optimizer.state_dict(), model.rng.bit_generator.state])
    start = time.perf_counter()
    with pytest.raises(kind, match=words) as caught:
        load(path, model, optimizer)
    assert time.perf_counter() - start < SECOND
    assert len(str(caught.value).splitlines()) <= 3
    assert bits([model.state_dict(), optimizer.state_dict(), model.rng.bit_generator.state]) == before


# What comes back


def test_everything_comes_back(path):
    saved, model = Net(seed=1), Net(seed=2)
    optimizer = Momentum(model)
    optimizer.groups[0]["lr"] = 0.3
    model.rng.random()
    checkpoint = load(path, model, optimizer)
    assert bits(model.state_dict()) == bits(saved.state_dict())
    assert bits(optimizer.state_dict()) == bits(Momentum(saved).state_dict())
    assert model.rng.bit_generator.state == saved.rng.bit_generator.state
    assert type(model.scale.data) is float
    assert (checkpoint["epoch"], checkpoint["seed"], checkpoint["extra"]) == (7, 3, {"loss": [0.5, 0.25]})


def test_what_is_loaded_belongs_to_nobody_else(path):
    model = Net()
    optimizer = Momentum(model)
    checkpoint = load(path, model, optimizer)
    kept = bits(checkpoint)
    model.weight.data[:] = 0.0
    optimizer.state[0]["moment"][:] = 1.0
    assert bits(checkpoint) == kept


def test_without_a_model(path):
    checkpoint = load(path)
    assert bits(checkpoint["model"]) == bits(Net(seed=1).state_dict())
    assert checkpoint["optimizer"]["groups"][0]["betas"] == (0.9, 0.999)


def test_best_weights(tmp_path):
    first, last, model = Net(seed=1), Net(seed=2), Net(seed=3)
    save(tmp_path / "a", last, best=first.state_dict())
    load(tmp_path / "a", model)
    assert bits(model.state_dict()) == bits(last.state_dict())
    load(tmp_path / "a", model, best=True)
    assert bits(model.state_dict()) == bits(first.state_dict())


def arrays() -> dict[str, Any]:
    """Arrays that safetensors 0.8 writes wrong, and others at the edge."""
    x = np.arange(12.0).reshape(3, 4)
    return {
        "transposed": x.T,
        "Fortran": np.asfortranarray(x),
        "strided": x[::2, ::3],
        "reversed": x[::-1, ::-1],
        "broadcast": np.broadcast_to(np.arange(3.0), (2, 3)),
        "big-endian": x.astype(">f8"),
        "big-endian, strided": x.astype(">i4")[:, ::2],
        "a number": np.array(2.5),
        "a number, big-endian": np.array(2.5, ">f4"),
        "empty": np.zeros((0, 3), np.float32),
        "one": np.ones((1, 1, 1), np.float16).transpose(2, 0, 1),
        "boolean": np.array([True, False])[::-1],
        "bytes": np.arange(5, dtype=np.uint8),
        "not finite": np.array([np.nan, -np.inf, -0.0]),
        "complex": np.array([1 + 2j], np.complex64),
    }


@pytest.mark.parametrize("name", arrays())
def test_arrays_of_every_layout(tmp_path, name):
    given = arrays()[name]
    save(tmp_path / "a", Net(), extra=given)
    found = load(tmp_path / "a")["extra"]
    np.testing.assert_array_equal(found, given)
    assert (found.shape, found.dtype) == (given.shape, given.dtype.newbyteorder("="))
    assert found.flags.writeable and found.flags.c_contiguous


@pytest.mark.parametrize(
    "state",
    [
        {"$": "not a kind"},
        {1: "a", "1": "b", (2, None): [True]},
        {1: np.ones(1), "1": np.zeros(1)},
        (float("nan"), float("-inf"), -0.0, 1e-323, 0.1, 2**200, -1),
        [[], (), {}, None, "", "\x00 \u2028 ü"],
        np.float32(0.1),
        np.int64(-3),
        np.bool_(True),
    ],
    ids=["a key of ours", "keys", "keys of arrays", "numbers", "empty", "a float32", "an int64", "a bool"],
)
def test_states_come_back_with_their_types(tmp_path, state):
    save(tmp_path / "a", Net(), extra=state)
    assert bits(load(tmp_path / "a")["extra"]) == bits(state)


@pytest.mark.parametrize("kind", ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"])
def test_random_generators_go_on(tmp_path, kind):
    rng = np.random.Generator(getattr(np.random, kind)(3))
    rng.random(5, np.float32)  # half of a draw is kept for the next
    save(tmp_path / "a", Net(), rng=rng)
    expected = rng.random(7, np.float32)
    other = np.random.Generator(getattr(np.random, kind)(4))
    load(tmp_path / "a", rng={"": other})
    np.testing.assert_array_equal(other.random(7, np.float32), expected)


def test_a_file_is_the_same_in_every_process(tmp_path):
    program = (
        "import sys, numpy as np; from micrograd.nn import Module; from micrograd.train import save\n"
        "save(sys.argv[1], Module(), extra={'b': np.ones(2), 'a': np.ones(3, np.int8), 'c': np.ones(2)})"
    )
    for name in "ab":
        environment = {**os.environ, "PYTHONHASHSEED": "1" if name == "a" else "2"}
        subprocess.run([sys.executable, "-c", program, tmp_path / name], check=True, env=environment)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_other_programs_read_the_arrays(path):
    found = safetensors_numpy.load_file(path)
    np.testing.assert_array_equal(found["model.weight"], Net(seed=1).weight.data)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"f": len}, "extra.f is <built-in function len>, which a checkpoint cannot hold; give numbers, strings"),
        ([1j], "extra.0 is 1j, which a checkpoint cannot hold"),
        (
            np.array([1, None]),
            "extra is an array of object, which a safetensors file cannot hold; convert it to one of",
        ),
        (np.array(["a"]), "extra is an array of str32"),
        (np.ones(1, np.longdouble), "extra is an array of (longdouble|float128)"),
    ],
    ids=["a function", "a complex number", "objects", "strings", "long doubles"],
)
def test_what_needs_a_pickle_is_refused(path, extra, words):
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=words):
        save(path, Net(), extra=extra)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_more_than_a_file_can_hold(path):
    before = path.read_bytes()
    words = r"save: \d+ arrays and \d+ letters of other state are more than one file can hold; join numbers to arrays"
    with pytest.raises(CheckpointError, match=words):
        save(path, Net(), extra=[0] * 500_001)
    assert path.read_bytes() == before


def test_a_model_needs_a_state(tmp_path):
    with pytest.raises(CheckpointError, match="save: model=list has no state_dict and load_state_dict; give a Module"):
        save(tmp_path / "a", [Value(1.0)])
    with pytest.raises(CheckpointError, match=r"optimizer=int has no state_dict .* give a class of micrograd.optim"):
        save(tmp_path / "a", Net(), 3)


def test_without_safetensors(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    for call in (lambda: save(tmp_path / "a", Net()), lambda: load(tmp_path / "a")):
        with pytest.raises(MissingExtraError, match=r"safetensors, .*; pip install 'micrograd-nd\[train\]'"):
            call()


# What does not fit


def test_another_model(path):
    class Other(Net):
        def __init__(self) -> None:
            super().__init__(dtype=np.float32)
            self.bias = Value(np.zeros(2))
            self.scale = Value(np.zeros(3))
            del self.rng
            self._buffer_names = ()

    words = (
        "net.safetensors does not fit the model: bias is missing; mean is unknown to the model; "
        r"weight is float64 of shape \(3, 2\), wanted float32 of shape \(3, 2\); "
        r"scale is float64 of shape \(\), wanted float64 of shape \(3,\).\n"
        "Build the model as it was when it was saved"
    )
    with pytest.raises(CheckpointError, match=words):
        load(path, Other())


def test_another_optimizer(path):
    class Adam(Momentum):
        pass

    model = Net()
    with pytest.raises(CheckpointError, match="holds the state of Momentum, and optimizer= is Adam; give an optimizer"):
        load(path, model, Adam(model))
    save(path, model)
    with pytest.raises(CheckpointError, match="holds no state of an optimizer; save it with save"):
        load(path, model, Momentum(model))
    with pytest.raises(CheckpointError, match="has no best weights; it was saved without best="):
        load(path, model, best=True)


def test_other_generators(path):
    model = Net()
    model.rng = np.random.Generator(np.random.MT19937(0))
    before = bits(model.state_dict())
    with pytest.raises(CheckpointError, match=r"state of the random generator 'rng' in .* is not one of MT19937"):
        load(path, model)
    model.other = np.random.default_rng(0)
    with pytest.raises(CheckpointError, match=r"holds the random generators 'rng', and the model .* 'rng', 'other'"):
        load(path, model)
    assert bits(model.state_dict()) == before


def test_an_optimizer_that_fails_changes_nothing(path):
    class Strict(Momentum):
        def load_state_dict(self, state: dict[str, Any]) -> None:
            self.groups = []
            raise KeyError("moment2")

    Strict.__name__ = "Momentum"
    model = Net()
    before = bits([model.state_dict(), model.rng.bit_generator.state])
    with pytest.raises(CheckpointError, match=r"its state cannot be taken over \(KeyError\('moment2'\)\)"):
        load(path, model, Strict(model))
    assert bits([model.state_dict(), model.rng.bit_generator.state]) == before


# Damaged, foreign and hostile files


def test_every_byte_counts(path):
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    places = [*range(12), *rng.integers(len(whole), size=150)]
    for place in places:
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        refused(
            path, "net.safetensors is (damaged|not a checkpoint, or is damaged|a pickle|a zip|a safetensors file, but)"
        )


@pytest.mark.parametrize("part", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_truncated(path, part):
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    refused(path, "damaged")


def test_longer_than_it_was(path):
    path.write_bytes(path.read_bytes() + b"\0")
    refused(path, "net.safetensors is damaged: its arrays take 200 bytes, and there are 201; restore a copy")


def test_the_data_is_damaged(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    refused(path, "net.safetensors is damaged: the checksum of its data is wrong; restore a copy of the file, or train")


def test_the_header_is_damaged(path):
    path.write_bytes(path.read_bytes().replace(b'\\"epoch\\":7', b'\\"epoch\\":8'))
    refused(path, "net.safetensors is damaged: the checksum of its header is wrong; restore a copy")


FOREIGN = {
    "empty": (b"", "is empty; the program that wrote it did not finish"),
    "a pickle": (pickle.dumps({"a": 1}), "is a pickle, not a checkpoint; micrograd does not run pickles"),
    "a zip": (b"PK\3\4" + bytes(100), "is a zip file, as PyTorch's and NumPy's .npz are, not a checkpoint"),
    "a npy": (b"\x93NUMPY\1\0" + bytes(100), "is a .npy file, not a checkpoint"),
    "text": (b"a,b\n1,2\n" * 9, "is a text file, not a checkpoint; give a file that `save` wrote"),
    "three bytes": (b"abc", "is not a checkpoint, or is damaged"),
    "zeros": (bytes(1000), "does not begin as a safetensors file"),
    "2**64 - 1": (b"\xff" * 8 + b"{}", "a length of 18446744073709551615 bytes, and has 10"),
    "2**63": ((2**63).to_bytes(8, "little") + b"{}", "a length of 9223372036854775808 bytes"),
    "not JSON": ((5).to_bytes(8, "little") + b"{nono", "is damaged: its header is not JSON"),
    "not UTF-8": ((4).to_bytes(8, "little") + b'{"\xff"', "is damaged: its header is not JSON"),
    "deep": ((200001).to_bytes(8, "little") + b"{" + b"[" * 200000, "is damaged: its header is not JSON"),
    "many entries": ((2 * 10**6 + 4).to_bytes(8, "little") + b'{"":' + b"[]" * 10**6, "more than 500000 entries"),
    "a key twice": ((13).to_bytes(8, "little") + b'{"a":1,"a":2}', "its header has the key 'a' twice"),
    "somebody else's": (
        safetensors_numpy.save({"weight": np.ones(2)}, {"format": "pt"}),
        "is a safetensors file, but not a checkpoint of micrograd: it has no state.\n"
        r"For its weights alone: model.load_state_dict\(safetensors.numpy.load_file\(",
    ),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign(tmp_path, name):
    content, words = FOREIGN[name]
    (tmp_path / "a").write_bytes(content)
    refused(tmp_path / "a", words)


def signed(path: Path, change: Any) -> None:
    """Change the header of a file, and sign it: its checksums are right."""
    content = path.read_bytes()
    size = 8 + int.from_bytes(content[:8], "little")
    table = json.loads(content[8:size])
    metadata = json.loads(table["__metadata__"]["micrograd"])
    change(table, metadata)
    metadata["header"] = tensors.BLANK
    metadata["data"] = hashlib.sha256(content[size:]).hexdigest()
    if "__metadata__" in table:
        table["__metadata__"]["micrograd"] = json.dumps(metadata, separators=(",", ":"))
    _rewritten(path, json.dumps(table, separators=(",", ":")).encode(), content[size:])


def _rewritten(path: Path, header: bytes, data: bytes) -> None:
    start = len(header).to_bytes(8, "little")
    checksum = hashlib.sha256(start + header).hexdigest().encode()
    place = tensors.PLACES["header"].search(header).start(1)
    path.write_bytes(start + header[:place] + checksum + header[place + 64 :] + data)


def _set(path: str, value: Any) -> Any:
    def change(table: Any, metadata: Any) -> None:
        *keys, last = path.split("|")
        place = {"table": table, "metadata": metadata}
        for key in keys:
            place = place[key]
        place[last] = value

    return change


HOSTILE = {
    "overlap": ("table|model.weight|data_offsets", [8, 56], "is damaged: .*(overlap|invalid|offset)"),
    "beyond the end": ("table|model.weight|data_offsets", [0, 10**9], "is damaged: its arrays take 1000000000 bytes"),
    "negative": ("table|model.weight|data_offsets", [-8, 40], "is damaged"),
    "huge": ("table|model.weight|data_offsets", [0, 2**64], "is damaged: its arrays take"),
    "a larger shape": (
        "table|model.weight|shape",
        [10**9, 10**9],
        "does not fit the model: weight is float64 of shape",
    ),
    "a negative shape": ("table|model.weight|shape", [-3, -2], "no good entry where one must be"),
    "a shape that overflows": (
        "table|more",
        {"dtype": "U8", "shape": [2**63, 2**63], "data_offsets": [0, 1]},
        "is damaged: .* overflow",
    ),
    "another dtype": ("table|model.weight|dtype", "I64", "does not fit the model: weight is int64 of shape"),
    "an unknown dtype": ("table|model.weight|dtype", "F8_E5M2", "no good entry where one must be"),
    "no entry": ("table|model.weight", None, "no good entry where one must be"),
    "a name that leaves the folder": ("metadata|state|model|../../etc/passwd", 1, "unknown to the model"),
    "a name that is a path": (
        "metadata|state|model|/etc/passwd",
        {"$": "array", "of": "/etc/passwd"},
        "unknown to the",
    ),
    "an array that is not there": (
        "metadata|state|model|weight",
        {"$": "array", "of": "none"},
        "weight is None of shape",
    ),
    "no array": ("metadata|state|model|weight", 3, "weight is None of shape None, wanted float64 of shape"),
    "an unknown kind": ("metadata|state|extra", {"$": "exec", "of": "1"}, "the entry .* is not known .* it is damaged"),
    "a list as a kind": ("metadata|state|extra", {"$": [], "of": "1"}, "the entry .* is not known"),
    "a wrong float": ("metadata|state|extra", {"$": "float", "of": "__import__('os')"}, "the entry .* is not known"),
    "no state": ("metadata|state", [1], "is damaged"),
    "no model": ("metadata|state|model", None, "has no model weights; it is damaged"),
    "another version": (
        "metadata|version",
        2,
        "has version 2 of the format, and this micrograd reads version 1; install",
    ),
    "no optimizer": ("metadata|state|optimizer", 3, r"its state cannot be taken over \(TypeError"),
    "a generator": (
        "metadata|state|generators|rng|state",
        {"state": -1, "inc": 2**300},
        "generator 'rng' .* is not one",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile(path, name):
    where, value, words = HOSTILE[name]
    signed(path, _set(where, value))
    refused(path, words)


@pytest.mark.parametrize("shape", [[2**63, 0], [0] * 100], ids=["large", "many axes"])
def test_shapes_that_numpy_does_not_have(path, shape):
    entry = {"dtype": "U8", "shape": shape, "data_offsets": [0, 0]}
    signed(path, lambda table, metadata: table.update({"model.more": entry}))
    refused(path, "is damaged: 'model.more' is not an array")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files with holes are Linux's here")
def test_a_file_of_a_thousand_gigabytes(tmp_path):
    """Only its beginning takes place on the disk. It is not read."""
    for length, words in ((2**40, "a length of 1099511627776 bytes"), (10, "it does not begin as a safetensors file")):
        with open(tmp_path / "a", "wb") as file:
            file.write(length.to_bytes(8, "little"))
            file.truncate(2**40 + 8)
        refused(tmp_path / "a", words)


@pytest.mark.parametrize("depth", [3_000, 100_000])
def test_a_deep_state(path, depth):
    content = path.read_bytes()
    size = 8 + int.from_bytes(content[:8], "little")
    deep = b'{\\"a\\":' * depth + b"1" + b"}" * depth
    header = content[8:size].replace(b'\\"extra\\":{', b'\\"extra\\":' + deep + b',\\"rest\\":{')
    _rewritten(path, tensors.PLACES["header"].sub(lambda m: m[0].replace(m[1], b"0" * 64), header), content[size:])
    refused(path, "is damaged: its (header is not JSON|state is nested too deeply)")


def test_a_directory(tmp_path):
    refused(tmp_path, "load: Is a directory; name a file in it", IsADirectoryError)
    with pytest.raises(IsADirectoryError, match="save: Is a directory"):
        save(tmp_path, Net())


def test_no_file(tmp_path):
    refused(tmp_path / "a", "load: No such file or directory; give the path of a checkpoint", FileNotFoundError)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs here")
def test_a_fifo(tmp_path):
    os.mkfifo(tmp_path / "a")
    refused(tmp_path / "a", "load: .* is not a file, but a device, a socket or a FIFO; name a file")
    with pytest.raises(CheckpointError, match=r"save: .* is not a file, but a device, a socket or a FIFO"):
        save(tmp_path / "a", Net())
    assert stat.S_ISFIFO(os.stat(tmp_path / "a").st_mode)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there are no such sockets here")
def test_a_socket(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("a")
        refused(Path("a"), "load: a is not a file, but a device, a socket or a FIFO")


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there are no devices here")
def test_a_device():
    refused(Path("/dev/zero"), "load: /dev/zero is not a file")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(path):
    path.chmod(0)
    refused(path, "load: Permission denied", PermissionError)


# Writing


def test_an_unwritable_folder(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match="save: No such file or directory; make its folder first"):
        save(tmp_path / "no" / "a", Net())
    with pytest.raises(IsADirectoryError, match="save: Is a directory; name a file in it"):
        save(tmp_path, Net())

    def denied(*arguments: Any) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files.os, "open", denied)
    with pytest.raises(PermissionError, match="save: Permission denied; the old file is as it was"):
        save(tmp_path / "a", Net())


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk(path, monkeypatch, call):
    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = path.read_bytes()
    monkeypatch.setattr(files.os, call, full)
    with pytest.raises(OSError, match="save: No space left on device; the old file is as it was; free space"):
        save(path, Net(seed=5))
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit of a file's size is Linux's")
def test_a_disk_that_is_full_midway(path):
    program = (
        "import resource, signal, sys, numpy as np; from micrograd.nn import Module; from micrograd.train import save\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try: save(sys.argv[1], Module(), extra=np.zeros(2000))\n"
        "except OSError as error: print(error)"
    )
    before = path.read_bytes()
    done = subprocess.run([sys.executable, "-c", program, path], check=True, capture_output=True, text=True)
    assert "save: File too large; the old file is as it was" in done.stdout
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_stays_a_link(tmp_path, path):
    link, farther, dangling = tmp_path / "link", tmp_path / "farther", tmp_path / "dangling"
    (tmp_path / "folder").mkdir()
    link.symlink_to(path.name)
    farther.symlink_to(link)
    dangling.symlink_to("folder/new")
    for place, target in ((link, path), (farther, path), (dangling, tmp_path / "folder/new")):
        save(place, Net(seed=9), epoch=9)
        assert place.is_symlink() and not target.is_symlink()
        assert load(target)["epoch"] == 9
        target.unlink()
    loop = tmp_path / "loop"
    loop.symlink_to("loop")
    with pytest.raises(OSError, match=r"save: .*ymbolic links; remove the link"):
        save(loop, Net())
    assert loop.is_symlink()


@pytest.mark.skipif(os.name == "nt", reason="permissions are others there")
def test_permissions(path):
    usual = stat.S_IMODE(os.stat(path).st_mode)
    mask = os.umask(0)
    os.umask(mask)
    assert usual == 0o666 & ~mask
    path.chmod(0o640)
    save(path, Net())
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640


def test_the_file_and_the_folder_are_flushed(path, monkeypatch):
    order = []
    fsync, replace = os.fsync, os.replace

    def flush(descriptor: int) -> None:
        order.append("flush folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "flush file")
        fsync(descriptor)

    def rename(old: Any, new: Any) -> None:
        order.append("rename")
        replace(old, new)

    monkeypatch.setattr(files.os, "fsync", flush)
    monkeypatch.setattr(files.os, "replace", rename)
    save(path, Net())
    assert order == ["flush file", "rename", "flush folder"]


@pytest.mark.parametrize("number", [errno.EIO, errno.EINVAL])
def test_a_folder_that_cannot_be_flushed(path, monkeypatch, number):
    """EINVAL says that the file system does not know how to; others are failures."""
    fsync = os.fsync

    def flush(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(descriptor)

    monkeypatch.setattr(files.os, "fsync", flush)
    if number == errno.EIO:
        with pytest.raises(OSError, match=r"save: .*; the new file is there, but a crash may undo it; save again"):
            save(path, Net(seed=5), epoch=9)
    else:
        save(path, Net(seed=5), epoch=9)
    monkeypatch.undo()
    assert load(path)["epoch"] == 9


def test_ctrl_c_while_saving(path, monkeypatch):
    def interrupted(*arguments: Any) -> None:
        raise KeyboardInterrupt

    before = path.read_bytes()
    monkeypatch.setattr(files.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save(path, Net(seed=5))
    monkeypatch.undo()
    assert path.read_bytes() == before and os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(os.name == "nt", reason="there are no locks of this kind")
def test_what_a_killed_writer_left_is_taken_over(path, monkeypatch):
    with files._temporary_for(path) as (file, name):
        file.write(b"half a file")
        left = Path(name)
        # Another writer at the same time takes a name of its own.
        save(path, Net(seed=2))
        assert sorted(os.listdir(path.parent)) == sorted([path.name, left.name])
    assert left.read_bytes() == b"half a file"
    save(path, Net(seed=3), epoch=4)
    assert os.listdir(path.parent) == [path.name]
    assert load(path)["epoch"] == 4


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("kind", ["link", "hard link", "folder", "FIFO"])
def test_what_somebody_has_put_in_the_place_of_the_temporary_file(path, kind):
    with files._temporary_for(path) as (_, name):
        pass
    os.unlink(name)
    victim = path.parent / "victim"
    victim.write_bytes(b"precious")
    {
        "link": lambda: os.symlink(victim, name),
        "hard link": lambda: os.link(victim, name),
        "folder": lambda: os.mkdir(name),
        "FIFO": lambda: os.mkfifo(name),
    }[kind]()
    save(path, Net(), epoch=5)
    assert victim.read_bytes() == b"precious"
    assert load(path)["epoch"] == 5 and not path.is_symlink()


def test_many_threads_write_one_file(path):
    models = [Net(seed=i) for i in range(4)]

    def write(i: int) -> None:
        for _ in range(20):
            save(path, models[i], epoch=i)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        checkpoint = load(path)
        assert checkpoint["epoch"] in (7, 0, 1, 2, 3)
    for thread in threads:
        thread.join()
    checkpoint = load(path)
    assert bits(checkpoint["model"]) == bits(models[checkpoint["epoch"]].state_dict())
    assert os.listdir(path.parent) == [path.name]


def test_a_long_name(tmp_path):
    path = tmp_path / ("ü" * 127)
    save(path, Net(), epoch=2)
    assert load(path)["epoch"] == 2


@pytest.mark.parametrize("given", [None, 5])
def test_a_path_that_is_not_one(given):
    with pytest.raises(CheckpointError, match=f"load: path={given} is not a path; give that of a checkpoint, as"):
        load(given)
    with pytest.raises(CheckpointError, match=f"save: path={given} is not a path; give one, such as 'model.safetensor"):
        save(given, Module())
