"""Pictures from a generative adversarial network that learnt from a dataset of works.

A picture is made from its latent: numbers that the seed draws, or that lie near or between those of earlier pictures.
Weights are read from safetensors only, and only if their digest and every tensor are what was recorded.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar

from provenance.digest import Json
from provenance.errors import UsageError
from provenance.generate import weights as files
from provenance.generate.chance import Chance
from provenance.generate.engine import Needs, Promise, Request, Weights
from provenance.generate.gan_categories import LEFT_OUT, place_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from provenance.generate.gan_network import Architecture, Sampler

_NO = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may be asked of the network."""

    truncation: float = field(
        default=1.0,
        metadata={"help": "how far from the average picture: under 1 calmer and more alike", "low": 0.0, "high": 2.0},
    )
    spread: float = field(
        default=0.35,
        metadata={
            "help": "how far from the pictures that guide: 0 as near as can be, 1 anywhere",
            "low": 0.0,
            "high": 1.0,
        },
    )
    position: float = field(
        default=0.5,
        metadata={"help": "where between two pictures that guide: 0 the first, 1 the second", "low": 0.0, "high": 1.0},
    )
    category: str = field(
        default=LEFT_OUT, metadata={"help": "a category that the model learnt; left out, the seed chooses"}
    )
    enlarge: str = field(
        default=_NO,
        metadata={
            "help": "how pixels are multiplied for a size above the model's own",
            "choices": (_NO, "nearest", "smooth"),
        },
    )


class Gan:
    """Pictures in the manner of the works that a network learnt from."""

    name: ClassVar[str] = "gan"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = (
        "Pictures from a network that learnt from a dataset; near or between earlier ones if asked."
    )
    styles: ClassVar[Mapping[str, str]] = {}
    promise: ClassVar[Promise] = Promise(same_run=True, tiles=True, threads=True)
    Options: ClassVar[type[Options]] = Options
    needs: ClassVar[Needs] = Needs(weights=True, like=2)
    batch: ClassVar[int] = 64

    def __init__(self) -> None:
        self._loaded: tuple[Weights, str, Sampler] | None = None

    def natural_size(
        self,
        weights: Weights | None,
        pictures: "Mapping[str, NDArray[np.uint8]]",  # noqa: ARG002  (engines take both)
    ) -> tuple[int, int]:
        """Give the size of the pictures that the weights make. Raises UsageError without weights, and EngineError."""
        side = _architecture(_given(weights)).size
        return side, side

    def generate(self, request: Request, out: "NDArray[np.uint8]") -> Mapping[str, Json]:
        """Fill `out`; the choices hold the latent, float32 in base64, which may guide later pictures.

        Raises UsageError for a size, a category or a guide that do not fit the model; EngineError for the weights.
        """
        return self.generate_many([request], [out])[0]

    def generate_many(
        self, requests: Sequence[Request], outs: "Sequence[NDArray[np.uint8]]"
    ) -> Sequence[Mapping[str, Json]]:
        """Fill every one of `outs`. A picture comes out the same, bit for bit, whatever is made with it."""
        import torch

        weights = _given(requests[0].weights)
        architecture = _architecture(weights)
        for request in requests:
            _check_size(request, architecture.size)
        chosen = [_choose(request, architecture) for request in requests]
        sampler = self._sampler(weights, requests[0].device)
        latents = torch.stack([one.latent * one.truncation for one in chosen])
        shares = torch.stack([one.shares for one in chosen])
        for number, picture in enumerate(sampler.draw(latents, shares)):
            outs[number][:] = _enlarged(picture, requests[number])
            requests[0].progress((number + 1) / len(requests))
        return [_record(one, request) for one, request in zip(chosen, requests, strict=True)]

    def _sampler(self, weights: Weights, device: str) -> "Sampler":
        """Load the weights, unless they are those of the last call; their digest is checked every time."""
        from provenance.generate.gan_network import Sampler

        if self._loaded is not None and self._loaded[:2] == (weights, device):
            if files.file_digest(weights.path) == weights.digest:
                return self._loaded[2]
            self._loaded = None
        architecture = _architecture(weights)
        tensors = files.load(weights.path, digest=weights.digest, expected=architecture.expected())
        sampler = Sampler(architecture, tensors, device)
        self._loaded = (weights, device, sampler)
        return sampler


def _given(weights: Weights | None) -> Weights:
    if weights is None:
        raise UsageError(
            "The engine gan makes nothing without weights. Name a model that learnt; prov model train gan makes one."
        )
    return weights


def _architecture(weights: Weights) -> "Architecture":
    from provenance.generate.gan_network import Architecture

    return Architecture.read(weights.settings)


def _check_size(request: Request, side: int) -> None:
    if request.width == request.height == side:
        return
    enlarge = (request.options or Options()).enlarge
    wanted = f"{request.width} x {request.height}"
    if enlarge == _NO:
        raise UsageError(
            f"The model makes pictures of {side} x {side} pixels, not {wanted}. Leave the size out, "
            "or say how pixels are multiplied: enlarge=nearest or enlarge=smooth."
        )
    if request.width != request.height or request.width % side:
        raise UsageError(
            f"Pictures of {side} x {side} pixels are enlarged by whole numbers, to {2 * side} x {2 * side} "
            f"or {3 * side} x {3 * side}, not to {wanted}."
        )


