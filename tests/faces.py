"""A network in ONNX with the outputs of YuNet, written by hand: it takes squares of 32 reddish pixels for faces.

No weights of YuNet can be had in tests. This one is real to OpenCV, which reads and runs it as it does YuNet's.
Numbers of fields are those of onnx.proto3.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

YUNET = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}


def network(steps: Sequence[int] = (8, 16, 32), outputs: dict[str, int] = YUNET) -> bytes:
    """Write the network; other `steps` and `outputs` than YuNet's make another one."""
    nodes, weights, told = b"", b"", b""
    for step in steps:
        nodes += _field(1, _node("AveragePool", ["input"], f"p{step}", kernel_shape=[step] * 2, strides=[step] * 2))
        for name, size in outputs.items():
            own = f"{name}_{step}"
            weight, bias = np.zeros((size, 3, 1, 1), np.float32), np.zeros(size, np.float32)
            if name == "cls":  # of blue, green and red: from red well over blue on, and in squares of 32 alone
                weight[0, :, 0, 0], bias[0] = (-1 / 40, 0, 1 / 40), -0.5 if step == 32 else -100
            bias[:] = 1 if name == "obj" else (0.5, 0.5, 0, 0) if name == "bbox" and size == 4 else bias
            for of, array in (("w", weight), ("b", bias), ("s", np.array([1, -1, size], np.int64))):
                weights += _field(5, _tensor(f"{own}_{of}", array))
            nodes += _field(1, _node("Conv", [f"p{step}", f"{own}_w", f"{own}_b"], f"{own}_c", kernel_shape=[1, 1]))
            nodes += _field(1, _node("Transpose", [f"{own}_c"], f"{own}_t", perm=[0, 2, 3, 1]))
            nodes += _field(1, _node("Reshape", [f"{own}_t", f"{own}_s"], own))
            told += _field(12, _value(own, [1, "cells", size]))
    graph = nodes + _field(2, "faces") + weights + _field(11, _value("input", [1, 3, "height", "width"])) + told
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13))


def _node(kind: str, inputs: Sequence[str], output: str, **settings: Sequence[int]) -> bytes:
    written = b"".join(_field(1, each) for each in inputs) + _field(2, output) + _field(3, output) + _field(4, kind)
    for name, values in settings.items():
        written += _field(5, _field(1, name) + b"".join(_field(8, each) for each in values) + _field(20, 7))
    return written


def _tensor(name: str, array: NDArray[np.generic]) -> bytes:
    kind = {"float32": 1, "int64": 7}[array.dtype.name]
    return (
        b"".join(_field(1, each) for each in array.shape)
        + _field(2, kind)
        + _field(8, name)
        + _field(9, array.tobytes())
    )


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = b"".join(_field(1, _field(1 if isinstance(each, int) else 2, each)) for each in shape)
    return _field(1, name) + _field(2, _field(1, _field(1, 1) + _field(2, sizes)))


def _field(number: int, value: int | str | bytes) -> bytes:
    """Write a field of a protocol buffer."""
    if isinstance(value, int):
        return _whole(number << 3) + _whole(value)
    data = value.encode() if isinstance(value, str) else value
    return _whole(number << 3 | 2) + _whole(len(data)) + data


def _whole(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _whole(rest) if rest else bytes([low])
