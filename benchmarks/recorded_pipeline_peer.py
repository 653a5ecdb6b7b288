"""A peer's part of recorded_pipeline.py, and what both parts do alike: the pictures, and rounds that take turns.

MLflow and Aim bring libraries of their own, so each runs in its own environment and process. There the same pipeline
makes the same pictures, and saving them as PNGs takes turns with the peer: both sides of a ratio meet the same load.
Nothing of prov is loaded here; torch and diffusers are those of the other part, after the peer's own libraries.

    recorded_pipeline.py starts it, as: PYTHON recorded_pipeline_peer.py mlflow|aim ORDER
"""

import argparse
import dataclasses
import gc
import hashlib
import importlib
import importlib.metadata
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

SIDE = 128
PROMPT = "a harbour at night, with lanterns"
PACE = 0.1
"""Seconds from picture to picture where a sleep stands for a graphics processor."""
PLAIN = "pipeline and PNG"
AGAIN = "the same again"
"""The same as PLAIN: how far its ratio is from 1 is what the machine's other programs do to all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a process is to do."""

    pipeline: str
    """The folder of a diffusers pipeline."""
    libraries: Sequence[str]
    """Folders where torch and diffusers are."""
    folder: str
    """An empty folder for all that is kept."""
    steps: int
    rounds: int
    pictures: int
    """In each round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to make pictures and keep them."""

    run: Callable[[Sequence[int]], object]
    """Makes the pictures of these seeds, and comes back when all is kept."""
    folder: Path
    """Where it keeps them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a round took, in seconds, and what it left, in bytes."""

    wall: float
    processor: float
    """Of all threads, and of the programs that were started."""
    kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The rounds of each way, by its name."""

    called: Mapping[str, Sequence[Round]]
    """With the pipeline on this machine's processor."""
    handed: Mapping[str, Sequence[Round]]
    """With Sleeping in its place: what keeping takes, by itself."""
    digest: str
    """SHA-256 of a picture: whether two processes made the same."""


class Sleeping:
    """Stands for a pipeline on a graphics processor: sleeps, then hands over a picture that was made before."""

    def __init__(self, made: Mapping[int, "Image.Image"]) -> None:
        """`made` are the pictures by their seeds."""
        self.made = made

    def __call__(self, prompt: str, *, num_inference_steps: int, height: int, width: int, generator: Any) -> Any:  # noqa: ANN401, ARG002
        """Take what the pipeline takes, and give what it gives."""
        time.sleep(PACE)
        return SimpleNamespace(images=[self.made[generator.initial_seed()]])


class Maker:
    """Makes the picture of a seed, and remembers it."""

    def __init__(self, pipe: Any, steps: int) -> None:  # noqa: ANN401  (a library without types)
        """`pipe` is a pipeline, Sleeping, or either of them wrapped."""
        self.pipe, self.steps = pipe, steps
        self.made: dict[int, Image.Image] = {}

    def __call__(self, seed: int) -> "Image.Image":
        """Call the pipeline for one picture."""
        generator = importlib.import_module("torch").Generator("cpu").manual_seed(seed)
        called = self.pipe(PROMPT, num_inference_steps=self.steps, height=SIDE, width=SIDE, generator=generator)
        self.made[seed] = called.images[0]
        return self.made[seed]


Ways = Callable[[Maker, Path], dict[str, Way]]
"""Gives the ways to keep what a maker makes, in an empty folder."""


def plain_ways(make: Maker, folder: Path) -> dict[str, Way]:
    """Save PNGs, as scripts do."""

    def save(seeds: Sequence[int]) -> None:
        for seed in seeds:
            make(seed).save(folder / f"{time.monotonic_ns()}.png")

    way = Way(run=save, folder=folder)
    return {PLAIN: way, AGAIN: way}


