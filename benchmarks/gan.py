"""Promise: a GAN learns from at least 1.8 times as many pictures in a core-second as the plain loop of its network.

The plain loop is the same generator, discriminator, losses and augmentation, in float32 and NCHW: pictures doubled
and then convolved, torch's own gated linear units, Adam unfused. Both take the same steps on the same works; the
rounds are interleaved and alternate in order, and CPU time is counted, so that a busy machine hits both alike.
Then sampling: the engine's sampler against the plain network in use, 32 pictures a batch, to arrays of bytes.
That must be at least 1.3 times as quick.

    python benchmarks/gan.py [--rounds N] [--steps N] [--size N] [--batch N]
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from provenance.generate import gan_network
from provenance.generate.gan_network import Sampler, learnt
from provenance.train import gan_discriminator, gan_losses
from provenance.train.augment import Strengths, augment
from provenance.train.gan_plan import Plan, plan
from provenance.train.gan_run import Run
from provenance.train.gan_settings import GanSettings
from provenance.train.gan_step import Batch, draw

TRAINING, SAMPLING = 1.8, 1.3
WORKS = 64
SAMPLES = 64


def works(side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Draw discs on white, uint8 of shape (WORKS, side, side, 3)."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[0:side, 0:side] / side
    made = np.full((WORKS, side, side, 3), 255, np.uint8)
    for work in made:
        for _ in range(4):
            x, y, radius = random.uniform(0, 1, 3)
            work[(columns - x) ** 2 + (rows - y) ** 2 < (radius / 3) ** 2] = random.integers(0, 256, 3)
    return made


@contextmanager
def plainly() -> Iterator[None]:
    """Compute as the formulas stand: doubled, then convolved; gated by torch's own function."""

    def double(values: Tensor, weight: Tensor) -> Tensor:
        return functional.conv2d(functional.interpolate(values, scale_factor=2.0), weight, padding=1)

    def gated(values: Tensor) -> Tensor:
        return functional.glu(values, 1)

    with (
        mock.patch.multiple(gan_network, double=double, gated=gated),
        mock.patch.multiple(gan_discriminator, double=double, gated=gated),
    ):
        yield


