"""How large a pipeline's pictures are when nobody says: read from its configuration, without loading it."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.generate.engine import SIDE_LIMIT
from provenance.generate.pipeline_folder import read_folder, read_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_DENOISERS = ("unet", "transformer", "prior")
_LATENT_SIDE = 128
"""In latent pixels: what pipelines whose configuration is silent assume."""


def natural_size(path: Path, image: "NDArray[np.uint8] | None") -> tuple[int, int]:
    """Give width and height in pixels: of `image`, cut to what the decoder can make, or of the pipeline in `path`.

    Raises EngineError, NotFoundError.
    """
    configs = {
        component.name: read_json(path / component.name / "config.json")
        for component in read_folder(path).components
        if component.name in {"vae", *_DENOISERS}
    }
    step = _scale(configs.get("vae"))
    if image is not None:
        height, width = (max(step, side // step * step) for side in image.shape[:2])
        return width, height
    said = next((configs[name]["sample_size"] for name in _DENOISERS if configs.get(name, {}).get("sample_size")), None)
    sides = said if isinstance(said, list) and len(said) == 2 else [said, said]
    height, width = (_pixels(side, step) for side in sides)
    return width, height


def _scale(decoder: dict[str, Any] | None) -> int:
    """Count the pixels for each latent pixel: every block of the decoder but one doubles the side."""
    blocks = (decoder or {}).get("block_out_channels")
    return 2 ** (len(blocks) - 1) if isinstance(blocks, list) and 0 < len(blocks) < 10 else 1


def _pixels(side: object, step: int) -> int:
    known = side if isinstance(side, int) and not isinstance(side, bool) and side > 0 else _LATENT_SIDE
    return min(known * step, SIDE_LIMIT)
