"""The generator of the GAN engine: a latent becomes a square picture, level by level.

After B. Liu et al., "Towards faster and stabilized GAN training for high-fidelity few-shot image
synthesis", ICLR 2021: gated linear units, and skip-layer excitation from a small level to one eight times as large.
This module imports torch at its top: whoever imports it wants a network.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import torch  # noqa: TID253  (networks are classes of torch: engines import this file inside their methods)
from torch import Tensor, nn  # noqa: TID253
from torch.nn import functional  # noqa: TID253

from provenance.digest import Json
from provenance.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NAME = "gan_v1"
"""The architecture's name in the settings of weights; another network gets another name."""

SIZES = (16, 32, 64, 128, 256)
_WIDTHS = {4: 192, 8: 128, 16: 64, 32: 32, 64: 16, 128: 8, 256: 8}
_BATCH = 8
"""How many pictures the network in use always sees at once; on a CPU, more are hardly quicker."""

_CATEGORY = 32
"""How many numbers stand for a category."""

_PHASES = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
_SPREAD = torch.kron(_PHASES, _PHASES).T.contiguous()
"""Which of the nine numbers of a 3 x 3 kernel fall together at each place of a 4 x 4 one."""

_DOUBLED_FROM = 8
"""Smaller pictures are quicker doubled first and convolved then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """What has to be known to build a generator, and to say which tensors its weights hold."""

    size: int
    """Width and height of its pictures in pixels, one of SIZES."""
    latent: int = 128
    """How many numbers a picture is made from."""
    width: float = 1.0
    """Multiplies the number of channels of every level."""
    categories: tuple[str, ...] = ()
    """The names of the classes that it can be asked for."""

    @classmethod
    def read(cls, settings: Mapping[str, Json]) -> Self:
        """Read the settings that were recorded with weights. Raises EngineError that names what is wrong."""
        name = settings.get("architecture")
        if name != NAME:
            raise EngineError(f"The weights are of the architecture {name!r}; the engine gan builds {NAME!r} only.")
        size = _number(settings, "size", min(SIZES), max(SIZES))
        categories = settings.get("categories")
        if size not in SIZES:
            raise EngineError(f"The size in the settings of the weights must be one of {SIZES}; it is {size}.")
        if not isinstance(categories, list | tuple) or len({str(name) for name in categories}) < len(categories):
            raise EngineError("The categories in the settings of the weights must be a list of different names.")
        return cls(
            size=int(size),
            latent=int(_number(settings, "latent", 1, 1024)),
            width=_number(settings, "width", 0.1, 8),
            categories=tuple(map(str, categories)),
        )

    def settings(self) -> dict[str, Json]:
        """Say it as JSON, as it is recorded with the weights."""
        return {
            "architecture": NAME,
            "size": self.size,
            "latent": self.latent,
            "width": self.width,
            "categories": list(self.categories),
        }

    def expected(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """Give dtype and shape of every tensor of the weights by its name, without allocating any."""
        with torch.device("meta"):
            generator = Generator(self)
        return {name: ("float32", tuple(value.shape)) for name, value in learnt(generator).items()}

    def channels(self, level: int) -> int:
        """Give the channels of the level of `level` pixels: a multiple of 8."""
        return max(8, round(_WIDTHS[level] * self.width / 8) * 8)


def _number(settings: Mapping[str, Json], name: str, low: float, high: float) -> float:
    value = settings.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise EngineError(f"The {name} in the settings of the weights must lie from {low} to {high}; it is {value!r}.")
    return float(value)


class Generator(nn.Module):
    """Latents of shape (batch, latent), and shares of categories (batch, categories), become (batch, 3, size, size).

    The output is in -1 to 1. Levels of 4, 8, ... pixels.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        channels = architecture.channels
        self.latent = architecture.latent
        self.size = architecture.size
        named = len(architecture.categories)
        self.category = nn.Linear(named, _CATEGORY, bias=False) if named else None
        inputs = architecture.latent + (_CATEGORY if named else 0)
        self.start = nn.Linear(inputs, 2 * channels(4) * 16, bias=False)
        self.start_norm: nn.Module = nn.BatchNorm2d(2 * channels(4))
        sides = [side for side in _WIDTHS if side <= architecture.size]
        self.levels = nn.ModuleList(Level(channels(low), channels(high)) for low, high in pairwise(sides))
        self.excitations = nn.ModuleDict(
            {str(side): Excitation(channels(side // 8), channels(side)) for side in sides if side >= 32}
        )
        self.colour = nn.Conv2d(channels(architecture.size), 3, 3, padding=1)

    def forward(self, latents: Tensor, shares: Tensor | None = None) -> Tensor:
        """Make pictures; a network with categories needs `shares`, each row of which sums to 1."""
        if self.category is not None:
            assert shares is not None, "a network with categories is asked for one"
            latents = torch.cat([latents, self.category(shares)], 1)
        first = self.start(latents).view(len(latents), -1, 4, 4)
        values = gated(self.start_norm(first))
        seen = {4: values}
        for level in self.levels:
            values = level(values)
            side = values.shape[-1]
            if str(side) in self.excitations:
                values = self.excitations[str(side)](seen[side // 8], values)
            seen[side] = values
        return torch.tanh(self.colour(values))


class Level(nn.Module):
    """Doubles width and height: nearest neighbour, convolution, normalisation, gate."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, 2 * outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(2 * outputs)

    def forward(self, values: Tensor) -> Tensor:
        """Make (batch, inputs, side, side) into (batch, outputs, 2 side, 2 side)."""
        return gated(self.norm(double(values, self.convolution.weight)))


def double(values: Tensor, weight: Tensor) -> Tensor:
    """Double pictures by nearest neighbour and convolve them with 3 x 3 kernels, padded with zeros, in one go."""
    if values.shape[-1] < _DOUBLED_FROM:
        return functional.conv2d(functional.interpolate(values, scale_factor=2.0), weight, padding=1)
    return functional.conv_transpose2d(values, _doubling(weight), stride=2, padding=1)


def _doubling(weight: Tensor) -> Tensor:
    """Turn 3 x 3 kernels for a doubled picture into 4 x 4 kernels that double it themselves, for 4/9 of the work."""
    outputs, inputs = weight.shape[:2]
    rows = weight.transpose(0, 1).reshape(inputs * outputs, 9) @ _SPREAD.to(weight)
    return rows.view(inputs, outputs, 4, 4)


def gated(values: Tensor) -> Tensor:
    """Let the second half of the channels open and close the first (Y. N. Dauphin et al., ICML 2017).

    torch's own glu says the same; on a CPU its gradient takes three times as long.
    """
    kept, gate = values.chunk(2, 1)
    return kept * torch.sigmoid(gate)


class Excitation(nn.Module):
    """Weighs the channels of a large level by what a small one shows."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(inputs, outputs, 4)
        self.weigh = nn.Conv2d(outputs, outputs, 1)

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        """Give `large`, its channels weighed."""
        seen = functional.silu(self.look(functional.adaptive_avg_pool2d(small, 4)))
        return large * torch.sigmoid(self.weigh(seen))


def learnt(generator: Generator) -> dict[str, Tensor]:
    """Give the tensors that make the weights file: all parameters and the statistics of the normalisation."""
    return {name: value for name, value in generator.state_dict().items() if not name.endswith("num_batches_tracked")}


def fold(generator: Generator) -> Generator:
    """Make a trained generator quicker, in place: normalisation goes into the kernels, which are made ready to double.

    It gives the same pictures up to rounding, keeps no statistics, and cannot be trained or saved any more.
    """
    scale, shift = _affine(generator.start_norm)
    start = nn.Linear(generator.start.in_features, generator.start.out_features)
    rows = generator.start.weight.double() * scale.repeat_interleave(16)[:, None]
    start.weight, start.bias = _fixed(rows), _fixed(shift.repeat_interleave(16))
    generator.start, generator.start_norm = start, nn.Identity()
    sides = [4 * 2**depth for depth in range(len(generator.levels))]
    generator.levels = nn.ModuleList(Folded(level, side) for level, side in zip(generator.levels, sides, strict=True))
    return generator.eval().requires_grad_(requires_grad=False)


class Folded(nn.Module):
    """A level in use."""

    def __init__(self, level: nn.Module, side: int) -> None:
        super().__init__()
        assert isinstance(level, Level)
        scale, shift = _affine(level.norm)
        kernels = level.convolution.weight.double() * scale[:, None, None, None]
        self.doubles = side >= _DOUBLED_FROM
        self.kernels = _fixed(_doubling(kernels) if self.doubles else kernels)
        self.shift = _fixed(shift)

    def forward(self, values: Tensor) -> Tensor:
        """Do what the level does."""
        if self.doubles:
            return gated(functional.conv_transpose2d(values, self.kernels, self.shift, stride=2, padding=1))
        wide = functional.interpolate(values, scale_factor=2.0)
        return gated(functional.conv2d(wide, self.kernels, self.shift, padding=1))


def _affine(norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Say what a normalisation in use multiplies by and adds, float64 both."""
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight.double() * (norm.running_var.double() + norm.eps).rsqrt()
    return scale, norm.bias.double() - norm.running_mean.double() * scale


def _fixed(values: Tensor) -> nn.Parameter:
    return nn.Parameter(values.detach().float(), requires_grad=False)


class Sampler:
    """A generator in use, float32, with the weights of `tensors` on `device`.

    It sees batches of one size, filled up with zeros, so that a picture never depends on how many are made with it.
    Should this machine's rounding depend on the place in the batch, which is tried once, each goes alone.
    On a CPU every batch has one thread, and several batches run side by side: the number of threads changes nothing.
    """

    def __init__(self, architecture: Architecture, tensors: Mapping[str, Tensor], device: str) -> None:
        with torch.device("meta"):
            generator = Generator(architecture)
        generator.load_state_dict(dict(tensors), strict=False, assign=True)
        self._generator = fold(generator).to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._architecture, self._device, self._batch = architecture, device, _BATCH
        self._batch = _BATCH if self._is_steady() else 1

    def draw(self, latents: Tensor, shares: Tensor) -> Iterator["NDArray[np.uint8]"]:
        """Make latents (count, latent) and shares (count, categories), float32 on the CPU, into pictures.

        Gives `count` arrays, uint8 of shape (size, size, 3), in their order.
        """
        for values in self._values(latents, shares):
            yield from ((values + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()

    def _values(self, latents: Tensor, shares: Tensor) -> Iterator[Tensor]:
        """Give values in -1 to 1, (batch, 3, size, size) on the CPU, batch by batch."""
        parts = torch.split(latents, self._batch), torch.split(shares, self._batch)
        if self._device != "cpu":
            with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
                yield from map(self._one_batch, *parts)
            return
        threads = torch.get_num_threads()
        pool = ThreadPoolExecutor(min(threads, len(parts[0])), initializer=torch.set_num_threads, initargs=(1,))
        try:
            yield from pool.map(self._one_batch, *parts)
        finally:
            pool.shutdown(cancel_futures=True)
            torch.set_num_threads(threads)  # what threads that begin later take over

    def _one_batch(self, latents: Tensor, shares: Tensor) -> Tensor:
        missing = (0, 0, 0, self._batch - len(latents))
        with torch.inference_mode():
            full = (functional.pad(values, missing).to(self._device) for values in (latents, shares))
            made: Tensor = self._generator(*full)
            return made[: len(latents)].cpu()

    def _is_steady(self) -> bool:
        """Try whether pictures are the same, bit for bit, one place further in the batch."""
        latents = torch.randn(_BATCH, self._architecture.latent, generator=torch.Generator().manual_seed(1))
        named = len(self._architecture.categories)
        shares = torch.eye(named).repeat(_BATCH, 1)[:_BATCH] if named else torch.zeros(_BATCH, 0)
        (made,) = self._values(latents, shares)
        (moved,) = self._values(latents.roll(1, 0), shares.roll(1, 0))
        return torch.equal(made.roll(1, 0), moved)
