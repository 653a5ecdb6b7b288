"""crJSON, the report of a C2PA library on one file, taken apart into values.

crJSON is used because it alone gives assertions as they were signed; the library's other reports turn lists
of numbers into text. Manifests come from strangers: whatever is not of the expected kind is left out.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from provenance.digest import Json
from provenance.sign.certificates import TRIAL_ISSUER
from provenance.sign.reading import ActionReading, SignerReading

Codes = dict[str, tuple[str, ...]]
_KINDS = ("success", "informational", "failure")


def mapping(value: Json) -> Mapping[str, Json]:
    """Give `value` if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Json) -> list[Json]:
    """Give `value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: Json) -> str | None:
    """Give `value` if it is a text."""
    return value if isinstance(value, str) else None


def codes(results: Json) -> Codes:
    """Read the success, informational and failure codes of validation results."""
    found = mapping(results)
    return {kind: tuple(code for each in items(found.get(kind)) if (code := text(mapping(each).get("code"))))
            for kind in _KINDS}  # fmt: skip


def manifest_label(url: Json) -> str | None:
    """Read the label of the manifest that a JUMBF address leads to."""
    address = text(mapping(url).get("url") if isinstance(url, Mapping) else url) or ""
    _, found, path = address.partition("/c2pa/")
    return path.split("/", 1)[0] if found else None


def assertions(manifest: Json, name: str) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield label and content of all assertions `name`, of any version and instance."""
    for label, content in mapping(mapping(manifest).get("assertions")).items():
        base = label.split("__", 1)[0]
        if base == name or (base.startswith(name + ".v") and base[len(name) + 2 :].isdigit()):
            yield label, mapping(content)


def claim(manifest: Json) -> Mapping[str, Json]:
    """Give the claim of a manifest, of either version."""
    found = mapping(manifest)
    return mapping(found.get("claim.v2") or found.get("claim"))


def claim_generator(manifest: Json) -> str | None:
    """Name the program that made a claim, with its version."""
    made = claim(manifest)
    info = made.get("claim_generator_info")
    first = mapping(info[0] if isinstance(info, list) and info else info)
    parts = [part for part in (text(first.get("name")), text(first.get("version"))) if part]
    return " ".join(parts) or text(made.get("claim_generator"))


def actions(manifest: Json) -> tuple[ActionReading, ...]:
    """Read all actions of a manifest, in order."""
    return tuple(
        _action(mapping(each))
        for _, content in assertions(manifest, "c2pa.actions")
        for each in items(content.get("actions"))
    )


def source_types(found: tuple[ActionReading, ...]) -> tuple[str, ...]:
    """List the digital source types of actions, each once."""
    return tuple(dict.fromkeys(each.digital_source_type for each in found if each.digital_source_type))


def record(manifest: Json) -> Mapping[str, Json] | None:
    """Give our own assertion, if there is one."""
    return next((content for _, content in assertions(manifest, "org.prov.record")), None)


def bias(manifest: Json) -> Mapping[str, Json] | None:
    """Give our own assertion on the bias of the model, if there is one."""
    return next((content for _, content in assertions(manifest, "org.prov.bias")), None)


def soft_bindings(manifest: Json) -> tuple[tuple[str, str], ...]:
    """Read algorithm and value of all soft bindings."""
    found = []
    for _, content in assertions(manifest, "c2pa.soft-binding"):
        for block in items(content.get("blocks")):
            algorithm, value = text(content.get("alg")), text(mapping(block).get("value"))
            if algorithm and value:
                found.append((algorithm, value))
    return tuple(found)


def signer(manifest: Json) -> SignerReading | None:
    """Read whose certificate signed a manifest, without its fingerprint."""
    signature = mapping(mapping(manifest).get("signature"))
    certificate = mapping(signature.get("certificateInfo"))
    if not certificate:
        return None
    subject, issuer = mapping(certificate.get("subject")), mapping(certificate.get("issuer"))
    validity = mapping(certificate.get("validity"))
    return SignerReading(
        common_name=text(subject.get("CN")),
        organisation=text(subject.get("O")),
        issuer=text(issuer.get("CN")) or text(issuer.get("O")),
        serial=text(certificate.get("serialNumber")),
        not_before=instant(validity.get("notBefore")),
        not_after=instant(validity.get("notAfter")),
        algorithm=text(signature.get("algorithm")),
        trial=issuer.get("CN") == TRIAL_ISSUER,
    )


def time_stamp(manifest: Json) -> datetime | None:
    """Read the time that a time-stamp authority wrote into the signature."""
    signature = mapping(mapping(manifest).get("signature"))
    return instant(mapping(signature.get("timeStampInfo")).get("timestamp"))


def instant(value: Json) -> datetime | None:
    """Read a time; one without a zone is taken as UTC."""
    try:
        read = datetime.fromisoformat(text(value) or "")
    except ValueError:
        return None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)


def _action(found: Mapping[str, Json]) -> ActionReading:
    parameters = mapping(found.get("parameters"))
    agent = found.get("softwareAgent")
    parts = [text(mapping(agent).get("name")), text(mapping(agent).get("version"))]
    source_type = text(found.get("digitalSourceType"))
    return ActionReading(
        action=text(found.get("action")) or "",
        when=text(found.get("when")),
        digital_source_type=source_type.rsplit("/", 1)[-1] if source_type else None,
        software_agent=text(agent) or " ".join(part for part in parts if part) or None,
        description=text(found.get("description")),
        parameters={
            key.removeprefix("org.prov."): value
            for key, value in parameters.items()
            if key not in {"ingredient", "ingredients"}
        },
    )
