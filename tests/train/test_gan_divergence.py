"""A training that goes wrong is stopped, keeps the last good weights, and says so."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pictures import picture

from provenance.errors import EngineError
from provenance.train import gan_losses, gan_watch
from provenance.train.gan import train
from provenance.train.gan_settings import GanSettings

SETTINGS = GanSettings(
    size=32,
    steps=12,
    batch=4,
    first_batch=4,
    latent=8,
    width=0.125,
    decoder=16,
    checkpoint_every=4,
    precision="float32",
)
WORKS = np.stack([picture(seed, 32, 32).pixels for seed in range(12)])


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Set the number of threads to one, and back to what it was."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def go_wrong(monkeypatch: pytest.MonkeyPatch, call: int, factor: float) -> None:
    """Multiply the generator's loss by `factor` from the given call on."""
    loss, calls = gan_losses.maker_loss, iter(range(1, 1000))
    monkeypatch.setattr(gan_losses, "maker_loss", lambda made: loss(made) * (factor if next(calls) >= call else 1.0))


@pytest.mark.parametrize(("factor", "match"), [(float("nan"), "is no number any more"), (1e6, "exploded to")])
def test_a_training_that_diverges_keeps_the_last_good_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factor: float, match: str
) -> None:
    expected = train(replace(SETTINGS, steps=4), WORKS, seed=1, folder=tmp_path / "short")
    go_wrong(monkeypatch, 6, factor)

    trained = train(SETTINGS, WORKS, seed=1, folder=tmp_path / "long")

    assert trained.diverged is not None
    assert match in trained.diverged
    assert trained.diverged.startswith("At step 8 ")
    assert trained.diverged.endswith("The weights are those of step 4.")
    assert trained.steps == 4
    assert trained.digest == expected.digest
    assert [row["step"] for row in trained.history] == [4]


def test_a_training_that_never_went_well_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_wrong(monkeypatch, 2, float("inf"))

    with pytest.raises(
        EngineError, match=r"went wrong at step 4, before its first checkpoint: the loss \w+ is no number"
    ):
        train(SETTINGS, WORKS, seed=1, folder=tmp_path / "a")

    assert list((tmp_path / "a").iterdir()) == []


def test_an_absurd_learning_rate_is_noticed(tmp_path: Path) -> None:
    settings = replace(SETTINGS, learning_rate=0.1, steps=60, checkpoint_every=2)

    trained = train(settings, WORKS, seed=1, folder=tmp_path / "a")

    assert trained.diverged is not None


def test_weights_that_are_no_numbers_never_reach_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    step, calls = torch.optim.Adam.step, iter(range(1, 1000))

    def damaging(self: torch.optim.Adam) -> None:
        step(self)
        if next(calls) == 16:  # the generator's turn in the last step before a checkpoint
            self.param_groups[0]["params"][0].data[0] = float("nan")

    monkeypatch.setattr(torch.optim.Adam, "step", damaging)
    trained = train(SETTINGS, WORKS, seed=1, folder=tmp_path / "a")

    assert trained.diverged is not None
    assert "is no number any more" in trained.diverged
    assert trained.steps == 4


def test_samples_that_fall_together_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shares = iter([0.8, 0.9, 0.001])
    monkeypatch.setattr(gan_watch, "variety_of_samples", lambda *_: next(shares))
    monkeypatch.setattr(gan_watch, "variety_of_works", lambda *_: 1.0)

    trained = train(SETTINGS, WORKS, seed=1, folder=tmp_path / "a")

    assert (
        trained.diverged == "At step 12 the samples collapsed: they are all alike now. The weights are those of step 8."
    )


def test_samples_that_are_not_yet_different_are_no_collapse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gan_watch, "variety_of_samples", lambda *_: 0.0)

    assert train(SETTINGS, WORKS, seed=1, folder=tmp_path / "a").diverged is None


def test_variety_is_the_distance_of_two_pictures() -> None:
    black, white = -torch.ones(1, 3, 32, 32), torch.ones(1, 3, 32, 32)

    assert gan_watch.variety(torch.cat([black, black])) == 0
    assert gan_watch.variety(torch.cat([black, white])) == pytest.approx(2**0.5)
    works = torch.cat([black, white]).add(1).mul(127.5).byte()
    assert gan_watch.variety_of_works(works) == pytest.approx(2**0.5)
