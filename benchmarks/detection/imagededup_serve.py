"""What runs where imagededup is installed: `PYTHON imagededup_serve.py METHOD` turns pictures into codes.

Pictures come in at standard input and codes go out at standard output, each as its length and the bytes of an .npy.
It knows nothing of this project, so that the other environment needs imagededup alone.
"""

import io
import struct
import sys
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray


def send(stream: IO[bytes], array: NDArray[Any]) -> None:
    """Write an array to a pipe."""
    data = io.BytesIO()
    np.save(data, array, allow_pickle=False)
    stream.write(struct.pack("<I", data.tell()) + data.getvalue())
    stream.flush()


def receive(stream: IO[bytes]) -> NDArray[Any] | None:
    """Read an array from a pipe; None where it has ended."""
    head = stream.read(4)
    if len(head) < 4:
        return None
    array: NDArray[Any] = np.load(io.BytesIO(stream.read(struct.unpack("<I", head)[0])), allow_pickle=False)
    return array


def main(method: str) -> None:
    from imagededup import methods  # type: ignore[import-not-found, unused-ignore]

    sink, sys.stdout = sys.stdout.buffer, sys.stderr  # what it prints must not come between the codes
    encoder = getattr(methods, method)(verbose=False)
    while (pixels := receive(sys.stdin.buffer)) is not None:
        encoded: Any = encoder.encode_image(image_array=pixels)
        send(sink, _unit(encoded) if method == "CNN" else np.frombuffer(bytes.fromhex(encoded), np.uint8))


def _unit(features: Any) -> NDArray[np.float32]:  # noqa: ANN401  (another library's)
    flat = np.asarray(features, np.float32).ravel()
    unit: NDArray[np.float32] = flat / (np.linalg.norm(flat) + 1e-9)
    return unit


if __name__ == "__main__":
    main(sys.argv[1])
