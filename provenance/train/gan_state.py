"""What changes while a GAN is trained: two networks, the slow average of one, and two optimisers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenance.train.gan_settings import GanSettings

if TYPE_CHECKING:
    from torch import Generator as Chance
    from torch import Tensor
    from torch.optim import Adam

    from provenance.generate.gan_network import Architecture, Generator
    from provenance.train.gan_discriminator import Discriminator


_NETWORKS = ("maker", "average", "judge")
_OPTIMISERS = ("maker_steps", "judge_steps")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The networks stand on the device that they are trained on."""

    maker: "Generator"
    average: "Generator"
    """The slow average of the maker's weights: what is kept in the end."""
    judge: "Discriminator"
    maker_steps: "Adam"
    judge_steps: "Adam"
    device: str


def chance(seed: int, purpose: str, step: int = 0) -> "Chance":
    """Give a CPU generator for one purpose at one step.

    It depends on all bits of `seed`. Because every step has its own, a checkpoint needs no state of chance.
    """
    import torch

    hashed = hashlib.sha256(f"{seed}/gan training/{purpose}/{step}".encode()).digest()
    return torch.Generator("cpu").manual_seed(int.from_bytes(hashed[:4], "big"))


def begin(settings: GanSettings, architecture: "Architecture", categories: int, *, seed: int, device: str) -> State:
    """Make the networks with weights that `seed` settles."""
    import torch

    from provenance.generate.gan_network import Generator
    from provenance.train.gan_discriminator import Discriminator

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(chance(seed, "weights").initial_seed())
        maker = Generator(architecture)
        judge = Discriminator(
            settings.size,
            settings.width,
            styles=categories if settings.loss == "can" else 0,
            classes=categories if settings.conditional else 0,
            decoder=settings.decoder,
        )
        average = Generator(architecture)
    average.load_state_dict(maker.state_dict())
    average.eval().requires_grad_(requires_grad=False)
    for network in (maker, judge, average):
        network.to(device=device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return State(
        maker=maker,
        average=average,
        judge=judge,
        maker_steps=_adam(maker, settings, device),
        judge_steps=_adam(judge, settings, device),
        device=device,
    )


def _adam(network: "Generator | Discriminator", settings: GanSettings, device: str) -> "Adam":
    from torch.optim import Adam

    betas = (settings.momentum, settings.memory)
    fused = device.partition(":")[0] in {"cpu", "cuda"}
    return Adam(network.parameters(), settings.learning_rate, betas=betas, fused=fused or None)


def follow(state: State, settings: GanSettings, step: int) -> None:
    """Move the average towards the maker, quicker at the beginning."""
    import torch

    slow = min(settings.average, (1 + step) / (10 + step))
    with torch.no_grad():
        torch._foreach_lerp_(list(state.average.parameters()), list(state.maker.parameters()), 1 - slow)


def tensors(state: State) -> "dict[str, Tensor]":
    """Give every tensor by name; what an optimiser has not yet made counts as zeros."""
    import torch

    found = {f"{part}.{name}": value for part in _NETWORKS for name, value in getattr(state, part).state_dict().items()}
    for part in _OPTIMISERS:
        for number, parameter in enumerate(_parameters(getattr(state, part))):
            kept = getattr(state, part).state.get(parameter, {})
            for name in ("exp_avg", "exp_avg_sq"):
                found[f"{part}.{number}.{name}"] = kept.get(name, torch.zeros_like(parameter))
            found[f"{part}.{number}.step"] = kept.get("step", torch.zeros(()))
    return found


def restore(state: State, found: "Mapping[str, Tensor]") -> None:
    """Put back what `tensors` gave."""
    import torch

    for part in _NETWORKS:
        own = {name.removeprefix(f"{part}."): value for name, value in found.items() if name.startswith(f"{part}.")}
        getattr(state, part).load_state_dict(own)
    for part in _OPTIMISERS:
        optimiser = getattr(state, part)
        for number, parameter in enumerate(_parameters(optimiser)):
            # Laid out as the parameter is: the optimiser goes through all of them in the order of their bytes.
            moments = {
                name: torch.zeros_like(parameter).copy_(found[f"{part}.{number}.{name}"])
                for name in ("exp_avg", "exp_avg_sq")
            }
            device = parameter.device if optimiser.defaults["fused"] else "cpu"
            optimiser.state[parameter] = {"step": found[f"{part}.{number}.step"].to(device), **moments}


def _parameters(optimiser: "Adam") -> "list[Tensor]":
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]
