import sys
from pathlib import Path

import numpy as np
import pytest
from pictures import picture
from small_corpus import small_corpus

from benchmarks.detection.corpus import load, read_corpus
from benchmarks.detection.detectors import detector, known
from benchmarks.detection.imagededup_peer import ImagededupPeer
from benchmarks.detection.peers import PEERS
from provenance.errors import UsageError

WORKS = [("wallpapers", f"work-{number}", "", f"{number}") for number in range(6)]


@pytest.mark.parametrize("name", [name for name in PEERS if name != "embedding"])  # the whitened one is it and more
def test_a_peer_finds_a_work_and_nothing_that_is_left_out(name: str, tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS))
    peer = detector(name)
    peer.fit(works)
    asked = load(works[2])

    assert peer.search(asked)[0].uid == works[2].uid
    assert works[2].uid not in {found.uid for found in peer.search(asked, without=[works[2].uid])}


def test_only_the_turned_hash_finds_a_mirrored_work_exactly(tmp_path: Path) -> None:
    works = read_corpus(small_corpus(tmp_path, WORKS))
    mirrored = np.ascontiguousarray(load(works[0])[:, ::-1])
    plain, turned = detector("pdqhash"), detector("pdqhash-turned")
    plain.fit(works)
    turned.fit(works)

    assert turned.search(mirrored)[0].score > -40 > plain.search(mirrored)[0].score


def test_imagededup_is_asked_in_a_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "library" / "imagededup"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "methods.py").write_text(
        "class PHash:\n"
        "    def __init__(self, verbose): print('a line that is no code')\n"
        "    def encode_image(self, image_array): return '%016x' % int(image_array.astype('int64').sum())\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "library"))
    works = read_corpus(small_corpus(tmp_path / "corpus", WORKS))
    peer = ImagededupPeer("PHash", sys.executable)
    peer.fit(works)

    assert peer.search(load(works[3]))[0].uid == works[3].uid
    peer.close()


def test_a_python_without_imagededup_is_told(tmp_path: Path) -> None:
    with ImagededupPeer("PHash", sys.executable) as peer, pytest.raises(UsageError, match="Is imagededup installed"):
        peer.search(picture().pixels)
    with pytest.raises(UsageError, match="cannot be started"):
        ImagededupPeer("PHash", str(tmp_path / "python")).search(picture().pixels)


def test_imagededup_is_offered_only_where_it_is() -> None:
    assert "imagededup-cnn" in known("python3")
    assert not any(name.startswith("imagededup") for name in known())


@pytest.mark.parametrize("name", ["melt", "no.such.module:Detector", "benchmarks.detection.peers:Nothing"])
def test_an_unknown_detector_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        detector(name)
