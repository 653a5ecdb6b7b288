"""What a picture shows, as 1,280 numbers that stay much the same when it is cropped, recoloured or drawn on.

The picture on white is squeezed to 192 x 192 pixels, and each of the 1,280 maps of EfficientNet-Lite0 becomes one
number by the generalised mean with exponent 3 (Radenović, Tolias and Chum 2018, arXiv 1711.02512, section 3.2).
These are kept as float16. They are compared after a `Projection`, of which a later one may be better, to a short
vector in which what is done to copies counts little and what tells works apart counts much. It was learnt by linear
discriminant analysis (Belhumeur, Hespanha and Kriegman 1997, "Eigenfaces vs. Fisherfaces", section 2.4): the scatter
within is that of altered versions round the work that they were made of (as WCCN does for voices: Hatch, Kajarekar and
Stolcke 2006), the scatter between is that of the works.

It proposes works; it accuses nobody: whether a proposed work is in the picture, local features decide.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, EngineError, UsageError
from provenance.fingerprint.efficientnet import CHANNELS, EfficientNet
from provenance.fingerprint.white import pixels_on_white
from provenance.picture import Picture

if TYPE_CHECKING:
    from torch import Tensor

NAME: Final = "efficientnet-lite0-gem192_v1"
"""Names network, weights, size and pooling; what is embedded otherwise gets another name."""

LENGTH: Final = CHANNELS
"""Numbers a picture."""

SIZE: Final = 2 * LENGTH
"""Bytes of a packed embedding."""

SIDE: Final = 192
"""Pixels a side of what the network sees."""

PROJECTION: Final = "lda256_v1"
"""Names the shipped projection; another centre or matrix gets another name."""

PROJECTION_FILE: Final = Path(__file__).with_name(f"{PROJECTION}.safetensors")
"""It was learnt from 969 works by 87 people of the Open Clip Art Library 0.18, all CC0 1.0, and from versions of them
that were altered at random; `python -m benchmarks.detection.fit_projection` makes it again."""

PROJECTION_DIGEST: Final = Digest("b8c7f0f2d46d0e1d39e0f9c788f17eb5b177caf285ae4736fa7fdc8b3571b466")
"""The digest of that file, which is checked before it is used."""

_EXPONENT: Final = 3
_HIGHEST: Final = 6.0  # where the network's last step cuts off
_TYPE: Final = np.dtype("<f2")
_BATCH: Final = 32  # of what is no CPU; a CPU is quickest with one at a time


class Embedder:
    """Embeds pictures. Make it once: `Embedder.load()`; several threads may use it."""

    def __init__(self, network: EfficientNet) -> None:
        """Embed by `network`, where it is."""
        self._network = network

    @classmethod
    def load(cls, path: Path | None = None, *, device: str = "cpu") -> Self:
        """Load the weights of the installed package, or of the same file at `path`; `device` does the work.

        Raises EngineError where they are missing or are not those weights; then nothing is unpickled.
        """
        return cls(EfficientNet.load(path, device=device))

    def embed(self, picture: Picture) -> NDArray[np.float32]:
        """Embed `picture`: float32 (1280,) of 0..6, which is what unpacking its packed bytes gives."""
        embedding: NDArray[np.float32] = self.embed_squares(square(picture)[None])[0]
        return embedding

    def embed_squares(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed what `square` gives, uint8 (n, 192, 192, 3), as float32 (n, 1280), rounded as `pack` rounds.

        On a CPU a square gives the same numbers whatever comes with it, for the same number of threads.
        Raises UsageError for another shape or type.
        """
        import torch

        if squares.dtype != np.uint8 or squares.shape[1:] != (SIDE, SIDE, 3):
            wanted = f"uint8 (n, {SIDE}, {SIDE}, 3)"
            raise UsageError(f"Squares to embed are {wanted}, not {squares.dtype} {squares.shape}.")
        embedded = np.zeros((len(squares), LENGTH), np.float32)
        step = 1 if self._network.device == "cpu" else _BATCH
        with torch.inference_mode():
            for start in range(0, len(squares), step):
                part = torch.from_numpy(np.ascontiguousarray(squares[start : start + step]))
                batch = part.to(self._network.device).permute(0, 3, 1, 2).float()
                embedded[start : start + step] = _pooled(self._network.feature_map(batch)).cpu().numpy()
        rounded: NDArray[np.float32] = embedded.astype(_TYPE).astype(np.float32)
        return rounded


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projection:
    """A centre and a matrix; `Projection.load()` gives the shipped one."""

    name: str
    centre: NDArray[np.float32]
    """Shape (1280,): what the square roots of embeddings are, on average."""
    matrix: NDArray[np.float32]
    """Shape (1280, length)."""

    @classmethod
    def load(cls) -> Self:
        """Load what is shipped; it is read once. Raises EngineError where its file is missing or changed."""
        tensors = _shipped()
        return cls(name=PROJECTION, centre=tensors["centre"], matrix=tensors["matrix"])

    @property
    def length(self) -> int:
        """Numbers of a vector."""
        return int(self.matrix.shape[1])

    def project(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take embeddings, float32 (n, 1280), to float32 (n, length) whose products are cosines, -1 to 1.

        An embedding in the very centre has no direction: its vector is zero. Raises UsageError for another shape.
        """
        if embeddings.ndim != 2 or embeddings.shape[1] != len(self.centre):
            raise UsageError(f"Embeddings to project have the shape (n, {LENGTH}), not {embeddings.shape}.")
        vectors = (np.sqrt(embeddings) - self.centre) @ self.matrix
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), np.float32)


def square(picture: Picture, side: int = SIDE) -> NDArray[np.uint8]:
    """Lay `picture` on white and squeeze it to uint8 (side, side, 3), height and width by themselves; small ones grow.

    Going down, every pixel counts by its area; going up, neighbours are blended.
    """
    import cv2

    pixels = pixels_on_white(picture)
    within = (min(picture.width, side), min(picture.height, side))
    pixels = cv2.resize(pixels, within, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)


def pack(embedding: NDArray[np.float32]) -> bytes:
    """Pack float32 (1280,) as 2,560 bytes: IEEE 754 half precision, little-endian."""
    if embedding.shape != (LENGTH,):
        raise UsageError(f"An embedding by {NAME} has the shape ({LENGTH},), not {embedding.shape}.")
    return embedding.astype(_TYPE).tobytes()


def unpack(data: bytes) -> NDArray[np.float32]:
    """Unpack one embedding to float32 (1280,). Raises DamagedArchiveError as `unpack_many` does."""
    if len(data) != SIZE:
        raise _damaged(len(data))
    embedding: NDArray[np.float32] = unpack_many(data)[0]
    return embedding


def unpack_many(data: bytes) -> NDArray[np.float32]:
    """Unpack embeddings that stand one after the other to float32 (n, 1280).

    Raises DamagedArchiveError for bytes that are no whole embeddings, or hold something else than numbers of 0..6.
    """
    if len(data) % SIZE:
        raise _damaged(len(data))
    values = np.frombuffer(data, _TYPE).astype(np.float32).reshape(-1, LENGTH)
    if not ((values >= 0) & (values <= _HIGHEST)).all():
        raise DamagedArchiveError(f"An embedding by {NAME} holds no numbers of 0 to 6. Make the fingerprints anew.")
    return values


def _damaged(size: int) -> DamagedArchiveError:
    return DamagedArchiveError(
        f"{size} bytes are no embedding by {NAME}, which has {SIZE} bytes. Make the fingerprints anew."
    )


@cache
def _shipped() -> dict[str, NDArray[np.float32]]:
    from safetensors.numpy import load

    try:
        data = PROJECTION_FILE.read_bytes()
    except OSError as cause:
        raise EngineError(f"{PROJECTION_FILE} cannot be read: {cause.strerror}. Install prov again.") from cause
    if (found := Digest.of(data)) != PROJECTION_DIGEST:
        message = f"{PROJECTION_FILE} has the digest {found}, not {PROJECTION_DIGEST}: it is not used."
        raise EngineError(f"{message} Install prov again.")
    return {name: tensor.astype(np.float32) for name, tensor in load(data).items()}


def _pooled(maps: "Tensor") -> "Tensor":
    """Take (n, 1280, height, width) to (n, 1280)."""
    return maps.pow(_EXPONENT).mean((2, 3)).pow(1 / _EXPONENT)
