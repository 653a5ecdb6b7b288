"""Weights come in: once for each name, with what is known of their past as claims, and found again where they are."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from pictures import picture
from PIL import Image
from safetensors.torch import load_file, save_file
from sqlalchemy import func, select
from tiny_pipeline import tiny_lora, tiny_pipeline

from provenance import schema
from provenance.archive.add_model import add_model, open_weights
from provenance.archive.archive import Archive
from provenance.archive.choose import choose
from provenance.archive.collect import add_dataset
from provenance.archive.model_detail import show_model
from provenance.digest import Digest
from provenance.errors import DamagedArchiveError, EngineError, NotFoundError, ProvenanceError, UsageError
from provenance.generate.pipeline_identity import change


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_pipeline(), tmp_path / "models" / "pipeline"))


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    return Path(shutil.copy(tiny_lora(), tmp_path / "ink.safetensors"))


def dataset(archive: Archive, folder: Path, name: str = "harbour-photos") -> None:
    folder.mkdir()
    Image.fromarray(picture(3).pixels).save(folder / "one.png")
    add_dataset(archive, name, folder)


def counts(archive: Archive) -> dict[str, int]:
    tables: dict[str, Any] = {
        "models": schema.Model,
        "weights": schema.Weights,
        "locations": schema.ModelLocation,
        "edges": schema.Edge,
        "nodes": schema.Node,
        "blobs": schema.Blob,
    }
    with archive.database.read() as session:
        return {name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in tables.items()}


def model_row(archive: Archive, name: str) -> int:
    with archive.database.read() as session:
        return session.scalars(
            select(schema.Model.id).where(schema.Model.name == name).order_by(schema.Model.id)
        ).all()[-1]


def test_a_pipeline_is_registered_with_its_past_as_claims(
    archive: Archive, folder: Path, lora: Path, tmp_path: Path
) -> None:
    dataset(archive, tmp_path / "works")
    (folder / "README.md").write_text("---\nlicense: cc-by-4.0\nbase_model: other/base\n---\n")
    save_file(load_file(lora), lora, metadata={"ss_sd_model_name": "base.ckpt", "modelspec.title": "Ink"})
    add_model(archive, "parent", folder)

    added = add_model(
        archive,
        "harbour",
        folder,
        loras=[(lora, 0.8)],
        trained_on=["harbour-photos@1"],
        derived_from=["parent"],
        by="Ada Lind",
    )

    shown = show_model(archive, "harbour")
    assert (added.version, added.new, added.licence) == ("1", True, "CC-BY-4.0")
    assert shown.model.digest == added.digest.removeprefix("sha256:")
    assert shown.model.size == added.size == sum(f.stat().st_size for f in [*folder.rglob("*.safetensors"), lora])
    assert {(past.role, past.truth) for past in shown.past} == {
        ("by", "claimed"),
        ("derived_from", "claimed"),
        ("trained_on", "claimed"),
    }
    assert shown.claims["card"] == {"license": "cc-by-4.0", "base_model": "other/base"}
    assert shown.claims["loras"] == {"ink.safetensors": {"modelspec.title": "Ink", "ss_sd_model_name": "base.ckpt"}}
    assert shown.identity["loras"][0]["scale"] == 0.8
    assert shown.settings["dtype"] == "float32"
    assert set(shown.locations) == {str(folder), str(lora)}
    assert counts(archive)["blobs"] == 0  # nothing was copied


def test_the_same_weights_under_the_same_name_are_known(archive: Archive, folder: Path, tmp_path: Path) -> None:
    first = add_model(archive, "harbour", folder, licence="MIT")
    before = counts(archive)
    again = add_model(archive, "harbour", folder, licence="Apache-2.0")
    copy = Path(shutil.copytree(folder, tmp_path / "elsewhere"))

    assert (first.new, again.new) == (True, False)
    assert (again.uid, again.version, again.licence) == (first.uid, "1", "MIT")
    assert again.notes == ("The licence stays as it was recorded first: MIT. Another name can have another.",)
    assert counts(archive) == before

    assert add_model(archive, "harbour", copy).uid == first.uid
    assert counts(archive) == before | {"locations": before["locations"] + 1}
    assert open_weights(archive, model_row(archive, "harbour")).path == copy  # where it was seen last
    shutil.rmtree(copy)
    assert open_weights(archive, model_row(archive, "harbour")).path == folder


def test_other_weights_adapters_scales_or_dtypes_are_the_next_version(
    plain_archive: Archive, folder: Path, lora: Path
) -> None:
    made = [
        add_model(plain_archive, "harbour", folder),
        add_model(plain_archive, "harbour", folder, loras=[(lora, 0.8)]),
        add_model(plain_archive, "harbour", folder, loras=[(lora, 0.4)]),
        add_model(plain_archive, "harbour", folder, dtype="float16"),
        add_model(plain_archive, "other", folder),
    ]
    scheduler = folder / "scheduler/scheduler_config.json"
    scheduler.write_text(json.dumps(json.loads(scheduler.read_text()) | {"beta_end": 0.02}))
    made.append(add_model(plain_archive, "harbour", folder))

    assert [added.version for added in made] == ["1", "2", "3", "4", "1", "5"]
    assert len({added.uid for added in made}) == len({added.digest for added in made}) + 1 == 6
    assert choose(plain_archive, "harbour").facts.version == "5"
    assert choose(plain_archive, "harbour@2").facts.uid == made[1].uid


def test_a_past_can_be_added_later_but_no_cycle(
    plain_archive: Archive, folder: Path, lora: Path, tmp_path: Path
) -> None:
    dataset(plain_archive, tmp_path / "works")
    base = add_model(plain_archive, "base", folder)
    add_model(plain_archive, "inked", folder, loras=[(lora, 1.0)], derived_from=[base.uid[:12]])

    later = add_model(plain_archive, "base", folder, trained_on=["harbour-photos"])

    assert not later.new
    assert [past.role for past in show_model(plain_archive, "base").past] == ["trained_on"]
    before = counts(plain_archive)
    for parent in ("base", "inked"):
        with pytest.raises(UsageError, match="cannot be derived from itself"):
            add_model(plain_archive, "base", folder, derived_from=[parent])
    assert counts(plain_archive) == before


def test_opened_weights_know_their_identity_and_find_moved_adapters(
    plain_archive: Archive, folder: Path, lora: Path, tmp_path: Path
) -> None:
    add_model(plain_archive, "harbour", folder, loras=[(lora, 0.8)])
    row = model_row(plain_archive, "harbour")
    assert change(open_weights(plain_archive, row)) is None

    moved = Path(shutil.move(lora, tmp_path / "renamed.safetensors"))
    with pytest.raises(NotFoundError, match=r"There is no file .*ink\.safetensors"):
        change(open_weights(plain_archive, row))

    add_model(plain_archive, "harbour", folder, loras=[(moved, 0.8)])
    found = open_weights(plain_archive, row)
    assert [said["path"] for said in found.settings["loras"]] == [str(moved)]  # type: ignore[index, union-attr, call-overload]
    assert change(found) is None

    shutil.rmtree(folder)
    with pytest.raises(
        NotFoundError, match=r"harbour version 1 are not at .*pipeline any more.*prov model add harbour"
    ):
        open_weights(plain_archive, row)


def test_a_model_without_its_row_is_damage(plain_archive: Archive, folder: Path) -> None:
    add_model(plain_archive, "harbour", folder)
    row = model_row(plain_archive, "harbour")
    with plain_archive.database.write() as session:
        session.delete(session.get_one(schema.Weights, row))

    with pytest.raises(DamagedArchiveError, match="says nothing of the weights of harbour version 1"):
        open_weights(plain_archive, row)


def test_a_single_file_is_kept_in_the_store(plain_archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({"a": torch.zeros(3)}, path, metadata={"modelspec.title": "Three noughts"})

    added = add_model(plain_archive, "noughts", path, engine="gan", source_type="algorithmicMedia")
    digest = Digest.of_file(path)
    path.unlink()

    opened = open_weights(plain_archive, model_row(plain_archive, "noughts"))
    shown = show_model(plain_archive, "noughts")
    assert added.digest == str(digest) == str(opened.digest)
    assert Digest.of_file(opened.path) == digest
    assert shown.claims == {"files": {"weights.safetensors": {"modelspec.title": "Three noughts"}}}
    assert (shown.source_type, shown.locations) == ("algorithmicMedia", [])


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"name": "no spaces"}, "is not a name for a model"),
        ({"name": "a\0"}, "is not a name for a model"),
        ({"name": "cppn"}, "is the name of an engine"),
        ({"engine": "cppn"}, "takes no weights"),
        ({"engine": "nonesuch"}, "There is no engine"),
        ({"engine": "gan", "dtype": "float16"}, "are for pipelines of diffusers"),
        ({"dtype": "float8"}, "'float8' is not a dtype"),
        ({"loras": [("ink", float("nan"))]}, "must lie from -10 to 10; it is nan"),
        ({"loras": [("absent.safetensors", 1.0)]}, "There is no file"),
        ({"licence": "free as in beer"}, "is not an SPDX licence expression"),
        ({"source_type": "painting"}, "is not a digital source type"),
        ({"trained_on": ["nothing"]}, "There is no dataset 'nothing'"),
        ({"trained_on": ["harbour-photos@2"]}, "There is no dataset 'harbour-photos@2'"),
        ({"derived_from": ["nothing"]}, "no model 'nothing'"),
        ({"by": "a\0b"}, "NUL"),
        ({"path": "absent"}, "There is no folder"),
    ],
)
def test_a_wrong_request_is_a_sentence_and_records_nothing(
    plain_archive: Archive, folder: Path, tmp_path: Path, asked: dict[str, Any], reason: str
) -> None:
    dataset(plain_archive, tmp_path / "works")
    before = counts(plain_archive)
    wanted = {"name": "harbour", "path": folder, **asked}
    wanted["path"] = tmp_path / wanted["path"]
    wanted["loras"] = [(tmp_path / path, scale) for path, scale in wanted.get("loras", [])]

    with pytest.raises(ProvenanceError, match=reason):
        add_model(plain_archive, wanted.pop("name"), wanted.pop("path"), **wanted)
    assert counts(plain_archive) == before


def test_bad_files_are_sentences_and_record_nothing(plain_archive: Archive, folder: Path, tmp_path: Path) -> None:
    before = counts(plain_archive)
    torch.save({"a": torch.zeros(1)}, tmp_path / "model.ckpt")
    (tmp_path / "lying.safetensors").write_bytes(b"\xff" * 64)

    for name, engine in (("model.ckpt", "gan"), ("model.ckpt", "diffusers"), ("lying.safetensors", "gan")):
        with pytest.raises(EngineError, match=r"pickle|no whole safetensors file"):
            add_model(plain_archive, "bad", tmp_path / name, engine=engine)
    with pytest.raises(EngineError, match="is a folder"):
        add_model(plain_archive, "bad", folder, engine="gan")
    with pytest.raises(EngineError, match="pickle checkpoint"):
        add_model(plain_archive, "bad", folder, loras=[(tmp_path / "model.ckpt", 1.0)])
    shutil.rmtree(folder / "vae")
    with pytest.raises(EngineError, match="lacks its component vae"):
        add_model(plain_archive, "bad", folder)

    assert counts(plain_archive) == before
    assert list(plain_archive.store.digests()) == []


def test_a_licence_of_a_card_that_is_no_expression_stays_a_claim(plain_archive: Archive, folder: Path) -> None:
    (folder / "README.md").write_text("---\nlicense: openrail++\n---\n")

    added = add_model(plain_archive, "harbour", folder)

    assert added.licence is None
    assert show_model(plain_archive, "harbour").claims["card"] == {"license": "openrail++"}
