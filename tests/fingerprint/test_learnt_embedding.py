"""A user's own network embeds; what is no TorchScript is refused unopened."""

import io
import pickle
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pictures import picture
from torch import Tensor, nn

from provenance.digest import Digest
from provenance.errors import EngineError, NotFoundError, UsageError
from provenance.fingerprint.learnt_embedding import LearntEmbedder, Preparation
from provenance.picture import Picture


class Colours(nn.Module):
    """The average colour, and the colour of the upper left corner."""

    def forward(self, pictures: Tensor) -> Tensor:
        return torch.cat([pictures.mean((2, 3)), pictures[:, :, 0, 0]], 1)


class Words(nn.Module):
    def forward(self, pictures: Tensor) -> str:
        return f"{pictures.shape}"


class Maps(nn.Module):
    def forward(self, pictures: Tensor) -> Tensor:
        return pictures


class Nothing(nn.Module):
    def forward(self, pictures: Tensor) -> Tensor:
        return torch.log(pictures.mean((2, 3)) * 0 - 1)


class Narrow(nn.Module):
    def forward(self, pictures: Tensor) -> Tensor:
        return pictures.reshape(1, 12)


def script(network: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(network), str(path))
    return path


def test_a_network_of_the_users_own_embeds(tmp_path: Path) -> None:
    pixels = np.full((50, 70, 3), (255, 0, 0), np.uint8)
    embedder = LearntEmbedder.load(script(Colours(), tmp_path / "own.pt"), Preparation(side=64))

    found = embedder.embed(Picture(pixels))
    expected = (np.array([1, 0, 0]) - Preparation().mean) / Preparation().deviation

    assert embedder.length == 6
    assert found.dtype == np.float32
    assert np.allclose(found[:3], found[3:])
    assert np.allclose(found[:3], expected / np.linalg.norm(expected) / 2**0.5, atol=1e-5)


def test_its_name_tells_file_and_preparation(tmp_path: Path) -> None:
    path = script(Colours(), tmp_path / "own.pt")
    first = LearntEmbedder.load(path)
    again = LearntEmbedder.load(path.rename(tmp_path / "moved.pt"))
    others = [
        LearntEmbedder.load(tmp_path / "moved.pt", Preparation(side=64)),
        LearntEmbedder.load(tmp_path / "moved.pt", Preparation(mean=(0.5, 0.5, 0.5))),
        LearntEmbedder.load(script(nn.Sequential(Colours()), tmp_path / "other.pt")),
    ]

    assert first.file == Digest.of_file(tmp_path / "moved.pt")
    assert first.name == again.name
    assert len({first.name, *(other.name for other in others)}) == 4
    assert first.record()["side"] == 320


class Trap:
    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('opened')",))


def a_checkpoint() -> bytes:
    data = io.BytesIO()
    torch.save({"weights": torch.zeros(3), "trap": Trap()}, data)
    return data.getvalue()


@pytest.mark.parametrize("data", [pickle.dumps(Trap()), a_checkpoint()])
def test_pickles_are_refused_unopened(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(data)

    with pytest.raises(EngineError, match=r"is a pickle.*prov never does.*torch\.jit\.trace"):
        LearntEmbedder.load(path)


def test_a_pickle_among_the_parts_of_a_script_is_not_run(tmp_path: Path) -> None:
    path = script(Colours(), tmp_path / "own.pt")
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
        for name, data in parts.items():
            trapped = name.endswith(("/data.pkl", "/constants.pkl"))
            file.writestr(name, pickle.dumps(Trap(), 2) if trapped else data)

    with pytest.raises(EngineError, match="is no whole TorchScript file"):
        LearntEmbedder.load(path)


@pytest.mark.parametrize("cut", [0, 10, 700, -1])
def test_broken_files_are_refused(tmp_path: Path, cut: int) -> None:
    path = script(Colours(), tmp_path / "own.pt")
    path.write_bytes(path.read_bytes()[:cut])

    with pytest.raises(EngineError, match="TorchScript"):
        LearntEmbedder.load(path)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"There is no file .*none\.pt"):
        LearntEmbedder.load(tmp_path / "none.pt")
    with pytest.raises(EngineError, match="cannot be read"):
        LearntEmbedder.load(tmp_path)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Words(), "gives str"),
        (Maps(), r"gives \(1, 3, 320, 320\)"),
        (Nothing(), "not finite"),
        (Narrow(), "fails on float32"),
    ],
)
def test_networks_that_give_something_else_are_refused(tmp_path: Path, network: nn.Module, message: str) -> None:
    with pytest.raises(EngineError, match=f"The network in .*own.pt cannot be used. It .*{message}"):
        LearntEmbedder.load(script(network, tmp_path / "own.pt"))


@pytest.mark.parametrize(
    "wrong", [{"side": 8}, {"side": 4096}, {"deviation": (0.0, 1.0, 1.0)}, {"mean": (float("nan"), 0.0, 0.0)}]
)
def test_senseless_preparations_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Preparation(**wrong)


def test_the_same_picture_has_the_same_embedding(tmp_path: Path) -> None:
    embedder = LearntEmbedder.load(script(Colours(), tmp_path / "own.pt"))

    assert np.array_equal(embedder.embed(picture(1)), embedder.embed(picture(1)))
    assert not np.allclose(embedder.embed(picture(1)), embedder.embed(picture(2)))
