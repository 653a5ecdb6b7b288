"""What a picture shows, as 1,280 averaged features of EfficientNet-Lite0, by which samples and works are compared."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from provenance.digest import Json
from provenance.errors import UsageError
from provenance.fingerprint.efficientnet import CHANNELS, WEIGHTS, EfficientNet

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

NAME: Final = "efficientnet-lite0_v1"
"""Names network, weights and what is done to a picture before; other features get another name."""

LENGTH: Final = CHANNELS
"""Numbers a picture."""

_SIDE: Final = 128  # pixels: a quarter of the time of the 224 that it was trained with, and the ranks stay
_BATCH: Final = 32  # always full, so that no picture's features depend on how many come with it


class Extractor:
    """EfficientNet-Lite0 without its last layer, in float32. Make it once: `Extractor.load()`."""

    def __init__(self, network: EfficientNet) -> None:
        """Take features from `network`, where it is."""
        self._network = network

    @classmethod
    def load(cls, path: Path | None = None, *, device: str = "cpu") -> Self:
        """Load the weights of the installed package, or of the same file at `path`; `device` does the work.

        Raises EngineError where they are missing or are not those weights; then nothing is unpickled.
        """
        return cls(EfficientNet.load(path, device=device))

    @staticmethod
    def record() -> dict[str, Json]:
        """Write which features these are, as JSON values."""
        return {"name": NAME, "weights": str(WEIGHTS), "length": LENGTH, "side": _SIDE}

    def extract(
        self,
        pixels: "NDArray[np.uint8]",
        *,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
    ) -> "NDArray[np.float32]":
        """Give the features of `pixels`, uint8 of shape (pictures, height, width, 3): float32 (pictures, 1280), >= 0.

        On a CPU the same pixels give the same features, whatever pictures come with them, for the same number of
        threads. `progress` hears how many pictures of how many are done. Raises UsageError for another shape or type.
        """
        import torch

        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[3] != 3 or 0 in pixels.shape[1:]:
            message = (
                f"Features are taken of uint8 pictures (n, height, width, 3), not of {pixels.dtype} {pixels.shape}."
            )
            raise UsageError(message)
        features = np.zeros((len(pixels), LENGTH), np.float32)
        with torch.inference_mode():
            for start in range(0, len(pixels), _BATCH):
                part = pixels[start : start + _BATCH]
                full = np.concatenate([part, np.zeros((_BATCH - len(part), *part.shape[1:]), np.uint8)])
                batch = torch.from_numpy(full).to(self._network.device).permute(0, 3, 1, 2).float()
                features[start : start + len(part)] = self._forward(batch)[: len(part)].cpu().numpy()
                progress(start + len(part), len(pixels))
        return features

    def logits(self, pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
        """Give the scores of the 1,000 classes of ImageNet, by which the port was checked: float32 (pictures, 1000)."""
        weight, bias = self._network.classifier()
        scores: NDArray[np.float32] = self.extract(pixels) @ weight.T + bias
        return scores

    def _forward(self, batch: "Tensor") -> "Tensor":
        """Take (32, 3, height, width) of 0..255 to (32, 1280)."""
        from torch.nn import functional

        if batch.shape[2:] != (_SIDE, _SIDE):
            # Antialiased, for what aliasing does to such figures: Parmar, Zhang, Zhu 2022, arXiv 2104.11222.
            batch = functional.interpolate(batch, (_SIDE, _SIDE), mode="bilinear", antialias=True, align_corners=False)
        return self._network.feature_map(batch).mean((2, 3))
