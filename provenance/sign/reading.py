"""What was read in a file, as values: is it intact, who signed it and who vouches for them, where does it come from.

Whether a signature is *valid* and whether its signer is *trusted* are two answers, and never mixed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from provenance.digest import Digest, Json

State: TypeAlias = Literal["Valid", "Trusted", "Invalid"]
"""C2PA's own word for a manifest: it mixes whether it holds and whether its signer is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """Somebody whose word we take on who is who: a root certificate, or a list of them."""

    name: str
    pem: bytes = field(repr=False)
    """One or more certificates, of signers' authorities or of time-stamp authorities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerReading:
    """Whose certificate made a signature: its own words, which only an anchor makes trustworthy."""

    common_name: str | None
    organisation: str | None
    issuer: str | None
    """The common name of the authority, or else its organisation."""
    serial: str | None
    """Hex digits."""
    not_before: datetime | None
    not_after: datetime | None
    algorithm: str | None
    fingerprint: Digest | None = None
    """The digest of the certificate in DER; None for ingredients, and where the signature cannot be taken apart."""
    trial: bool = False
    """It names itself a trial identity: to the public it proves no name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReading:
    """One thing that a manifest says was done."""

    action: str
    when: str | None
    """As written, by the clock of whoever claimed it."""
    digital_source_type: str | None
    """The last part of its address, such as trainedAlgorithmicMedia."""
    software_agent: str | None
    description: str | None
    parameters: Mapping[str, Json]
    """Our own parameters, without `org.prov.`; others as they are; references to ingredients left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngredientReading:
    """Something that went into a picture, with everything that the file knows about it."""

    relationship: str | None
    """parentOf, inputTo or componentOf."""
    title: str | None
    digest: Digest | None
    """What its maker wrote as its digest: claimed."""
    data_types: tuple[str, ...] = ()
    url: str | None = None
    label: str | None = None
    """The label of its own manifest, if it had one."""
    present: bool = False
    """Whether that manifest is in this file."""
    signer: SignerReading | None = None
    manifest_title: str | None = None
    claim_generator: str | None = None
    digital_source_types: tuple[str, ...] = ()
    actions: tuple[ActionReading, ...] = ()
    record: Mapping[str, Json] | None = None
    codes: tuple[str, ...] = ()
    """Failure codes about it: frozen when it was taken in, and found now."""
    problems: tuple[str, ...] = ()
    """Sentences; empty if nothing is wrong with it or not known to be."""
    ingredients: tuple["IngredientReading", ...] = ()
    """Its own ingredients; a manifest that appears more than once is followed the first time only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything that a file says about itself, and whether it holds."""

    present: bool
    """A manifest was found in the file."""
    intact: bool | None
    """Picture and manifest are as they were signed; None where nothing can be said.

    An expired or unknown signer does not make it False: that is the other question.
    """
    trusted_by: str | None = None
    """The name of the anchor that vouches for the signer; None if nobody does."""
    state: State | None = None
    """C2PA's own word; for records and experts."""
    unreadable: str | None = None
    """Why the file or its manifest cannot be read, as a sentence."""
    reason: str | None = None
    """The same in one word: empty, format, truncated, huge, remote, unreadable."""
    success: tuple[str, ...] = ()
    informational: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    """Codes of the C2PA specification 2.4, section 15, of the active manifest and of its ingredients now."""
    label: str | None = None
    store_digest: Digest | None = None
    """The digest of the manifest store as it lies in the file."""
    store_size: int = 0
    signer: SignerReading | None = None
    signed_at: datetime | None = None
    clock_independent: bool = False
    """True if `signed_at` comes from a time-stamp authority that an anchor vouches for."""
    title: str | None = None
    claim_generator: str | None = None
    digital_source_types: tuple[str, ...] = ()
    actions: tuple[ActionReading, ...] = ()
    parameters: Mapping[str, Json] = field(default_factory=dict)
    """Of the first action."""
    record: Mapping[str, Json] | None = None
    """Our own assertion, exactly as signed."""
    bias: Mapping[str, Json] | None = None
    """Our own assertion on the bias of the model, exactly as signed: the signer's word."""
    soft_bindings: tuple[tuple[str, str], ...] = ()
    """Algorithm and value of each."""
    ingredients: tuple[IngredientReading, ...] = ()
    problems: tuple[str, ...] = ()
    """Sentences about this file, then about everything behind it."""
    remote_url: str | None = None
    """Where the manifest is said to lie, if not in the file. It is never fetched."""
