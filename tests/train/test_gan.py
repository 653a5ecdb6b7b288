"""Training a GAN: again bit for bit, stopped and gone on with, and what cannot be learnt from."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pictures import picture
from PIL import Image

from provenance.digest import Digest
from provenance.errors import EngineError, StoreError, UsageError
from provenance.generate.engine import Request, Weights
from provenance.generate.gan import Gan
from provenance.train import gan_samples
from provenance.train.gan import Progress, Trained, train
from provenance.train.gan_settings import GanSettings, batch_at, check

SMALL = GanSettings(
    size=32, steps=8, batch=8, first_batch=4, full_from=3, latent=8, width=0.125, decoder=16, checkpoint_every=4,
    precision="float32",
)  # fmt: skip
WORKS = np.stack([picture(seed, 32, 32).pixels for seed in range(12)])
CATEGORIES = np.arange(12) % 3
NAMES = ("discs", "rings", "waves")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Set the number of threads to one, and back to what it was."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


Learn = Callable[..., Trained]


@pytest.fixture
def learn(tmp_path: Path) -> Learn:
    def learnt(
        name: str = "a", settings: GanSettings = SMALL, works: NDArray[np.uint8] = WORKS, **more: Any
    ) -> Trained:
        given = {"seed": 7, "categories": CATEGORIES, "names": NAMES, **more}
        return train(settings, works, folder=tmp_path / name, **given)

    return learnt


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Give what a training of SMALL without any interruption comes to."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("whole")
    trained = train(SMALL, WORKS, CATEGORIES, names=NAMES, seed=7, folder=folder)
    torch.set_num_threads(before)
    return trained


@pytest.fixture
def begun(whole: Trained, tmp_path: Path) -> Path:
    """Give a folder with the checkpoint of a training."""
    (tmp_path / "a").mkdir()
    shutil.copy(whole.weights.with_name("checkpoint.safetensors"), tmp_path / "a")
    return tmp_path / "a"


class StoppedError(Exception):
    pass


def stop_at(step: int, kind: type[BaseException] = StoppedError) -> Callable[[Progress], None]:
    def stop(progress: Progress) -> None:
        if progress.step >= step:
            raise kind

    return stop


def test_the_same_training_gives_the_same_weights(learn: Learn, whole: Trained) -> None:
    again = learn()

    assert whole.digest == again.digest == Digest.of_file(again.weights)
    assert [*whole.history] == [*again.history]


def test_another_seed_gives_other_weights_up_to_its_highest_bit(learn: Learn) -> None:
    sheets = {learn(str(seed), replace(SMALL, steps=1), seed=seed).sheet.tobytes() for seed in (7, 7 + (1 << 63))}

    assert len(sheets) == 2


def test_the_last_step_learns(learn: Learn, whole: Trained) -> None:
    assert (learn(settings=replace(SMALL, steps=7)).sheet != whole.sheet).any()


@pytest.mark.parametrize("kind", [StoppedError, KeyboardInterrupt])
def test_an_interrupted_training_goes_on_to_the_same_weights(
    learn: Learn, whole: Trained, kind: type[BaseException]
) -> None:
    with pytest.raises(kind):
        learn(report=stop_at(5, kind))
    seen: list[int] = []

    resumed = learn(resume=True, report=lambda progress: seen.append(progress.step))

    assert resumed.digest == whole.digest
    assert min(seen) > 5
    assert [row["step"] for row in resumed.history][-1] == 8


def test_a_training_that_was_killed_goes_on_from_its_last_checkpoint(
    learn: Learn, whole: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, calls = torch.optim.Adam.step, iter(range(100))

    def killed(self: torch.optim.Adam) -> None:
        if next(calls) > 10:  # after the discriminator's turn in the sixth step, before the generator's
            raise KeyboardInterrupt
        step(self)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(torch.optim.Adam, "step", killed)
        learn()

    assert learn(resume=True).digest == whole.digest


def test_more_steps_can_be_added_later(learn: Learn, whole: Trained) -> None:
    learn("a", replace(SMALL, steps=4))

    longer = learn("a", SMALL, resume=True)

    assert longer.steps == 8
    assert longer.digest == whole.digest


def test_resuming_where_nothing_is_begins(learn: Learn, whole: Trained) -> None:
    assert learn(resume=True).digest == whole.digest


def test_a_training_that_is_there_is_not_written_over(learn: Learn, begun: Path) -> None:
    data = (begun / "checkpoint.safetensors").read_bytes()

    with pytest.raises(UsageError, match="holds a training already"):
        learn()

    assert (begun / "checkpoint.safetensors").read_bytes() == data


@pytest.mark.parametrize(
    ("settings", "more", "match"),
    [
        (SMALL, {"seed": 8}, "seed differ"),
        (replace(SMALL, batch=5), {}, "setting batch differ"),
        (SMALL, {"works": WORKS[:11], "categories": CATEGORIES[:11]}, "works differ"),
        (replace(SMALL, loss="can"), {}, "names, setting loss, works differ"),
    ],
)
def test_another_training_cannot_go_on_from_a_checkpoint(
    learn: Learn, begun: Path, settings: GanSettings, more: dict[str, Any], match: str
) -> None:
    with pytest.raises(UsageError, match=match):
        learn("a", settings, resume=True, **more)


def test_a_damaged_checkpoint_is_told(learn: Learn, begun: Path) -> None:
    path = begun / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-5])

    with pytest.raises(EngineError, match="safetensors"):
        learn("a", resume=True)


def test_the_engine_makes_the_pictures_of_the_sheet(whole: Trained) -> None:
    trained = whole
    weights = Weights(path=trained.weights, digest=trained.digest, settings=trained.settings)
    out = np.zeros((32, 32, 3), np.uint8)

    Gan().generate(Request(seed=9, width=32, height=32, weights=weights), out)

    assert trained.sheet.shape == (8 * 32, 8 * 32, 3)
    assert (trained.sheet[32:64, 32:64] == out).all()
    assert (gan_samples.sheet(weights, seeds=(9,)) == out).all()


def test_samples_follow_from_their_seed_and_differ(whole: Trained) -> None:
    trained = whole

    one, again, other = (trained.samples(70, seed) for seed in (1, 1, 2))

    assert one.shape == (70, 32, 32, 3)
    assert one.dtype == np.uint8
    assert (one == again).all()
    assert (one != other).any()
    assert len({sample.tobytes() for sample in one}) == 70


def test_progress_tells_steps_losses_and_the_latest_sheet(learn: Learn) -> None:
    told: list[Progress] = []

    learn(settings=replace(SMALL, sheet_every=4), report=told.append)

    assert [progress.step for progress in told] == [5, 8]
    assert {"discriminator", "generator", "reconstruction"} <= told[-1].losses.keys()
    sheet = told[0].sheet
    assert sheet is not None
    with Image.open(sheet) as image:
        assert image.size == (256, 256)


def test_the_history_has_a_row_for_every_checkpoint(whole: Trained) -> None:
    trained = whole
    lines = trained.history_csv().splitlines()

    assert lines[0].startswith("step,discriminator,reconstruction,penalty")
    assert [line.partition(",")[0] for line in lines[1:]] == ["4", "8"]
    assert all(row["variety"] > 0 for row in trained.history)


def test_nothing_but_safetensors_and_pictures_is_written(whole: Trained) -> None:
    names = {path.name for path in whole.weights.parent.iterdir()}

    assert names == {"checkpoint.safetensors", "sheet.png", "weights.safetensors"}


def test_a_conditional_model_can_be_asked_for_its_categories(learn: Learn) -> None:
    trained = learn(settings=replace(SMALL, conditional=True))
    weights = Weights(path=trained.weights, digest=trained.digest, settings=trained.settings)
    out = np.zeros((32, 32, 3), np.uint8)
    asked = Gan.Options(category="rings")

    choices = Gan().generate(Request(seed=1, width=32, height=32, weights=weights, options=asked), out)

    assert choices["categories"] == {"rings": 1.0}
    assert trained.settings["categories"] == list(NAMES)


def test_works_without_a_category_share_one_that_has_a_name(learn: Learn) -> None:
    trained = learn(settings=replace(SMALL, conditional=True), names=("", *NAMES[1:]))

    assert trained.settings["categories"] == ["(none)", *NAMES[1:]]


def test_a_creative_network_is_told_how_ambiguous_it_is(learn: Learn) -> None:
    trained = learn(settings=replace(SMALL, loss="can"))

    assert 0 < trained.history[-1]["ambiguity"] <= 1
    assert "style" in trained.history[-1]
    assert trained.settings["categories"] == []


def test_a_conditional_training_in_mixed_precision_can_be_interrupted_too(learn: Learn) -> None:
    settings = replace(SMALL, conditional=True, precision="bfloat16")
    with pytest.raises(StoppedError):
        learn("a", settings, report=stop_at(5))

    assert learn("a", settings, resume=True).digest == learn("b", settings).digest


def test_categories_are_not_needed_where_nothing_asks_for_them(learn: Learn, whole: Trained) -> None:
    assert learn(categories=None, names=()).digest == whole.digest


@pytest.mark.parametrize(
    ("works", "match"),
    [
        (WORKS[:1], "two works at least, better from a hundred; there are 1"),
        (WORKS[:0], "there are 0"),
        (np.repeat(WORKS[:1], 5, 0), "5 works are all alike at 32 pixels"),
        (WORKS[:, :16], "must come as uint8"),
        (WORKS.astype(np.float32), "must come as uint8"),
        (WORKS[..., 0], "must come as uint8"),
    ],
)
def test_works_that_cannot_be_learnt_from_are_told_before_anything_is_written(
    learn: Learn, tmp_path: Path, works: NDArray[np.uint8], match: str
) -> None:
    with pytest.raises(UsageError, match=match):
        learn(works=works)

    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"categories": None}, "needs the category of every work"),
        ({"categories": CATEGORIES[:5]}, "needs the category of every work"),
        ({"categories": CATEGORIES * 0 + 1}, "all 12 are of 'rings'"),
        ({"categories": CATEGORIES * 0, "names": ("", "b")}, "two categories at least; none has one"),
        ({"categories": CATEGORIES + 1}, "a name of its own"),
        ({"names": ("(none)", "", "b")}, "a name of its own"),
        ({"names": ("a", "a", "b")}, "a name of its own"),
        ({"names": ()}, "a name of its own"),
    ],
)
@pytest.mark.parametrize("asking", [{"loss": "can"}, {"conditional": True}])
def test_categories_that_cannot_be_learnt_are_told(
    learn: Learn, more: dict[str, Any], match: str, asking: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match=match):
        learn(settings=replace(SMALL, **asking), **more)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"size": 48}, "size must be 32, 64, 128 or 256; it is 48"),
        ({"size": 512}, "size must lie from 32 to 256"),
        ({"steps": 0}, "steps must lie"),
        ({"steps": 1.5}, "steps takes a int"),
        ({"learning_rate": float("nan")}, "learning_rate must lie"),
        ({"loss": "wgan"}, "loss is one of hinge, can"),
        ({"flip": "yes"}, "flip takes a bool"),
        ({"loss": "can", "conditional": True}, "choose the loss can or conditional"),
    ],
)
def test_settings_that_cannot_be_are_told(changed: dict[str, Any], match: str) -> None:
    with pytest.raises(UsageError, match=match):
        check(replace(SMALL, **changed))


def test_a_step_has_few_works_at_first_and_all_in_the_end() -> None:
    settings = replace(SMALL, batch=24, first_batch=6, full_from=10)

    assert [batch_at(settings, step) for step in (0, 4, 5, 9, 10, 99)] == [6, 6, 12, 12, 24, 24]
    assert batch_at(replace(settings, full_from=0), 0) == 24
    assert batch_at(replace(settings, first_batch=99), 0) == 24


def test_the_number_of_threads_is_as_asked_and_then_as_before(learn: Learn, whole: Trained) -> None:
    torch.set_num_threads(2)
    seen: list[int] = []

    trained = learn(threads=1, report=lambda _: seen.append(torch.get_num_threads()))

    assert set(seen) == {1}
    assert torch.get_num_threads() == 2
    assert trained.digest == whole.digest


def test_a_folder_that_cannot_be_made_is_told(learn: Learn, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file")

    with pytest.raises(StoreError, match="cannot be made: File exists"):
        learn()
