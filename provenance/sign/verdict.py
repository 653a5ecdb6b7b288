"""The answers drawn from what was found: is it intact, whose certificate is it, who vouches for it.

The two questions are kept apart: codes about the signer never decide whether a picture is intact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from provenance.digest import Json
from provenance.sign import crjson, history
from provenance.sign.certificates import is_issued_by, read_certificates
from provenance.sign.crjson import Codes
from provenance.sign.definition import VENDOR
from provenance.sign.reading import Anchor, SignerReading, State

UNUSUAL_WRAPPING = "org.prov.unusualWrapping"
"""Our own code for unusual bytes that no signature covers: a failure in our manifests, a remark in others'."""

_BINDINGS = ("assertion.dataHash.match", "assertion.bmffHash.match", "assertion.boxesHash.match")
_CHANGED = {
    "assertion.dataHash.mismatch": "The picture was changed after it was signed.",
    "assertion.bmffHash.mismatch": "The picture was changed after it was signed.",
    "assertion.boxesHash.mismatch": "The picture was changed after it was signed.",
    "assertion.hashedURI.mismatch": "A statement in the manifest was changed after it was signed.",
    "claimSignature.mismatch": "The manifest was changed after it was signed: the signature does not fit it.",
    "claimSignature.missing": "The signature is missing from the manifest.",
    UNUSUAL_WRAPPING: "Bytes around the manifest were changed after it was signed.",
    "signingCredential.revoked": "The signer's certificate was revoked by its issuer.",
    "signingCredential.invalid": "The signer's certificate is not one that may sign content.",
}
_SILENT = {"signingCredential.untrusted"}  # an unknown signer is no defect: `trusted_by` answers that question


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The codes of one file. The signer of an ingredient must never be taken for the signer of the picture."""

    own: Codes
    """Of the active manifest alone: only these can say that something is well."""
    below: Codes
    """What validation found about ingredients now, beyond what was frozen when they were taken in."""

    @property
    def failures(self) -> tuple[str, ...]:
        """All failures, the manifest's own first."""
        return self.own["failure"] + self.below["failure"]


def gather(results: Json, deltas: Json) -> Findings:
    """Gather the codes from the validation results of the active manifest and the deltas of its ingredients."""
    below = crjson.codes(None)
    for delta in crjson.items(deltas):
        found = crjson.codes(crjson.mapping(delta).get("validationDeltas"))
        below = {kind: below[kind] + found[kind] for kind in below}
    return Findings(own=crjson.codes(results), below=below)


def with_faults(findings: Findings, faults: tuple[str, ...], label: str | None) -> Findings:
    """Add our code for unusual wrapping, if there are `faults` in it."""
    if not faults:
        return findings
    kind = "failure" if (label or "").endswith(f":{VENDOR}") else "informational"
    return replace(findings, own={**findings.own, kind: (*findings.own[kind], UNUSUAL_WRAPPING)})


def holds(findings: Findings, state: State) -> bool:
    """Whether picture and claim are as they were signed, whoever signed, as far as these codes tell."""
    bound = any(code in _BINDINGS for code in findings.own["success"])
    signed = "claimSignature.validated" in findings.own["success"]
    # An Invalid without a reason that we know is not called intact.
    explained = state != "Invalid" or any(code not in _SILENT for code in findings.failures)
    return bound and signed and explained and all(history.about_the_signer(code) for code in findings.failures)


def is_intact(findings: Findings, report: Mapping[str, Json], state: State) -> bool:
    """Whether the file holds, and every manifest behind it too."""
    below = [code for found in history.deltas(report).values() for code in found]
    for manifest in crjson.items(report.get("manifests")):
        below += crjson.codes(crjson.mapping(manifest).get("validationResults"))["failure"]
    return holds(findings, state) and all(history.about_the_signer(code) for code in below)


def vouching(own: Codes, chain: tuple[bytes, ...], anchors: Sequence[Anchor]) -> str | None:
    """Name the anchor that vouches for the signer; None if none does, or if it is not the signer's signature."""
    if "signingCredential.trusted" not in own["success"] or "claimSignature.validated" not in own["success"]:
        return None
    # c2pa has followed the chain to one of them; which one is told by the last link.
    names = [anchor.name for anchor in anchors if _issued_under(chain, anchor)] or [each.name for each in anchors]
    return names[0] if names else None


def problems(failure: tuple[str, ...], signer: SignerReading | None) -> tuple[str, ...]:
    """Say in sentences what is wrong with the manifest itself."""
    found: dict[str, None] = {}
    for code in failure:
        if code == "signingCredential.expired":
            found[_expired(signer)] = None
        elif code not in _SILENT:
            found[_CHANGED.get(code, f"The manifest breaks a rule of C2PA ({code}).")] = None
    return tuple(found)


def _expired(signer: SignerReading | None) -> str:
    day = f" on {signer.not_after.date()}" if signer is not None and signer.not_after is not None else ""
    return f"The signer's certificate ran out{day}, and no independent clock says that the picture was signed before."


def _issued_under(chain: tuple[bytes, ...], anchor: Anchor) -> bool:
    from cryptography import x509

    links = [x509.load_der_x509_certificate(each) for each in chain]
    roots = read_certificates(anchor.pem, f"The anchor '{anchor.name}'")
    return any(link == root or is_issued_by(link, root) for root in roots for link in links)
