"""An embedding by a network of the user's own, from a TorchScript file such as SSCD's `sscd_disc_mixup.torchscript.pt`.

Any network will do that takes float32 pictures (n, 3, side, side) and gives (n, length) numbers by which alike
pictures have a high cosine. The file brings network and weights together, and we bring none.

A TorchScript file is a program. It is not a pickle, and loading it runs no Python; but the network in it computes what
its maker wrote, and the language has calls that read and write files. Take one only from people whose programs you
would run. Pickles, which run any code as they are opened, are refused unopened.
"""

import io
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from provenance.digest import Digest, Json
from provenance.errors import DamagedArchiveError, EngineError, NotFoundError, UsageError
from provenance.fingerprint.embedding import square
from provenance.picture import Picture

if TYPE_CHECKING:
    from torch import Tensor

_EXPORT: Final = "Export it with `torch.jit.trace(network.eval(), torch.zeros(1, 3, 320, 320)).save('OUT.pt')`."
_LONGEST: Final = 2048
_TYPE: Final = np.dtype("<f2")
_NAME_DIGITS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """What is done to a picture before the network sees it; by default what SSCD (and most of ImageNet's) expect."""

    side: int = 320
    """Pixels a side of the square that it is squeezed to: 32 to 2048."""
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    """Taken from red, green and blue of 0..1."""
    deviation: tuple[float, float, float] = (0.229, 0.224, 0.225)
    """What they are divided by after that; over 0."""

    def __post_init__(self) -> None:
        """Refuse what no network expects. Raises UsageError."""
        if not 32 <= self.side <= _LONGEST:
            raise UsageError(f"A network sees squares of 32 to {_LONGEST} pixels a side, not of {self.side}.")
        if not np.isfinite([*self.mean, *self.deviation]).all() or min(self.deviation) <= 0:
            raise UsageError(f"Colours cannot be divided by {self.deviation}, less {self.mean}: give three over 0.")


class LearntEmbedder:
    """Embeds pictures by the network of a file. Make it once: `LearntEmbedder.load(path)`."""

    def __init__(self, network: Any, file: Digest, preparation: Preparation, *, device: str) -> None:  # noqa: ANN401
        """Embed by `network`, which came from the file with the digest `file`, on `device`."""
        self._network = network
        self._device = device
        self._preparation = preparation
        self.file = file
        self.length = len(self._answer(np.full((preparation.side, preparation.side, 3), 255, np.uint8)))

    @classmethod
    def load(cls, path: Path, preparation: Preparation | None = None, *, device: str = "cpu") -> Self:
        """Load the TorchScript file at `path`, and try it once on a white picture.

        Raises NotFoundError, and EngineError for a pickle, another format, or a network that takes or gives something
        else than it should.
        """
        import torch

        data = _read(path)
        _refuse_others(path, data)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch would rather have another format; this is what people have
                network = torch.jit.load(io.BytesIO(data), map_location=device).eval()  # type: ignore[no-untyped-call]
        except (RuntimeError, ValueError, OSError) as cause:
            raise EngineError(f"{path} is no whole TorchScript file: {_first_line(cause)}. {_EXPORT}") from cause
        try:
            return cls(network, Digest.of(data), preparation or Preparation(), device=device)
        except EngineError as cause:
            raise EngineError(f"The network in {path} cannot be used. {cause}") from cause

    @property
    def name(self) -> str:
        """Names file and preparation by their digest: other bytes or another size give another name."""
        return f"learnt-{Digest.of_json(self.record()).hex[:_NAME_DIGITS]}_v1"

    def record(self) -> dict[str, Json]:
        """Write which embedding this is, as JSON values; decimals as texts."""
        return {
            "file": str(self.file),
            "length": self.length,
            "side": self._preparation.side,
            "mean": [repr(value) for value in self._preparation.mean],
            "deviation": [repr(value) for value in self._preparation.deviation],
        }

    def embed(self, picture: Picture) -> NDArray[np.float32]:
        """Embed `picture`, on white and squeezed to a square, as a unit vector, float32 (length,)."""
        answer = self._answer(square(picture, self._preparation.side))
        return np.asarray(answer / max(float(np.linalg.norm(answer)), 1e-12), np.float32)

    def _answer(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        import torch

        mean, deviation = np.array(self._preparation.mean), np.array(self._preparation.deviation)
        prepared = ((pixels / 255 - mean) / deviation).astype(np.float32)
        batch = torch.from_numpy(prepared).permute(2, 0, 1)[None].contiguous().to(self._device)
        try:
            with torch.inference_mode():
                answer = self._network(batch)
        except (RuntimeError, ValueError, TypeError, torch.jit.Error) as cause:
            message = f"It fails on float32 pictures of shape {tuple(batch.shape)}: {_first_line(cause)}. {_EXPORT}"
            raise EngineError(message) from cause
        return _checked(answer)


def pack(embedding: NDArray[np.float32]) -> bytes:
    """Pack a unit vector, float32 (length,), as 2 bytes a number: IEEE 754 half precision, little-endian."""
    return embedding.astype(_TYPE).tobytes()


def unpack(data: bytes, length: int) -> NDArray[np.float16]:
    """Unpack one embedding to float16 (length,).

    Raises DamagedArchiveError for bytes that are no whole embedding, or hold something else than numbers of -1..1.
    """
    values = np.frombuffer(data, _TYPE) if len(data) == length * _TYPE.itemsize else None
    if values is None or not (np.abs(values) <= 1).all():
        message = f"{len(data)} bytes are no unit vector of {length} numbers, as the network of your own gives them."
        raise DamagedArchiveError(message)
    return np.asarray(values, np.float16)


def _checked(answer: "Tensor | object") -> NDArray[np.float32]:
    import torch

    if not isinstance(answer, torch.Tensor) or answer.ndim != 2 or len(answer) != 1 or not answer.is_floating_point():
        given = tuple(answer.shape) if isinstance(answer, torch.Tensor) else type(answer).__name__
        raise EngineError(f"It gives {given} for one picture, where numbers of shape (1, length) are needed. {_EXPORT}")
    numbers: NDArray[np.float32] = answer[0].float().cpu().numpy()
    if not np.isfinite(numbers).all():
        raise EngineError("It gives numbers that are not finite. Are mean, deviation and side those it was made for?")
    return numbers


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as cause:
        raise NotFoundError(f"There is no file {path}. Give the path of a TorchScript file.") from cause
    except OSError as cause:
        raise EngineError(f"{path} cannot be read: {cause.strerror}. Give a file that you may read.") from cause


def _refuse_others(path: Path, data: bytes) -> None:
    """Look at the list of a zip file's members, and at the first bytes of others, and unpickle nothing."""
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).namelist()
    except zipfile.BadZipFile as cause:
        what = "a pickle: opening it could run whatever code it holds, so prov never does" if _is_pickle(data) else ""
        raise EngineError(f"{path} is {what or 'no whole TorchScript file'}. {_EXPORT}") from cause
    if not any(name.endswith("/constants.pkl") for name in members):
        raise EngineError(
            f"{path} is a pickle checkpoint (of torch.save), without the network. "
            f"Opening it could run whatever code it holds, so prov never does. {_EXPORT}"
        )


def _is_pickle(data: bytes) -> bool:
    return data[:1] == b"\x80" and data[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}


def _first_line(cause: BaseException) -> str:
    lines = str(cause).strip().splitlines()
    return lines[-1].rstrip(".") if lines else type(cause).__name__
