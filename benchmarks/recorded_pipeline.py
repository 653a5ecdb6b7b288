"""Promise: recording a pipeline's pictures takes at most 1.1 times the processor time of calling it and saving PNGs.

A tiny Stable Diffusion pipeline makes pictures of 128 px, one a call, in these ways, which take turns in an order
that changes with the round; a round's time includes what each way needs to begin and to end, when all is kept:
  pipeline and PNG   the pipeline is called, each picture saved with Pillow: what scripts do
  the same again     how far its ratio is from 1 is what other programs on the machine do to all the ratios
  prov               the same, each picture handed to `run.add`: full record, check against works, signature, fsync
  prov, wrapped      the same by `archive.wrap(pipeline)`: every call is a run of its own
  MLflow, Aim        the same with `log_image` and `track`, which neither check nor sign nor wait for the disk
The pipeline here takes half a second of one processor core, and no graphics processor leaves the cores to the
recorder: this is the hard case, and the promise is held in it, by processor time. Then the same pictures are handed
over by a sleep of 0.1 s in the pipeline's place, as by a graphics processor: what remains is what keeping costs.
The peers bring libraries of their own: --mlflow and --aim name a Python of the same version where the peer is
installed. Each is measured in its own process, against its own rounds of saving PNGs (recorded_pipeline_peer.py).
Printed are medians per picture, and in brackets quartiles by round, against saving PNGs in the same round.

    python benchmarks/recorded_pipeline.py [--mlflow PYTHON] [--aim PYTHON] [--pictures 10] [--rounds 5] [--works 500]
"""

import argparse
import contextlib
import dataclasses
import json
import logging
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from tiny_pipeline import tiny_pipeline

from benchmarks.recorded_pipeline_peer import PACE, PEERS, PLAIN, PROMPT, SIDE, Maker, Measured, Order, Round, Way
from benchmarks.recorded_pipeline_peer import measure as measure_here
from provenance.archive.archive import Archive
from provenance.archive.collect import add_dataset
from provenance.generate.pipeline_load import quiet

PROMISE = 1.1
Rounds = Mapping[str, Sequence[Round]]


def measure_prov(order: Order, works: int) -> Measured:
    """Measure the archive in this process."""
    with quiet(), contextlib.ExitStack() as opened:

        def ways(make: Maker, folder: Path) -> dict[str, Way]:
            archive = opened.enter_context(Archive.make(folder / "archive"))
            fill(archive, folder / "works", works)
            return archive_ways(archive, make)

        return measure_here(order, ways)


def archive_ways(archive: Archive, make: Maker) -> dict[str, Way]:
    """Record the pictures of a run, or each call of the pipeline as a run."""
    wrapped = Maker(archive.wrap(make.pipe, model="tiny"), make.steps)

    def record(seeds: Sequence[int]) -> None:
        with archive.run("tiny", seed=seeds[0], prompt=PROMPT) as run:
            for seed in seeds:
                run.add(make(seed), seed=seed)

    return {
        "prov": Way(run=record, folder=archive.folder),
        "prov, wrapped": Way(run=lambda seeds: [wrapped(seed) for seed in seeds], folder=archive.folder),
    }


def fill(archive: Archive, folder: Path, works: int) -> None:
    """Put works into the archive, for the check of each picture."""
    folder.mkdir()
    random = np.random.default_rng(2)
    for number in range(works):
        small = random.integers(0, 256, (8, 8, 3)).astype(np.uint8)
        Image.fromarray(small).resize((96, 96), Image.Resampling.BICUBIC).save(folder / f"{number}.png")
    add_dataset(archive, "works", folder)


def measure_peer(name: str, python: str, order: Order) -> tuple[Measured, str]:
    """Measure a peer in its own process; give its version too."""
    folder = Path(order.folder)
    script = Path(__file__).with_name("recorded_pipeline_peer.py")
    command = [python, str(script), name, json.dumps(dataclasses.asdict(order))]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr.strip() or "nothing").splitlines()[-1]
        sys.exit(f"{name} could not be measured with {python}, which said: {said}")
    found = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    called, handed = (
        {label: [Round(**each) for each in rounds] for label, rounds in found[kind].items()}
        for kind in ("called", "handed")
    )
    return Measured(called=called, handed=handed, digest=found["digest"]), found["version"]


