"""What we say about a picture when we sign it, as plain data. `definition.py` writes it for C2PA."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Final, Literal, TypeAlias

from provenance.digest import Digest, Json

DigitalSourceType: TypeAlias = Literal[
    "algorithmicMedia",
    "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia",
    "algorithmicallyEnhanced",
    "composite",
    "compositeCapture",
    "compositeSynthetic",
    "dataDrivenMedia",
    "digitalArt",
    "digitalCapture",
    "digitalCreation",
    "humanEdits",
    "screenCapture",
    "virtualRecording",
    "trainedAlgorithmicData",
]
"""How something came to be, in the words of IPTC; `trainedAlgorithmicData` is C2PA's own, for what is no picture."""

HELD_BACK: Final = "held_back"
"""The key of our own record by which an archive says that a manifest is its own record of a picture that it held back
until somebody decides: the digest of the policy, and the rule."""

Relationship: TypeAlias = Literal["inputTo", "parentOf", "componentOf"]
Use: TypeAlias = Literal["allowed", "notAllowed", "constrained"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareAgent:
    """A program and its version."""

    name: str
    version: str


@lru_cache(maxsize=1)
def _this_program() -> SoftwareAgent:
    return SoftwareAgent(name="prov", version=version("provenance-archive"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """An ingredient's data as it was read once: c2pa takes it in again without judging it a second time."""

    found: Mapping[str, Json]
    """What c2pa noted about it, in its own words: which manifest is its own, and whether that held."""
    store: bytes = field(repr=False)
    """Its manifest store; empty if it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """Something that went into the picture: a model, a dataset, a prompt, a parent picture."""

    label: str
    """How actions of this claim refer to it: model, dataset, parent, ... Unique in the claim."""
    relationship: Relationship
    title: str
    digest: Digest | None = None
    """Written as `org.prov.sha256`, signed; C2PA itself hashes no ingredient."""
    data: bytes | Path | None = field(default=None, repr=False)
    """The picture or the signed ZIP itself, whose manifest then comes along whole. None refers by digest alone."""
    media_type: str | None = None
    """image/..., or application/zip; needed with `data`."""
    staged: "Staged | None" = field(default=None, repr=False)
    """What `Signer.stage` made of `data`, instead of it: for ingredients that many pictures share."""
    notes: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Texts about how it took part; they become `org.prov.<name>` of its metadata, signed."""
    data_types: tuple[str, ...] = ()
    """c2pa.types.model, c2pa.types.dataset, ... (specification 2.4, asset types)."""
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One thing that was done to the picture after it was created or opened."""

    action: str
    """c2pa.color_adjustments, c2pa.cropped, ... or a name of your own in reverse domain form."""
    when: datetime | None = None
    digital_source_type: DigitalSourceType | None = None
    """Needed for all predefined actions but those that the conformance programme excepts."""
    tool: SoftwareAgent | None = None
    description: str | None = None
    changed_share: float | None = None
    """Which part of the picture's pixels it changed, 0 to 1, if that was measured."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    ingredients: tuple[str, ...] = ()
    """Labels of the ingredients that it used, such as a picture that was placed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AiDisclosure:
    """Which model made the picture, in C2PA's own assertion for it."""

    model_name: str
    model_identifier: str
    model_type: str = "c2pa.types.model"
    oversight: str | None = None
    """humanOversightLevel: prompt_guided, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftBinding:
    """A fingerprint or watermark by which the picture is found again when its manifest is lost."""

    algorithm: str
    value: str
    """Base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Everything that is signed with one picture."""

    title: str
    media_type: str
    opening: Literal["created", "opened"]
    """The first action: the picture was made anew, or it continues the one `parentOf` ingredient."""
    when: datetime
    """Aware; when it was created or opened, by this computer's clock."""
    digital_source_type: DigitalSourceType | None = None
    """How a created picture came to be; None for an opened one, whose edits say it."""
    software_agent: SoftwareAgent | None = None
    description: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Texts, seeds too: they become `org.prov.<name>` of the first action."""
    ingredients: tuple[Ingredient, ...] = ()
    edits: tuple[Edit, ...] = ()
    record: Mapping[str, Json] = field(default_factory=dict)
    """Our own assertion `org.prov.record`. Lists of numbers are refused: some readers distort them."""
    dataset: Mapping[str, Json] = field(default_factory=dict)
    """Our own assertion `org.prov.dataset`: which works a set has; `bundle.py` writes it."""
    bias: Mapping[str, Json] = field(default_factory=dict)
    """Our own assertion `org.prov.bias`: what an audit of the model said, see `audit/bias_travel.py`."""
    ai_disclosure: AiDisclosure | None = None
    soft_bindings: tuple[SoftBinding, ...] = ()
    training_mining: Mapping[str, Use] = field(default_factory=dict)
    """What others may do with the picture: ai_generative_training, ai_training, ai_inference, data_mining."""
    generator: SoftwareAgent = field(default_factory=_this_program)
    """The program that makes the claim."""
    all_actions: bool = True
    """Whether the actions given are all that happened."""
    instance_id: str | None = None
    """A name for exactly these bytes; None lets one be drawn."""