def mlflow_ways(make: Maker, folder: Path) -> dict[str, Way]:
    """Log with MLflow: as it does by default, which needs a flush at the end, and waiting for each picture."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    mlflow = importlib.import_module("mlflow")
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    experiment = mlflow.create_experiment("pictures", artifact_location=(folder / "artifacts").as_uri())

    def log(seeds: Sequence[int], *, wait: bool) -> None:
        with mlflow.start_run(experiment_id=experiment):
            mlflow.log_params({"prompt": PROMPT, "seed": seeds[0]})
            for step, seed in enumerate(seeds):
                mlflow.log_image(make(seed), key="picture", step=step, synchronous=wait)
            if not wait:  # the end of a run does not wait for its pictures
                mlflow.flush_artifact_async_logging()

    return {
        "MLflow": Way(run=lambda seeds: log(seeds, wait=False), folder=folder),
        "MLflow, waiting": Way(run=lambda seeds: log(seeds, wait=True), folder=folder),
    }


def aim_ways(make: Maker, folder: Path) -> dict[str, Way]:
    """Track with Aim, without what it would log besides: the machine's load and the terminal."""
    aim = importlib.import_module("aim")
    repo = importlib.import_module("aim.sdk.repo").Repo.from_path(str(folder), init=True)
    repo.structured_db.run_upgrades()  # without it the first run finds no tables

    def track(seeds: Sequence[int]) -> None:
        run = aim.Run(repo=repo, system_tracking_interval=None, capture_terminal_logs=False)
        run["parameters"] = {"prompt": PROMPT, "seed": seeds[0]}
        for step, seed in enumerate(seeds):
            run.track(aim.Image(make(seed), format="png"), name="picture", step=step)
        run.close()

    return {"Aim": Way(run=track, folder=folder)}


PEERS: Mapping[str, Ways] = {"mlflow": mlflow_ways, "aim": aim_ways}


def measure(order: Order, ways: Ways) -> Measured:
    """Let saving PNGs and `ways` take turns, first with the pipeline, then with what it made."""
    importlib.import_module("torch").set_num_threads(1)
    pipe = importlib.import_module("diffusers").DiffusionPipeline.from_pretrained(order.pipeline, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    make = Maker(pipe, order.steps)
    called = take_turns(order, make, ways, Path(order.folder) / "called")
    handed = take_turns(order, Maker(Sleeping(make.made), order.steps), ways, Path(order.folder) / "handed")
    return Measured(called=called, handed=handed, digest=hashlib.sha256(make.made[1].tobytes()).hexdigest())


def take_turns(order: Order, make: Maker, ways: Ways, folder: Path) -> dict[str, list[Round]]:
    """Time every way in every round, each round beginning with another one."""
    for name in ("plain", "kept"):
        (folder / name).mkdir(parents=True)
    found = plain_ways(make, folder / "plain") | ways(make, folder / "kept")
    for way in found.values():
        way.run([1])  # what is loaded once is loaded
    names = list(found)
    measured: dict[str, list[Round]] = {name: [] for name in names}
    for number in range(order.rounds):
        first = 1000 + number * order.pictures
        for place in range(len(names)):
            name = names[(number + place) % len(names)]
            measured[name].append(timed(found[name], range(first, first + order.pictures)))
    return measured


def timed(way: Way, seeds: Sequence[int]) -> Round:
    """Time one round; what others left in memory or on its way to the disk is not charged to it."""
    gc.collect()
    os.sync()
    before, started, spent = size(way.folder), time.perf_counter(), processor()
    way.run(seeds)
    taken = time.perf_counter() - started, processor() - spent
    return Round(wall=taken[0], processor=taken[1], kept=size(way.folder) - before)


def processor() -> float:
    """Sum the processor time, in seconds, of this process and of the programs that it started and that ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def size(folder: Path) -> int:
    """Sum the bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def main() -> int:
    """Measure one peer, and write the rounds and its version as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=sorted(PEERS), nargs="?")
    parser.add_argument("order", nargs="?", help="JSON, the fields of Order; its folder gets result.json")
    wanted = parser.parse_args()
    if wanted.order is None:
        print("This is a part of recorded_pipeline.py, which starts it: see --mlflow and --aim there.")
        return 0
    order = Order(**json.loads(wanted.order))
    sys.path.extend(order.libraries)
    measured = measure(order, PEERS[wanted.peer])
    result = dataclasses.asdict(measured) | {"version": importlib.metadata.version(wanted.peer)}
    (Path(order.folder) / "result.json").write_text(json.dumps(result), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