def show(measured: Measured, pictures: int) -> None:
    """Print both kinds of rounds."""
    print(" the pipeline called:")
    for name in measured.called:
        print(line(name, measured.called, pictures))
    print(f" its pictures handed over, one each {PACE * 1000:.0f} ms:")
    for name in measured.handed:
        print(line(name, measured.handed, pictures))


def line(name: str, measured: Rounds, pictures: int) -> str:
    """Write what a way takes for a picture, against saving PNGs in the same round."""
    pairs = list(zip(measured[name], measured[PLAIN], strict=True))
    wall = statistics.median(one.wall for one, _ in pairs) / pictures * 1000
    spent = statistics.median(one.processor for one, _ in pairs) / pictures * 1000
    more = [(one.processor - plain.processor) / pictures * 1000 for one, plain in pairs]
    kept = statistics.median(one.kept for one, _ in pairs) / pictures / 1000
    return (
        f"  {name:16} wall {wall:6.1f} ms, x {spread([one.wall / plain.wall for one, plain in pairs], 3)}; "
        f"processor {spent:5.1f} ms, x {spread(by_processor(measured, name), 3)}, + {spread(more)} ms; "
        f"keeps {kept:.1f} kB"
    )


def by_processor(measured: Rounds, name: str) -> list[float]:
    """Divide, by round, the processor time of a way by that of saving PNGs."""
    return [one.processor / plain.processor for one, plain in zip(measured[name], measured[PLAIN], strict=True)]


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Write the median and the quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in PEERS:
        parser.add_argument(f"--{name}", metavar="PYTHON", help=f"a Python where {name} is installed")
    parser.add_argument("--pictures", type=int, default=10, help="in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--works", type=int, default=500)
    wanted = parser.parse_args()
    for name in PEERS:
        python = getattr(wanted, name)
        if python is not None and shutil.which(python) is None:
            parser.error(f"--{name} {python}: no such program.")
    if wanted.rounds < 2 or wanted.pictures < 1:
        parser.error("Quartiles need at least 2 rounds of 1 picture.")
    return wanted


def ordered(wanted: argparse.Namespace, folder: Path) -> Order:
    """Write down what a process is to do, in a folder that this makes."""
    folder.mkdir()
    return Order(
        pipeline=str(tiny_pipeline()),
        libraries=sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}),
        folder=str(folder),
        steps=wanted.steps,
        rounds=wanted.rounds,
        pictures=wanted.pictures,
    )


def show_peer(name: str, wanted: argparse.Namespace, folder: Path, digest: str) -> None:
    """Measure a peer if its Python was named, and print it."""
    python = getattr(wanted, name)
    if python is None:
        print(f"{name} was not measured: name a Python that has it with --{name}.")
        return
    measured, version = measure_peer(name, python, ordered(wanted, folder))
    same = "the same pictures" if measured.digest == digest else "OTHER pictures, so compare with care"
    print(f"{name} {version} in its own process, {same}")
    show(measured, wanted.pictures)


def main() -> int:
    """Measure and print; 1 if the promise is broken."""
    wanted = arguments()
    logging.basicConfig(level=logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="recorded-") as scratch:
        measured = measure_prov(ordered(wanted, Path(scratch) / "prov"), wanted.works)
        print(f"{wanted.rounds} rounds of {wanted.pictures} pictures of {SIDE} px, {wanted.steps} steps; per picture")
        show(measured, wanted.pictures)
        for name in PEERS:
            show_peer(name, wanted, Path(scratch) / name, measured.digest)
    one, five, fifteen = os.getloadavg()
    print(f"load {one:.1f} in the last minute, {five:.1f} in 5, {fifteen:.1f} in 15, on {os.cpu_count()} cores")
    ratio = statistics.median(by_processor(measured.called, "prov"))
    kept = ratio <= PROMISE
    print(f"ratio of processor time {ratio:.3f}, promise {PROMISE}: {'kept' if kept else 'broken'}.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
