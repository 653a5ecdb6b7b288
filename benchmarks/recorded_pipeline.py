"""Promise: recording a pipeline's pictures takes at most 1.1 times the processor time of calling it and saving PNGs.

A tiny Stable Diffusion pipeline makes pictures of 128 px, one a call, in these ways, which take turns in an order
that changes with the round; a round's time includes what each way needs to begin and to end, when all is kept:
  pipeline and PNG   the pipeline is called, each picture saved with Pillow: what scripts do
  prov               the same, each picture handed to `run.add`: full record, check against works, signature, fsync
  prov, wrapped      the same by `archive.wrap(pipeline)`
  MLflow, Aim        the same with `log_image` and `track`, which neither check nor sign; only where installed
The pipeline here takes half a second of one processor core, and no graphics processor leaves the cores to the
recorder: this is the hard case. On a pipeline of seconds the same milliseconds are nothing. Printed are medians and
quartiles by round, per picture; the promise is held by processor time, since other programs disturb the wall clock.

    python benchmarks/recorded_pipeline.py [--pictures 10] [--rounds 5] [--steps 2] [--works 500]
"""

import argparse
import contextlib
import importlib
import importlib.util
import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from tiny_pipeline import tiny_pipeline

from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.generate.pipeline_load import library, quiet

PROMISE = 1.1
SIDE = 128
PROMPT = "a harbour at night, with lanterns"

Maker = Callable[[int], Image.Image]
"""Makes the picture of a seed."""

Way = Callable[[Sequence[int]], object]
"""Makes the pictures of these seeds, and keeps them."""


@contextlib.contextmanager
def pipeline() -> Iterator[Any]:
    """Load the tiny pipeline."""
    with quiet():
        loaded = library().DiffusionPipeline.from_pretrained(tiny_pipeline(), local_files_only=True)
        loaded.set_progress_bar_config(disable=True)
        yield loaded


def sampler(pipe: Any, steps: int) -> Maker:  # noqa: ANN401  (a library without types)
    """Give a function that calls the pipeline for one picture."""

    def make(seed: int) -> Image.Image:
        generator = torch.Generator("cpu").manual_seed(seed)
        made = pipe(PROMPT, num_inference_steps=steps, height=SIDE, width=SIDE, generator=generator)
        image: Image.Image = made.images[0]
        return image

    return make


def saved(make: Maker, folder: Path, seeds: Sequence[int]) -> None:
    """Save PNGs, as scripts do."""
    for seed in seeds:
        make(seed).save(folder / f"{time.monotonic_ns()}.png")


def recorded(archive: Archive, make: Maker, seeds: Sequence[int]) -> None:
    """Record each picture."""
    with archive.run("tiny", seed=seeds[0], prompt=PROMPT) as run:
        for seed in seeds:
            run.add(make(seed), seed=seed)


def mlflow_logged(folder: Path, make: Maker, seeds: Sequence[int]) -> None:
    """Log each picture with MLflow, into files."""
    mlflow = importlib.import_module("mlflow")
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    name = f"pictures-{time.time_ns()}"  # its own, so that nothing is left in the current folder
    experiment = mlflow.create_experiment(name, artifact_location=(folder / "mlflow").as_uri())
    with mlflow.start_run(experiment_id=experiment):
        mlflow.log_params({"prompt": PROMPT, "seed": seeds[0]})
        for step, seed in enumerate(seeds):
            mlflow.log_image(make(seed), key="picture", step=step)


def aim_tracked(folder: Path, make: Maker, seeds: Sequence[int]) -> None:
    """Track each picture with Aim."""
    aim = importlib.import_module("aim")
    repo = importlib.import_module("aim.sdk.repo").Repo.from_path(str(folder), init=True)
    repo.structured_db.run_upgrades()  # without it the first run finds no tables
    run = aim.Run(repo=repo)
    run["parameters"] = {"prompt": PROMPT, "seed": seeds[0]}
    for step, seed in enumerate(seeds):
        run.track(aim.Image(make(seed), format="png"), name="picture", step=step)
    run.close()


def ways(archive: Archive, folder: Path, pipe: Any, steps: int) -> dict[str, Way]:  # noqa: ANN401
    """Name what is compared."""
    make, wrapped = sampler(pipe, steps), sampler(archive.wrap(pipe, model="tiny"), steps)
    found: dict[str, Way] = {
        "pipeline and PNG": lambda seeds: saved(make, folder, seeds),
        "prov": lambda seeds: recorded(archive, make, seeds),
        "prov, wrapped": lambda seeds: [wrapped(seed) for seed in seeds],
    }
    peers = {"mlflow": ("MLflow", mlflow_logged), "aim": ("Aim", aim_tracked)}
    for module, (name, way) in peers.items():
        if importlib.util.find_spec(module) is None:
            print(f"{name} is not installed, so it is not compared.")
        else:
            found[name] = lambda seeds, way=way: way(folder, make, seeds)  # type: ignore[misc]
    return found


def compare(measured: dict[str, list[tuple[float, float]]], pictures: int) -> float:
    """Print what each way takes for a picture, and give the median ratio of processor time, `prov` to plain."""
    plain = measured["pipeline and PNG"]
    found = 0.0
    for name, rounds in measured.items():
        wall = [seconds / pictures * 1000 for seconds, _ in rounds]
        cpu = [seconds / pictures * 1000 for _, seconds in rounds]
        by_wall = [one[0] / other[0] for one, other in zip(rounds, plain, strict=True)]
        by_cpu = [one[1] / other[1] for one, other in zip(rounds, plain, strict=True)]
        print(f"  {name:17} wall {spread(wall)} ms, ratio {spread(by_wall, 3)}; "
              f"processor {spread(cpu)} ms, ratio {spread(by_cpu, 3)}")  # fmt: skip
        found = statistics.median(by_cpu) if name == "prov" else found
    return found


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Write the median and the quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def fill(archive: Archive, folder: Path, works: int) -> None:
    """Put works into the archive, for the check of each picture."""
    folder.mkdir()
    random = np.random.default_rng(2)
    for number in range(works):
        small = random.integers(0, 256, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(small).resize((96, 96), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    add_dataset(archive, "works", folder)


def main() -> int:
    """Measure and print; 1 if the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=10, help="in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--works", type=int, default=500)
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    torch.set_num_threads(1)
    measured: dict[str, list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory(prefix="recorded-") as name, pipeline() as pipe:
        folder = Path(name)
        (folder / "plain").mkdir()
        with Archive.make(folder / "archive") as archive:
            fill(archive, folder / "works", wanted.works)
            compared = ways(archive, folder / "plain", pipe, wanted.steps)
            for way in compared.values():
                way([1])  # what is loaded once is loaded
            for number in range(wanted.rounds):
                seeds = range(1000 + number * wanted.pictures, 1000 + (number + 1) * wanted.pictures)
                for label in sorted(compared, reverse=number % 2 == 1):
                    started, processor = time.perf_counter(), time.process_time()
                    compared[label](seeds)
                    taken = time.perf_counter() - started, time.process_time() - processor
                    measured.setdefault(label, []).append(taken)
    print(f"{wanted.rounds} rounds of {wanted.pictures} pictures of {SIDE} px, {wanted.steps} steps each; per picture:")
    ratio = compare(measured, wanted.pictures)
    print(f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores")
    kept = ratio <= PROMISE
    print(f"ratio of processor time {ratio:.3f}, promise {PROMISE}: {'kept' if kept else 'broken'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
