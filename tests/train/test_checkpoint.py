"""Checkpoints: whole or not there, read back bit for bit, and never opened if they are something else."""

from pathlib import Path

import pytest
import torch

from provenance.digest import Json
from provenance.errors import EngineError, NotFoundError, StoreError
from provenance.train import checkpoint

TENSORS = {"a": torch.arange(6.0).view(2, 3), "b.c": torch.tensor(7.0), "d": torch.arange(4, dtype=torch.int64)}


def test_what_was_saved_is_loaded_bit_for_bit(tmp_path: Path) -> None:
    laid_out = torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last)
    checkpoint.save(tmp_path / "c", {**TENSORS, "e": laid_out}, {"step": 3, "history": [{"loss": 0.1}]})

    tensors, facts = checkpoint.load(tmp_path / "c")

    assert facts == {"step": 3, "history": [{"loss": 0.1}]}
    assert tensors.keys() == {*TENSORS, "e"}
    assert all(torch.equal(tensors[name], value) for name, value in {**TENSORS, "e": laid_out}.items())


@pytest.mark.parametrize("length", [400, 656, 912, 1168])
def test_a_checkpoint_is_read_whatever_the_length_of_its_header(tmp_path: Path, length: int) -> None:
    for more in range(0, 256, 8):  # headers whose length begins as a pickle does are among them
        facts = {"text": "x" * (length + more)}
        checkpoint.save(tmp_path / "c", TENSORS, facts)

        assert checkpoint.load(tmp_path / "c")[1] == facts


@pytest.mark.parametrize("text", ["", "\0", "é \U0001f600", '"\\\n', "\u2028"])
def test_facts_come_back_as_they_were(tmp_path: Path, text: str) -> None:
    facts: dict[str, Json] = {text: [text, 1, 0.1, 1e-300, None, {"": text}]}
    checkpoint.save(tmp_path / "c", TENSORS, facts)

    assert checkpoint.load(tmp_path / "c")[1] == facts


def test_the_same_state_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "other"):
        checkpoint.save(tmp_path / name, dict(sorted(TENSORS.items(), reverse=name == "one")), {"b": 1, "a": 2})

    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c"
    checkpoint.save(path, TENSORS, {"step": 1})

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="could not be written: No space left on device"):
        checkpoint.save(path, TENSORS, {"step": 2})

    assert checkpoint.load(path)[1] == {"step": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        checkpoint.load(tmp_path / "c")


@pytest.mark.parametrize("length", [0, 7, 40, -1])
def test_a_checkpoint_that_was_cut_off_is_told(tmp_path: Path, length: int) -> None:
    path = tmp_path / "c"
    checkpoint.save(path, TENSORS, {"step": 1})
    path.write_bytes(path.read_bytes()[:length])

    with pytest.raises(EngineError, match="safetensors"):
        checkpoint.load(path)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    torch.save(TENSORS, tmp_path / "c")

    with pytest.raises(EngineError, match="pickle"):
        checkpoint.load(tmp_path / "c")


@pytest.mark.parametrize("metadata", [None, {"facts": "["}, {"facts": "[]"}, {"step": "1"}])
def test_weights_that_are_no_checkpoint_are_told(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    from safetensors.torch import save_file

    save_file(TENSORS, tmp_path / "c", metadata)

    with pytest.raises(EngineError, match="no checkpoint of a training"):
        checkpoint.load(tmp_path / "c")


@pytest.mark.parametrize(
    "found",
    [
        {"a": TENSORS["a"]},
        {**TENSORS, "more": TENSORS["a"]},
        {**TENSORS, "a": torch.zeros(3, 2)},
        {**TENSORS, "a": torch.zeros(2, 3, dtype=torch.float64)},
    ],
)
def test_tensors_that_do_not_fit_are_told(found: dict[str, torch.Tensor]) -> None:
    checkpoint.fit(TENSORS, TENSORS, Path("c"))
    with pytest.raises(EngineError, match="does not fit the networks"):
        checkpoint.fit(found, TENSORS, Path("c"))
