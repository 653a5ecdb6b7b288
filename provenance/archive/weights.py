"""Weights between their files and the record: what is read when they come, and where they are found again."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from provenance import schema
from provenance.collect.model_card import cache_claims, file_claims, read_card
from provenance.digest import Digest, Json
from provenance.errors import DamagedArchiveError, EngineError, NotFoundError, ProvenanceError
from provenance.generate.engine import Weights
from provenance.generate.pipeline_folder import Folder, read_folder
from provenance.generate.pipeline_identity import (
    Lora,
    identify,
    identity_digest,
    stored_dtype,
)
from provenance.generate.registry import Supplied
from provenance.generate.weights import read_header, tensors_digest

if TYPE_CHECKING:
    from provenance.archive.archive import Archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """Weights that were read and can be recorded."""

    format: str
    """pipeline or safetensors."""
    digest: Digest
    size: int
    """Bytes of all weight files."""
    settings: Mapping[str, Json]
    identity: Mapping[str, Json]
    claims: Mapping[str, Json]
    blob: Digest | None = None
    """The file in our store; None for what stays where it is."""
    locations: tuple[str, ...] = field(default=())


def bring_pipeline(path: Path, loras: Sequence[Lora], dtype: str | None) -> Brought:
    """Read a pipeline folder and its adapters, all bytes of their weights too.

    Raises NotFoundError, and EngineError that names what is missing, a pickle, or not what its header says.
    """
    folder = read_folder(path)
    dtype = dtype or stored_dtype(folder)
    identity = identify(folder, loras, dtype)
    files = (*folder.weights, *(lora.path for lora in loras))
    settings: dict[str, Json] = {
        "dtype": dtype,
        "loras": [{"name": lora.name, "path": _text(lora.path), "scale": lora.scale} for lora in loras],
    }
    return Brought(
        format="pipeline",
        digest=identity_digest(identity),
        size=sum(file.stat().st_size for file in files),
        settings=settings,
        identity=identity,
        claims=_pipeline_claims(folder, loras),
        locations=(_text(path), *(_text(lora.path) for lora in loras)),
    )


def bring_file(archive: "Archive", supplied: Supplied, path: Path) -> Brought:
    """Read a .safetensors file for an engine of ours and keep it in the store.

    Raises NotFoundError, StoreError, and EngineError for a pickle, a lying header, or what the engine cannot use.
    """
    if path.is_dir():
        raise EngineError(f"{path} is a folder; the engine {supplied.engine.name} takes a .safetensors file.")
    header = read_header(path)
    inspect = getattr(supplied.engine, "inspect", None)
    settings = {} if inspect is None else dict(inspect(path))
    digest = archive.store.put_file(path)
    claims = {"files": {path.name: said}} if (said := file_claims(header.metadata)) else {}
    return Brought(
        format="safetensors",
        digest=digest,
        size=archive.store.size(digest),
        settings=settings,
        identity={"file": str(digest)},
        claims=claims,
        blob=digest,
    )


def open_weights(archive: "Archive", model_id: int) -> Weights:
    """Say where the weights of a model are, which they have to be, and how they are used.

    A file of ours lies in the store; a pipeline at the place where it was seen last and still is.
    Raises NotFoundError that says how to name a new place; DamagedArchiveError for a model without its row.
    """
    with archive.database.read() as session:
        model = session.get_one(schema.Model, model_id)
        row = session.get(schema.Weights, model_id)
        location = schema.ModelLocation
        query = select(location.path).where(location.model_id == model_id).order_by(location.seen_at.desc())
        seen = [Path(path) for path in session.scalars(query)]
        if row is None or model.digest is None:
            raise DamagedArchiveError(
                f"The archive says nothing of the weights of {model.name} version {model.version}. "
                "Restore it from a copy, or register the weights again with `prov model add`."
            )
        digest, identity, stored = Digest(model.digest), row.identity, row.file_digest
        name, version, settings = model.name, model.version, dict(row.settings)
    settings |= {"identity": identity}
    if stored is not None:
        return Weights(path=archive.store.path(Digest(stored)), digest=digest, settings=settings)
    path = next((place for place in seen if place.is_dir()), None)
    if path is None:
        where = next((place for place in seen if place.suffix != ".safetensors"), "not recorded")
        raise NotFoundError(
            f"The weights of {name} version {version} are not at {where} any more. Bring them back, or tell where "
            f"they are now: prov model add {name} FOLDER, with the same LoRAs."
        )
    settings["loras"] = _found_loras(settings.get("loras", ()), identity.get("loras", ()), seen)
    return Weights(path=path, digest=digest, settings=settings)


def _found_loras(
    recorded: Iterable[Mapping[str, Any]], identities: Iterable[Mapping[str, Any]], seen: Sequence[Path]
) -> list[Json]:
    """Find each adapter by what it is among the files that were seen; one that is nowhere keeps its first place."""
    files = [place for place in seen if place.is_file()]
    digests = {place: _tensors(place) for place in files}
    found: list[Json] = []
    for said, identity in zip(recorded, identities, strict=True):
        fitting = [place for place in files if digests[place] == identity["tensors"]]
        found.append({**said, "path": _text(fitting[0]) if fitting else said["path"]})
    return found


def _tensors(path: Path) -> str | None:
    try:
        return str(tensors_digest([path]))
    except ProvenanceError:  # whoever loads it hears what is wrong with it
        return None


def _pipeline_claims(folder: Folder, loras: Sequence[Lora]) -> dict[str, Json]:
    files = {
        file.relative_to(folder.path).as_posix(): file_claims(read_header(file).metadata) for file in folder.weights
    }
    adapters = {lora.path.name: file_claims(read_header(lora.path).metadata) for lora in loras}
    claims: dict[str, Json] = {
        "card": read_card(folder.path),
        "files": {name: said for name, said in files.items() if said},
        "loras": {name: said for name, said in adapters.items() if said},
        "cache": cache_claims(folder.path, folder.weights),
    }
    return {name: said for name, said in claims.items() if said}


def _text(path: Path) -> str:
    """Write a path as text. Raises EngineError for a name that is not UTF-8: databases could not hold it."""
    text = os.fspath(path)
    try:
        text.encode()
    except UnicodeEncodeError as cause:
        raise EngineError(f"The name of {text!r} is not UTF-8, so it cannot be recorded. Rename it.") from cause
    return text
