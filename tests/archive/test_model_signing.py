"""Weights get a manifest of their own, and a byte that changed is found."""

from pathlib import Path

import pytest
from learnt import learnt
from sqlalchemy import select

from provenance import schema
from provenance.archive import model_signing
from provenance.archive.archive import Archive
from provenance.archive.model_signing import sign_model
from provenance.archive.model_verifying import verify_model
from provenance.archive.models import ModelFacts
from provenance.errors import EngineError, NotFoundError, UsageError
from provenance.words import Intactness


@pytest.fixture
def model(plain_archive: Archive, tmp_path: Path) -> ModelFacts:
    return learnt(plain_archive, tmp_path / "works")


@pytest.fixture
def weights(plain_archive: Archive, model: ModelFacts, tmp_path: Path) -> Path:
    assert model.digest is not None
    path = tmp_path / "faces.safetensors"
    path.write_bytes(plain_archive.store.read(model.digest))
    return path


def test_weights_and_their_manifest_hold_against_each_other(
    plain_archive: Archive, model: ModelFacts, weights: Path, tmp_path: Path
) -> None:
    signed = sign_model(plain_archive, model.name, tmp_path / "out")

    found = verify_model(plain_archive, weights, signed.sidecar)
    assert (signed.whole, signed.sidecar.name) == (True, "faces.c2pa")
    assert (found.exit_code, found.signature.intact) == (0, Intactness.INTACT)
    assert (found.record["name"], found.record["digest"]) == ("faces", str(model.digest))
    assert found.reading.parameters["betas"] == "[0.5,0.99]"
    (dataset,) = found.reading.ingredients
    assert (dataset.present, dataset.data_types) == (True, ("c2pa.types.dataset",))


@pytest.mark.parametrize("largest", [1 << 20, 10])
def test_one_flipped_byte_is_found_in_weights_of_any_size(
    plain_archive: Archive, weights: Path, tmp_path: Path, largest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_signing, "LARGEST", largest)
    signed = sign_model(plain_archive, "faces", tmp_path / "out")
    before = verify_model(None, weights, signed.sidecar)
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)

    found = verify_model(None, weights, signed.sidecar)
    assert (before.exit_code, signed.whole) == (0, largest > 10)
    assert (found.exit_code, found.signature.sayable) == (1, Intactness.CHANGED)
    assert "changed" in found.sentence or "not those that were signed" in found.sentence


def test_one_flipped_byte_of_the_manifest_is_found(
    plain_archive: Archive, weights: Path, model: ModelFacts, tmp_path: Path
) -> None:
    sidecar = sign_model(plain_archive, model.uid, tmp_path / "out").sidecar
    data = sidecar.read_bytes()
    place = data.index(b"org.prov.record") + 100
    sidecar.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])

    assert verify_model(plain_archive, weights, sidecar).exit_code == 1


def test_the_manifest_is_recorded_and_kept(plain_archive: Archive, model: ModelFacts, tmp_path: Path) -> None:
    signed = sign_model(plain_archive, model.name, tmp_path)

    with plain_archive.database.read() as session:
        query = select(schema.Manifest, schema.Blob).join(
            schema.Blob, schema.Blob.digest == schema.Manifest.store_digest
        )
        row, blob = session.execute(query.where(schema.Manifest.label == signed.label)).one()
        assert (row.state, blob.media_type) == ("Trusted", "application/c2pa")
    assert signed.sidecar.stat().st_size == blob.size


def test_weights_that_changed_are_not_signed(plain_archive: Archive, model: ModelFacts) -> None:
    assert model.digest is not None
    path = plain_archive.store.path(model.digest)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")

    with pytest.raises(EngineError, match="have the digest"):
        sign_model(plain_archive, model.name)


def test_what_cannot_be_signed_is_said(plain_archive: Archive, model: ModelFacts, tmp_path: Path) -> None:
    sign_model(plain_archive, model.name, tmp_path)
    with plain_archive.run("my-model", seed=1):
        pass

    with pytest.raises(UsageError, match="is there already"):
        sign_model(plain_archive, model.name, tmp_path)
    with pytest.raises(UsageError, match="has no weights of its own"):
        sign_model(plain_archive, "my-model")


def test_missing_and_broken_files_are_sentences(
    plain_archive: Archive, model: ModelFacts, weights: Path, tmp_path: Path
) -> None:
    sidecar = sign_model(plain_archive, model.name, tmp_path).sidecar
    (tmp_path / "broken.c2pa").write_bytes(b"nonsense")
    (tmp_path / "empty.c2pa").write_bytes(b"")

    with pytest.raises(NotFoundError, match="There are no weights"):
        verify_model(None, tmp_path / "gone", sidecar)
    with pytest.raises(NotFoundError, match="cannot be read"):
        verify_model(None, weights, tmp_path / "gone.c2pa")
    assert verify_model(None, weights, tmp_path / "broken.c2pa").exit_code == 1
    assert verify_model(None, weights, tmp_path / "empty.c2pa").exit_code == 1