class Plain:
    """The loop that one would write first, beginning with the very weights of `run`."""

    def __init__(self, run: Run) -> None:
        self.plan, settings = run.plan, run.plan.settings
        self.maker, self.average = (gan_network.Generator(self.plan.architecture) for _ in range(2))
        self.judge = gan_discriminator.Discriminator(settings.size, settings.width, decoder=settings.decoder)
        for own, other in (
            (self.maker, run.state.maker),
            (self.average, run.state.maker),
            (self.judge, run.state.judge),
        ):
            for mine, theirs in zip(own.state_dict().values(), other.state_dict().values(), strict=True):
                mine.copy_(theirs)
        betas = (settings.momentum, settings.memory)
        self.maker_steps = torch.optim.Adam(self.maker.parameters(), settings.learning_rate, betas=betas)
        self.judge_steps = torch.optim.Adam(self.judge.parameters(), settings.learning_rate, betas=betas)
        self.dice = torch.Generator().manual_seed(0)
        self.step = 0

    def go_on(self) -> None:
        """Take one step."""
        with plainly():
            self._step(draw(self.plan, self.step))
        self.step += 1

    def _step(self, batch: Batch) -> None:
        made = self.maker(batch.latents)
        self._teach_judge(batch.works, made.detach())
        self.judge.requires_grad_(requires_grad=False)
        loss = gan_losses.maker_loss(self.judge(self._changed(made)).scores)
        self.maker_steps.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.maker_steps.step()
        self.judge.requires_grad_(requires_grad=True)
        slow = min(self.plan.settings.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mine, theirs in zip(self.average.parameters(), self.maker.parameters(), strict=True):
                mine.lerp_(theirs, 1 - slow)

    def _teach_judge(self, shown: Tensor, made: Tensor) -> None:
        settings = self.plan.settings
        real, fake = self._changed(shown), self._changed(made)
        judged = self.judge(torch.cat([real, fake]), halves=2)
        loss = gan_losses.judge_loss(*judged.scores.chunk(2))
        drawn = self.judge.decoder(judged.eight[: len(real)])
        loss = loss + settings.reconstruction * gan_losses.reconstruction_loss(drawn, real)
        if self.step % settings.penalty_every == 0:
            penalty = gan_losses.gradient_penalty(lambda some: self.judge(some).scores, real[: len(real) // 2])
            loss = loss + penalty * settings.penalty * settings.penalty_every
        self.judge_steps.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.judge_steps.step()

    def _changed(self, pictures: Tensor) -> Tensor:
        return augment(pictures, Strengths(), self.dice).contiguous()


def training(planned: Plan, steps: int, rounds: int) -> float:
    """Compare learning; give the median ratio of pictures in a core-second."""
    run = Run.begin(planned)
    plain = Plain(run)
    precision = "bfloat16" if planned.mixed else "float32"

    def several(go_on: Callable[[], None]) -> Callable[[], None]:
        def go() -> None:
            for _ in range(steps):
                go_on()

        return go

    count = planned.settings.batch * steps
    print(f"Learning, {planned.settings.size} px, {planned.settings.batch} works a step; pictures in a core-second:")
    return compare(
        {f"prov ({precision}, NHWC)": several(run.go_on), "plain (float32, NCHW)": several(plain.go_on)}, count, rounds
    )


def sampling(planned: Plan, rounds: int) -> float:
    """Compare sampling; give the median ratio of pictures in a core-second."""
    average = Run.begin(planned).state.average
    generator = average.eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    sampler = Sampler(planned.architecture, learnt(generator), "cpu")
    latents = torch.randn(SAMPLES, planned.settings.latent)

    def ours() -> None:
        list(sampler.draw(latents, torch.zeros(SAMPLES, 0)))

    def theirs() -> None:
        with plainly(), torch.inference_mode():
            for some in torch.split(latents, 32):
                ((generator(some) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()

    print(f"Sampling, {planned.settings.size} px, float32 both; pictures in a core-second:")
    return compare({"prov (NHWC, batches of 8)": ours, "plain (NCHW, batches of 32)": theirs}, SAMPLES, rounds)


def compare(makers: dict[str, Callable[[], None]], count: int, rounds: int) -> float:
    for maker in makers.values():
        maker()  # what is made once is made
    speeds: dict[str, list[float]] = {name: [] for name in makers}
    for number in range(rounds):
        for name in sorted(makers, reverse=number % 2 == 0):
            started = time.process_time()
            makers[name]()
            speeds[name].append(count / (time.process_time() - started))
    for name, values in speeds.items():
        print(f"  {name:28} {spread(values, 0)}")
    ours, theirs = speeds.values()
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    print(f"  ratio                        {spread(ratios, 2)}")
    return statistics.median(ratios)


def spread(values: list[float], digits: int) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=8, help="in each round")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=32)
    wanted = parser.parse_args()
    torch.set_num_threads(1)
    settings = GanSettings(size=wanted.size, batch=wanted.batch, first_batch=wanted.batch)
    with tempfile.TemporaryDirectory(prefix="gan-") as folder:
        planned = plan(settings, works(wanted.size), None, (), seed=0, device="cpu", folder=Path(folder))
        learnt_from = training(planned, wanted.steps, wanted.rounds)
        sampled = sampling(planned, wanted.rounds)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"load {load} on {len(os.sched_getaffinity(0))} cores")
    kept = learnt_from >= TRAINING and sampled >= SAMPLING
    print(
        f"learning {learnt_from:.2f}, promise {TRAINING}; sampling {sampled:.2f}, promise {SAMPLING}: "
        + ("kept." if kept else "broken.")
    )
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
