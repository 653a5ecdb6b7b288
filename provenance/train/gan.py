"""Training a GAN: works become weights, in steps that can be stopped, gone on with, and made again bit for bit.

The same settings, works, seed, device and number of threads give the same weights, whether or not the training was
interrupted. What goes wrong on the way ends the training at the last checkpoint at which nothing was wrong.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from provenance.digest import Digest, Json
from provenance.errors import EngineError, StoreError, UsageError
from provenance.generate.engine import Weights
from provenance.train import checkpoint, gan_samples
from provenance.train.gan_plan import Plan, plan
from provenance.train.gan_run import CHECKPOINT, ROW_EVERY, Run
from provenance.train.gan_settings import GanSettings
from provenance.train.gan_state import chance

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WEIGHTS = "weights.safetensors"
SNAPSHOT = "snapshot.safetensors"
SHEET = "sheet.png"
_REPORT_EVERY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a training is."""

    step: int
    """How many steps are done, those before an interruption too."""
    steps: int
    losses: Mapping[str, float]
    """The means of the latest row of the history; empty before the first."""
    sheet: Path | None
    """A PNG of samples of fixed seeds, made anew now and then; None before the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What came of a training."""

    weights: Path
    """The finished .safetensors file, in the folder of the training."""
    digest: Digest
    """Of that file."""
    settings: Mapping[str, Json]
    """What the engine has to know to use the weights."""
    steps: int
    """How many steps these weights took."""
    seconds: float
    """What they took, pauses left out."""
    history: Sequence[Mapping[str, float]]
    """A row for each 25 steps: the step, the mean of every loss, and at checkpoints how varied samples are."""
    sheet: "NDArray[np.uint8]"
    """Samples of the fixed seeds 0 to 63: `prov generate MODEL --seed 0` makes the first."""
    diverged: str | None
    """What went wrong, if it did: the weights are the last good ones then."""
    precision: str
    """float32 or bfloat16: in which the networks computed."""

    def history_csv(self) -> str:
        """Write the history as CSV with a heading; a figure that a row does not have is empty."""
        columns = list(dict.fromkeys(name for row in self.history for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.history)
        return text.getvalue()

    def samples(self, count: int, seed: int) -> "NDArray[np.uint8]":
        """Make `count` pictures with the weights, uint8 (count, size, size, 3), from seeds that follow from `seed`."""
        return gan_samples.samples(self._as_given(), count, seed)

    def _as_given(self) -> Weights:
        return Weights(path=self.weights, digest=self.digest, settings=self.settings)


def train(
    settings: GanSettings,
    pixels: "NDArray[np.uint8]",
    categories: "NDArray[np.int64] | None" = None,
    *,
    names: Sequence[str] = (),
    seed: int,
    device: str = "cpu",
    threads: int | None = None,
    folder: Path,
    resume: bool = False,
    report: Callable[[Progress], None] = lambda _: None,
) -> Trained:
    """Train on `pixels`, uint8 of shape (works, size, size, 3), and write everything into `folder`.

    `categories`, int64 of shape (works,), and their `names` are needed by the loss can and by conditional only.
    `report` is called every few steps; if it raises, the checkpoint is brought up to date first. Interrupted
    anywhere else, the last checkpoint stays. `resume` goes on from it, and begins where there is none.
    Raises UsageError for works or settings that cannot be learnt from or with, EngineError if the training went
    wrong before its first checkpoint, StoreError if the folder cannot be written.
    """
    planned = plan(settings, pixels, categories, names, seed=seed, device=device, folder=folder)
    _make(folder)
    if not resume and (folder / CHECKPOINT).exists():
        raise UsageError(f"{folder} holds a training already. Resume it, or choose another folder.")
    with _threads(threads):
        run = Run.resume(planned) if resume else Run.begin(planned)
        diverged = _learn(run, report)
        if diverged is not None:
            run, diverged = _last_good(planned, run.step, diverged)
        return _finished(run, diverged)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise StoreError(
            f"The folder {folder} of the training cannot be made: {cause.strerror}. Choose another place."
        ) from cause


def _learn(run: Run, report: Callable[[Progress], None]) -> str | None:
    """Go through the steps; say what went wrong, if anything did."""
    settings, sheet = run.plan.settings, run.plan.folder / SHEET
    while run.step < settings.steps:
        run.go_on()
        last = run.step == settings.steps
        marked = last or run.step % settings.checkpoint_every == 0
        problem = run.end_row() if marked or run.step % ROW_EVERY == 0 else None
        if problem is None and marked:
            problem = run.problem()
        if problem is not None:
            return problem
        if marked:
            run.save()
        if run.step % settings.sheet_every == 0 and not last:
            _draw(run, SNAPSHOT)
        if last or run.step % _REPORT_EVERY == 0:
            _report(run, report, sheet)
    return None


def _report(run: Run, report: Callable[[Progress], None], sheet: Path) -> None:
    losses = dict(run.history[-1]) if run.history else {}
    losses.pop("step", None)
    shown = sheet if sheet.exists() else None
    heard = False
    try:
        report(Progress(step=run.step, steps=run.plan.settings.steps, losses=losses, sheet=shown))
        heard = True
    finally:
        if not heard and run.end_row() is None and run.problem() is None:
            run.save()


def _last_good(planned: Plan, step: int, problem: str) -> tuple[Run, str]:
    """Go back to the last checkpoint; every one was sound when it was written. Raises EngineError if there is none."""
    if not (planned.folder / CHECKPOINT).exists():
        raise EngineError(
            f"The training went wrong at step {step}, before its first checkpoint: {problem}. "
            "Try a lower learning_rate, or the precision float32."
        )
    run = Run.resume(planned)
    return run, f"At step {step} {problem}. The weights are those of step {run.step}."


def _finished(run: Run, diverged: str | None) -> Trained:
    given, sheet = _draw(run, WEIGHTS)
    return Trained(
        weights=given.path,
        digest=given.digest,
        settings=given.settings,
        steps=run.step,
        seconds=run.seconds,
        history=tuple(run.history),
        sheet=sheet,
        diverged=diverged,
        precision="bfloat16" if run.plan.mixed else "float32",
    )


def _draw(run: Run, name: str) -> "tuple[Weights, NDArray[np.uint8]]":
    """Write the weights as they are now, ready for use, and a sheet of what they make."""
    from provenance.generate.gan_network import learnt

    planned = run.plan
    average = gan_samples.calibrated(run.state.average, chance(planned.seed, "calibration"), planned.categories)
    settings = planned.architecture.settings()
    path = planned.folder / name
    checkpoint.save(path, learnt(average), {**settings, "steps": run.step, "seed": str(planned.seed)})
    given = Weights(path=path, digest=Digest.of_file(path), settings=settings)
    sheet = gan_samples.sheet(given)
    gan_samples.save_png(planned.folder / SHEET, sheet)
    return given, sheet


@contextmanager
def _threads(wanted: int | None) -> Iterator[None]:
    """Compute on `wanted` threads, and on as many as before afterwards. Kernels on a GPU are chosen to repeat."""
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(wanted or before)
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
            yield
    finally:
        torch.set_num_threads(before)