def _enlarged(picture: "NDArray[np.uint8]", request: Request) -> "NDArray[np.uint8]":
    import numpy as np
    from PIL import Image

    if picture.shape[:2] == (request.height, request.width):
        return picture
    way = {"nearest": Image.Resampling.NEAREST, "smooth": Image.Resampling.LANCZOS}[request.options.enlarge]
    return np.asarray(Image.fromarray(picture).resize((request.width, request.height), way))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """Where a picture lies."""

    latent: "Tensor"
    """float32 (latent,), before truncation."""
    truncation: float
    shares: "Tensor"
    """float32 (categories,): sums to 1, or is empty."""
    categories: tuple[str, ...]


def _choose(request: Request, architecture: "Architecture") -> _Chosen:
    """Settle where the picture lies, from the seed and from what guides it."""
    options: Options = request.options or Options()
    own = Chance(request.seed, "gan latent").normal(architecture.latent)
    guides = [_guide(choices, request, architecture) for choices in request.like]
    if len(guides) > 1:
        between = _between(guides[0].latent.double(), guides[1].latent.double(), options.position)
        own = _between(between, own, options.spread)
    elif guides:
        own = _between(guides[0].latent.double(), own, options.spread)
    return _Chosen(
        latent=own.float(),
        truncation=options.truncation,
        shares=_shares(request, options, architecture, guides),
        categories=architecture.categories,
    )


def _between(first: "Tensor", second: "Tensor", share: float) -> "Tensor":
    """Go from `first` to `second`, float64, along a great circle (K. Shoemake, SIGGRAPH 1985); lengths go evenly.

    A straight way would lead through short latents, which networks have hardly seen.
    """
    import torch

    if share in {0.0, 1.0}:
        return second if share else first
    lengths = first.norm(), second.norm()
    one, two = (latent / length.clamp_min(1e-12) for latent, length in zip((first, second), lengths, strict=True))
    angle = torch.arccos((one @ two).clamp(-1, 1))
    if angle.sin() < 1e-6:
        way = one * (1 - share) + two * share
    else:
        way = (one * ((1 - share) * angle).sin() + two * (share * angle).sin()) / angle.sin()
    moved: Tensor = way * (lengths[0] * (1 - share) + lengths[1] * share)
    return moved


def _guide(choices: Mapping[str, Json], request: Request, architecture: "Architecture") -> _Chosen:
    """Read what was recorded of an earlier picture. Raises UsageError if it does not fit this model."""
    import numpy as np
    import torch

    made_with = choices.get("weights")
    if request.weights is not None and made_with != str(request.weights.digest):
        raise UsageError(
            "The picture that should guide was not made with these weights, so that its latent means nothing here. "
            "Choose a picture of this very model."
        )
    try:
        data = base64.b64decode(str(choices.get("latent", "")), validate=True)
        latent = np.frombuffer(data, "<f4")
    except (binascii.Error, ValueError):
        latent = np.empty(0, "<f4")
    if latent.shape != (architecture.latent,) or not np.isfinite(latent).all():
        raise UsageError(
            f"The record of the picture that should guide holds no latent of {architecture.latent} numbers. "
            "Choose another picture."
        )
    return _Chosen(
        latent=torch.from_numpy(latent.astype(np.float32)),
        truncation=1.0,
        shares=_recorded_shares(choices, architecture.categories),
        categories=architecture.categories,
    )


def _recorded_shares(choices: Mapping[str, Json], categories: tuple[str, ...]) -> "Tensor":
    import torch

    recorded = choices.get("categories")
    if not categories:
        return torch.zeros(0)
    named = recorded if isinstance(recorded, Mapping) and set(recorded) <= set(categories) else {}
    shares = [share if isinstance(share, float) else 0.0 for share in map(named.get, categories)]
    if min(shares) < 0 or not 0 < sum(shares) < 2:
        raise UsageError(
            "The record of the picture that should guide names no category of this model. Choose another picture."
        )
    return torch.tensor(shares) / sum(shares)


def _shares(request: Request, options: Options, architecture: "Architecture", guides: list[_Chosen]) -> "Tensor":
    """Settle the category: what is asked for, else what the guides have, else what the seed chooses."""
    import torch

    names = architecture.categories
    asked = place_of(options.category, names)
    if not names:
        return torch.zeros(0)
    if asked is not None:
        place = asked
    elif guides:
        last = guides[-1].shares
        return guides[0].shares * (1 - options.position) + last * options.position
    else:
        place = names.index(Chance(request.seed, "gan category").pick(names))
    shares = torch.zeros(len(names))
    shares[place] = 1
    return shares


def _record(chosen: _Chosen, request: Request) -> Mapping[str, Json]:
    assert request.weights is not None
    shares = {name: share for name, share in zip(chosen.categories, chosen.shares.tolist(), strict=True) if share}
    return {
        "seed": str(request.seed),
        "weights": str(request.weights.digest),
        "latent": base64.b64encode(chosen.latent.numpy().astype("<f4").tobytes()).decode(),
        "truncation": chosen.truncation,
        "categories": shares or None,
        "guides": len(request.like),
        "parameters": {name: value for name, value in asdict(request.options or Options()).items() if value != ""},
    }
